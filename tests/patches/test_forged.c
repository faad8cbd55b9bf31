/* What a caller writes does not decide whether the write is looked at: what the table of
 * tests/fixtures/forged does not reach, since it takes another source or another guard. */
#include "tests/patches/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define DRUID "system:serviceaccount:garden:etcd-druid"
#define ETCD_OF(name)                                                                              \
    "  accessKeyID: bm9ib2R5\n",                                                                   \
        "  accessKeyID: bm9ib2R5\n---\napiVersion: druid.gardener.cloud/v1alpha1\nkind: Etcd\n"    \
        "metadata:\n  name: " name "\n  namespace: shoot--garden--apple\n"

static const char owner[] = "[{'apiVersion':'druid.gardener.cloud/v1alpha1','kind':'Etcd',"
                            "'name':'etcd-main','uid':'1','controller':true}]";
static const char deleted[] = "2020-01-01T00:00:00Z";

static void assert_runs(struct call *call)
{
    if (!run_call(call))
        fail_msg("%s", call->error.message);
}

static void assert_refused(struct call *call, enum error_code code, const char *text)
{
    assert_false(run_call(call));
    assert_int_equal(call->error.code, code);
    if (!strstr(call->error.message, text))
        fail_msg("'%s' does not say '%s'", call->error.message, text);
}

static void assert_warns(struct call *call, const char *text)
{
    const char *warning = kube_json_text(call->result.warnings, "/0");
    if (!warning || !strstr(warning, text))
        fail_msg("'%s' does not say '%s'", warning ? warning : "", text);
}

/* An UPDATE by somebody who is not druid that changes the spec of what is as it should be. */
static struct call changed_call(const char *const *edit)
{
    struct call call = stored_call("etcd-main.yaml", "aws", edit);
    call.user = "deployer";
    test_change(call.object, "/spec/template/spec/containers/1/image", kube_json_string("old"));
    return call;
}

/* --- a source that says what it is asked for, and fails where a test wants it to --- */

struct watched {
    struct kube_source source;
    struct kube_source *asked;
    bool fails[KUBE_KINDS];
    unsigned gets[KUBE_KINDS];
};

static bool watched_get(struct kube_source *source, enum kube_kind kind, const char *namespace,
                        const char *name, struct kube_object **out, struct error *err)
{
    struct watched *watched = (struct watched *)source;
    watched->gets[kind]++;
    if (watched->fails[kind])
        return error_set(err, ERROR_UNAVAILABLE, "nobody answers");
    return kube_source_get(watched->asked, kind, namespace, name, out, err);
}

static bool watched_covers(struct kube_source *source, enum kube_kind kind, const char *namespace)
{
    (void)source, (void)kind, (void)namespace;
    return true;
}

static bool run_watched(struct call *call, struct watched *watched)
{
    static const struct kube_source_ops ops = {watched_get, watched_covers, NULL, NULL};
    watched->source.ops = &ops;
    watched->asked = call->source;
    call->source = &watched->source;
    bool ran = run_call(call);
    call->source = watched->asked;
    return ran;
}

/* --- what is being deleted --- */

static void a_deletion_timestamp_in_what_is_created_does_not_count(void **state)
{
    (void)state;
    AUTO_CALL struct call plain = new_call("etcd-main.yaml", "aws", NULL);
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    test_change(call.object, "/metadata/deletionTimestamp", kube_json_string(deleted));
    assert_runs(&plain);
    assert_runs(&call);
    assert_string_equal(call.result.stage, "legacy");
    assert_true(json_object_equal(call.result.patch.operations, plain.result.patch.operations));
}

static void what_is_being_deleted_needs_nothing(void **state)
{
    (void)state;
    static const char *const phases[] = {"legacy", "prepare", "off"};
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        AUTO_CALL struct call call = changed_call(NULL);
        struct watched watched = {.fails = {[KUBE_CLUSTER] = true, [KUBE_SECRET] = true}};
        test_change(call.object, "/metadata/annotations",
                    kube_json_object("druid-bridge/phase", kube_json_string(phases[i]), NULL));
        test_change(call.old_object, "/metadata/deletionTimestamp", kube_json_string(deleted));
        assert_true(run_watched(&call, &watched));
        assert_string_equal(call.result.stage, phases[i]);
        assert_true(kube_patch_is_empty(&call.result.patch));
        assert_false(call.result.prepared);
        assert_int_equal(watched.gets[KUBE_CLUSTER] + watched.gets[KUBE_SECRET], 0);
    }
}

