/* etcd's configuration file, as it lies in a ConfigMap. */
#include "migration/internal.h"

#include "kube/yaml.h"

#include <string.h>

static const char *const habitual[] = {"etcd.conf.yml", "etcd.conf.yaml"};

/* Keys of which a file must have one to be taken for etcd's. */
static const char *const telling[] = {"data-dir", "listen-client-urls", "initial-cluster"};

/* --- the text --- */

static bool take_first(void *context, struct json_object *document, unsigned line,
                       struct error *err)
{
    (void)line;
    struct json_object **first = context;
    if (!*first && !(*first = kube_json_copy(document)))
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    return true;
}

static void free_tree(void *tree)
{
    json_object_put(tree);
}

/* TEXT as a map that lives as long as the translation; NULL with *ERR where it is none. */
static struct json_object *parse(struct translation *t, const char *text, struct error *err)
{
    AUTO_JSON struct json_object *tree = NULL;
    if (!kube_yaml_read(text, strlen(text), take_first, &tree, err))
        return NULL;
    if (!json_object_is_type(tree, json_type_object)) {
        error_set(err, ERROR_INVALID, "found no map of settings");
        return NULL;
    }
    struct json_object *kept = tree;
    return pool_own(&t->pool, free_tree, TAKE(tree)) ? kept : NULL;
}

/* A list of texts as etcd's flags take it: with commas. */
static const char *joined(struct translation *t, struct json_object *list)
{
    struct pool_buffer text = {0};
    for (size_t i = 0; i < list_length(list); i++) {
        const char *item = scalar_text(t, list_item(list, i));
        if (i)
            pool_append(&t->pool, &text, ",", 1);
        if (item)
            pool_append(&t->pool, &text, item, strlen(item));
    }
    return pool_buffer_text(&text);
}

static void add(struct translation *t, const char *name, struct json_object *value,
                const char *where, const char *path, struct settings *settings)
{
    if (!value)
        return; /* null: not set */
    struct setting *setting = settings_add(t, settings);
    if (!setting)
        return;
    *setting = (struct setting){
        .name = name,
        .value =
            json_object_is_type(value, json_type_array) ? joined(t, value) : scalar_text(t, value),
        .tree = value,
        .origin = ORIGIN_FILE,
        .path = path,
        .where = pool_text(&t->pool, "%s of %s", name, where),
    };
}

static void add_all(struct translation *t, struct json_object *tree, const char *prefix,
                    const char *where, const char *path, struct settings *settings)
{
    json_object_object_foreach(tree, key, value)
    {
        bool is_map = json_object_is_type(value, json_type_object);
        if (is_map && strcmp(key, "client-transport-security") == 0)
            add_all(t, value, "", where, path, settings);
        else if (is_map && strcmp(key, "peer-transport-security") == 0)
            add_all(t, value, "peer-", where, path, settings);
        else
            add(t, pool_text(&t->pool, "%s%s", prefix, key), value, where, path, settings);
    }
}

static void opaque(struct reading *reading, const char *path, const char *why)
{
    reading->opaque = why;
    reading->opaque_path = path;
}

void config_text_read(struct translation *t, const char *text, const char *where, const char *path,
                      struct reading *reading)
{
    struct error error = {0};
    struct json_object *tree = parse(t, text, &error);
    if (!tree) {
        opaque(reading, path, pool_text(&t->pool, "%s: %s", where, error.message));
        return;
    }
    if (json_object_object_length(tree) > WORDS_MAX) {
        opaque(reading, path, pool_text(&t->pool, "%s has more than %d keys", where, WORDS_MAX));
        return;
    }
    reading->file_where = where;
    add_all(t, tree, "", where, path, &reading->settings);
}

/* --- where it lies --- */

static const char *map_value(struct translation *t, const char *map, const char *key, bool *failed,
                             bool *present)
{
    struct json_object *tree = NULL;
    if (!object_get(t, KUBE_CONFIG_MAP, t->model.namespace, map, &tree, NULL)) {
        *failed = true;
        return NULL;
    }
    *present = tree != NULL;
    return kube_json_as_text(kube_json_child(kube_json_child(tree, "data"), key));
}

