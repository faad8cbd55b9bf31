#include "tests/patches/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ID "shoot--garden--apple--6f0c2b1e-9a57-4c2e-8d0f-2f4f3f6f7a11"

/* A CREATE of an Etcd of the name NAME with SPEC, in the cluster of PROVIDER. */
static struct call etcd_call(const char *name, const char *spec, const char *provider,
                             const char *const *edit)
{
    struct call call = new_call("etcd-main.yaml", provider, edit);
    json_object_put(call.object);
    call.object = test_json("{'apiVersion':'druid.gardener.cloud/v1alpha1','kind':'Etcd'}");
    test_change(call.object, "/metadata", kube_json_object("name", kube_json_string(name), NULL));
    test_change(call.object, "/spec", test_json(spec));
    return call;
}

static bool run_etcd(struct call *call)
{
    const struct patch_request request = {
        .update = call->old_object != NULL,
        .namespace = "shoot--garden--apple",
        .name = kube_json_text(call->object, "/metadata/name"),
        .object = call->object,
        .old_object = call->old_object,
    };
    patch_result_free(&call->result);
    return patch_etcd(&request, &call->settings, call->source, &call->result, &call->error);
}

static void assert_becomes(struct call *call, const char *spec)
{
    if (!run_etcd(call))
        fail_msg("%s", call->error.message);
    AUTO_JSON struct json_object *patched = result_of(call);
    AUTO_JSON struct json_object *expected = test_json(spec);
    if (!json_object_equal(kube_json_child(patched, "spec"), expected))
        fail_msg("got %s", kube_json_write(kube_json_child(patched, "spec")));
}

#define STORE                                                                                      \
    "'store':{'container':'apples','prefix':'" ID                                                  \
    "/etcd-main','provider':'aws','secretRef':{'name':'etcd-backup'}}"

static void an_empty_etcd_main_gets_everything(void **state)
{
    (void)state;
    AUTO_CALL struct call call = etcd_call("etcd-main", "{}", "aws", NULL);
    assert_becomes(&call, "{'storageClass':'gp3','storageCapacity':'25Gi','backup':{" STORE
                          ",'fullSnapshotSchedule':'40 1 * * *'}}");
    AUTO_JSON struct json_object *patched = result_of(&call);
    json_object_put(call.object);
    call.object = TAKE(patched);
    assert_true(run_etcd(&call));
    assert_true(kube_patch_is_empty(&call.result.patch));
}

static void an_empty_backup_is_filled(void **state)
{
    (void)state;
    AUTO_CALL struct call call = etcd_call("etcd-main", "{'backup':{}}", "aws", NULL);
    assert_becomes(&call, "{'storageClass':'gp3','storageCapacity':'25Gi','backup':{" STORE
                          ",'fullSnapshotSchedule':'40 1 * * *'}}");
}

static void what_is_set_is_never_overwritten(void **state)
{
    (void)state;
    static const char spec[] =
        "{'storageClass':'mine','storageCapacity':'1Gi','backup':{'fullSnapshotSchedule':"
        "'1 1 * * *','store':{'container':'c','prefix':'p','provider':'gcp','secretRef':{'name':"
        "'s'}}}}";
    AUTO_CALL struct call call = etcd_call("etcd-main", spec, "aws", NULL);
    assert_becomes(&call, spec);
}

static void what_is_absent_of_a_store_is_filled(void **state)
{
    (void)state;
    AUTO_CALL struct call call = etcd_call(
        "etcd-main", "{'storageCapacity':'1Gi','backup':{'port':8080,'store':{'prefix':'mine'}}}",
        "aws", NULL);
    assert_becomes(&call,
                   "{'storageCapacity':'1Gi','storageClass':'gp3','backup':{'port':8080,'store':{"
                   "'prefix':'mine','container':'apples','provider':'aws','secretRef':{'name':"
                   "'etcd-backup'}},'fullSnapshotSchedule':'40 1 * * *'}}");
}

static void etcd_events_gets_storage_only(void **state)
{
    (void)state;
    AUTO_CALL struct call call = etcd_call("etcd-events", "{}", "alicloud", NULL);
    assert_becomes(&call, "{'storageCapacity':'20Gi'}");
}

static void etcds_of_other_names_are_left_alone(void **state)
{
    (void)state;
    AUTO_CALL struct call call = etcd_call("etcd-main-druid", "{}", "aws", NULL);
    assert_becomes(&call, "{}");
    assert_null(call.result.stage);
}

static void updates_are_left_alone(void **state)
{
    (void)state;
    AUTO_CALL struct call call = etcd_call("etcd-main", "{}", "aws", NULL);
    call.old_object = kube_json_copy(call.object);
    assert_becomes(&call, "{}");
}

