#include "kube/source.h"

#include "kube/cleanup.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ROW(sentence, function, ...)                                                               \
    {                                                                                              \
        sentence, function, NULL, NULL, &(struct function)                                         \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

struct kind_row {
    const char *json;
    enum kube_kind kind;
};

static void kind_row(void **state)
{
    const struct kind_row *row = *state;
    AUTO_JSON struct json_object *object = NULL;
    assert_true(kube_json_parse(row->json, strlen(row->json), &object, NULL));
    struct error err = {0};
    enum kube_kind kind = KUBE_KINDS;
    if (!kube_kind_of(object, &kind, &err))
        fail_msg("%s", err.message);
    assert_int_equal(kind, row->kind);
}

struct no_kind_row {
    const char *json;
    enum error_code code;
    const char *message;
};

static void no_kind_row(void **state)
{
    const struct no_kind_row *row = *state;
    AUTO_JSON struct json_object *object = NULL;
    assert_true(kube_json_parse(row->json, strlen(row->json), &object, NULL));
    struct error err = {0};
    enum kube_kind kind = KUBE_KINDS;
    assert_false(kube_kind_of(object, &kind, &err));
    assert_int_equal(err.code, row->code);
    assert_string_equal(err.message, row->message);
    assert_int_equal(kind, KUBE_KINDS);
}

static void every_kind_has_its_row(void **state)
{
    (void)state;
    for (int kind = 0; kind < KUBE_KINDS; kind++) {
        const struct kube_kind_info *info = kube_kind_info((enum kube_kind)kind);
        assert_non_null(info->kind);
        assert_non_null(info->group);
        assert_non_null(info->version);
        assert_non_null(info->resource);
        AUTO_JSON struct json_object *object = kube_json_object(
            "apiVersion",
            kube_json_stringf("%s%s%s", info->group, *info->group ? "/" : "", info->version),
            "kind", kube_json_string(info->kind), NULL);
        enum kube_kind found = KUBE_KINDS;
        assert_true(kube_kind_of(object, &found, NULL));
        assert_int_equal(found, kind);
    }
    assert_string_equal(kube_kind_info(KUBE_STATEFUL_SET)->resource, "statefulsets");
    assert_true(kube_kind_info(KUBE_SECRET)->namespaced);
    assert_false(kube_kind_info(KUBE_CLUSTER)->namespaced);
    assert_false(kube_kind_info(KUBE_NAMESPACE)->namespaced);
    assert_false(kube_kind_info(KUBE_BACKUP_ENTRY)->namespaced);
}

static void *count_up_and_down(void *object)
{
    for (int i = 0; i < 100000; i++)
        kube_object_unref(kube_object_ref(object));
    kube_object_unref(object);
    return NULL;
}

/* The tree goes with the last reference, whichever thread holds it; the sanitizers see the rest. */
static void references_count_across_threads(void **state)
{
    (void)state;
    struct json_object *tree = kube_json_object("name", kube_json_string("etcd"), NULL);
    struct json_object *witness = json_object_get(tree);
    struct kube_object *object = kube_object_new(tree);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, count_up_and_down, kube_object_ref(object)), 0);
    assert_string_equal(kube_json_text(kube_object_tree(object), "/name"), "etcd");
    kube_object_unref(object);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(json_object_put(witness), 1); /* it was the last one */
}

static void no_object_is_fine(void **state)
{
    (void)state;
    assert_null(kube_object_tree(NULL));
    kube_object_unref(NULL);
    kube_source_free(NULL);
}

/* --- dispatch --- */

struct fake {
    struct kube_source source;
    int freed;
};

static bool fake_get(struct kube_source *source, enum kube_kind kind, const char *namespace,
                     const char *name, struct kube_object **out, struct error *err)
{
    (void)source, (void)out;
    return error_set(err, ERROR_NOT_FOUND, "%s %s/%s", kube_kind_info(kind)->kind, namespace, name);
}

