#include "kube/trim.h"

#include "kube/cleanup.h"
#include "tests/support/object.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct trim_row {
    enum kube_kind kind;
    const char *object;
    const char *keep[4]; /* none: everything */
    const char *kept;
};

static void trim_row(void **state)
{
    const struct trim_row *row = *state;
    AUTO_JSON struct json_object *object = test_json(row->object);
    AUTO_JSON struct json_object *wanted = test_json(row->kept);
    AUTO_JSON struct json_object *kept =
        kube_trim(object, row->kind, row->keep[0] ? row->keep : NULL);
    assert_non_null(kept);
    if (!json_object_equal(kept, wanted))
        fail_msg("%s", kube_json_write(kept));
}

#define ROW(sentence, ...)                                                                         \
    {                                                                                              \
        sentence, trim_row, NULL, NULL, &(struct trim_row)                                         \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("identity stays, the rest goes", KUBE_SECRET,
            "{'metadata': {'name': 'a', 'namespace': 'n', 'uid': 'u', 'resourceVersion': '5',"
            " 'labels': {'b': 'c'}}, 'data': {'d': 'e'}, 'type': 'Opaque'}",
            {"/nowhere"},
            "{'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': 'a', 'namespace': 'n',"
            " 'uid': 'u', 'resourceVersion': '5'}}"),
        ROW("what is pointed to stays whole", KUBE_SECRET,
            "{'metadata': {'name': 'a'}, 'data': {'d': 'e', 'f': ['g', {'h': 1}]}, 'type': 'x'}",
            {"/data"},
            "{'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': 'a'},"
            " 'data': {'d': 'e', 'f': ['g', {'h': 1}]}}"),
        ROW("siblings on the way go", KUBE_CLUSTER,
            "{'metadata': {'name': 'a'}, 'spec': {'shoot': {'spec': {'provider': {'type': 'aws',"
            " 'workers': []}, 'dns': {}}}, 'seed': {'spec': {'x': 1}}}}",
            {"/spec/shoot/spec/provider/type", "/spec/seed/spec/y", "/spec/seed/spec/x"},
            "{'apiVersion': 'extensions.gardener.cloud/v1alpha1', 'kind': 'Cluster',"
            " 'metadata': {'name': 'a'}, 'spec': {'shoot': {'spec': {'provider': {'type': 'aws'}}},"
            " 'seed': {'spec': {'x': 1}}}}"),
        ROW("a slash in a key is escaped", KUBE_NAMESPACE,
            "{'metadata': {'name': 'a', 'annotations': {'druid-bridge/phase': 'off', 'b~c': 'd',"
            " 'e': 'f'}}}",
            {"/metadata/annotations/druid-bridge~1phase", "/metadata/annotations/b~0c"},
            "{'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': 'a',"
            " 'annotations': {'druid-bridge/phase': 'off', 'b~c': 'd'}}}"),
        ROW("what should be a map stays for whoever finds out", KUBE_CLUSTER,
            "{'metadata': {'name': 'a'}, 'spec': {'shoot': 'text', 'seed': null}}",
            {"/spec/shoot/spec/provider/type", "/spec/seed/spec"},
            "{'apiVersion': 'extensions.gardener.cloud/v1alpha1', 'kind': 'Cluster',"
            " 'metadata': {'name': 'a'}, 'spec': {'shoot': 'text'}}"),
        ROW("an absent path leaves nothing behind", KUBE_NAMESPACE, "{'metadata': {'name': 'a'}}",
            {"/metadata/labels/b", "/status/phase"},
            "{'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': 'a'}}"),
        ROW("all is kept but what nobody reads", KUBE_ETCD,
            "{'apiVersion': 'druid.gardener.cloud/v1', 'kind': 'Etcd', 'metadata': {'name': 'a',"
            " 'managedFields': [{'manager': 'b'}], 'annotations':"
            " {'kubectl.kubernetes.io/last-applied-configuration': '{}', 'c': 'd'}},"
            " 'spec': {'replicas': 3}}",
            {NULL},
            "{'apiVersion': 'druid.gardener.cloud/v1alpha1', 'kind': 'Etcd',"
            " 'metadata': {'name': 'a', 'annotations': {'c': 'd'}}, 'spec': {'replicas': 3}}"),
        ROW("what nobody reads is not kept when its parent is", KUBE_SECRET,
            "{'metadata': {'name': 'a', 'annotations':"
            " {'kubectl.kubernetes.io/last-applied-configuration': '{}', 'c': 'd'}}}",
            {"/metadata/annotations"},
            "{'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': 'a',"
            " 'annotations': {'c': 'd'}}}"),
    };
    return cmocka_run_group_tests_name("trim", tests, NULL, NULL);
}
