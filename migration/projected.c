/* The object that a file in a volume comes from. A volume is read once, however many files in it
 * are asked for: which of its sources shows a file by its items, and, of those without items, which
 * has a key of that name. The first source that has the file counts. */
#include "migration/internal.h"

#include <string.h>

/* A source that shows a file as one of its items. */
struct shown {
    struct shown *next,
        *last; /* of the same file, in the order of the sources; last: of the first */
    size_t source;
    struct json_object *item;
};

struct projection {
    struct json_object *volume, *sources;
    const char *path;
    struct names shown;   /* file → struct shown */
    size_t *whole;        /* sources without items, in order */
    size_t whole_count;   /* of them all */
    size_t seen;          /* of those whose keys are in `keys` */
    struct names keys;    /* key → the first of these that has it, from 1 on */
    struct names results; /* file → struct projected_file */
};

struct source {
    enum kube_kind kind;
    struct json_object *tree;
    const char *object; /* NULL: it names none */
};

/* Source 0 is the volume as a Secret, 1 as a ConfigMap, those from 2 on are projected. */
static struct source source_at(const struct projection *p, size_t n)
{
    struct json_object *parent = n < 2 ? p->volume : list_item(p->sources, n - 2);
    struct json_object *secret = n == 1 ? NULL : kube_json_child(parent, "secret");
    struct json_object *map = n == 0 ? NULL : kube_json_child(parent, "configMap");
    const char *name = kube_json_as_text(kube_json_child(secret, n ? "name" : "secretName"));
    if (name)
        return (struct source){KUBE_SECRET, secret, name};
    return (struct source){KUBE_CONFIG_MAP, map, kube_json_as_text(kube_json_child(map, "name"))};
}

static const char *name_path(struct translation *t, const struct projection *p, size_t n,
                             enum kube_kind kind)
{
    const char *member = kind == KUBE_CONFIG_MAP ? "configMap/name"
                         : n                     ? "secret/name"
                                                 : "secret/secretName";
    return n < 2 ? pool_text(&t->kept, "%s/%s", p->path, member)
                 : pool_text(&t->kept, "%s/projected/sources/%zu/%s", p->path, n - 2, member);
}

static void show(struct translation *t, struct projection *p, size_t n, struct json_object *item)
{
    const char *file = kube_json_text(item, "/path");
    struct shown *first = file ? names_get(&p->shown, file) : NULL;
    if (!file || (first && first->last->source == n))
        return;
    struct shown *shown = pool_zero(&t->kept, sizeof *shown);
    if (!shown)
        return;
    *shown = (struct shown){.source = n, .item = item, .last = shown};
    if (first) {
        first->last->next = shown;
        first->last = shown;
    } else {
        names_put(&t->kept, &p->shown, file, shown);
    }
}

static struct projection *read_volume(struct translation *t, struct json_object *volume,
                                      const char *path)
{
    struct projection *p = names_get(&t->projections, path);
    if (p || !(p = pool_zero(&t->kept, sizeof *p)))
        return p;
    p->volume = volume;
    p->sources = kube_json_child(kube_json_child(volume, "projected"), "sources");
    p->path = pool_copy(&t->kept, path, strlen(path));
    size_t count = 2 + list_length(p->sources);
    p->whole = pool_zero(&t->kept, count * sizeof *p->whole);
    for (size_t n = 0; p->whole && n < count && goes_on(t); n++) {
        struct source source = source_at(p, n);
        struct json_object *items = kube_json_child(source.tree, "items");
        if (source.object && list_length(items) == 0)
            p->whole[p->whole_count++] = n;
        for (size_t i = 0; source.object && i < list_length(items) && goes_on(t); i++)
            show(t, p, n, list_item(items, i));
    }
    names_put(&t->kept, &t->projections, p->path, p);
    return p;
}

/* Whether it is known which keys source N has, those of *DATA (NULL: none). Of a volume that is one
 * object, and of an object that is not in the input, it is not: each key is taken to be there. */
