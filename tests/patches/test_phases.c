#include "tests/patches/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define LABELS "/spec/template/metadata/labels/"
#define DRUID "system:serviceaccount:garden:etcd-druid"

static void assert_runs(struct call *call)
{
    if (!run_call(call))
        fail_msg("%s", call->error.message);
}

static void assert_refused(struct call *call, enum error_code code, const char *const *texts)
{
    assert_false(run_call(call));
    assert_int_equal(call->error.code, code);
    for (; *texts; texts++)
        if (!strstr(call->error.message, *texts))
            fail_msg("'%s' does not say '%s'", call->error.message, *texts);
}

static void say(struct json_object *object, const char *where, const char *phase)
{
    test_change(object, where, test_json("{}"));
    char pointer[256];
    snprintf(pointer, sizeof pointer, "%s/druid-bridge~1phase", where);
    test_change(object, pointer, kube_json_string(phase));
}

static void set_phase(struct call *call, const char *phase)
{
    say(call->object, "/metadata/annotations", phase);
}

/* --- which phase counts --- */

static void nobody_says_anything_is_legacy(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    assert_runs(&call);
    assert_string_equal(call.result.stage, "legacy");
    assert_false(call.result.prepared);
}

static void the_configuration_says_it(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    call.settings.default_phase = PATCH_OFF;
    assert_runs(&call);
    assert_string_equal(call.result.stage, "off");
    assert_true(kube_patch_is_empty(&call.result.patch));
}

static const char *const namespace_prepare[] = {"    gardener.cloud/role: shoot\n",
                                                "    druid-bridge/phase: prepare\n", NULL};

static void the_namespace_wins_over_the_configuration(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", namespace_prepare);
    call.settings.default_phase = PATCH_OFF;
    assert_runs(&call);
    assert_string_equal(call.result.stage, "prepare");
}

static void the_stateful_set_wins_over_the_namespace(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", namespace_prepare);
    say(call.object, "/metadata/labels", "legacy");
    assert_runs(&call);
    assert_string_equal(call.result.stage, "legacy");
}

static void a_label_is_as_good_as_an_annotation(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    say(call.object, "/metadata/labels", "off");
    assert_runs(&call);
    assert_string_equal(call.result.stage, "off");
}

static void an_unknown_phase_is_refused(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    set_phase(&call, "Prepare");
    assert_refused(&call, ERROR_INVALID,
                   (const char *const[]){"druid-bridge/phase", "'Prepare'",
                                         "legacy, prepare, handover or off", NULL});
}

static void an_unknown_phase_of_the_namespace_is_refused(void **state)
{
    (void)state;
    static const char *const edit[] = {"    gardener.cloud/role: shoot\n",
                                       "    druid-bridge/phase: later\n", NULL};
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", edit);
    assert_refused(&call, ERROR_INVALID, (const char *const[]){"Namespace", "'later'", NULL});
}

static void a_label_and_an_annotation_that_disagree_are_refused(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    set_phase(&call, "prepare");
    say(call.object, "/metadata/labels", "legacy");
    assert_refused(&call, ERROR_INVALID,
                   (const char *const[]){"'legacy'", "'prepare'", "remove one", NULL});
}

static void other_names_take_part_only_where_they_say_so(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", namespace_prepare);
    test_change(call.object, "/metadata/name", kube_json_string("prometheus"));
    assert_runs(&call);
    assert_null(call.result.stage);
    set_phase(&call, "prepare");
    assert_runs(&call);
    assert_string_equal(call.result.stage, "prepare");
    AUTO_JSON struct json_object *patched = result_of(&call);
    assert_string_equal(kube_json_text(patched, LABELS "app.kubernetes.io~1part-of"), "prometheus");
    assert_int_equal(json_object_array_length(call.result.patch.operations), 3);
}

/* --- prepare --- */

