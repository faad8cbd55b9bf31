/* What became of each leaf, for fixtures and for what a generator makes of them. */
#include "tests/migration/support.h"

/* --- the leaves, told independently --- */

static void add_leaves(struct json_object *value, const char *pointer, struct json_object *leaves)
{
    char below[KUBE_POINTER_SIZE];
    if (json_object_is_type(value, json_type_object) && json_object_object_length(value)) {
        json_object_object_foreach(value, key, member)
        {
            snprintf(below, sizeof below, "%s", pointer);
            assert_true(kube_pointer_push(below, key, NULL));
            add_leaves(member, below, leaves);
        }
    } else if (json_object_is_type(value, json_type_array) && json_object_array_length(value)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            char index[24];
            snprintf(index, sizeof index, "%zu", i);
            snprintf(below, sizeof below, "%s", pointer);
            assert_true(kube_pointer_push(below, index, NULL));
            add_leaves(json_object_array_get_idx(value, i), below, leaves);
        }
    } else {
        json_object_object_add(leaves, pointer, json_object_new_int(0));
    }
}

static struct json_object *leaves_of(struct json_object *sts)
{
    struct json_object *leaves = json_object_new_object();
    struct json_object *metadata = kube_json_child(sts, "metadata");
    if (json_object_object_get_ex(metadata, "labels", NULL))
        add_leaves(json_object_object_get(metadata, "labels"), "/metadata/labels", leaves);
    if (json_object_object_get_ex(metadata, "annotations", NULL))
        add_leaves(json_object_object_get(metadata, "annotations"), "/metadata/annotations",
                   leaves);
    add_leaves(json_object_object_get(sts, "spec"), "/spec", leaves);
    return leaves;
}

static bool stands(struct json_object *root, const char *pointer)
{
    struct json_object *value = NULL;
    for (enum json_type type = json_type_boolean; !value && type <= json_type_string; type++)
        kube_json_get(root, pointer, type, &value, NULL);
    return value != NULL;
}

static void check_field(const struct translated *t, struct json_object *field,
                        struct json_object *leaves)
{
    static const char *const outcomes[] = {"translated", "defaulted", "replaced", "dropped",
                                           "unaccounted"};
    const char *path = kube_json_text(field, "/path"), *outcome = kube_json_text(field, "/outcome");
    const char *to = kube_json_text(field, "/to"), *note = kube_json_text(field, "/note");
    struct json_object *seen = json_object_object_get(leaves, path);
    if (!seen)
        fail_msg("%s is no leaf", path);
    if (json_object_get_int(seen))
        fail_msg("%s is there twice", path);
    json_object_set_int(seen, 1);
    bool known = false;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        known = known || strcmp(outcome, outcomes[i]) == 0;
    assert_true(known);
    if (strcmp(outcome, "translated") == 0) {
        if (!to)
            fail_msg("%s is translated to nowhere", path);
        if (t->result.etcd && !stands(t->result.etcd, to))
            fail_msg("%s is translated to %s, where nothing stands", path, to);
    }
    if ((strcmp(outcome, "replaced") == 0 || strcmp(outcome, "dropped") == 0) && !note)
        fail_msg("%s is %s without a note", path, outcome);
}

static void check_accounting(const struct translated *t)
{
    struct json_object *leaves = leaves_of(t->sts);
    struct json_object *fields = kube_json_child(t->result.report, "fields");
    for (size_t i = 0; i < json_object_array_length(fields); i++)
        check_field(t, json_object_array_get_idx(fields, i), leaves);
    json_object_object_foreach(leaves, path, seen)
    {
        if (!json_object_get_int(seen))
            fail_msg("%s is not accounted for at all", path);
    }
    json_object_put(leaves);
}

static void check_no_secrets(const struct translated *t)
{
    const char *report = kube_json_write(t->result.report);
    assert_null(strstr(report, "not-for-reports"));
    char *text = migrate_report_text(t->result.report, false);
    assert_null(strstr(text, "not-for-reports"));
    free(text);
    if (t->result.etcd)
        assert_null(strstr(kube_json_write(t->result.etcd), "not-for-reports"));
}