static bool keys_are_known(struct translation *t, const struct source *source, size_t n,
                           struct json_object **data)
{
    struct json_object *tree = NULL;
    if (n < 2 || !object_get(t, source->kind, t->model.namespace, source->object, &tree, NULL) ||
        !tree)
        return false;
    *data = kube_json_child(tree, "data");
    return true;
}

static void add_keys(struct translation *t, struct projection *p, size_t n,
                     struct json_object *data)
{
    if (!json_object_is_type(data, json_type_object))
        return;
    json_object_object_foreach(data, key, value)
    {
        if (!goes_on(t))
            break;
        if (value)
            names_add(&t->kept, &p->keys, key, (void *)(uintptr_t)(n + 1));
    }
}

/* The first source without items, from 1 on, that has FILE as a key; 0: none. */
static size_t whole_source(struct translation *t, struct projection *p, const char *file)
{
    size_t found = (uintptr_t)names_get(&p->keys, file);
    while (!found && p->seen < p->whole_count && goes_on(t)) {
        size_t n = p->whole[p->seen];
        struct source source = source_at(p, n);
        struct json_object *data;
        if (!keys_are_known(t, &source, n, &data))
            return n + 1;
        p->seen++;
        add_keys(t, p, n, data);
        found = (uintptr_t)names_get(&p->keys, file);
    }
    return found;
}

static void take(struct translation *t, const struct projection *p, size_t n, const char *key,
                 struct projected_file *out)
{
    struct source source = source_at(p, n);
    *out = (struct projected_file){.kind = source.kind,
                                   .object = source.object,
                                   .key = key,
                                   .name_path = name_path(t, p, n, source.kind)};
}

/* The directory itself: the first object that the volume has. */
static void take_first(struct translation *t, const struct projection *p,
                       struct projected_file *out)
{
    for (size_t n = 0; n < 2 + list_length(p->sources) && goes_on(t); n++) {
        if (source_at(p, n).object) {
            take(t, p, n, NULL, out);
            return;
        }
    }
}

static void take_file(struct translation *t, struct projection *p, const char *file,
                      struct projected_file *out)
{
    const struct shown *shown = names_get(&p->shown, file);
    size_t whole = strchr(file, '/') ? 0 : whole_source(t, p, file);
    for (; shown && (!whole || shown->source < whole - 1) && goes_on(t); shown = shown->next) {
        struct source source = source_at(p, shown->source);
        const char *key = kube_json_text(shown->item, "/key");
        struct json_object *data;
        if (key &&
            (!keys_are_known(t, &source, shown->source, &data) || kube_json_child(data, key))) {
            take(t, p, shown->source, key, out);
            return;
        }
    }
    if (whole)
        take(t, p, whole - 1, pool_copy(&t->kept, file, strlen(file)), out);
}

static void projected_in(struct translation *t, struct json_object *volume, const char *path,
                         const char *file, struct projected_file *out)
{
    struct place place = out->place;
    struct projection *p = read_volume(t, volume, path);
    struct projected_file *result = p ? names_get(&p->results, file) : NULL;
    if (p && !result && (result = pool_zero(&t->kept, sizeof *result))) {
        result->kind = KUBE_KINDS;
        if (*file)
            take_file(t, p, file, result);
        else
            take_first(t, p, result);
        names_put(&t->kept, &p->results, pool_copy(&t->kept, file, strlen(file)), result);
    }
    if (result)
        *out = *result;
    out->place = place;
}

void projected_find(struct translation *t, const struct container *container, const char *path,
                    struct variables *variables, struct projected_file *out)
{
    *out = (struct projected_file){.kind = KUBE_KINDS};
    if (path && place_find(t, container, path, variables, &out->place) && !out->place.is_claim)
        projected_in(t, out->place.volume, out->place.volume_path, out->place.inside, out);
}

void projected_in_volume(struct translation *t, const char *volume, const char *file,
                         struct projected_file *out)
{
    *out = (struct projected_file){.kind = KUBE_KINDS};
    out->place.volume = pod_volume(t, volume, &out->place.volume_path);
    out->place.volume_name = volume;
    if (out->place.volume)
        projected_in(t, out->place.volume, out->place.volume_path, file ? file : "", out);
}