static void prepare_patches_as_legacy_and_gives_druids_labels(void **state)
{
    (void)state;
    AUTO_CALL struct call legacy = new_call("etcd-main.yaml", "gcp", NULL);
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "gcp", NULL);
    set_phase(&call, "prepare");
    assert_runs(&legacy);
    assert_runs(&call);
    assert_true(call.result.prepared);
    AUTO_JSON struct json_object *expected = result_of(&legacy);
    AUTO_JSON struct json_object *patched = result_of(&call);
    test_change(expected, LABELS "app.kubernetes.io~1managed-by", kube_json_string("etcd-druid"));
    test_change(expected, LABELS "app.kubernetes.io~1part-of", kube_json_string("etcd-main"));
    test_change(expected, LABELS "app.kubernetes.io~1component",
                kube_json_string("etcd-statefulset"));
    set_phase(&(struct call){.object = expected}, "prepare");
    assert_true(json_object_equal(patched, expected));
    AUTO_JSON struct json_object *applied = NULL;
    assert_true(kube_patch_apply(&call.result.patch, &applied, NULL));
    assert_true(json_object_equal(applied, patched));
    json_object_put(call.object);
    call.object = TAKE(patched);
    assert_runs(&call);
    assert_true(kube_patch_is_empty(&call.result.patch));
}

static void a_label_that_the_selector_fixes_stays_and_is_a_warning(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    set_phase(&call, "prepare");
    test_change(call.object, "/spec/selector/matchLabels/app.kubernetes.io~1managed-by",
                kube_json_string("Helm"));
    test_change(call.object, LABELS "app.kubernetes.io~1managed-by", kube_json_string("Helm"));
    assert_runs(&call);
    AUTO_JSON struct json_object *patched = result_of(&call);
    assert_string_equal(kube_json_text(patched, LABELS "app.kubernetes.io~1managed-by"), "Helm");
    assert_string_equal(kube_json_text(patched, LABELS "app.kubernetes.io~1part-of"), "etcd-main");
    assert_non_null(strstr(kube_json_text(call.result.warnings, "/0"),
                           "the selector fixes app.kubernetes.io/managed-by"));
}

/* --- handover --- */

static struct call handed_over(void)
{
    struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    set_phase(&call, "handover");
    return call;
}

static void handover_lets_through_what_leaves_the_spec(void **state)
{
    (void)state;
    AUTO_CALL struct call call = handed_over();
    test_change(call.object, "/metadata/labels/mine", kube_json_string("yes"));
    assert_runs(&call);
    assert_string_equal(call.result.stage, "handover");
    assert_true(kube_patch_is_empty(&call.result.patch));
}

static void handover_refuses_changes_of_the_spec_and_says_how_to_get_out(void **state)
{
    (void)state;
    AUTO_CALL struct call call = handed_over();
    call.user = "deployer";
    test_change(call.object, "/spec/replicas", kube_json_int(2));
    assert_refused(&call, ERROR_CONFLICT,
                   (const char *const[]){"shoot--garden--apple/etcd-main", "handover",
                                         "set druid-bridge/phase to legacy", NULL});
}

static void handover_refuses_a_member_that_is_struck_out(void **state)
{
    (void)state;
    AUTO_CALL struct call call = handed_over();
    test_change(call.object, "/spec/updateStrategy", NULL);
    assert_refused(&call, ERROR_CONFLICT, (const char *const[]){"handover", NULL});
}

static void handover_reverts_no_drift(void **state)
{
    (void)state;
    AUTO_CALL struct call call = handed_over();
    test_change(call.object, "/spec/template/spec/containers/1/image", kube_json_string("old"));
    test_change(call.old_object, "/spec/template/spec/containers/1/image", kube_json_string("old"));
    assert_runs(&call);
    assert_true(kube_patch_is_empty(&call.result.patch));
}

static void handover_refuses_creation(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    set_phase(&call, "handover");
    assert_refused(&call, ERROR_CONFLICT, (const char *const[]){"handover", NULL});
}

static void handover_lets_druid_do_all(void **state)
{
    (void)state;
    static const char *const users[] = {
        DRUID, "system:kube-controller-manager",
        "system:serviceaccount:kube-system:generic-garbage-collector",
        "system:serviceaccount:kube-system:statefulset-controller"};
    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        AUTO_CALL struct call call = handed_over();
        static const char *const accounts[] = {"garden/etcd-druid"};
        call.settings.druid_accounts = accounts;
        call.settings.druid_account_count = 1;
        call.user = users[i];
        test_change(call.object, "/spec/replicas", kube_json_int(2));
        assert_runs(&call);
    }
}

