/* StatefulSets that are large in one way, as somebody who means harm could send them. */
#ifndef TESTS_MIGRATION_SHAPES_H
#define TESTS_MIGRATION_SHAPES_H

#include "tests/migration/support.h"

/* A StatefulSet, and beside it a List of what it names. */
struct large {
    struct json_object *sts, *beside;
};

#define POD "/spec/template/spec"
#define ETCD POD "/containers/0"
#define SIDECAR POD "/containers/1"

static inline struct large large_new(void)
{
    return (struct large){
        test_json("{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'main',"
                  "'namespace':'shop'},'spec':{'replicas':1,'serviceName':'main',"
                  "'selector':{'matchLabels':{'app':'etcd'}},'template':{'metadata':{'labels':{"
                  "'app':'etcd'},'annotations':{}},'spec':{'containers':["
                  "{'name':'etcd','image':'example.com/etcd:v3.4.13','command':['etcd'],'args':["
                  "'--data-dir=/data/new.etcd'],'env':[],'envFrom':[],'volumeMounts':["
                  "{'name':'data','mountPath':'/data'}]},"
                  "{'name':'backup-restore','image':'example.com/etcdbrctl:v0.30.0','command':["
                  "'etcdbrctl','server'],'args':['--storage-provider=S3','--store-prefix=p/main',"
                  "'--store-container=bucket'],'env':[],'volumeMounts':[]}],"
                  "'volumes':[],'initContainers':[],'hostAliases':[]}},"
                  "'volumeClaimTemplates':[{'metadata':{'name':'data'},'spec':{}}]}}"),
        json_object_new_array(),
    };
}

static inline void large_free(struct large *large)
{
    json_object_put(large->sts);
    json_object_put(large->beside);
}