static bool fake_covers(struct kube_source *source, enum kube_kind kind, const char *namespace)
{
    (void)source;
    return kind == KUBE_SECRET && strcmp(namespace, "n") == 0;
}

static bool fake_ready(struct kube_source *source, struct error *err)
{
    (void)source;
    return error_set(err, ERROR_UNAVAILABLE, "not yet");
}

static void fake_free(struct kube_source *source)
{
    ((struct fake *)source)->freed++;
}

static void calls_reach_the_source(void **state)
{
    (void)state;
    static const struct kube_source_ops ops = {fake_get, fake_covers, fake_ready, fake_free};
    struct fake fake = {.source.ops = &ops};
    struct error err = {0};
    struct kube_object *object = NULL;
    assert_false(kube_source_get(&fake.source, KUBE_SECRET, "n", "etcd-backup", &object, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_string_equal(err.message, "Secret n/etcd-backup");
    assert_true(kube_source_covers(&fake.source, KUBE_SECRET, "n"));
    assert_false(kube_source_covers(&fake.source, KUBE_SECRET, "m"));
    assert_false(kube_source_ready(&fake.source, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    kube_source_free(&fake.source);
    assert_int_equal(fake.freed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("the core group has no name", kind_row, "{\"apiVersion\":\"v1\",\"kind\":\"Secret\"}",
            KUBE_SECRET),
        ROW("a group stands before the slash", kind_row,
            "{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\"}", KUBE_STATEFUL_SET),
        ROW("the version does not count", kind_row,
            "{\"apiVersion\":\"apps/v1beta2\",\"kind\":\"StatefulSet\"}", KUBE_STATEFUL_SET),
        ROW("a custom resource", kind_row,
            "{\"apiVersion\":\"extensions.gardener.cloud/v1alpha1\",\"kind\":\"Cluster\"}",
            KUBE_CLUSTER),
        ROW("a kind of another group is another kind", no_kind_row,
            "{\"apiVersion\":\"cluster.x-k8s.io/v1beta1\",\"kind\":\"Cluster\"}", ERROR_NOT_FOUND,
            "the kind 'Cluster' of 'cluster.x-k8s.io/v1beta1' is not known"),
        ROW("a group whose name begins alike is another", no_kind_row,
            "{\"apiVersion\":\"app/v1\",\"kind\":\"StatefulSet\"}", ERROR_NOT_FOUND,
            "the kind 'StatefulSet' of 'app/v1' is not known"),
        ROW("a kind of the core group is not one of a group", no_kind_row,
            "{\"apiVersion\":\"apps/v1\",\"kind\":\"Secret\"}", ERROR_NOT_FOUND,
            "the kind 'Secret' of 'apps/v1' is not known"),
        ROW("an unknown kind is named", no_kind_row, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}",
            ERROR_NOT_FOUND, "the kind 'Pod' of 'v1' is not known"),
        ROW("a missing kind is invalid", no_kind_row, "{\"apiVersion\":\"v1\"}", ERROR_INVALID,
            "/kind: missing, expected a string"),
        ROW("a missing apiVersion is invalid", no_kind_row, "{\"kind\":\"Secret\"}", ERROR_INVALID,
            "/apiVersion: missing, expected a string"),
        ROW("a kind that is no string is invalid", no_kind_row,
            "{\"apiVersion\":\"v1\",\"kind\":[]}", ERROR_INVALID,
            "/kind: found a list, expected a string"),
        ROW("a list is no object", no_kind_row, "[]", ERROR_INVALID,
            "/: found a list, expected a map"),
        ROW("null is no object", no_kind_row, "null", ERROR_INVALID, "/: missing, expected a map"),
        cmocka_unit_test(every_kind_has_its_row),
        cmocka_unit_test(references_count_across_threads),
        cmocka_unit_test(no_object_is_fine),
        cmocka_unit_test(calls_reach_the_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
