#include "tests/patches/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define POD "/spec/template/spec"
#define CHECKSUM "/spec/template/metadata/annotations/checksum~1secret-etcd-backup"

static struct json_object *sidecar_of(struct json_object *object)
{
    struct json_object *containers = NULL;
    assert_true(kube_json_get_array(object, POD "/containers", &containers, NULL));
    return kube_json_named(containers, "backup-restore", NULL);
}

static void assert_runs(struct call *call)
{
    if (!run_call(call))
        fail_msg("%s", call->error.message);
}

/* Nothing is patched, nothing is said. */
static void assert_untouched(struct call *call, bool ignored)
{
    assert_runs(call);
    assert_string_equal(kube_json_write(call->result.patch.operations), "[]");
    assert_string_equal(kube_json_write(call->result.warnings), "[]");
    assert_int_equal(call->result.stage == NULL, ignored);
}

static void assert_refused(struct call *call, enum error_code code, const char *const *texts)
{
    assert_false(run_call(call));
    assert_int_equal(call->error.code, code);
    for (; *texts; texts++)
        if (!strstr(call->error.message, *texts))
            fail_msg("'%s' does not say '%s'", call->error.message, *texts);
}

/* --- what each provider's StatefulSets get, to the letter --- */

struct expectation {
    const char *provider;
    const char *file;
};

static void gets_the_whole_patch(void **state)
{
    const struct expectation *row = *state;
    char path[256];
    AUTO_CALL struct call call = new_call(row->file, row->provider, NULL);
    assert_runs(&call);
    snprintf(path, sizeof path, FIXTURES "%s/%.*s.json", row->provider,
             (int)strcspn(row->file, "."), row->file);
    AUTO_JSON struct json_object *expected = test_read(path);
    assert_string_equal(
        json_object_to_json_string_ext(call.result.patch.operations, JSON_C_TO_STRING_PRETTY),
        json_object_to_json_string_ext(expected, JSON_C_TO_STRING_PRETTY));
    AUTO_JSON struct json_object *patched = result_of(&call);
    json_object_put(call.object);
    call.object = TAKE(patched);
    assert_runs(&call);
    assert_true(kube_patch_is_empty(&call.result.patch));
}

/* --- what is left alone --- */

static void other_names_are_ignored(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    test_change(call.object, "/metadata/name", kube_json_string("etcd-main-2"));
    assert_untouched(&call, true);
}

static void a_name_still_to_be_generated_is_ignored(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    test_change(call.object, "/metadata/name", NULL);
    assert_untouched(&call, true);
}

static const char druid_owner[] = "[{'apiVersion':'druid.gardener.cloud/v1alpha1','kind':'Etcd',"
                                  "'name':'etcd-main','uid':'1','controller':true}]";

static void what_an_etcd_owns_without_controlling_is_patched(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    test_change(call.object, "/metadata/ownerReferences", test_json(druid_owner));
    test_change(call.object, "/metadata/ownerReferences/0/controller", kube_json_bool(false));
    assert_runs(&call);
    assert_string_equal(call.result.stage, "legacy");
    assert_false(kube_patch_is_empty(&call.result.patch));
}

static void an_etcd_of_another_group_is_another_kind(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    test_change(call.object, "/metadata/ownerReferences", test_json(druid_owner));
    test_change(call.object, "/metadata/ownerReferences/0/apiVersion",
                kube_json_string("example.com/v1"));
    assert_runs(&call);
    assert_string_equal(call.result.stage, "legacy");
    assert_false(kube_patch_is_empty(&call.result.patch));
}

/* --- updates --- */

static void an_update_that_changes_nothing_gets_no_patch(void **state)
{
    (void)state;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "gcp", NULL);
    assert_untouched(&call, false);
}

static void drift_of_the_sidecar_is_reverted(void **state)
{
    (void)state;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    struct json_object *sidecar = sidecar_of(call.object);
    test_change(sidecar, "/image", kube_json_string("example.com/other"));
    test_change(sidecar, "/securityContext", test_json("{'privileged':true}"));
    assert_runs(&call);
    AUTO_JSON struct json_object *patched = result_of(&call);
    assert_true(json_object_equal(sidecar_of(patched), sidecar_of(call.old_object)));
}