/* Adds VALUE, JSON with ' for ", to the list at POINTER. */
static inline void add(struct large *large, const char *pointer, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline void add(struct large *large, const char *pointer, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    struct json_object *list = NULL;
    if (length < 0 || !kube_json_get_array(large->sts, pointer, &list, NULL) || !list)
        fail_msg("no list %s", pointer);
    json_object_array_add(list, test_json(text));
    free(text);
}

/* COUNT times TEXT. */
static inline char *many(const char *text, size_t count)
{
    size_t length = strlen(text);
    char *all = malloc(count * length + 1);
    for (size_t i = 0; i < count; i++)
        memcpy(all + i * length, text, length);
    all[count * length] = '\0';
    return all;
}

static inline void add_text(struct large *large, const char *pointer, char *text)
{
    struct json_object *list = NULL;
    if (!kube_json_get_array(large->sts, pointer, &list, NULL) || !list)
        fail_msg("no list %s", pointer);
    json_object_array_add(list, json_object_new_string(text));
    free(text);
}

static inline struct json_object *at(struct large *large, const char *pointer)
{
    struct json_object *map = NULL;
    if (!kube_json_get_object(large->sts, pointer, &map, NULL) || !map)
        fail_msg("no map %s", pointer);
    return map;
}

/* A ConfigMap (or what KIND says) beside it, whose data is given. */
static inline struct json_object *beside(struct large *large, const char *kind, const char *name)
{
    struct json_object *data = json_object_new_object();
    struct json_object *object = kube_json_object(
        "apiVersion", kube_json_string("v1"), "kind", kube_json_string(kind), "metadata",
        kube_json_object("name", kube_json_string(name), "namespace", kube_json_string("shop"),
                         NULL),
        "data", data, NULL);
    json_object_array_add(large->beside, object);
    return data;
}

static inline void set(struct json_object *map, struct json_object *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline void set(struct json_object *map, struct json_object *value, const char *format, ...)
{
    char key[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(key, sizeof key, format, args);
    va_end(args);
    json_object_object_add(map, key, value);
}

/* --- the shapes --- */

static inline void volumes(struct large *large, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        add(large, POD "/volumes", "{'name':'v%zu','emptyDir':{}}", i);
        add(large, ETCD "/volumeMounts", "{'name':'v%zu','mountPath':'/v/%zu'}", i, i);
    }
}

static inline void unmounted_volumes(struct large *large, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add(large, POD "/volumes", "{'name':'v%zu','configMap':{'name':'m%zu'}}", i, i);
    for (size_t i = 0; i < n; i++)
        add(large, SIDECAR "/volumeMounts", "{'name':'data','mountPath':'/w/%zu'}", i);
}

static inline void claim_templates(struct large *large, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        add(large, "/spec/volumeClaimTemplates", "{'metadata':{'name':'c%zu'},'spec':{}}", i);
        add(large, ETCD "/volumeMounts", "{'name':'c%zu','mountPath':'/data/new.etcd/%zu'}", i, i);
    }
}

static inline void data_dirs_over_mounts(struct large *large, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add(large, ETCD "/volumeMounts", "{'name':'data','mountPath':'/d/e/f/%zu','subPath':'%zu'}",
            i, i);
    for (size_t i = 0; i < n && i < 2000; i++)
        add(large, ETCD "/args", "'--data-dir=/d'");
}

static inline void nested_mounts(struct large *large, size_t n)
{
    char *path = many("/a", n);
    for (size_t i = 1; i <= n; i += n / 100)
        add(large, ETCD "/volumeMounts", "{'name':'data','mountPath':'%.*s'}", (int)(2 * i), path);
    add(large, ETCD "/args", "'--data-dir=%s'", path);
    free(path);
}

static inline void deep_path(struct large *large, size_t n)
{
    char *path = many("/a/b/../..", n);
    add(large, ETCD "/args", "'--data-dir=%s/data'", path);
    free(path);
}

static inline void variables(struct large *large, size_t n)
{
    for (size_t i = 0; i < 2000; i++)
        add(large, ETCD "/env", "{'name':'V%zu','value':'%zu'}", i, i);
    for (size_t i = 0; i < 40; i++)
        add_text(large, ETCD "/args", many("$(V0)$(NONE)$(V1999)", n / 40));
}

static inline void dollars(struct large *large, size_t n)
{
    add_text(large, ETCD "/args", many("$$", n));
    add_text(large, ETCD "/args", many("$(", n));
}

static inline void values_of_values(struct large *large, size_t n)
{
    add(large, ETCD "/env", "{'name':'V0','value':'0123456789abcdef0123456789abcdef'}");
    for (size_t i = 1; i < 2000 && i < n; i++)
        add(large, ETCD "/env", "{'name':'V%zu','value':'$(V%zu)$(V%zu)'}", i, i - 1, i - 1);
}

static inline void sources_of_variables(struct large *large, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add(large, ETCD "/envFrom", "{'configMapRef':{'name':'m%zu'}}", i);
}

static inline void pod_names(struct large *large, size_t n)
{
    char *name = many("n", n);
    json_object_object_add(at(large, "/metadata"), "name", json_object_new_string(name));
    for (size_t i = 0; i < n && i < 2000; i++)
        add(large, ETCD "/env",
            "{'name':'N%zu','valueFrom':{'fieldRef':{'fieldPath':'metadata.name'}}}", i);
    free(name);
}

static inline void container_names(struct large *large, size_t n)
{
    char *name = many("n", n);
    json_object_object_add(at(large, ETCD), "name", json_object_new_string(name));
    for (size_t i = 0; i < n && i < 2000; i++)
        add(large, ETCD "/args", "'--unknown-%zu=1'", i);
    free(name);
}

static inline void arguments(struct large *large, size_t n)
{
    for (size_t i = 0; i < 2000 && i < n; i++)
        add(large, ETCD "/args", "'--flag-%zu=%0*d'", i, (int)(n / 100), 1);
}

static inline void repeated_arguments(struct large *large, size_t n)
{
    for (size_t i = 0; i < 2000 && i < n; i++)
        add(large, ETCD "/args", "'--snapshot-count=%zu'", i);
    add(large, ETCD "/args", "'--snapshot-count=%0*d'", (int)(20 * n), 1);
}

static inline void script(struct large *large, size_t n)
{
    char *lines = many("echo \"$HOME\" 'quoted' plain\n", n);
    char *whole = NULL;
    if (asprintf(&whole, "export HOME=/root\n%sexec etcd --data-dir=/data/new.etcd\n", lines) < 0)
        fail_msg("out of memory");
    json_object_object_add(at(large, ETCD), "command", test_json("['sh','-c']"));
    json_object_object_add(at(large, ETCD), "args", json_object_new_array());
    add_text(large, ETCD "/args", whole);
    free(lines);
}

static inline void script_with_slashes(struct large *large, size_t n)
{
    char *name = many("/", n), *run = many("/", 2 * n), *whole = NULL;
    if (asprintf(&whole, "if x; then etcd --config-file=%s ; fi # \n%s\n", name, run) < 0)
        fail_msg("out of memory");
    json_object_object_add(at(large, ETCD), "command", test_json("['sh','-c']"));
    json_object_object_add(at(large, ETCD), "args", json_object_new_array());
    add_text(large, ETCD "/args", whole);
    free(name);
    free(run);
}

static inline void script_with_variables(struct large *large, size_t n)
{
    struct json_object *data = beside(large, "ConfigMap", "script");
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    for (size_t i = 0; i < 2000; i++)
        fprintf(out, "export A%zu=%zu\n", i, i);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "echo $A0 $A1 $A%zu\n", i % 2000);
    fputs("exec etcd --data-dir=/data/new.etcd --name=$A7\n", out);
    fclose(out);
    json_object_object_add(data, "start.sh", json_object_new_string(text));
    free(text);
    add(large, POD "/volumes", "{'name':'script','configMap':{'name':'script'}}");
    add(large, ETCD "/volumeMounts", "{'name':'script','mountPath':'/script'}");
    json_object_object_add(at(large, ETCD), "command", test_json("['sh','/script/start.sh']"));
    json_object_object_add(at(large, ETCD), "args", json_object_new_array());
}