#define BEHIND_THE_SECRET "  accessKeyID: bm9ib2R5\n"
#define ENTRY(more)                                                                                \
    BEHIND_THE_SECRET, "---\napiVersion: extensions.gardener.cloud/v1alpha1\nkind: BackupEntry\n"  \
                       "metadata: {name: " ID "}\nspec: {bucketName: pears, type: azure}\n" more

static void the_backup_entry_wins_over_the_secret(void **state)
{
    (void)state;
    static const char *const edit[] = {ENTRY(""), NULL};
    AUTO_CALL struct call call = etcd_call("etcd-main", "{}", "aws", edit);
    assert_becomes(&call,
                   "{'storageClass':'gp3','storageCapacity':'25Gi','backup':{'store':{'container':"
                   "'pears','prefix':'" ID "/etcd-main','provider':'azure','secretRef':{'name':"
                   "'etcd-backup'}},'fullSnapshotSchedule':'40 1 * * *'}}");
}

static void its_status_may_name_the_secret(void **state)
{
    (void)state;
    static const char *const edit[] = {
        ENTRY("status: {resources: [{name: x, resourceRef: {kind: ConfigMap, name: no}}, "
              "{name: y, resourceRef: {apiVersion: v1, kind: Secret, name: entry-secret}}]}\n"),
        NULL};
    AUTO_CALL struct call call = etcd_call("etcd-main", "{}", "aws", edit);
    assert_true(run_etcd(&call));
    AUTO_JSON struct json_object *patched = result_of(&call);
    assert_string_equal(kube_json_text(patched, "/spec/backup/store/secretRef/name"),
                        "entry-secret");
}

static void a_seed_without_backup_leaves_the_store_absent(void **state)
{
    (void)state;
    static const char *const edit[] = {"      backup: {provider: aws}\n", "", NULL};
    AUTO_CALL struct call call = etcd_call("etcd-main", "{'backup':{}}", "aws", edit);
    assert_becomes(&call, "{'storageClass':'gp3','storageCapacity':'25Gi','backup':{}}");
}

static void a_bucket_that_nobody_knows_is_refused(void **state)
{
    (void)state;
    static const char *const edit[] = {"  bucketName: YXBwbGVz\n", "", NULL};
    AUTO_CALL struct call call = etcd_call("etcd-main", "{}", "aws", edit);
    assert_false(run_etcd(&call));
    assert_int_equal(call.error.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(call.error.message, "Etcd shoot--garden--apple/etcd-main: neither "
                                               "BackupEntry " ID));
    assert_non_null(strstr(call.error.message, "spec.backup.store"));
}

static void a_complete_store_needs_no_cluster(void **state)
{
    (void)state;
    static const char *const edit[] = {"kind: Cluster", "kind: Klaster", NULL};
    AUTO_CALL struct call call = etcd_call(
        "etcd-main",
        "{'backup':{'fullSnapshotSchedule':'1 1 * * *','store':{'container':'c','prefix':'p',"
        "'provider':'gcp','secretRef':{'name':'etcd-backup'}}}}",
        "aws", edit);
    assert_true(run_etcd(&call));
    assert_string_equal(kube_json_write(call.result.warnings), "[]");
}

static void missing_secrets_are_warnings_that_name_them(void **state)
{
    (void)state;
    AUTO_CALL struct call call = etcd_call(
        "etcd-druid",
        "{'etcd':{'clientUrlTls':{'tlsCASecretRef':{'name':'ca'},'serverTLSSecretRef':{'name':"
        "'etcd-backup'},'clientTLSSecretRef':{'name':'client'}},'peerUrlTls':{'serverTLSSecretRef':"
        "{'name':'peer'}}},'backup':{'tls':{'tlsCASecretRef':{'name':'br'}},'store':{'secretRef':{"
        "'name':'store'}}}}",
        "aws", NULL);
    assert_true(run_etcd(&call));
    static const char *const names[] = {"store", "ca", "client", "peer", "br"};
    assert_int_equal(json_object_array_length(call.result.warnings), 5);
    for (size_t i = 0; i < 5; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "Secret shoot--garden--apple/%s not found", names[i]);
        assert_non_null(strstr(
            kube_json_as_text(json_object_array_get_idx(call.result.warnings, i)), expected));
    }
}

/* A source that is not allowed to read Secrets. */
struct forbidden {
    struct kube_source source;
    struct kube_source *rest;
    unsigned questions;
};