static void what_the_user_added_elsewhere_stays(void **state)
{
    (void)state;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    test_change(call.object, "/metadata/labels/mine", kube_json_string("yes"));
    test_change(call.object, POD "/volumes/1/secret/defaultMode", kube_json_int(256));
    test_change(call.object, POD "/containers/0/image", kube_json_string("etcd:new"));
    assert_untouched(&call, false);
}

static void a_deployer_that_writes_its_own_manifest_again_gets_the_same_object(void **state)
{
    (void)state;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "gcp", NULL);
    json_object_put(call.object);
    call.object = test_read(FIXTURES "etcd-main.yaml");
    assert_runs(&call);
    AUTO_JSON struct json_object *patched = result_of(&call);
    assert_true(json_object_equal(patched, call.old_object));
}

static void an_update_keeps_the_stored_claim_template(void **state)
{
    (void)state;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    const char *const storage = "/spec/volumeClaimTemplates/0/spec/resources/requests/storage";
    test_change(call.old_object, storage, kube_json_string("77Gi"));
    assert_runs(&call);
    AUTO_JSON struct json_object *patched = result_of(&call);
    assert_string_equal(kube_json_text(patched, storage), "77Gi");
}

static void an_update_adds_no_claim_template_that_is_not_stored(void **state)
{
    (void)state;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    test_change(call.old_object, "/spec/volumeClaimTemplates", NULL);
    test_change(call.object, "/spec/volumeClaimTemplates", NULL);
    assert_untouched(&call, false);
}

static void the_schedule_that_is_there_is_kept(void **state)
{
    (void)state;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    test_change(sidecar_of(call.object), "/command/2", kube_json_string("--schedule=1 1 * * *"));
    assert_untouched(&call, false);
}

static void changed_credentials_change_the_checksum(void **state)
{
    (void)state;
    static const char *const edit[] = {"PROVIDER", "aws", "bm9ib2R5", "c29tZWJvZHk=", NULL};
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    size_t length;
    char *cluster = test_replaced(test_read_bytes(FIXTURES "cluster.yaml", &length), edit);
    kube_source_free(call.source);
    call.source = test_source(cluster);
    free(cluster);
    assert_runs(&call);
    assert_int_equal(json_object_array_length(call.result.patch.operations), 1);
    assert_string_equal(kube_json_text(call.result.patch.operations, "/0/path"), CHECKSUM);
}

/* --- from where the provider comes --- */

static const char *store_of(struct call *call, char store[64])
{
    AUTO_JSON struct json_object *patched = result_of(call);
    const char *flag = kube_json_text(sidecar_of(patched), "/command/4");
    snprintf(store, 64, "%s", flag ? flag : "none");
    return store;
}

static void without_labels_the_seed_says(void **state)
{
    (void)state;
    static const char *const edit[] = {"seed.gardener.cloud/provider",
                                       "other",
                                       "backup.gardener.cloud/provider",
                                       "another",
                                       "backup: {provider: aws}",
                                       "backup: {provider: azure}",
                                       NULL};
    char store[64];
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", edit);
    assert_runs(&call);
    assert_string_equal(store_of(&call, store), "--storage-provider=ABS");
    AUTO_JSON struct json_object *patched = result_of(&call);
    assert_string_equal(
        kube_json_text(patched, "/spec/volumeClaimTemplates/0/spec/storageClassName"), "gp3");
}

static void a_seed_without_backup_says_its_own_provider(void **state)
{
    (void)state;
    static const char *const edit[] = {"backup.gardener.cloud/provider", "another",
                                       "      backup: {provider: aws}\n", "", NULL};
    char store[64];
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", edit);
    assert_runs(&call);
    assert_string_equal(store_of(&call, store), "--storage-provider=");
    AUTO_JSON struct json_object *patched = result_of(&call);
    assert_null(kube_json_child(sidecar_of(patched), "env"));
    assert_null(kube_json_text(patched, CHECKSUM));
    assert_string_equal(kube_json_text(sidecar_of(patched), "/command/5"),
                        "--store-prefix=etcd-main");
}

static void the_label_wins_over_the_seed(void **state)
{
    (void)state;
    static const char *const edit[] = {"backup.gardener.cloud/provider: aws",
                                       "backup.gardener.cloud/provider: openstack", NULL};
    char store[64];
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", edit);
    assert_runs(&call);
    assert_string_equal(store_of(&call, store), "--storage-provider=Swift");
}