static void what_is_being_deleted_keeps_no_claim_template(void **state)
{
    (void)state;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    call.settings.default_phase = PATCH_HANDOVER;
    test_change(call.old_object, "/metadata/deletionTimestamp", kube_json_string(deleted));
    test_change(call.object, "/spec/volumeClaimTemplates/0/spec/resources/requests/storage",
                kube_json_string("1Gi"));
    assert_runs(&call);
    assert_string_equal(call.result.stage, "handover");
    assert_true(kube_patch_is_empty(&call.result.patch));
}

static void a_namespace_that_cannot_be_read_does_not_hold_a_finalizer(void **state)
{
    (void)state;
    static const char *const edit[] = {"    gardener.cloud/role: shoot\n",
                                       "    druid-bridge/phase: later\n", NULL};
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", edit);
    call.old_object = kube_json_copy(call.object);
    test_change(call.old_object, "/metadata/finalizers", test_json("['example.com/held']"));
    assert_refused(&call, ERROR_INVALID, "the Namespace's druid-bridge/phase");
    test_change(call.old_object, "/metadata/deletionTimestamp", kube_json_string(deleted));
    assert_runs(&call);
    assert_warns(&call, "'later'");
    assert_true(kube_patch_is_empty(&call.result.patch));
    test_change(call.object, "/spec/replicas", kube_json_int(2));
    assert_refused(&call, ERROR_CONFLICT, "its spec is frozen");
}

/* --- owner references --- */

static void a_stored_owner_that_is_certainly_gone_does_not_count(void **state)
{
    (void)state;
    static const char *const edit[] = {ETCD_OF("other"), NULL};
    AUTO_CALL struct call call = changed_call(edit);
    test_change(call.object, "/metadata/ownerReferences", test_json(owner));
    test_change(call.old_object, "/metadata/ownerReferences", test_json(owner));
    assert_runs(&call);
    assert_string_equal(call.result.stage, "legacy");
    assert_false(kube_patch_is_empty(&call.result.patch));
}

static void a_stored_owner_counts_where_nobody_can_tell(void **state)
{
    (void)state;
    AUTO_CALL struct call call = changed_call(NULL);
    struct watched watched = {.fails = {[KUBE_ETCD] = true}};
    test_change(call.old_object, "/metadata/ownerReferences", test_json(owner));
    assert_refused(&call, ERROR_CONFLICT, "two masters"); /* manifests that have no Etcd */
    assert_false(run_watched(&call, &watched));           /* a source that does not answer */
    assert_int_equal(call.error.code, ERROR_CONFLICT);
}

static void another_version_of_the_stored_owner_is_no_other_owner(void **state)
{
    (void)state;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    test_change(call.object, "/metadata/ownerReferences", test_json(owner));
    test_change(call.old_object, "/metadata/ownerReferences", test_json(owner));
    test_change(call.object, "/metadata/ownerReferences/0/apiVersion",
                kube_json_string("druid.gardener.cloud/v1beta1"));
    assert_runs(&call);
    assert_string_equal(call.result.stage, "druid");
    test_change(call.object, "/metadata/ownerReferences/0/uid", kube_json_string("2"));
    assert_refused(&call, ERROR_CONFLICT, "/metadata/ownerReferences");
}

static void a_claimed_owner_is_refused_warned_of_or_passed_over(void **state)
{
    (void)state;
    AUTO_CALL struct call plain = new_call("etcd-main.yaml", "aws", NULL);
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    call.user = "deployer";
    test_change(call.object, "/metadata/ownerReferences", test_json(owner));
    assert_refused(&call, ERROR_CONFLICT, "'deployer' is none of druid's");
    assert_string_equal(call.result.stage, "druid");
    call.settings.guard = PATCH_GUARD_WARN;
    assert_runs(&plain);
    assert_runs(&call);
    assert_string_equal(call.result.stage, "legacy");
    assert_true(json_object_equal(call.result.patch.operations, plain.result.patch.operations));
    assert_warns(&call, "does not count");
    call.settings.guard = PATCH_GUARD_OFF;
    assert_runs(&call);
    assert_string_equal(call.result.stage, "legacy");
    assert_string_equal(kube_json_write(call.result.warnings), "[]");
}

static void kubernetes_strikes_owners_out_but_makes_none(void **state)
{
    (void)state;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    call.user = "system:serviceaccount:kube-system:generic-garbage-collector";
    test_change(call.old_object, "/metadata/ownerReferences", test_json(owner));
    assert_runs(&call);
    assert_string_equal(call.result.stage, "druid");
    test_change(call.old_object, "/metadata/ownerReferences", NULL);
    test_change(call.object, "/metadata/ownerReferences", test_json(owner));
    assert_refused(&call, ERROR_CONFLICT, "/metadata/ownerReferences");
}

