#include "tests/scaling/routes.h"

#include "kube/cleanup.h"
#include "kube/yaml.h"
#include "tests/support/object.h"
#include "webhook/budget.h"
#include "webhook/migrate_command.h"
#include "webhook/mutate.h"
#include "webhook/translate.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMESPACE "shoot--garden--apple"
#define DRUID_NAMESPACE "shoot--garden--druid" /* where an Etcd is the master of etcd-main */

struct route {
    const char *name;
    unsigned kind; /* of its input: IN_… */
    const char *namespace, *phase;
    const char *group, *resource;
    bool update;
    const char *expected; /* in the answer to the input without any shape */
};

#define REVIEW(title, in, of_phase, is_update, text)                                               \
    &(const struct route)                                                                          \
    {                                                                                              \
        .name = (title), .kind = IN_REVIEWS, .namespace = (in), .phase = (of_phase),               \
        .group = "apps", .resource = "statefulsets", .update = (is_update), .expected = (text)     \
    }

#define DECIDED(outcome, phase) "\"decision\":\"" outcome "\",\"phase\":\"" phase "\""

const struct route *const routes[] = {
    REVIEW("legacy create", NAMESPACE, "legacy", false, DECIDED("patched", "legacy")),
    REVIEW("legacy update", NAMESPACE, "legacy", true, DECIDED("patched", "legacy")),
    REVIEW("prepare create", NAMESPACE, "prepare", false, DECIDED("patched", "prepare")),
    REVIEW("prepare update", NAMESPACE, "prepare", true, DECIDED("patched", "prepare")),
    REVIEW("handover create", NAMESPACE, "handover", false, DECIDED("refused", "handover")),
    REVIEW("handover update", NAMESPACE, "handover", true, DECIDED("unchanged", "handover")),
    REVIEW("off create", NAMESPACE, "off", false, DECIDED("unchanged", "off")),
    REVIEW("off update", NAMESPACE, "off", true, DECIDED("unchanged", "off")),
    REVIEW("guarded create", DRUID_NAMESPACE, "legacy", false, DECIDED("refused", "druid")),
    REVIEW("guarded update", DRUID_NAMESPACE, "legacy", true, DECIDED("unchanged", "druid")),
    &(const struct route){
        .name = "Etcd create",
        .kind = IN_REVIEWS,
        .namespace = NAMESPACE,
        .phase = "legacy",
        .group = "druid.gardener.cloud",
        .resource = "etcds",
        .expected = DECIDED("patched", "etcd"),
    },
    &(const struct route){
        .name = "translate",
        .kind = IN_LISTS,
        .namespace = NAMESPACE,
        .phase = "legacy",
        .expected = "\"statefulSet\":\"etcd-main\"",
    },
    &(const struct route){
        .name = "migrate json",
        .kind = IN_JSON_FILES,
        .namespace = NAMESPACE,
        .phase = "legacy",
        .expected = "\"statefulSet\": \"etcd-main\"",
    },
    &(const struct route){
        .name = "migrate yaml",
        .kind = IN_YAML_FILES,
        .namespace = NAMESPACE,
        .phase = "legacy",
        .expected = "StatefulSet " NAMESPACE "/etcd-main",
    },
    NULL,
};

const char *route_name(const struct route *route)
{
    return route->name;
}

bool route_takes(const struct route *route, const struct shape *shape)
{
    return !shape->only || (shape->only & route->kind);
}

/* The input prepared last. */
static struct {
    struct webhook_state state;
    char *body;
    size_t length;
    char objects[2][256]; /* that the webhook's state is read from */
    char input[256];      /* of --migrate */
    char report[256];
    struct webhook_answer answer;
} now;

/* --- input --- */

static void write_file(const char *path, const char *text)
{
    AUTO_FILE FILE *file = fopen(path, "we");
    if (!file || fputs(text, file) < 0 || fflush(file) != 0) {
        perror(path);
        abort();
    }
}