/* As `kubectl replace` of a manifest that does not know of phases. */
static void handover_is_not_left_by_a_change_that_is_silent_about_it(void **state)
{
    (void)state;
    AUTO_CALL struct call call = handed_over();
    say(call.old_object, "/metadata/annotations", "handover");
    test_change(call.object, "/spec/replicas", kube_json_int(2));
    test_change(call.object, "/metadata/annotations", NULL);
    assert_refused(&call, ERROR_CONFLICT, (const char *const[]){"its phase is handover", NULL});
    test_change(call.object, "/metadata/name", kube_json_string("other"));
    assert_refused(&call, ERROR_CONFLICT, (const char *const[]){"its phase is handover", NULL});
}

static void
a_deployer_that_writes_its_manifest_again_is_not_refused_for_its_claim_template(void **state)
{
    (void)state;
    AUTO_CALL struct call call = handed_over();
    call.user = "deployer";
    test_change(call.object, "/spec/volumeClaimTemplates/0/spec/resources/requests/storage",
                kube_json_string("1Gi"));
    assert_runs(&call);
    AUTO_JSON struct json_object *patched = result_of(&call);
    assert_true(json_object_equal(kube_json_child(patched, "spec"),
                                  kube_json_child(call.old_object, "spec")));
}

/* --- the guard --- */

static const char owner[] = "[{'apiVersion':'druid.gardener.cloud/v1alpha1','kind':'Etcd',"
                            "'name':'etcd-main','uid':'1','controller':true}]";

static struct call controlled(const char *user)
{
    static const char *const accounts[] = {"garden/etcd-druid"};
    struct call call = new_call("etcd-main.yaml", "aws", NULL);
    test_change(call.object, "/metadata/ownerReferences", test_json(owner));
    call.old_object = kube_json_copy(call.object);
    call.user = user;
    call.settings.druid_accounts = accounts;
    call.settings.druid_account_count = 1;
    return call;
}

static void what_an_etcd_controls_is_never_patched(void **state)
{
    (void)state;
    AUTO_CALL struct call call = controlled(DRUID);
    test_change(call.object, "/spec/replicas", kube_json_int(3));
    assert_runs(&call);
    assert_string_equal(call.result.stage, "druid");
    assert_true(kube_patch_is_empty(&call.result.patch));
    assert_string_equal(kube_json_write(call.result.warnings), "[]");
}

static void others_may_write_what_is_not_its_spec(void **state)
{
    (void)state;
    AUTO_CALL struct call call = controlled("deployer");
    test_change(call.object, "/metadata/labels/mine", kube_json_string("yes"));
    assert_runs(&call);
    assert_true(kube_patch_is_empty(&call.result.patch));
}

static void others_writes_to_its_spec_are_refused(void **state)
{
    (void)state;
    AUTO_CALL struct call call = controlled("deployer");
    test_change(call.object, "/spec/replicas", kube_json_int(3));
    assert_refused(&call, ERROR_CONFLICT,
                   (const char *const[]){"Etcd shoot--garden--apple/etcd-main", "'deployer'",
                                         "druidServiceAccounts", NULL});
    assert_string_equal(call.result.stage, "druid");
}

static void an_account_of_the_same_letters_is_another(void **state)
{
    (void)state;
    static const char *const users[] = {
        "system:serviceaccount:garde:netcd-druid", "system:serviceaccount:garden:etcd-druid2",
        "system:serviceaccount:garden/etcd-druid", "garden/etcd-druid",
        "system:serviceaccount:garden:etcd:druid", "system:serviceaccount:"};
    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        AUTO_CALL struct call call = controlled(users[i]);
        test_change(call.object, "/spec/replicas", kube_json_int(3));
        assert_refused(&call, ERROR_CONFLICT, (const char *const[]){"two masters", NULL});
    }
}

static void striking_out_the_owner_frees_nothing(void **state)
{
    (void)state;
    AUTO_CALL struct call call = controlled("deployer");
    test_change(call.object, "/metadata/ownerReferences", NULL);
    test_change(call.object, "/spec/replicas", kube_json_int(3));
    assert_refused(&call, ERROR_CONFLICT, (const char *const[]){"two masters", NULL});
}

