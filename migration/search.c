/* The search for etcd's configuration in the ConfigMaps that are mounted, where nothing names it. A
 * volume is looked at once, however often it is mounted, and a text once in all. */
#include "migration/internal.h"

#include <string.h>

/* In the order of their names. */
static const char *const habitual[] = {"etcd.conf.yaml", "etcd.conf.yml"};

static const char yes[] = "yes", no[] = "no";

struct config_map *config_map(struct translation *t, const char *name)
{
    struct config_map *map = names_get(&t->config_maps, name);
    if (map || !(map = pool_zero(&t->kept, sizeof *map)))
        return map;
    names_put(&t->kept, &t->config_maps, pool_copy(&t->kept, name, strlen(name)), map);
    return map;
}

struct search {
    struct translation *t;
    bool by_content;     /* else by name */
    struct names looked; /* volumes that were looked at */
    struct projected_file *out;
};

/* Whether KEY of MAP, whose data is DATA, is etcd's configuration by its content. */
static bool is_etcds(struct search *s, struct config_map *map, struct json_object *data,
                     const char *key)
{
    const char *text = kube_json_as_text(kube_json_child(data, key));
    const char *known = names_get(&map->verdicts, key);
    if (!text || known)
        return known == yes;
    bool is = config_text_is_etcds(text);
    names_put(&s->t->kept, &map->verdicts, pool_copy(&s->t->kept, key, strlen(key)),
              (void *)(uintptr_t)(is ? yes : no));
    return is;
}

/* The first key, in their order, of all that MAP has. */
static const char *first_of_all(struct search *s, struct config_map *map, struct json_object *data)
{
    struct translation *t = s->t;
    if (map->searched)
        return map->first;
    for (const char *const *key = sorted_keys(t, data); *key && !map->first && goes_on(t); key++)
        if (is_etcds(s, map, data, *key))
            map->first = pool_copy(&t->kept, *key, strlen(*key));
    map->searched = true;
    return map->first;
}

/* The first key of those that ITEMS show. */
static const char *first_of_items(struct search *s, struct config_map *map,
                                  struct json_object *data, struct json_object *items)
{
    const char *first = NULL;
    for (size_t i = 0; i < list_length(items) && goes_on(s->t); i++) {
        const char *key = kube_json_text(list_item(items, i), "/key");
        if (key && (!first || strcmp(key, first) < 0) && is_etcds(s, map, data, key))
            first = key;
    }
    return first;
}

static bool is_shown(struct translation *t, struct json_object *items, const char *key)
{
    for (size_t i = 0; i < list_length(items) && goes_on(t); i++)
        if (text_is(kube_json_text(list_item(items, i), "/key"), key))
            return true;
    return list_length(items) == 0;
}

static const char *first_by_name(struct search *s, struct json_object *data,
                                 struct json_object *items)
{
    for (size_t i = 0; i < sizeof habitual / sizeof *habitual; i++)
        if (kube_json_as_text(kube_json_child(data, habitual[i])) &&
            is_shown(s->t, items, habitual[i]))
            return habitual[i];
    return NULL;
}

/* A key of the ConfigMap in SOURCE that is etcd's configuration. */
static bool look_into(struct search *s, struct json_object *source, const char *name_path)
{
    struct translation *t = s->t;
    const char *name = kube_json_text(source, "/name");
    struct json_object *tree = NULL, *items = kube_json_child(source, "items");
    if (!name || !object_get(t, KUBE_CONFIG_MAP, t->model.namespace, name, &tree, NULL))
        return name == NULL;
    struct json_object *data = kube_json_child(tree, "data");
    struct config_map *map = config_map(t, name);
    const char *key = !map                 ? NULL
                      : !s->by_content     ? first_by_name(s, data, items)
                      : list_length(items) ? first_of_items(s, map, data, items)
                                           : first_of_all(s, map, data);
    if (key)
        *s->out = (struct projected_file){
            .kind = KUBE_CONFIG_MAP, .object = name, .key = key, .name_path = name_path};
    return true;
}

static bool look_into_volume(struct search *s, const char *name)
{
    struct translation *t = s->t;
    const char *path = "";
    struct json_object *volume = pod_volume(t, name, &path);
    struct json_object *map = kube_json_child(volume, "configMap");
    if (map && !look_into(s, map, pool_text(&t->pool, "%s/configMap/name", path)))
        return false;
    struct json_object *sources = kube_json_child(kube_json_child(volume, "projected"), "sources");
    for (size_t i = 0; i < list_length(sources) && !s->out->object && goes_on(t); i++) {
        map = kube_json_child(list_item(sources, i), "configMap");
        if (map &&
            !look_into(s, map,
                       pool_text(&t->pool, "%s/projected/sources/%zu/configMap/name", path, i)))
            return false;
    }
    return true;
}

/* Looks through what CONTAINER mounts. */
static bool look_around(struct search *s, const struct container *container)
{
    struct json_object *mounts = kube_json_child(container->tree, "volumeMounts");
    for (size_t i = 0; i < list_length(mounts) && !s->out->object && goes_on(s->t); i++) {
        const char *name = kube_json_text(list_item(mounts, i), "/name");
        if (name && names_add(&s->t->pool, &s->looked, name, s) && !look_into_volume(s, name))
            return false;
    }
    return true;
}

bool config_search(struct translation *t, struct projected_file *out)
{
    for (int by_content = 0; by_content < 2 && !out->object; by_content++) {
        struct search s = {.t = t, .by_content = by_content, .out = out};
        if (!look_around(&s, &t->model.etcd) || !look_around(&s, &t->model.sidecar))
            return false;
    }
    return true;
}