static char *stateful_set(const struct route *route, const struct shape *shape, size_t size,
                          const char *name)
{
    const struct slot slots[] = {
        {"namespace", route->namespace}, {"phase", route->phase}, {"name", name}, {NULL, NULL}};
    return shape_text("stateful-set.json.in", shape, size, slots);
}

static char *mounted(const struct route *route, const struct shape *shape, size_t size)
{
    AUTO_FREE char *certificate = NULL;
    AUTO_FREE char *key = NULL;
    if (shape->names)
        shape_certificate(size, &certificate, &key);
    const struct slot slots[] = {
        {"namespace", route->namespace},
        {"certificate", certificate ? certificate : ""},
        {"bundle", certificate ? certificate : ""},
        {"key", key ? key : ""},
        {NULL, NULL},
    };
    return shape_text("mounted.json.in", shape, size, slots);
}

/* An UPDATE has the object twice, half as large each. */
static char *review(const struct route *route, const struct shape *shape, size_t size)
{
    size_t each = route->update && !shape->deep ? size / 2 : size;
    AUTO_FREE char *object = stateful_set(route, shape, each, "");
    const struct slot slots[] = {
        {"namespace", route->namespace},
        {"group", route->group},
        {"resource", route->resource},
        {"kind", strcmp(route->resource, "etcds") == 0 ? "Etcd" : "StatefulSet"},
        {"operation", route->update ? "UPDATE" : "CREATE"},
        {"object", object},
        {"oldObject", route->update ? object : "null"},
        {NULL, NULL},
    };
    return shape_text("review.json.in", shape, size, slots);
}

/* A List of one StatefulSet, or of as many as SIZE holds. */
static char *list(const struct route *route, const struct shape *shape, size_t size)
{
    char *text = NULL;
    size_t length;
    AUTO_FREE char *first = stateful_set(route, shape, size, "");
    AUTO_FILE FILE *out = open_memstream(&text, &length);
    fprintf(out, "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[%s", first);
    for (size_t i = 0; shape->sets && i < size / strlen(first); i++) {
        char name[32];
        snprintf(name, sizeof name, "-%05zu", i);
        AUTO_FREE char *next = stateful_set(route, shape, size, name);
        fprintf(out, ",%s", next);
    }
    fputs("]}", out);
    return fclose(TAKE(out)) == 0 ? text : NULL;
}

static bool print_yaml(void *context, struct json_object *document, unsigned line,
                       struct error *err)
{
    struct json_object *items = kube_json_child(document, "items");
    (void)line, (void)err;
    for (size_t i = 0; i < json_object_array_length(items); i++) {
        AUTO_FREE char *text = kube_yaml_write(json_object_array_get_idx(items, i));
        fprintf(context, "---\n%s", text);
    }
    return true;
}

/* TEXT, Lists in JSON, as documents in YAML; as it is where it is broken. */
static void put_yaml(FILE *out, const char *text)
{
    if (!kube_yaml_read(text, strlen(text), print_yaml, out, NULL))
        fprintf(out, "---\n%s\n", text);
}

static char *file(const struct route *route, const struct shape *shape, size_t size)
{
    char *text = NULL;
    size_t length;
    bool is_json = route->kind == IN_JSON_FILES;
    AUTO_FREE char *sets = list(route, shape, size);
    AUTO_FREE char *objects = mounted(route, shape, size);
    AUTO_FREE char *tail = shape_fill(shape, size, is_json ? "json" : "yaml");
    AUTO_FILE FILE *out = open_memstream(&text, &length);
    if (is_json) {
        fprintf(out, "%s\n%s\n", sets, objects);
    } else {
        put_yaml(out, sets);
        put_yaml(out, objects);
    }
    fputs(tail, out);
    return fclose(TAKE(out)) == 0 ? text : NULL;
}

