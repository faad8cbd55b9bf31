/* A live source on a real API server with its etcd; skipped where there is none. */
#include "tests/support/live.h"

#include "kube/cleanup.h"
#include "kube/kubeconfig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct test_live live;

#define TELL(...) assert_int_equal(test_apiserver_do(live.server, __VA_ARGS__), 0)
#define UNTIL(condition) test_live_until(&live, condition)

static enum error_code get(enum kube_kind kind, const char *namespace, const char *name)
{
    return test_live_get(&live, kind, namespace, name);
}

static void what_is_there_is_listed(void **state)
{
    (void)state;
    TELL("kubectl create namespace apple");
    TELL("kubectl create secret generic etcd-backup -n apple --from-literal=key=one");
    TELL("kubectl create secret generic other -n apple --from-literal=key=one");
    test_live_start(&live, NULL);
    UNTIL(test_live_is_ready(&live));
    char text[256];
    assert_string_equal(
        test_live_text(&live, KUBE_SECRET, "apple", "etcd-backup", "/data/key", text), "b25l");
    assert_string_equal(test_live_text(&live, KUBE_NAMESPACE, "", "apple", "/apiVersion", text),
                        "v1");
    assert_int_equal(test_live_requests(&live, KUBE_VERB_GET), 0);
    assert_int_equal(get(KUBE_SECRET, "apple", "other"), ERROR_NONE);
    assert_int_equal(get(KUBE_SECRET, "apple", "absent"), ERROR_NOT_FOUND);
    assert_int_equal(test_live_requests(&live, KUBE_VERB_GET), 2);
}

static void a_definition_that_comes_later_is_found(void **state)
{
    (void)state;
    struct kube_live_stats stats;
    assert_int_equal(get(KUBE_CLUSTER, "", "apple"), ERROR_NOT_FOUND);
    TELL("kubectl apply -f tests/fixtures/e2e/clusters-crd.yaml");
    TELL("kubectl wait --for=condition=established crd/clusters.extensions.gardener.cloud");
    TELL("kubectl create -f <(echo 'apiVersion: extensions.gardener.cloud/v1alpha1'; "
         "echo 'kind: Cluster'; echo 'metadata: {name: apple}'; "
         "echo 'spec: {shoot: {spec: {provider: {type: aws}, dns: {domain: x}}}}')");
    char text[256];
    UNTIL(strcmp(test_live_text(&live, KUBE_CLUSTER, "", "apple", "/spec/shoot/spec/provider/type",
                                text),
                 "aws") == 0);
    UNTIL((kube_live_stats(live.source, &stats), stats.watches[1].objects) == 1);
    assert_string_equal(
        test_live_text(&live, KUBE_CLUSTER, "", "apple", "/spec/shoot/spec/dns/domain", text), "");
}

static void changes_are_seen_within_a_second(void **state)
{
    (void)state;
    char text[256];
    TELL("kubectl create secret generic etcd-backup -n apple --from-literal=key=two"
         " --dry-run=client -o yaml | kubectl replace -f -");
    int64_t begun = test_live_clock();
    UNTIL(strcmp(test_live_text(&live, KUBE_SECRET, "apple", "etcd-backup", "/data/key", text),
                 "dHdv") == 0);
    assert_true(test_live_clock() - begun < KUBE_SECOND);
    TELL("kubectl delete secret etcd-backup -n apple");
    begun = test_live_clock();
    UNTIL(get(KUBE_SECRET, "apple", "etcd-backup") == ERROR_NOT_FOUND);
    assert_true(test_live_clock() - begun < KUBE_SECOND);
}