static void the_default_provider_comes_last(void **state)
{
    (void)state;
    static const char *const edit[] = {"seed.gardener.cloud/provider",
                                       "other",
                                       "backup.gardener.cloud/provider",
                                       "another",
                                       "      provider: {type: aws}\n      backup: {provider: aws}",
                                       "      backup: {region: x}",
                                       NULL};
    char store[64];
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", edit);
    call.settings.default_provider = "alicloud";
    assert_runs(&call);
    assert_string_equal(store_of(&call, store), "--storage-provider=OSS");
}

static void with_no_provider_it_is_allowed_with_warnings(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    kube_source_free(call.source);
    call.source = test_source("");
    assert_runs(&call);
    assert_true(kube_patch_is_empty(&call.result.patch));
    assert_int_equal(json_object_array_length(call.result.warnings), 2);
    assert_non_null(
        strstr(kube_json_text(call.result.warnings, "/0"),
               "no backup sidecar: neither Namespace nor Cluster shoot--garden--apple"));
    assert_non_null(
        strstr(kube_json_text(call.result.warnings, "/1"), "storage unchanged: neither"));
    for (size_t i = 0; i < 2; i++)
        assert_true(strlen(kube_json_as_text(json_object_array_get_idx(call.result.warnings, i))) <=
                    120);
}

static void without_label_and_seed_the_warning_names_the_label(void **state)
{
    (void)state;
    static const char *const edit[] = {"seed.gardener.cloud/provider",
                                       "other",
                                       "backup.gardener.cloud/provider",
                                       "another",
                                       "kind: Cluster",
                                       "kind: Klaster",
                                       NULL};
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", edit);
    assert_runs(&call);
    assert_non_null(strstr(kube_json_text(call.result.warnings, "/0"),
                           "no namespace label backup.gardener.cloud/provider"));
    assert_non_null(strstr(kube_json_text(call.result.warnings, "/1"),
                           "no namespace label seed.gardener.cloud/provider"));
}

static void vsphere_has_no_sidecar_and_says_so(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "vsphere", NULL);
    assert_runs(&call);
    AUTO_JSON struct json_object *patched = result_of(&call);
    assert_null(sidecar_of(patched));
    assert_non_null(strstr(kube_json_text(call.result.warnings, "/0"), "provider vsphere"));
}

static void packet_needs_no_cluster(void **state)
{
    (void)state;
    static const char *const edit[] = {"kind: Cluster", "kind: Klaster", NULL};
    char store[64];
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "packet", edit);
    assert_runs(&call);
    assert_string_equal(store_of(&call, store), "--storage-provider=");
}

/* --- refusals --- */

/* Another provider's extension may see to it; nobody is blocked. */
static void an_unknown_provider_is_left_alone_with_warnings(void **state)
{
    (void)state;
    static const char *const names[] = {"hcloud", "dell"};
    for (size_t i = 0; i < 2; i++) {
        AUTO_CALL struct call call = new_call("etcd-main.yaml", names[i], NULL);
        assert_runs(&call);
        assert_true(kube_patch_is_empty(&call.result.patch));
        assert_int_equal(json_object_array_length(call.result.warnings), 2);
        const char *warning = kube_json_text(call.result.warnings, "/0");
        assert_non_null(strstr(warning, "no backup sidecar: provider '"));
        assert_non_null(strstr(warning, names[i]));
    }
}

static void a_missing_secret_is_refused(void **state)
{
    (void)state;
    static const char *const edit[] = {"name: etcd-backup", "name: etcd-other", NULL};
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", edit);
    assert_refused(
        &call, ERROR_NOT_FOUND,
        (const char *const[]){"Secret", "shoot--garden--apple/etcd-backup", "sidecar", NULL});
}

static void etcd_events_needs_no_secret(void **state)
{
    (void)state;
    static const char *const edit[] = {"name: etcd-backup", "name: etcd-other", NULL};
    AUTO_CALL struct call call = new_call("etcd-events.yaml", "aws", edit);
    assert_runs(&call);
    AUTO_JSON struct json_object *patched = result_of(&call);
    assert_null(kube_json_text(patched, CHECKSUM));
}

