#include "tests/patches/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The cluster's Secret with more objects behind it. */
#define MORE(text) "  accessKeyID: bm9ib2R5\n", "  accessKeyID: bm9ib2R5\n" text
#define ETCD(more)                                                                                 \
    "---\napiVersion: druid.gardener.cloud/v1alpha1\nkind: Etcd\nmetadata:\n"                      \
    "  name: etcd-main\n  namespace: shoot--garden--apple\n" more
#define SUSPENDED "  annotations: {druid.gardener.cloud/suspend-etcd-spec-reconcile: ''}\n"
#define STATEFUL_SET(controller)                                                                   \
    "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: etcd-main\n"                  \
    "  namespace: shoot--garden--apple\n  ownerReferences:\n"                                      \
    "  - {apiVersion: druid.gardener.cloud/v1alpha1, kind: Etcd, name: etcd-main, uid: '1', "      \
    "controller: " controller "}\n"
#define NAMESPACE_SAYS(phase)                                                                      \
    "    gardener.cloud/role: shoot\n",                                                            \
        "    gardener.cloud/role: shoot\n    druid-bridge/phase: " phase "\n"

static const char druid[] = "system:serviceaccount:garden:etcd-druid";

struct row {
    const char *cluster[5]; /* edits of it */
    const char *name;
    const char *user;
    enum patch_guard guard;
    enum patch_phase phase; /* the default one */
    int64_t replicas;       /* from 1; 0 is left out, as an API server does */
    const char *error;      /* NULL: allowed */
    const char *stage;      /* NULL: none */
    const char *warning;    /* NULL: none */
};

static struct json_object *new_scale(const char *name, int64_t replicas)
{
    struct json_object *scale =
        test_json("{'apiVersion':'autoscaling/v1','kind':'Scale','metadata':{},'spec':{}}");
    test_change(scale, "/metadata/name", kube_json_string(name));
    if (replicas)
        test_change(scale, "/spec/replicas", kube_json_int(replicas));
    return scale;
}

static bool ask(const struct row *row, struct call *call)
{
    static const char *const accounts[] = {"garden/etcd-druid"};
    const char *name = row->name ? row->name : "etcd-main";
    *call = new_call("etcd-main.yaml", "aws", row->cluster);
    json_object_put(call->object);
    call->object = new_scale(name, row->replicas);
    call->old_object = new_scale(name, 1);
    call->settings.guard = row->guard;
    call->settings.default_phase = row->phase;
    call->settings.druid_accounts = accounts;
    call->settings.druid_account_count = 1;
    const struct patch_request request = {
        .update = true,
        .namespace = "shoot--garden--apple",
        .name = name,
        .user = row->user ? row->user : "deployer",
        .object = call->object,
        .old_object = call->old_object,
    };
    return patch_scale(&request, &call->settings, call->source, &call->result, &call->error);
}

static void assert_text(const char *found, const char *expected)
{
    if (!expected || !found)
        assert_ptr_equal(found, expected);
    else if (!strstr(found, expected))
        fail_msg("'%s' does not say '%s'", found, expected);
}

static void run_row(void **state)
{
    const struct row *row = *state;
    AUTO_CALL struct call call = {0};
    bool allowed = ask(row, &call);
    if (allowed != !row->error)
        fail_msg("%s", allowed ? "allowed" : call.error.message);
    if (row->error) {
        assert_int_equal(call.error.code, ERROR_CONFLICT);
        assert_text(call.error.message, "StatefulSet shoot--garden--apple/etcd-main: ");
        assert_text(call.error.message, row->error);
    }
    assert_text(call.result.stage, row->stage);
    assert_text(kube_json_text(call.result.warnings, "/0"), row->warning);
    assert_true(kube_patch_is_empty(&call.result.patch));
    assert_false(call.result.prepared);
}

#define NOTHING                                                                                    \
    {                                                                                              \
        NULL                                                                                       \
    }
#define ROW(variable, ...) static const struct row variable = {__VA_ARGS__}

ROW(legacy, .replicas = 3);
ROW(to_none, .replicas = 0);
ROW(reconciled, .cluster = {MORE(ETCD(""))}, .replicas = 3, .error = "two masters",
    .stage = "druid");