static void a_restarted_server_is_followed_again(void **state)
{
    (void)state;
    TELL("kubectl create secret generic etcd-backup -n apple --from-literal=key=three");
    TELL("kubectl create secret generic etcd-backup -n default --from-literal=key=three");
    UNTIL(get(KUBE_SECRET, "default", "etcd-backup") == ERROR_NONE);
    /* The revision goes on, and no watch here hears of it. */
    for (int i = 0; i < 5; i++)
        TELL("kubectl create configmap moves-%d", i);
    TELL("stop");
    TELL("forget /registry/secrets/default/etcd-backup");
    TELL("compact");
    assert_int_equal(get(KUBE_SECRET, "apple", "etcd-backup"), ERROR_NONE);
    assert_int_equal(get(KUBE_SECRET, "default", "etcd-backup"), ERROR_NONE);
    assert_int_equal(get(KUBE_NAMESPACE, "", "other"), ERROR_UNAVAILABLE);
    assert_true(test_live_is_ready(&live));
    TELL("start");
    UNTIL(get(KUBE_SECRET, "default", "etcd-backup") == ERROR_NOT_FOUND);
    assert_int_equal(get(KUBE_SECRET, "apple", "etcd-backup"), ERROR_NONE);
    UNTIL(get(KUBE_NAMESPACE, "", "other") == ERROR_NOT_FOUND);
    TELL("kubectl create namespace later");
    UNTIL(get(KUBE_NAMESPACE, "", "later") == ERROR_NONE);
    struct kube_live_stats stats;
    kube_live_stats(live.source, &stats);
    assert_true(stats.requests[KUBE_VERB_WATCH][KUBE_RESULT_GONE] > 0);
    UNTIL((kube_live_age(live.source)) < 30);
}

static void it_ends(void **state)
{
    (void)state;
    int64_t begun = test_live_clock();
    test_live_stop(&live);
    assert_true(test_live_clock() - begun < KUBE_SECOND / 2);
}

static struct kube_access *nobody(void)
{
    char file[96];
    struct kube_access *access = NULL;
    snprintf(file, sizeof file, "%s/nobody/kubeconfig", live.server->folder);
    assert_true(kube_access_from_kubeconfig(file, NULL, &access, NULL));
    return access;
}

static void what_rbac_forbids_is_said(void **state)
{
    (void)state;
    struct error err = {0};
    test_live_start(&live, &(struct kube_live_options){.access = nobody()});
    UNTIL(test_live_logged(&live, "list secrets 'etcd-backup': RBAC does not allow it (403): "));
    assert_false(kube_source_ready(live.source, &err));
    assert_int_equal(get(KUBE_SECRET, "apple", "etcd-backup"), ERROR_UNAVAILABLE);
    test_live_stop(&live);
}

static void rights_to_one_name_are_enough_for_its_watch(void **state)
{
    (void)state;
    const struct kube_live_watch watch = {.kind = KUBE_SECRET, .name = "etcd-backup"};
    TELL("kubectl create clusterrole backup --verb=get,list,watch --resource=secrets "
         "--resource-name=etcd-backup");
    TELL("kubectl create clusterrolebinding backup --clusterrole=backup --user=nobody");
    const struct kube_live_options options = {
        .access = nobody(), .watches = &watch, .watch_count = 1};
    test_live_start(&live, &options);
    UNTIL(test_live_is_ready(&live));
    assert_int_equal(get(KUBE_SECRET, "apple", "etcd-backup"), ERROR_NONE);
    assert_int_equal(get(KUBE_SECRET, "apple", "other"), ERROR_UNAVAILABLE);
    TELL("kubectl create secret generic etcd-backup -n later --from-literal=key=four");
    struct kube_live_stats stats;
    UNTIL((kube_live_stats(live.source, &stats), stats.watches[0].objects) == 2);
    test_live_stop(&live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there_is_listed),
        cmocka_unit_test(a_definition_that_comes_later_is_found),
        cmocka_unit_test(changes_are_seen_within_a_second),
        cmocka_unit_test(a_restarted_server_is_followed_again),
        cmocka_unit_test(it_ends),
        cmocka_unit_test(what_rbac_forbids_is_said),
        cmocka_unit_test(rights_to_one_name_are_enough_for_its_watch),
    };
    live.server = test_apiserver_start("/bin/bash", "apiserver.sh");
    if (!live.server)
        return 77;
    int failed = cmocka_run_group_tests_name("live cluster", tests, NULL, NULL);
    test_apiserver_stop(live.server);
    return failed;
}