/* --- phases --- */

static void handover_is_left_in_a_write_of_its_own(void **state)
{
    (void)state;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    test_change(call.old_object, "/metadata/annotations",
                test_json("{'druid-bridge/phase':'handover'}"));
    test_change(call.object, "/metadata/annotations", test_json("{'druid-bridge/phase':'legacy'}"));
    test_change(call.object, "/spec/replicas", kube_json_int(2));
    assert_refused(&call, ERROR_CONFLICT, "in a write of its own");
    assert_string_equal(call.result.stage, "handover");
    test_change(call.object, "/spec/replicas", kube_json_int(1));
    assert_runs(&call);
    assert_string_equal(call.result.stage, "legacy");
    test_change(call.object, "/metadata/annotations", NULL);
    assert_runs(&call);
    assert_string_equal(call.result.stage, "handover");
}

static void the_default_phase_freezes_creations_that_declare_another(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    call.settings.default_phase = PATCH_HANDOVER;
    test_change(call.object, "/metadata/annotations", test_json("{'druid-bridge/phase':'off'}"));
    assert_refused(&call, ERROR_CONFLICT, "on its Namespace");
    test_change(call.object, "/metadata/name", kube_json_string("stock"));
    assert_runs(&call); /* the default phase is for a shoot's etcds */
    assert_string_equal(call.result.stage, "off");
}

static void druid_and_kubernetes_pass_a_phase_that_cannot_be_read(void **state)
{
    (void)state;
    static const char *const accounts[] = {"garden/etcd-druid"};
    static const char *const users[] = {DRUID, "system:kube-controller-manager"};
    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        AUTO_CALL struct call call = changed_call(NULL);
        call.settings.druid_accounts = accounts;
        call.settings.druid_account_count = 1;
        call.user = users[i];
        test_change(call.old_object, "/metadata/annotations",
                    test_json("{'druid-bridge/phase':'later'}"));
        test_change(call.object, "/metadata/annotations",
                    test_json("{'druid-bridge/phase':'later'}"));
        assert_runs(&call);
        assert_true(kube_patch_is_empty(&call.result.patch));
        call.user = "deployer";
        assert_refused(&call, ERROR_CONFLICT, "cannot be read");
        assert_string_equal(call.result.stage, "handover");
    }
}

static void a_namespace_that_cannot_be_read_freezes_what_declares_nothing(void **state)
{
    (void)state;
    static const char *const edit[] = {"    gardener.cloud/role: shoot\n",
                                       "    druid-bridge/phase: later\n", NULL};
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", edit);
    test_change(call.object, "/metadata/annotations", test_json("{'druid-bridge/phase':'off'}"));
    assert_refused(&call, ERROR_INVALID, "the Namespace's druid-bridge/phase");
    call.old_object = kube_json_copy(call.object);
    test_change(call.object, "/spec/replicas", kube_json_int(2));
    assert_runs(&call); /* its own word was stored before */
    assert_string_equal(call.result.stage, "off");
    test_change(call.old_object, "/metadata/annotations", NULL);
    assert_refused(&call, ERROR_CONFLICT, "its spec is frozen");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deletion_timestamp_in_what_is_created_does_not_count),
        cmocka_unit_test(what_is_being_deleted_needs_nothing),
        cmocka_unit_test(what_is_being_deleted_keeps_no_claim_template),
        cmocka_unit_test(a_namespace_that_cannot_be_read_does_not_hold_a_finalizer),
        cmocka_unit_test(a_stored_owner_that_is_certainly_gone_does_not_count),
        cmocka_unit_test(a_stored_owner_counts_where_nobody_can_tell),
        cmocka_unit_test(another_version_of_the_stored_owner_is_no_other_owner),
        cmocka_unit_test(a_claimed_owner_is_refused_warned_of_or_passed_over),
        cmocka_unit_test(kubernetes_strikes_owners_out_but_makes_none),
        cmocka_unit_test(handover_is_left_in_a_write_of_its_own),
        cmocka_unit_test(the_default_phase_freezes_creations_that_declare_another),
        cmocka_unit_test(druid_and_kubernetes_pass_a_phase_that_cannot_be_read),
        cmocka_unit_test(a_namespace_that_cannot_be_read_freezes_what_declares_nothing),
    };
    return cmocka_run_group_tests_name("patches/forged", tests, NULL, NULL);
}
