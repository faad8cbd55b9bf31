/* etcd's configuration file, as it lies in a ConfigMap. */
#include "migration/internal.h"

#include "kube/yaml.h"

#include <string.h>

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

/* TEXT as a map, the caller's. */
static bool parse(const char *text, struct json_object **out, struct error *err)
{
    AUTO_JSON struct json_object *tree = NULL;
    if (!kube_yaml_read(text, strlen(text), take_first, &tree, err))
        return false;
    if (!json_object_is_type(tree, json_type_object))
        return error_set(err, ERROR_INVALID, "found no map of settings");
    *out = TAKE(tree);
    return true;
}

struct parsed_text {
    struct json_object *tree; /* POOL's; NULL: it is none */
    const char *why;          /* then */
};

static struct parsed_text parse_for(struct pool *pool, const char *text)
{
    struct error error = {0};
    struct parsed_text parsed = {0};
    if (!parse(text, &parsed.tree, &error))
        parsed.why = pool_copy(pool, error.message, strlen(error.message));
    else if (!pool_own(pool, free_tree, parsed.tree))
        parsed.tree = NULL;
    return parsed;
}

/* A list of texts as etcd's flags take it: with commas. */
static const char *joined(struct translation *t, struct json_object *list)
{
    struct pool_buffer text = {0};
    for (size_t i = 0; i < list_length(list) && goes_on(t); i++) {
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

/* The two maps in the file that have settings of their own, and what their names begin with. */
static const char *prefix_of(const char *key, struct json_object *value)
{
    if (!json_object_is_type(value, json_type_object))
        return NULL;
    return strcmp(key, "client-transport-security") == 0 ? ""
           : strcmp(key, "peer-transport-security") == 0 ? "peer-"
                                                         : NULL;
}

static size_t count_all(struct json_object *tree)
{
    size_t count = 0;
    json_object_object_foreach(tree, key, value)
    {
        count += prefix_of(key, value) ? count_all(value) : 1;
    }
    return count;
}

static void add_all(struct translation *t, struct json_object *tree, const char *prefix,
                    const char *where, const char *path, struct settings *settings)
{
    json_object_object_foreach(tree, key, value)
    {
        if (!goes_on(t))
            break;
        const char *inner = prefix_of(key, value);
        if (inner)
            add_all(t, value, inner, where, path, settings);
        else
            add(t, pool_text(&t->pool, "%s%s", prefix, key), value, where, path, settings);
    }
}

static void opaque(struct reading *reading, const char *path, const char *why)
{
    reading->opaque = why;
    reading->opaque_path = path;
}

static void read_tree(struct translation *t, const struct parsed_text *parsed, const char *where,
                      const char *path, struct reading *reading)
{
    if (!parsed->tree) {
        opaque(reading, path, pool_text(&t->pool, "%s: %s", where, parsed->why));
        return;
    }
    if (count_all(parsed->tree) > WORDS_MAX) {
        opaque(reading, path, pool_text(&t->pool, "%s has more than %d keys", where, WORDS_MAX));
        return;
    }
    reading->file_where = where;
    add_all(t, parsed->tree, "", where, path, &reading->settings);
}

void config_text_read(struct translation *t, const char *text, const char *where, const char *path,
                      struct reading *reading)
{
    struct parsed_text parsed = parse_for(&t->pool, text);
    read_tree(t, &parsed, where, path, reading);
}

bool config_text_is_etcds(const char *text)
{
    AUTO_JSON struct json_object *tree = NULL;
    if (!parse(text, &tree, NULL))
        return false;
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
        if (kube_json_child(tree, telling[i]))
            return true;
    return false;
}

/* --- where it lies --- */

/* What the key of FILE has, parsed once for all members; NULL: there is no memory. */
static const struct parsed_text *parsed_file(struct translation *t,
                                             const struct projected_file *file, const char *text)
{
    struct config_map *map = config_map(t, file->object);
    struct parsed_text *parsed = map ? names_get(&map->parsed, file->key) : NULL;
    if (!map || parsed || !(parsed = pool_zero(&t->kept, sizeof *parsed)))
        return parsed;
    *parsed = parse_for(&t->kept, text);
    names_put(&t->kept, &map->parsed, pool_copy(&t->kept, file->key, strlen(file->key)), parsed);
    return parsed;
}

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
    const struct parsed_text *parsed = parsed_file(t, file, text);
    if (parsed)
        read_tree(t, parsed,
                  pool_text(&t->pool, "%s in ConfigMap %s", quoted(t, file->key, LONGEST_NAME),
                            quoted(t, file->object, LONGEST_NAME)),
                  file->name_path, reading);
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
    if (by_habit && !config_search(t, &file))
        return false;
    if (file.object)
        return read_projected(t, &file, reading);
    if (path)
        opaque(
            reading, pointer_to(t, t->model.etcd.path, "volumeMounts"),
            pool_text(&t->pool, "the configuration file %s does not come from a ConfigMap", path));
    return true;
}