/* --- whole files --- */

struct file_row {
    const char *file;
    bool shared;
};

static void file_row(void **state)
{
    const struct file_row *row = *state;
    if (row->shared && !test_shared())
        skip();
    char path[512];
    snprintf(path, sizeof path, "%s%s.yaml", row->shared ? test_shared() : FIXTURES, row->file);
    for (enum migrate_strategy s = MIGRATE_ADOPT; s <= MIGRATE_AUTO; s++) {
        const struct migrate_options options = {.strategy = s,
                                                .druid_version = "v0.38",
                                                .old_is_stopped = true,
                                                .now = row->shared ? INT64_C(1800000000) : 0};
        struct translated t = translate_file(path, NULL, &options);
        if (!t.done)
            fail_msg("%s", t.error.message);
        check_accounting(&t);
        check_no_secrets(&t);
        free_translated(&t);
    }
}

/* --- generated ones --- */

/* A small generator of its own, so that every run is the same. */
static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return below ? (*seed >> 8) % below : 0;
}

static struct json_object *any_value(uint32_t *seed)
{
    static const char *const texts[] = {"",
                                        "0",
                                        "true",
                                        "/var/etcd/data/new.etcd",
                                        "$(X)",
                                        "a,b",
                                        "--x=",
                                        "-",
                                        "etcd",
                                        "http://[::1]:2379",
                                        "1h",
                                        "~/~0",
                                        "é",
                                        "@every 1h",
                                        "not a thing",
                                        "8Gi"};
    switch (draw(seed, 8)) {
    case 0:
        return NULL;
    case 1:
        return kube_json_int((int64_t)draw(seed, 5) - 1);
    case 2:
        return kube_json_bool(draw(seed, 2));
    case 3:
        return json_object_new_object();
    case 4:
        return json_object_new_array();
    default:
        return kube_json_string(texts[draw(seed, sizeof texts / sizeof *texts)]);
    }
}

/* Walks down from VALUE at random and changes something: replaces, removes, adds. */
static void disturb(struct json_object *value, uint32_t *seed, int depth)
{
    size_t count = json_object_is_type(value, json_type_object)
                       ? (size_t)json_object_object_length(value)
                   : json_object_is_type(value, json_type_array) ? json_object_array_length(value)
                                                                 : 0;
    if (json_object_is_type(value, json_type_array)) {
        size_t index = draw(seed, (uint32_t)count);
        struct json_object *item = count ? json_object_array_get_idx(value, index) : NULL;
        if (item && draw(seed, 4))
            disturb(item, seed, depth + 1);
        else if (count && draw(seed, 2))
            json_object_array_del_idx(value, index, 1);
        else
            json_object_array_add(value, count ? kube_json_copy(item) : any_value(seed));
    } else if (json_object_is_type(value, json_type_object)) {
        size_t index = draw(seed, (uint32_t)count), i = 0;
        char chosen[256] = "";
        struct json_object *member = NULL;
        json_object_object_foreach(value, key, found)
        {
            if (i++ == index) {
                snprintf(chosen, sizeof chosen, "%s", key);
                member = found;
            }
        }
        if (member && draw(seed, 5) &&
            (json_object_is_type(member, json_type_object) ||
             json_object_is_type(member, json_type_array)))
            disturb(member, seed, depth + 1);
        else if (*chosen && !draw(seed, 3))
            json_object_object_del(value, chosen);
        else if (*chosen && draw(seed, 2))
            json_object_object_add(value, chosen, any_value(seed));
        else
            json_object_object_add(value, draw(seed, 2) ? "no/vel~ty" : "extra", any_value(seed));
    }
}