static void a_missing_cluster_is_refused(void **state)
{
    (void)state;
    static const char *const edit[] = {"kind: Cluster", "kind: Klaster", NULL};
    AUTO_CALL struct call call = new_call("etcd-events.yaml", "aws", edit);
    assert_refused(&call, ERROR_NOT_FOUND,
                   (const char *const[]){"Cluster shoot--garden--apple not found",
                                         "extensions.gardener.cloud/v1alpha1", NULL});
}

static void a_shoot_without_technical_id_is_refused(void **state)
{
    (void)state;
    static const char *const edit[] = {"      technicalID: shoot--garden--apple\n", "", NULL};
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", edit);
    assert_refused(&call, ERROR_INVALID,
                   (const char *const[]){"Cluster shoot--garden--apple",
                                         "/spec/shoot/status/technicalID", "missing", NULL});
}

/* A source that cannot tell: nothing is decided. */
static bool get_nothing(struct kube_source *source, enum kube_kind kind, const char *namespace,
                        const char *name, struct kube_object **out, struct error *err)
{
    (void)source, (void)kind, (void)namespace, (void)name, (void)out;
    return error_set(err, ERROR_UNAVAILABLE, "the API server does not answer");
}

static void an_unavailable_source_decides_nothing(void **state)
{
    (void)state;
    static const struct kube_source_ops ops = {.get = get_nothing};
    struct kube_source silent = {&ops};
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    struct kube_source *kept = call.source;
    call.source = &silent;
    assert_refused(&call, ERROR_UNAVAILABLE, (const char *const[]){"does not answer", NULL});
    call.source = kept;
}

/* --- wrong types in every place that is read --- */

static const char *const wrong_values[] = {
    "1", "'x'", "true", "[]", "{}", "[1]", "['x']", "{'name':1}", "[{'name':1}]", "[null]", "1.5"};
enum { WRONG_VALUES = sizeof wrong_values / sizeof *wrong_values };

static const char *const object_places[] = {
    "/metadata",
    "/metadata/ownerReferences",
    "/metadata/deletionTimestamp",
    "/spec",
    "/spec/template",
    "/spec/template/metadata",
    "/spec/template/metadata/annotations",
    POD,
    POD "/containers",
    POD "/containers/0",
    POD "/containers/1",
    POD "/containers/1/command",
    POD "/containers/1/command/2",
    POD "/volumes",
    POD "/volumes/0",
    "/spec/volumeClaimTemplates",
    "/spec/volumeClaimTemplates/0",
    "/spec/volumeClaimTemplates/0/metadata",
    "/spec/volumeClaimTemplates/0/metadata/name",
};

/* Whatever the object is, the answer is a patch that applies, or an error that says ERROR_INVALID.
 */
static void a_broken_object_never_breaks_the_plan(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof object_places / sizeof *object_places; i++) {
        for (size_t j = 0; j < WRONG_VALUES; j++) {
            for (int old = 0; old < 2; old++) {
                AUTO_CALL struct call call = stored_call("etcd-main.yaml", "gcp", NULL);
                test_change(old ? call.old_object : call.object, object_places[i],
                            test_json(wrong_values[j]));
                struct json_object *object = call.object;
                if (!kube_json_text(object, "/metadata/name"))
                    continue; /* then it is none of ours */
                if (run_call(&call))
                    json_object_put(result_of(&call));
                else
                    assert_int_equal(call.error.code, ERROR_INVALID);
            }
        }
    }
}

static const char *const cluster_places[] = {
    "/spec",
    "/spec/seed",
    "/spec/seed/spec",
    "/spec/seed/spec/backup",
    "/spec/seed/spec/backup/provider",
    "/spec/seed/spec/provider",
    "/spec/shoot",
    "/spec/shoot/status",
    "/spec/shoot/status/uid",
    "/spec/shoot/status/technicalID",
    "/spec/shoot/spec/maintenance",
    "/spec/shoot/spec/maintenance/timeWindow",
    "/spec/shoot/spec/maintenance/timeWindow/begin",
};