static void the_guard_can_warn(void **state)
{
    (void)state;
    AUTO_CALL struct call call = controlled("deployer");
    call.settings.guard = PATCH_GUARD_WARN;
    test_change(call.object, "/spec/replicas", kube_json_int(3));
    assert_runs(&call);
    assert_non_null(strstr(kube_json_text(call.result.warnings, "/0"), "will undo"));
    assert_true(kube_patch_is_empty(&call.result.patch));
}

static void the_guard_can_be_off(void **state)
{
    (void)state;
    AUTO_CALL struct call call = controlled("deployer");
    call.settings.guard = PATCH_GUARD_OFF;
    test_change(call.object, "/spec/replicas", kube_json_int(3));
    assert_runs(&call);
    assert_string_equal(kube_json_write(call.result.warnings), "[]");
    assert_true(kube_patch_is_empty(&call.result.patch));
}

/* The cluster's Secret with an Etcd behind it. */
#define ETCD(more)                                                                                 \
    "  accessKeyID: bm9ib2R5\n",                                                                   \
        "---\napiVersion: druid.gardener.cloud/v1alpha1\nkind: Etcd\nmetadata:\n"                  \
        "  name: etcd-main\n  namespace: shoot--garden--apple\n" more

static void an_etcd_of_its_name_is_its_master_also_before_it_controls_it(void **state)
{
    (void)state;
    static const char *const edit[] = {ETCD(""), NULL};
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", edit);
    call.user = "deployer";
    assert_refused(&call, ERROR_CONFLICT, (const char *const[]){"two masters", NULL});
}

static void an_etcd_that_is_suspended_is_no_master(void **state)
{
    (void)state;
    static const char *const edit[] = {
        ETCD("  annotations: {druid.gardener.cloud/suspend-etcd-spec-reconcile: ''}\n"), NULL};
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", edit);
    call.user = "deployer";
    assert_runs(&call);
    assert_string_equal(call.result.stage, "legacy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_says_anything_is_legacy),
        cmocka_unit_test(the_configuration_says_it),
        cmocka_unit_test(the_namespace_wins_over_the_configuration),
        cmocka_unit_test(the_stateful_set_wins_over_the_namespace),
        cmocka_unit_test(a_label_is_as_good_as_an_annotation),
        cmocka_unit_test(an_unknown_phase_is_refused),
        cmocka_unit_test(an_unknown_phase_of_the_namespace_is_refused),
        cmocka_unit_test(a_label_and_an_annotation_that_disagree_are_refused),
        cmocka_unit_test(other_names_take_part_only_where_they_say_so),
        cmocka_unit_test(prepare_patches_as_legacy_and_gives_druids_labels),
        cmocka_unit_test(a_label_that_the_selector_fixes_stays_and_is_a_warning),
        cmocka_unit_test(handover_lets_through_what_leaves_the_spec),
        cmocka_unit_test(handover_refuses_changes_of_the_spec_and_says_how_to_get_out),
        cmocka_unit_test(handover_refuses_a_member_that_is_struck_out),
        cmocka_unit_test(handover_reverts_no_drift),
        cmocka_unit_test(handover_refuses_creation),
        cmocka_unit_test(handover_is_not_left_by_a_change_that_is_silent_about_it),
        cmocka_unit_test(handover_lets_druid_do_all),
        cmocka_unit_test(
            a_deployer_that_writes_its_manifest_again_is_not_refused_for_its_claim_template),
        cmocka_unit_test(what_an_etcd_controls_is_never_patched),
        cmocka_unit_test(others_may_write_what_is_not_its_spec),
        cmocka_unit_test(others_writes_to_its_spec_are_refused),
        cmocka_unit_test(an_account_of_the_same_letters_is_another),
        cmocka_unit_test(striking_out_the_owner_frees_nothing),
        cmocka_unit_test(the_guard_can_warn),
        cmocka_unit_test(the_guard_can_be_off),
        cmocka_unit_test(an_etcd_of_its_name_is_its_master_also_before_it_controls_it),
        cmocka_unit_test(an_etcd_that_is_suspended_is_no_master),
    };
    return cmocka_run_group_tests_name("patches/phases", tests, NULL, NULL);
}