static void generated(void **state)
{
    static const char *const fixtures[] = {"plain", "secured", "trio"};
    (void)state;
    unsigned translated = 0, refused = 0;
    for (uint32_t round = 0; round < 1500; round++) {
        uint32_t seed = round * 2654435761u + 1;
        char path[256];
        snprintf(path, sizeof path, FIXTURES "%s.yaml", fixtures[round % 3]);
        struct json_object *objects = read_objects(path);
        struct json_object *sts = stateful_set_of(objects);
        /* Certificates are slow to make and beside the point here. */
        for (size_t i = 0; i < json_object_array_length(objects); i++) {
            struct json_object *texts =
                kube_json_child(json_object_array_get_idx(objects, i), "stringData");
            if (kube_json_child(texts, "tls.crt"))
                json_object_object_add(texts, "tls.crt", json_object_new_string("x"));
        }
        for (uint32_t changes = 1 + draw(&seed, 6); changes; changes--)
            disturb(kube_json_child(sts, draw(&seed, 8) ? "spec" : "metadata"), &seed, 0);
        if (!kube_json_text(sts, "/metadata/name"))
            json_object_object_add(kube_json_child(sts, "metadata"), "name",
                                   json_object_new_string("x"));
        struct translated t = {.sts = kube_json_copy(sts)};
        json_object_array_del_idx(objects, 0, 1);
        t.files = files_of(objects, false);
        struct kube_files *reversed = files_of(objects, true);
        const struct migrate_options options = {.strategy = MIGRATE_AUTO, .now = TEST_CERT_NOW};
        t.done =
            migrate_stateful_set(t.sts, kube_files_source(t.files), &options, &t.result, &t.error);
        struct migrate_result again = {0};
        bool done_again =
            migrate_stateful_set(t.sts, kube_files_source(reversed), &options, &again, NULL);
        assert_int_equal(t.done, done_again);
        if (t.done) {
            translated++;
            check_accounting(&t);
            check_no_secrets(&t);
            assert_true(json_object_equal(t.result.report, again.report));
            assert_true(json_object_equal(t.result.etcd, again.etcd));
        } else {
            refused++;
            if (t.error.code != ERROR_INVALID && t.error.code != ERROR_RANGE)
                fail_msg("%s", t.error.message);
        }
        migrate_result_free(&again);
        kube_files_free(reversed);
        free_translated(&t);
        json_object_put(objects);
    }
    assert_true(translated > 300);
    assert_true(refused > 30);
}

/* --- single leaves --- */

struct leaf_row {
    const char *edits, *path, *outcome, *to, *note;
};

#define POD "StatefulSet /spec/template/spec"

static void leaf_row(void **state)
{
    const struct leaf_row *row = *state;
    const struct migrate_options options = {.strategy = MIGRATE_ADOPT};
    struct translated t = translate("plain", row->edits, &options);
    struct json_object *fields = kube_json_child(t.result.report, "fields"), *found = NULL;
    for (size_t i = 0; i < json_object_array_length(fields); i++)
        if (strcmp(kube_json_text(json_object_array_get_idx(fields, i), "/path"), row->path) == 0)
            found = json_object_array_get_idx(fields, i);
    if (!found)
        fail_msg("%s is not there", row->path);
    assert_string_equal(kube_json_text(found, "/outcome"), row->outcome);
    if (row->to)
        assert_string_equal(kube_json_text(found, "/to"), row->to);
    if (row->note)
        assert_non_null(strstr(kube_json_text(found, "/note"), row->note));
    free_translated(&t);
}

