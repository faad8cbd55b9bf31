/* What a leaf of a StatefulSet costs at most, in bytes of the heap: whoever serves strangers sets
 * as much aside before a translation. With LEAF_FIGURES set, the figures are printed. */
#include "tests/migration/shapes.h"

#include <malloc.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTED 0
#endif
#endif
#ifndef COUNTED
#define COUNTED 1
#endif

static size_t held, peak;

#if COUNTED
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void __libc_free(void *memory);

static void *count_in(void *memory)
{
    held += memory ? malloc_usable_size(memory) + sizeof(size_t) : 0;
    peak = held > peak ? held : peak;
    return memory;
}

static void count_out(void *memory)
{
    held -= memory ? malloc_usable_size(memory) + sizeof(size_t) : 0;
}

void *malloc(size_t size)
{
    return count_in(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return count_in(__libc_calloc(count, size));
}

void *realloc(void *memory, size_t size)
{
    count_out(memory);
    return count_in(__libc_realloc(memory, size));
}

void free(void *memory)
{
    count_out(memory);
    __libc_free(memory);
}
#endif

static size_t leaves_of(struct json_object *value)
{
    size_t count = 0;
    if (kube_json_is_empty(value))
        return 1;
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            count += leaves_of(json_object_array_get_idx(value, i));
        return count;
    }
    if (!json_object_is_type(value, json_type_object))
        return 1;
    json_object_object_foreach(value, key, member)
    {
        (void)key;
        count += leaves_of(member);
    }
    return count;
}

/* --- leaves that cost much --- */

static struct json_object *zeros(size_t n)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++)
        json_object_array_add(list, json_object_new_int(0));
    return list;
}

/* Below a path that is as long as a path may be. */
static void long_path(struct large *large, const char *pointer, size_t n)
{
    char key[KUBE_POINTER_SIZE];
    size_t length = KUBE_POINTER_SIZE - strlen(pointer) - 12;
    memset(key, 'k', length);
    key[length] = '\0';
    json_object_object_add(at(large, pointer), key, zeros(n));
}

static void unknown_below_a_long_path(struct large *large, size_t n)
{
    long_path(large, POD, n);
}

static void copied_below_a_long_path(struct large *large, size_t n)
{
    json_object_object_add(at(large, POD), "affinity", json_object_new_object());
    long_path(large, POD "/affinity", n);
}

static void fractions(struct large *large, size_t n)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++)
        json_object_array_add(list, test_json("0.5"));
    json_object_object_add(at(large, POD), "hostUsers", list);
}

static void short_labels(struct large *large, size_t n)
{
    labels(large, n / 2);
}

static void claimed_by_many(struct large *large, size_t n)
{
    static const char *const names[] = {"NAME",           "DATA_DIR",
                                        "LOGGER",         "AUTO_TLS",
                                        "CORS",           "INITIAL_CLUSTER_STATE",
                                        "CONFIG_FILE",    "INITIAL_CLUSTER_TOKEN",
                                        "ENABLE_V2",      "PROXY",
                                        "INITIAL_CLUSTER"};
    struct json_object *data = beside(large, "ConfigMap", "variables");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        set(data, json_object_new_string("x"), "ETCD_%s", names[i]);
    add(large, ETCD "/envFrom", "{'configMapRef':{'name':'variables'}}");
    json_object_object_add(at(large, ETCD "/envFrom/0"), "more", zeros(n));
}

/* Few leaves, whose texts are long and told again and again. */
static void long_texts(struct large *large, size_t n)
{
    static const char *const flags[] = {"--data-dir=/", "--snapshot-count=",          "--max-wals=",
                                        "--name=",      "--listen-peer-urls=http://", "--unknown="};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        char *text = many("x", n), *whole = NULL;
        if (asprintf(&whole, "%s%s", flags[i], text) < 0)
            fail_msg("out of memory");
        add_text(large, ETCD "/args", whole);
        free(text);
    }
    char *text = many("y", n);
    set(at(large, "/spec/template/metadata/labels"), json_object_new_string(text), "label");
    add(large, ETCD "/env", "{'name':'VARIABLE','value':'%s'}", text);
    add(large, POD "/volumes", "{'name':'%s','emptyDir':{}}", text);
    add(large, ETCD "/volumeMounts", "{'name':'%s','mountPath':'/data/new.etcd/%s'}", text, text);
    free(text);
}

static void long_data_dir(struct large *large, size_t n)
{
    char *text = many("/x", n / 2);
    add(large, ETCD "/args", "'--data-dir=%s'", text);
    add(large, ETCD "/volumeMounts", "{'name':'data','mountPath':'%s/y'}", text);
    free(text);
}

static const struct shape costly[] = {
    {"long texts", long_texts, 50000},
    {"a long data directory", long_data_dir, 100000},
    {"unknown below a long path", unknown_below_a_long_path, 4000},
    {"copied below a long path", copied_below_a_long_path, 4000},
    {"claimed by many", claimed_by_many, 4000},
    {"fractions", fractions, 4000},
    {"short labels", short_labels, 4000},
    {"numbers with a default", numbers_with_a_default, 4000},
    {"unknown fields", unknown_fields, 4000},
    {"volumes", volumes, 2000},
    {"claim templates", claim_templates, 2000},
    {"data directories over mounts", data_dirs_over_mounts, 1000},
    {"arguments", arguments, 2000},
    {"repeated arguments", repeated_arguments, 2000},
    {"variables", variables, 2000},
    {"containers", containers, 2000},
    {"aliases", aliases, 2000},
    {"a selector", selector, 2000},
    {"sources of variables", sources_of_variables, 2000},
    {"a script", script, 10000},
    {"values made of values", values_of_values, 2000},
};

enum { COSTLY = sizeof costly / sizeof *costly };

/* Bytes of the heap, in all and beyond the tree, at the most. */
static size_t peak_of(const struct large *large, struct kube_files *files,
                      const struct migrate_options *options)
{
    AUTO_MIGRATE_RESULT struct migrate_result result = {0};
    struct error error = {0};
    size_t before = held;
    peak = held;
    if (!migrate_stateful_set(large->sts, kube_files_source(files), options, &result, &error))
        fail_msg("%s", error.message);
    return peak - before;
}

static void a_leaf_has_a_price(void **state)
{
    static const struct migrate_options ways[] = {
        {.strategy = MIGRATE_AUTO, .now = TEST_CERT_NOW},
        {.strategy = MIGRATE_ADOPT, .now = TEST_CERT_NOW, .findings_only = true},
    };
    const struct shape *shape = *state;
    struct large large = large_new();
    shape->fill(&large, shape->n);
    struct kube_files *files = files_beside(&large);
    size_t leaves = leaves_of(large.sts), bytes = strlen(kube_json_write(large.sts));
    for (size_t i = 0; i < 2; i++) {
        size_t most = peak_of(&large, files, &ways[i]);
        if (getenv("LEAF_FIGURES"))
            printf("%-30s %-13s %6zu leaves, %7zu bytes: %6zu bytes a leaf, %5zu a byte\n",
                   shape->name, i ? "findings only" : "full", leaves, bytes, most / leaves,
                   most / bytes);
    }
    kube_files_free(files);
    large_free(&large);
}

int main(void)
{
    struct CMUnitTest tests[COSTLY];
    struct shape own[COSTLY];
    memcpy(own, costly, sizeof costly);
    for (size_t i = 0; i < COSTLY; i++)
        tests[i] = (struct CMUnitTest){own[i].name, a_leaf_has_a_price, NULL, NULL, &own[i]};
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