static void run_with_cluster(struct json_object *cluster)
{
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "gcp", NULL);
    char text[4096];
    snprintf(text, sizeof text, "%s", kube_json_write(cluster));
    kube_source_free(call.source);
    call.source = test_source(text);
    call.settings.default_provider = "gcp";
    if (!run_call(&call)) {
        assert_int_equal(call.error.code,
                         strstr(call.error.message, "Secret") ? ERROR_NOT_FOUND : ERROR_INVALID);
        assert_non_null(strstr(call.error.message, "shoot--garden--apple"));
    }
}

static void a_broken_cluster_never_breaks_the_plan(void **state)
{
    (void)state;
    static const char cluster[] =
        "{'apiVersion':'extensions.gardener.cloud/v1alpha1','kind':'Cluster','metadata':{'name':"
        "'shoot--garden--apple'},'spec':{'seed':{'spec':{'provider':{'type':'gcp'},'backup':{"
        "'provider':'gcp'}}},'shoot':{'spec':{'maintenance':{'timeWindow':{'begin':'000000+0000'}}}"
        ","
        "'status':{'uid':'u','technicalID':'t'}}}}";
    for (size_t i = 0; i < sizeof cluster_places / sizeof *cluster_places; i++) {
        for (size_t j = 0; j < WRONG_VALUES; j++) {
            AUTO_JSON struct json_object *broken = test_json(cluster);
            test_change(broken, cluster_places[i], test_json(wrong_values[j]));
            run_with_cluster(broken);
        }
    }
}

#define PROVIDER(name)                                                                             \
    {name ": etcd-main", gets_the_whole_patch, NULL, NULL,                                         \
     (void *)(uintptr_t) & (const struct expectation){name, "etcd-main.yaml"}},                    \
    {                                                                                              \
        name ": etcd-events", gets_the_whole_patch, NULL, NULL,                                    \
            (void *)(uintptr_t) & (const struct expectation)                                       \
        {                                                                                          \
            name, "etcd-events.yaml"                                                               \
        }                                                                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROVIDER("alicloud"),
        PROVIDER("aws"),
        PROVIDER("azure"),
        PROVIDER("gcp"),
        PROVIDER("openstack"),
        PROVIDER("packet"),
        PROVIDER("vsphere"),
        cmocka_unit_test(other_names_are_ignored),
        cmocka_unit_test(a_name_still_to_be_generated_is_ignored),
        cmocka_unit_test(what_an_etcd_owns_without_controlling_is_patched),
        cmocka_unit_test(an_etcd_of_another_group_is_another_kind),
        cmocka_unit_test(an_update_that_changes_nothing_gets_no_patch),
        cmocka_unit_test(drift_of_the_sidecar_is_reverted),
        cmocka_unit_test(what_the_user_added_elsewhere_stays),
        cmocka_unit_test(a_deployer_that_writes_its_own_manifest_again_gets_the_same_object),
        cmocka_unit_test(an_update_keeps_the_stored_claim_template),
        cmocka_unit_test(an_update_adds_no_claim_template_that_is_not_stored),
        cmocka_unit_test(the_schedule_that_is_there_is_kept),
        cmocka_unit_test(changed_credentials_change_the_checksum),
        cmocka_unit_test(without_labels_the_seed_says),
        cmocka_unit_test(a_seed_without_backup_says_its_own_provider),
        cmocka_unit_test(the_label_wins_over_the_seed),
        cmocka_unit_test(the_default_provider_comes_last),
        cmocka_unit_test(with_no_provider_it_is_allowed_with_warnings),
        cmocka_unit_test(without_label_and_seed_the_warning_names_the_label),
        cmocka_unit_test(vsphere_has_no_sidecar_and_says_so),
        cmocka_unit_test(packet_needs_no_cluster),
        cmocka_unit_test(an_unknown_provider_is_left_alone_with_warnings),
        cmocka_unit_test(a_missing_secret_is_refused),
        cmocka_unit_test(etcd_events_needs_no_secret),
        cmocka_unit_test(a_missing_cluster_is_refused),
        cmocka_unit_test(a_shoot_without_technical_id_is_refused),
        cmocka_unit_test(an_unavailable_source_decides_nothing),
        cmocka_unit_test(a_broken_object_never_breaks_the_plan),
        cmocka_unit_test(a_broken_cluster_never_breaks_the_plan),
    };
    return cmocka_run_group_tests_name("patches", tests, NULL, NULL);
}