static inline void here_document(struct large *large, size_t n)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    char *path = many("x", n < 50000 ? n : 50000);
    fprintf(out, "cat >/%s <<EOF\ndata-dir: /data/new.etcd\nclient-transport-security:\n", path);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "  key-%zu: value\n", i);
    fprintf(out, "EOF\nexec etcd --config-file=/%s\n", path);
    fclose(out);
    free(path);
    json_object_object_add(at(large, ETCD), "command", test_json("['sh','-c']"));
    json_object_object_add(at(large, ETCD), "args", json_object_new_array());
    add_text(large, ETCD "/args", text);
}

/* A configuration file in ConfigMap "config", with N settings. */
static inline void configuration_file(struct large *large, size_t n)
{
    struct json_object *data = beside(large, "ConfigMap", "config");
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    fputs("data-dir: /data/new.etcd\npeer-transport-security:\n", out);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "  key-%zu: value\n", i);
    fclose(out);
    json_object_object_add(data, "own.yaml", json_object_new_string(text));
    free(text);
    add(large, POD "/volumes", "{'name':'config','configMap':{'name':'config'}}");
    add(large, ETCD "/volumeMounts", "{'name':'config','mountPath':'/config'}");
    json_object_object_add(at(large, ETCD), "args",
                           test_json("['--config-file=/config/own.yaml']"));
}

/* etcd is started by a script that nobody has: every ConfigMap is searched for a configuration. */
static inline void unseen_script(struct large *large)
{
    json_object_object_add(at(large, ETCD), "command", test_json("['/start.sh']"));
    json_object_object_add(at(large, ETCD), "args", json_object_new_array());
}

static inline void one_map_mounted_often(struct large *large, size_t n)
{
    struct json_object *data = beside(large, "ConfigMap", "big");
    for (size_t i = 0; i < 100; i++)
        set(data, json_object_new_string("key: value\n"), "file-%zu", i);
    add(large, POD "/volumes", "{'name':'v','configMap':{'name':'big'}}");
    for (size_t i = 0; i < n; i++)
        add(large, ETCD "/volumeMounts", "{'name':'v','mountPath':'/m/%zu'}", i);
    unseen_script(large);
}

static inline void one_map_in_many_volumes(struct large *large, size_t n)
{
    struct json_object *data = beside(large, "ConfigMap", "big");
    for (size_t i = 0; i < n; i++)
        set(data, json_object_new_string("key: value\n"), "file-%zu", i);
    for (size_t i = 0; i < n; i++) {
        add(large, POD "/volumes",
            "{'name':'v%zu','configMap':{'name':'big','items':[{'key':'file-%zu','path':'p'}]}}", i,
            i);
        add(large, POD "/volumes", "{'name':'w%zu','configMap':{'name':'big'}}", i);
        add(large, ETCD "/volumeMounts", "{'name':'v%zu','mountPath':'/m/%zu'}", i, i);
        add(large, ETCD "/volumeMounts", "{'name':'w%zu','mountPath':'/w/%zu'}", i, i);
    }
    unseen_script(large);
}

static inline void projected_sources(struct large *large, size_t n)
{
    struct json_object *sources = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        char text[128];
        snprintf(text, sizeof text,
                 "{'configMap':{'name':'m%zu','items':[{'key':'k','path':'p'}]}}", i);
        json_object_array_add(sources, test_json(text));
    }
    add(large, POD "/volumes", "{'name':'all','projected':{'sources':[]}}");
    json_object_object_add(at(large, POD "/volumes/0/projected"), "sources", sources);
    for (size_t i = 0; i < n; i++)
        add(large, ETCD "/volumeMounts", "{'name':'all','mountPath':'/all/%zu'}", i);
    add(large, SIDECAR "/volumeMounts", "{'name':'all','mountPath':'/all'}");
    for (size_t i = 0; i < 2000 && i < n; i++)
        add(large, SIDECAR "/env",
            "{'name':'A%zu_APPLICATION_CREDENTIALS','value':'/all/none-%zu'}", i, i);
    unseen_script(large);
}