ROW(to_none_under_druid, .cluster = {MORE(ETCD(""))}, .replicas = 0, .error = "two masters",
    .stage = "druid");
ROW(unchanged, .cluster = {MORE(ETCD(""))}, .replicas = 1, .stage = "druid");
ROW(by_druid, .cluster = {MORE(ETCD(""))}, .user = druid, .replicas = 3, .stage = "druid");
ROW(by_kubernetes, .cluster = {MORE(ETCD(""))}, .user = "system:kube-controller-manager",
    .replicas = 3, .stage = "druid");
ROW(by_an_autoscaler, .cluster = {MORE(ETCD(""))},
    .user = "system:serviceaccount:kube-system:horizontal-pod-autoscaler", .replicas = 3,
    .error = "two masters", .stage = "druid");
ROW(warned_of, .cluster = {MORE(ETCD(""))}, .guard = PATCH_GUARD_WARN, .replicas = 3,
    .stage = "druid", .warning = "will undo the change");
ROW(unguarded, .cluster = {MORE(ETCD(""))}, .guard = PATCH_GUARD_OFF, .replicas = 3,
    .stage = "druid");
ROW(suspended, .cluster = {MORE(ETCD(SUSPENDED))}, .replicas = 3);
ROW(suspended_and_owning, .cluster = {MORE(ETCD(SUSPENDED) STATEFUL_SET("true"))}, .replicas = 3,
    .error = "two masters", .stage = "druid");
ROW(suspended_and_not_controlling, .cluster = {MORE(ETCD(SUSPENDED) STATEFUL_SET("false"))},
    .replicas = 3);
ROW(another_etcd, .cluster = {MORE(ETCD(""))}, .name = "prometheus", .replicas = 3);
ROW(handover, .cluster = {NAMESPACE_SAYS("handover")}, .replicas = 3,
    .error = "its replicas are frozen", .stage = "handover");
ROW(handover_by_default, .phase = PATCH_HANDOVER, .replicas = 3, .error = "its replicas are frozen",
    .stage = "handover");
ROW(handover_unchanged, .cluster = {NAMESPACE_SAYS("handover")}, .replicas = 1,
    .stage = "handover");
ROW(handover_by_druid, .cluster = {NAMESPACE_SAYS("handover")}, .user = druid, .replicas = 3,
    .stage = "handover");
ROW(handover_of_others, .cluster = {NAMESPACE_SAYS("handover")}, .name = "prometheus",
    .replicas = 3);
ROW(prepare, .cluster = {NAMESPACE_SAYS("prepare")}, .replicas = 3);
ROW(unreadable, .cluster = {NAMESPACE_SAYS("later")}, .replicas = 3,
    .error = "the Namespace's druid-bridge/phase", .stage = "handover");

#define TEST(name, row)                                                                            \
    {                                                                                              \
        name, run_row, NULL, NULL, (void *)(uintptr_t) & (row)                                     \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("in legacy whoever may scale scales", legacy),
        TEST("in legacy also to none", to_none),
        TEST("what druid runs is not scaled by others", reconciled),
        TEST("what druid runs is not stopped by others", to_none_under_druid),
        TEST("to leave the replicas is no change", unchanged),
        TEST("druid scales what it runs", by_druid),
        TEST("Kubernetes' own controllers scale what druid runs", by_kubernetes),
        TEST("an autoscaler is one of the others", by_an_autoscaler),
        TEST("the guard can warn", warned_of),
        TEST("the guard can be off", unguarded),
        TEST("a suspended Etcd lets go", suspended),
        TEST("a suspended Etcd that is known to control it does not", suspended_and_owning),
        TEST("an owner that is no controller counts for nothing", suspended_and_not_controlling),
        TEST("an Etcd of another name is not asked", another_etcd),
        TEST("a handover of the namespace freezes the replicas", handover),
        TEST("a handover by default freezes the replicas", handover_by_default),
        TEST("a handover lets through what changes nothing", handover_unchanged),
        TEST("druid scales in a handover", handover_by_druid),
        TEST("a handover is of the shoot's etcds only", handover_of_others),
        TEST("in prepare whoever may scale scales", prepare),
        TEST("a phase of the namespace that cannot be read freezes the replicas", unreadable),
    };
    return cmocka_run_group_tests_name("patches/scale", tests, NULL, NULL);
}