static bool forbid_secrets(struct kube_source *source, enum kube_kind kind, const char *namespace,
                           const char *name, struct kube_object **out, struct error *err)
{
    struct forbidden *forbidden = (struct forbidden *)source;
    if (kind != KUBE_SECRET || strcmp(name, "etcd-backup") == 0)
        return kube_source_get(forbidden->rest, kind, namespace, name, out, err);
    forbidden->questions++;
    return error_set(err, ERROR_UNAVAILABLE, "RBAC does not allow it");
}

static void secrets_that_cannot_be_seen_are_one_warning_after_one_question(void **state)
{
    (void)state;
    static const struct kube_source_ops ops = {.get = forbid_secrets};
    AUTO_CALL struct call call = etcd_call(
        "etcd-main",
        "{'etcd':{'clientUrlTls':{'tlsCASecretRef':{'name':'ca'},'serverTLSSecretRef':{'name':"
        "'server'}}},'backup':{'store':{'secretRef':{'name':'etcd-backup'}}}}",
        "aws", NULL);
    struct forbidden forbidden = {{&ops}, call.source, 0};
    call.source = &forbidden.source;
    bool done = run_etcd(&call);
    call.source = forbidden.rest;
    if (!done)
        fail_msg("%s", call.error.message);
    assert_false(kube_patch_is_empty(&call.result.patch));
    assert_string_equal(kube_json_write(call.result.warnings),
                        "[\"Secrets not checked: RBAC does not allow it\"]");
    assert_int_equal(forbidden.questions, 1);
}

static void a_deletion_timestamp_and_a_status_in_what_is_created_do_not_count(void **state)
{
    (void)state;
    AUTO_CALL struct call plain = etcd_call("etcd-main", "{}", "aws", NULL);
    AUTO_CALL struct call call = etcd_call("etcd-main", "{}", "aws", NULL);
    test_change(call.object, "/metadata/deletionTimestamp",
                kube_json_string("2020-01-01T00:00:00Z"));
    test_change(call.object, "/status", test_json("{'ready':true}"));
    assert_true(run_etcd(&plain) && run_etcd(&call));
    assert_false(kube_patch_is_empty(&call.result.patch));
    assert_true(json_object_equal(call.result.patch.operations, plain.result.patch.operations));
}

static void an_etcd_whose_name_is_generated_is_warned_of_missing_secrets(void **state)
{
    (void)state;
    AUTO_CALL struct call call =
        etcd_call("x", "{'etcd':{'clientUrlTls':{'tlsCASecretRef':{'name':'ca'}}}}", "aws", NULL);
    test_change(call.object, "/metadata", test_json("{'generateName':'etcd-main-'}"));
    assert_becomes(&call, "{'etcd':{'clientUrlTls':{'tlsCASecretRef':{'name':'ca'}}}}");
    assert_null(call.result.stage);
    assert_non_null(strstr(kube_json_text(call.result.warnings, "/0"), "apple/ca not found"));
}

static void wrong_types_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        const char *said;
    } rows[] = {
        {"[]", "/spec: found a list"},
        {"{'backup':1}", "/spec/backup: found an integer"},
        {"{'backup':{'store':'x'}}", "/spec/backup/store: found a string"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        AUTO_CALL struct call call = etcd_call("etcd-main", rows[i].spec, "aws", NULL);
        assert_false(run_etcd(&call));
        assert_int_equal(call.error.code, ERROR_INVALID);
        if (!strstr(call.error.message, rows[i].said))
            fail_msg("%s", call.error.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_etcd_main_gets_everything),
        cmocka_unit_test(an_empty_backup_is_filled),
        cmocka_unit_test(what_is_set_is_never_overwritten),
        cmocka_unit_test(what_is_absent_of_a_store_is_filled),
        cmocka_unit_test(etcd_events_gets_storage_only),
        cmocka_unit_test(etcds_of_other_names_are_left_alone),
        cmocka_unit_test(updates_are_left_alone),
        cmocka_unit_test(the_backup_entry_wins_over_the_secret),
        cmocka_unit_test(its_status_may_name_the_secret),
        cmocka_unit_test(a_seed_without_backup_leaves_the_store_absent),
        cmocka_unit_test(a_bucket_that_nobody_knows_is_refused),
        cmocka_unit_test(a_complete_store_needs_no_cluster),
        cmocka_unit_test(missing_secrets_are_warnings_that_name_them),
        cmocka_unit_test(secrets_that_cannot_be_seen_are_one_warning_after_one_question),
        cmocka_unit_test(a_deletion_timestamp_and_a_status_in_what_is_created_do_not_count),
        cmocka_unit_test(an_etcd_whose_name_is_generated_is_warned_of_missing_secrets),
        cmocka_unit_test(wrong_types_are_refused_with_their_place),
    };
    return cmocka_run_group_tests_name("patches/etcd", tests, NULL, NULL);
}
