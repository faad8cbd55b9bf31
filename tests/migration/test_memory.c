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
/* glibc's names are reserved, those of its parameters, too.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name,bugprone-reserved-identifier,cert-dcl*)
 */
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
/* NOLINTEND(readability-inconsistent-declaration-parameter-name,bugprone-reserved-identifier,cert-dcl*)
 */
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

static void copied_maps(struct large *large, size_t n)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++)
        json_object_array_add(list, json_object_new_object());
    json_object_object_add(at(large, POD), "affinity", json_object_new_object());
    json_object_object_add(at(large, POD "/affinity"), "maps", list);
}

static void copied_deep_maps(struct large *large, size_t n)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++)
        json_object_array_add(
            list, test_json("{'a':{'a':{'a':{'a':{'a':{'a':{'a':{'a':{'a':{'a':1}}}}}}}}}}"));
    json_object_object_add(at(large, POD), "affinity", json_object_new_object());
    json_object_object_add(at(large, POD "/affinity"), "maps", list);
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

static void long_labels(struct large *large, size_t n)
{
    char *text = many("y", n);
    set(at(large, "/spec/template/metadata/labels"), json_object_new_string(text), "label");
    set(at(large, "/spec/template/metadata/annotations"), json_object_new_string(text), "note");
    json_object_object_add(at(large, "/spec/selector"), "matchLabels", json_object_new_object());
    set(at(large, "/spec/selector/matchLabels"), json_object_new_string(text), "label");
    free(text);
}

static void long_affinity(struct large *large, size_t n)
{
    char *text = many("y", n);
    json_object_object_add(at(large, POD), "affinity", json_object_new_object());
    set(at(large, POD "/affinity"), json_object_new_string(text), "text");
    free(text);
}

static void long_data_dir(struct large *large, size_t n)
{
    char *text = many("/x", n / 2);
    add(large, ETCD "/args", "'--data-dir=%s'", text);
    add(large, ETCD "/volumeMounts", "{'name':'data','mountPath':'%s/y'}", text);
    free(text);
}

/* A configuration whose YAML is many small things. */
static void yaml_of(struct large *large, const char *item, size_t n)
{
    struct json_object *data = beside(large, "ConfigMap", "config");
    char *text = many(item, n), *whole = NULL;
    if (asprintf(&whole, "data-dir: /data/new.etcd\nx: [%s1]\n", text) < 0)
        fail_msg("out of memory");
    set(data, json_object_new_string(whole), "own.yaml");
    free(text);
    free(whole);
    add(large, POD "/volumes", "{'name':'config','configMap':{'name':'config'}}");
    add(large, ETCD "/volumeMounts", "{'name':'config','mountPath':'/config'}");
    json_object_object_add(at(large, ETCD), "args",
                           test_json("['--config-file=/config/own.yaml']"));
    json_object_object_add(at(large, "/spec"), "replicas", json_object_new_int(10));
}

static void lists_in_yaml(struct large *large, size_t n)
{
    yaml_of(large, "[],", n);
}

static void maps_in_yaml(struct large *large, size_t n)
{
    yaml_of(large, "{},", n);
}

static void numbers_in_yaml(struct large *large, size_t n)
{
    yaml_of(large, "1,", n);
}

static const struct shape costly[] = {
    {"lists in YAML", lists_in_yaml, 5000},
    {"maps in YAML", maps_in_yaml, 5000},
    {"numbers in YAML", numbers_in_yaml, 5000},
    {"long texts", long_texts, 50000},
    {"long labels", long_labels, 100000},
    {"a long affinity", long_affinity, 100000},
    {"a long data directory", long_data_dir, 100000},
    {"unknown below a long path", unknown_below_a_long_path, 4000},
    {"copied below a long path", copied_below_a_long_path, 4000},
    {"maps that are copied", copied_maps, 4000},
    {"deep maps that are copied", copied_deep_maps, 400},
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

/* Bytes of the heap, beyond what there was before, at the most; 0: it takes more than the options
 * allow. */
static size_t peak_of(const struct large *large, struct kube_files *files,
                      const struct migrate_options *options)
{
    AUTO_MIGRATE_RESULT struct migrate_result result = {0};
    struct error error = {0};
    size_t before = held;
    peak = held;
    bool done =
        migrate_stateful_set(large->sts, kube_files_source(files), options, &result, &error);
    if (!done)
        assert_int_equal(error.code, ERROR_RANGE);
    return done ? peak - before : 0;
}

static size_t size_of_copy(struct json_object *value)
{
    size_t before = held;
    struct json_object *copy = kube_json_copy(value);
    size_t size = held - before;
    json_object_put(copy);
    return size;
}

/* The least that the options have to allow, which is not much more than MOST. */
static size_t need_of(const struct large *large, struct kube_files *files,
                      struct migrate_options options, size_t most)
{
    size_t low = 0, high = 4 * most + (1 << 20);
    while (high - low > 16 * 1024 + most / 50) {
        options.memory = low + (high - low) / 2;
        if (peak_of(large, files, &options))
            high = options.memory;
        else
            low = options.memory;
    }
    return high;
}

/* What the smallest one takes. */
enum { ALWAYS = 64 * 1024 };

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
    size_t leaves = leaves_of(large.sts);
    size_t bytes = strlen(kube_json_write(large.sts)) + strlen(kube_json_write(large.beside));
    size_t tree = size_of_copy(large.sts);
    for (size_t i = 0; i < 2; i++) {
        size_t most = peak_of(&large, files, &ways[i]);
        size_t need = need_of(&large, files, ways[i], most);
        size_t rest = most > need ? most - need : 0;
        size_t reserved = 2 * tree + (i ? 0 : leaves * MIGRATE_FIELD_BYTES);
        if (getenv("LEAF_FIGURES"))
            printf("%-30s %-13s %5zu leaves %7zu bytes, at most %6zu KiB: %6zu a leaf, %5zu a "
                   "byte; of them beyond the limit %5zu a leaf, %5.2f of the tree\n",
                   shape->name, i ? "findings only" : "full", leaves, bytes, most / 1024,
                   most / leaves, most / bytes, rest / leaves,
                   tree ? (double)rest / (double)tree : 0);
        if (COUNTED && rest > reserved + ALWAYS)
            fail_msg("%s: %zu bytes beyond the limit, expected at most %zu", shape->name, rest,
                     reserved);
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