#define FILE_ROW(sentence, ...)                                                                    \
    {                                                                                              \
        sentence, file_row, NULL, NULL, &(struct file_row)                                         \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define LEAF(sentence, ...)                                                                        \
    {                                                                                              \
        sentence, leaf_row, NULL, NULL, &(struct leaf_row)                                         \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define SPEC "/spec/template/spec"

static struct CMUnitTest tests[] = {
    FILE_ROW("every leaf of a plain etcd, once", "plain", false),
    FILE_ROW("every leaf of a secured one", "secured", false),
    FILE_ROW("every leaf of three members", "trio", false),
    FILE_ROW("every leaf of Gardener's main etcd", "/data/sources/gardener-main", true),
    FILE_ROW("every leaf of the one that was renewed",
             "/data/sources/gardener-main-renewed-certificate", true),
    FILE_ROW("every leaf of Gardener's events etcd", "/data/sources/gardener-events", true),
    FILE_ROW("every leaf of the chart of 2019", "/data/sources/etcdbr-chart-0.7.3", true),
    FILE_ROW("every leaf of the chart with GCS", "/data/sources/etcdbr-chart-gcs-3", true),
    FILE_ROW("every leaf of the chart with S3", "/data/sources/etcdbr-chart-s3", true),
    FILE_ROW("every leaf of a public chart", "/data/sources/bitnami-style-3", true),

    LEAF("a flag is translated to its field", NULL, SPEC "/containers/0/command/8", "translated",
         "/spec/etcd/quota", NULL),
    LEAF("the words of a flag both are",
         POD "/containers/1/args/3 '--schedule'\n" POD "/containers/1/args/4 '4 5 * * *'",
         SPEC "/containers/1/args/4", "translated", "/spec/backup/fullSnapshotSchedule", NULL),
    LEAF(
        "what stands below affinity stands there again", NULL,
        SPEC
        "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/"
        "matchExpressions/0/values/0",
        "translated",
        "/spec/schedulingConstraints/affinity/nodeAffinity/"
        "requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions/0/"
        "values/0",
        NULL),
    LEAF("a limit is translated", NULL, SPEC "/containers/0/resources/limits/memory", "translated",
         "/spec/etcd/resources/limits/memory", NULL),
    LEAF("a credential is the Secret's name", NULL,
         SPEC "/containers/1/env/4/valueFrom/secretKeyRef/key", "translated",
         "/spec/backup/store/secretRef/name", NULL),
    LEAF("the container's variable is the container", NULL,
         SPEC "/containers/1/env/1/valueFrom/secretKeyRef/key", "translated",
         "/spec/backup/store/container", NULL),
    LEAF("the API server's default is druid's", NULL, "/spec/revisionHistoryLimit", "defaulted",
         NULL, NULL),
    LEAF("the member's name is replaced", NULL, SPEC "/containers/0/command/1", "replaced", NULL,
         "pods"),
    LEAF("the sidecar's timeout is druid's too", NULL, SPEC "/containers/1/args/9", "defaulted",
         NULL, NULL),
    LEAF("a package manager's label is dropped", NULL, "/metadata/labels/helm.sh~1chart", "dropped",
         NULL, "package manager"),
    LEAF("a checksum is dropped", NULL, "/spec/template/metadata/annotations/checksum~1config",
         "dropped", NULL, "checksum"),
    LEAF("the selector is replaced", NULL, "/spec/selector/matchLabels/team", "replaced", NULL,
         "part-of"),
    LEAF("null says nothing", POD "/dnsConfig {'options':null}", SPEC "/dnsConfig/options",
         "dropped", NULL, "null"),
    LEAF("a field that nobody knows is unaccounted", POD "/novelty 1", SPEC "/novelty",
         "unaccounted", NULL, NULL),
    LEAF("an unknown field of a container is", POD "/containers/0/novelty {}",
         SPEC "/containers/0/novelty", "unaccounted", NULL, NULL),
    LEAF("one of an extra container goes with it",
         POD "/containers/- {'name':'more','novelty':{'a':1}}", SPEC "/containers/2/novelty/a",
         "dropped", NULL, "etcd and the sidecar only"),
};

static int free_cas(void **state)
{
    (void)state;
    free_authorities();
    return 0;
}

int main(void)
{
    const struct CMUnitTest properties[] = {
        {"whatever is made of them, every leaf is accounted for once, and no Secret is told",
         generated, NULL, NULL, NULL},
    };
    int failed = cmocka_run_group_tests(tests, NULL, free_cas);
    return failed + cmocka_run_group_tests(properties, NULL, free_cas);
}