/* The Cluster and what else the legacy path asks for, and an Etcd that druid reconciles. */
static void write_cluster(const char *path)
{
    static const char *const provider[] = {"PROVIDER", "aws", NULL};
    static const char etcd[] = "---\napiVersion: druid.gardener.cloud/v1alpha1\nkind: Etcd\n"
                               "metadata: {name: etcd-main, namespace: " DRUID_NAMESPACE "}\n";
    char *text = NULL;
    size_t length;
    AUTO_FREE char *cluster =
        test_replaced(test_read_bytes("tests/fixtures/patches/cluster.yaml", &length), provider);
    AUTO_FILE FILE *out = open_memstream(&text, &length);
    fprintf(out, "%s%s", cluster, etcd);
    fclose(TAKE(out));
    write_file(path, text);
    free(text);
}

static void load_state(const struct route *route, const struct shape *shape, size_t size)
{
    const char *const paths[] = {now.objects[0], now.objects[1]};
    struct error err = {0};
    AUTO_FREE char *objects = mounted(route, shape, size);
    write_cluster(now.objects[0]);
    write_file(now.objects[1], objects);
    now.state.object_paths = paths;
    now.state.object_path_count = 2;
    if (!webhook_state_reload(&now.state, &err)) {
        fprintf(stderr, "%s: %s: %s\n", route->name, shape->name, err.message);
        abort();
    }
}

void route_prepare(const struct route *route, const struct shape *shape, size_t size,
                   const char *folder)
{
    snprintf(now.objects[0], sizeof now.objects[0], "%s/cluster.yaml", folder);
    snprintf(now.objects[1], sizeof now.objects[1], "%s/mounted.json", folder);
    snprintf(now.input, sizeof now.input, "%s/input", folder);
    snprintf(now.report, sizeof now.report, "%s/report", folder);
    free(now.body);
    if (route->kind == IN_REVIEWS)
        now.body = review(route, shape, size);
    else if (route->kind == IN_LISTS)
        now.body = list(route, shape, size);
    else
        now.body = file(route, shape, size);
    now.length = strlen(now.body);
    if (route->kind & (IN_REVIEWS | IN_LISTS)) {
        load_state(route, shape, size);
    } else {
        write_cluster(now.objects[0]);
        write_file(now.input, now.body);
    }
}

size_t route_input_length(void)
{
    return now.length;
}

/* --- the calls --- */

static void ask_webhook(const struct route *route)
{
    static struct webhook_metrics metrics;
    static struct webhook_log log = {.fd = -1};
    if (log.fd < 0)
        log.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct webhook_call call = {
        .state = &now.state,
        .metrics = &metrics,
        .log = &log,
        .body = now.body,
        .length = now.length,
        .fd = -1,
    };
    webhook_call_begin(&call);
    webhook_tree_bytes(now.body, now.length);
    now.answer = route->kind == IN_REVIEWS ? webhook_mutate(&call) : webhook_translate(&call);
}

static void run_migrate(const struct route *route)
{
    const char *const inputs[] = {now.input, now.objects[0]};
    const struct migrate_command command = {
        .options = {.strategy = MIGRATE_AUTO, .now = 1700000000},
        .inputs = inputs,
        .input_count = 2,
        .json = route->kind == IN_JSON_FILES,
        .report_json = route->kind == IN_JSON_FILES,
        .report_path = now.report,
    };
    migrate_command(&command);
}

void route_call(const struct route *route)
{
    if (route->kind & (IN_REVIEWS | IN_LISTS))
        ask_webhook(route);
    else
        run_migrate(route);
}

bool route_is_answered(const struct route *route)
{
    size_t length;
    AUTO_FREE char *body = now.answer.body;
    now.answer.body = NULL;
    if (!body && !(route->kind & (IN_REVIEWS | IN_LISTS)))
        body = test_read_bytes(now.report, &length);
    bool answered = body && strstr(body, route->expected);
    if (!answered)
        fprintf(stderr, "%s: expected %s, found %s\n", route->name, route->expected,
                body ? body : "nothing");
    return answered;
}