static inline void items_of_a_volume(struct large *large, size_t n)
{
    add(large, POD "/volumes", "{'name':'all','secret':{'secretName':'s','items':[]}}");
    for (size_t i = 0; i < n; i++)
        add(large, POD "/volumes/0/secret/items", "{'key':'k','path':'p%zu'}", i);
    add(large, SIDECAR "/volumeMounts", "{'name':'all','mountPath':'/all'}");
    for (size_t i = 0; i < 2000 && i < n; i++)
        add(large, SIDECAR "/env", "{'name':'A%zu_APPLICATION_CREDENTIALS','value':'/all/p%zu'}", i,
            n - 1 - i);
}

static inline void labels(struct large *large, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        set(at(large, "/spec/template/metadata/labels"), json_object_new_string("x"), "l%zu", i);
        set(at(large, "/spec/template/metadata/annotations"), json_object_new_string("x"), "a%zu",
            i);
    }
}

static inline void unknown_fields(struct large *large, size_t n)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++)
        json_object_array_add(list, json_object_new_int(0));
    json_object_object_add(at(large, POD), "unknown", list);
}

static inline void numbers_with_a_default(struct large *large, size_t n)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++)
        json_object_array_add(list, json_object_new_int(0));
    json_object_object_add(at(large, POD), "hostUsers", list);
}

static inline void containers(struct large *large, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        add(large, POD "/containers", "{'name':'c%zu','image':'x'}", i);
        add(large, POD "/initContainers", "{'name':'i%zu','image':'x'}", i);
    }
}

static inline void aliases(struct large *large, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add(large, POD "/hostAliases", "{'ip':'10.0.0.1','hostnames':['h%zu']}", i);
}

static inline void selector(struct large *large, size_t n)
{
    json_object_object_add(at(large, "/spec/selector"), "matchExpressions",
                           json_object_new_array());
    for (size_t i = 0; i < n; i++)
        add(large, "/spec/selector/matchExpressions",
            "{'key':'app','operator':'In','values':['x','etcd']}");
}

struct shape {
    const char *name;
    void (*fill)(struct large *large, size_t n);
    size_t n; /* large enough for what is quadratic to show at four times as many */
};

static const struct shape shapes[] = {
    {"volumes", volumes, 1000},
    {"unmounted volumes", unmounted_volumes, 2000},
    {"claim templates", claim_templates, 1000},
    {"data directories over mounts", data_dirs_over_mounts, 500},
    {"nested mounts", nested_mounts, 20000},
    {"a deep path", deep_path, 50000},
    {"variables", variables, 10000},
    {"dollars", dollars, 30000},
    {"values made of values", values_of_values, 500},
    {"sources of variables", sources_of_variables, 2000},
    {"names of the pod", pod_names, 250},
    {"names of a container", container_names, 500},
    {"arguments", arguments, 500},
    {"repeated arguments", repeated_arguments, 500},
    {"a script", script, 2000},
    {"a script with slashes", script_with_slashes, 20000},
    {"a script with variables", script_with_variables, 5000},
    {"a here-document", here_document, 3000},
    {"a configuration file", configuration_file, 2000},
    {"one map that is mounted often", one_map_mounted_often, 300},
    {"one map in many volumes", one_map_in_many_volumes, 200},
    {"sources of a projected volume", projected_sources, 400},
    {"items of a volume", items_of_a_volume, 500},
    {"labels", labels, 2000},
    {"unknown fields", unknown_fields, 2000},
    {"numbers with a default", numbers_with_a_default, 2000},
    {"containers", containers, 1000},
    {"aliases", aliases, 1500},
    {"a selector", selector, 3000},
};

enum { SHAPES = sizeof shapes / sizeof *shapes };

/* A source with what is beside LARGE. */
static inline struct kube_files *files_beside(const struct large *large)
{
    struct kube_files *files = kube_files_new(NULL, NULL);
    struct error error = {0};
    for (size_t i = 0; i < json_object_array_length(large->beside); i++) {
        const char *text = kube_json_write(json_object_array_get_idx(large->beside, i));
        if (!kube_files_add_text(files, "beside", text, strlen(text), &error))
            fail_msg("%s", error.message);
    }
    return files;
}

#endif