static bool read_projected(struct translation *t, const struct projected_file *file,
                           struct reading *reading)
{
    bool failed = false, present = false;
    const char *text = map_value(t, file->object, file->key, &failed, &present);
    if (failed)
        return false;
    reading->file = *file;
    if (!text) {
        opaque(reading, file->name_path,
               present ? pool_text(&t->pool, "ConfigMap %s has no key %s", file->object, file->key)
                       : pool_text(&t->pool, "ConfigMap %s is not in the input", file->object));
        return true;
    }
    config_text_read(t, text, pool_text(&t->pool, "%s in ConfigMap %s", file->key, file->object),
                     file->name_path, reading);
    return true;
}

static bool looks_like_etcd(struct translation *t, const char *text)
{
    struct json_object *tree = parse(t, text, NULL);
    for (size_t i = 0; tree && i < sizeof telling / sizeof *telling; i++)
        if (kube_json_child(tree, telling[i]))
            return true;
    return false;
}

/* Whether the volume shows KEY at all: with items only those do. */
static bool is_shown(struct json_object *source, const char *key)
{
    struct json_object *items = kube_json_child(source, "items");
    if (list_length(items) == 0)
        return true;
    for (size_t i = 0; i < list_length(items); i++)
        if (text_is(kube_json_text(list_item(items, i), "/key"), key))
            return true;
    return false;
}

/* A key of the ConfigMap in SOURCE that is etcd's configuration: by name, else (BY_CONTENT) by
 * content. */
static bool find_key(struct translation *t, struct json_object *source, const char *name_path,
                     bool by_content, struct projected_file *out)
{
    const char *name = kube_json_text(source, "/name");
    struct json_object *tree = NULL;
    if (!name || !object_get(t, KUBE_CONFIG_MAP, t->model.namespace, name, &tree, NULL))
        return name == NULL;
    struct json_object *data = kube_json_child(tree, "data");
    for (const char *const *next = sorted_keys(t, data); *next; next++) {
        const char *key = *next;
        const char *text = kube_json_as_text(kube_json_child(data, key));
        bool by_name = strcmp(key, habitual[0]) == 0 || strcmp(key, habitual[1]) == 0;
        if (!text || out->object || !is_shown(source, key))
            continue;
        if (by_content ? looks_like_etcd(t, text) : by_name) {
            out->kind = KUBE_CONFIG_MAP;
            out->object = name;
            out->key = key;
            out->name_path = name_path;
        }
    }
    return true;
}

/* Looks through the ConfigMaps that CONTAINER mounts. */
static bool find_mounted(struct translation *t, const struct container *container, bool by_content,
                         struct projected_file *out)
{
    struct json_object *mounts = kube_json_child(container->tree, "volumeMounts");
    for (size_t i = 0; i < list_length(mounts) && !out->object; i++) {
        const char *name = kube_json_text(list_item(mounts, i), "/name");
        const char *path = "";
        struct json_object *volume = name ? pod_volume(t, name, &path) : NULL;
        struct json_object *map = kube_json_child(volume, "configMap");
        if (map &&
            !find_key(t, map, pool_text(&t->pool, "%s/configMap/name", path), by_content, out))
            return false;
        struct json_object *sources =
            kube_json_child(kube_json_child(volume, "projected"), "sources");
        for (size_t s = 0; s < list_length(sources) && !out->object; s++) {
            map = kube_json_child(list_item(sources, s), "configMap");
            if (map &&
                !find_key(t, map,
                          pool_text(&t->pool, "%s/projected/sources/%zu/configMap/name", path, s),
                          by_content, out))
                return false;
        }
    }
    return true;
}

bool config_file_read(struct translation *t, const char *path, bool by_habit,
                      struct reading *reading)
{
    const struct container *containers[] = {&t->model.etcd, &t->model.sidecar};
    for (size_t i = 0; path && i < 2; i++) {
        struct projected_file file;
        projected_find(t, containers[i], path, &reading->variables, &file);
        if (file.kind == KUBE_CONFIG_MAP && file.key)
            return read_projected(t, &file, reading);
        /* It lies on a volume that somebody else writes to. */
        by_habit = by_habit && !file.place.volume;
    }
    struct projected_file file = {.kind = KUBE_KINDS};
    for (int by_content = 0; by_habit && by_content < 2; by_content++)
        for (size_t i = 0; i < 2 && !file.object; i++)
            if (containers[i]->tree && !find_mounted(t, containers[i], by_content, &file))
                return false;
    if (file.object)
        return read_projected(t, &file, reading);
    if (path)
        opaque(
            reading, pointer_to(t, t->model.etcd.path, "volumeMounts"),
            pool_text(&t->pool, "the configuration file %s does not come from a ConfigMap", path));
    return true;
}
