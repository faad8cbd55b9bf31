#include "migration/internal.h"

#include <string.h>

struct variable *variables_add(struct translation *t, struct variables *variables)
{
    struct variable *items = pool_grow(&t->pool, variables->items, sizeof *items, variables->count,
                                       &variables->capacity);
    if (!items)
        return NULL;
    variables->items = items;
    return &items[variables->count++];
}

/* The last one of a name wins. */
static struct variable *last(const struct variables *variables, const char *name, bool of_pod)
{
    for (size_t i = variables->count; i > 0; i--)
        if (strcmp(variables->items[i - 1].name, name) == 0 &&
            !(of_pod && variables->items[i - 1].assigned))
            return &variables->items[i - 1];
    return NULL;
}

struct variable *variables_find(const struct variables *variables, const char *name)
{
    return last(variables, name, false);
}

const char *variables_expand(struct translation *t, struct variables *variables, const char *text,
                             bool *known)
{
    struct pool_buffer expanded = {0};
    const char *c = text;
    while (*c) {
        size_t plain = strcspn(c, "$");
        pool_append(&t->pool, &expanded, c, plain);
        c += plain;
        if (!*c)
            break;
        /* Variables made of variables can double in size each time. */
        if (expanded.length > EXPANSION_MAX) {
            *known = false;
            break;
        }
        size_t name_length = strcspn(c, ")");
        if (c[1] == '$') {
            pool_append(&t->pool, &expanded, "$", 1);
            c += 2;
        } else if (c[1] == '(' && c[name_length]) {
            const char *end = c + name_length;
            const char *name = pool_copy(&t->pool, c + 2, (size_t)(end - c - 2));
            struct variable *variable = last(variables, name, true);
            /* What is not defined stays as it is written. */
            const char *value = pool_copy(&t->pool, c, (size_t)(end + 1 - c));
            if (variable) {
                variable->used = true;
                if (variable->value)
                    value = variable->value;
                else
                    *known = false;
            } else if (variables->missing) {
                *known = false;
            }
            pool_append(&t->pool, &expanded, value, strlen(value));
            c = end + 1;
        } else {
            pool_append(&t->pool, &expanded, "$", 1);
            c++;
        }
    }
    return pool_buffer_text(&expanded);
}

/* A label or annotation of the pod, from FIELD: "metadata.labels['role']". */
static const char *map_value(struct translation *t, const char *field, const char *map,
                             int64_t ordinal)
{
    const char *start = pool_text(&t->pool, "metadata.%s['", map);
    size_t length = strlen(field), before = strlen(start);
    if (strncmp(field, start, before) != 0 || length < before + 2 ||
        strcmp(field + length - 2, "']") != 0)
        return NULL;
    const char *key = pool_copy(&t->pool, field + before, length - before - 2);
    if (strcmp(key, "statefulset.kubernetes.io/pod-name") == 0)
        return pod_name(t, ordinal);
    if (strcmp(key, "apps.kubernetes.io/pod-index") == 0)
        return pool_text(&t->pool, "%lld", (long long)ordinal);
    struct json_object *metadata = NULL;
    kube_json_get(t->sts, "/spec/template/metadata", json_type_object, &metadata, NULL);
    return kube_json_as_text(kube_json_child(kube_json_child(metadata, map), key));
}

/* What a fieldRef gives; NULL for what only the running pod knows. */
static const char *field_value(struct translation *t, const char *field, int64_t ordinal)
{
    if (text_is(field, "metadata.name"))
        return pod_name(t, ordinal);
    if (text_is(field, "metadata.namespace"))
        return t->model.namespace;
    const char *label = field ? map_value(t, field, "labels", ordinal) : NULL;
    return label || !field ? label : map_value(t, field, "annotations", ordinal);
}

static bool config_map_value(struct translation *t, const char *name, const char *key,
                             const char **out)
{
    struct json_object *map = NULL;
    if (name && !object_get(t, KUBE_CONFIG_MAP, t->model.namespace, name, &map, NULL))
        return false;
    *out = key ? kube_json_as_text(kube_json_child(kube_json_child(map, "data"), key)) : NULL;
    return true;
}

static bool read_one(struct translation *t, struct json_object *entry, const char *path,
                     int64_t ordinal, struct variables *out)
{
    const char *name = kube_json_text(entry, "/name");
    if (!name)
        return true; /* no name, no variable: its leaves stay unaccounted */
    const char *text = scalar_text(t, kube_json_child(entry, "value"));
    bool known = true;
    const char *value = text ? variables_expand(t, out, text, &known) : "";
    struct variable variable = {
        .name = name, .path = path, .value = known ? value : NULL, .written = value};
    struct json_object *from = kube_json_child(entry, "valueFrom");
    if (from) {
        variable.written = NULL;
        variable.value = field_value(t, kube_json_text(from, "/fieldRef/fieldPath"), ordinal);
        variable.secret = kube_json_text(from, "/secretKeyRef/name");
        variable.secret_key = kube_json_text(from, "/secretKeyRef/key");
        if (kube_json_child(from, "configMapKeyRef") &&
            !config_map_value(t, kube_json_text(from, "/configMapKeyRef/name"),
                              kube_json_text(from, "/configMapKeyRef/key"), &variable.value))
            return false;
    }
    struct variable *added = variables_add(t, out);
    if (added)
        *added = variable;
    return true;
}

/* All keys of a ConfigMap or Secret as variables; the values of a Secret stay there. */
static bool read_whole(struct translation *t, struct json_object *entry, const char *path,
                       struct variables *out)
{
    const char *map = kube_json_text(entry, "/configMapRef/name");
    const char *secret = kube_json_text(entry, "/secretRef/name");
    const char *prefix = kube_json_text(entry, "/prefix");
    struct json_object *object = NULL, *optional = NULL;
    bool absent = false;
    if ((map || secret) && !object_get(t, map ? KUBE_CONFIG_MAP : KUBE_SECRET, t->model.namespace,
                                       map ? map : secret, &object, &absent))
        return false;
    kube_json_get(entry, map ? "/configMapRef/optional" : "/secretRef/optional", json_type_boolean,
                  &optional, NULL);
    if ((map || secret) && !object && !(absent && json_object_get_boolean(optional)))
        out->missing = path;
    struct json_object *data = kube_json_child(object, "data");
    if (!json_object_is_type(data, json_type_object))
        return true;
    json_object_object_foreach(data, key, value)
    {
        struct variable *added = out->count < WORDS_MAX ? variables_add(t, out) : NULL;
        if (out->count >= WORDS_MAX)
            return error_set(t->err, ERROR_RANGE, "%s: more than %d variables", path, WORDS_MAX);
        if (added)
            *added = (struct variable){
                .name = pool_text(&t->pool, "%s%s", prefix ? prefix : "", key),
                .value = map ? kube_json_as_text(value) : NULL,
                .path = path,
                .secret = map ? NULL : secret,
                .secret_key = map ? NULL : key,
                .from_env_from = true,
            };
    }
    return true;
}

bool variables_read(struct translation *t, const struct container *container, int64_t ordinal,
                    struct variables *out)
{
    *out = (struct variables){0};
    struct json_object *whole = kube_json_child(container->tree, "envFrom");
    const char *base = pointer_to(t, container->path, "envFrom");
    for (size_t i = 0; i < list_length(whole); i++)
        if (!read_whole(t, list_item(whole, i), pointer_at(t, base, i), out))
            return false;
    struct json_object *env = kube_json_child(container->tree, "env");
    if (out->count + list_length(env) > WORDS_MAX)
        return error_set(t->err, ERROR_RANGE, "%s: more than %d variables", container->path,
                         WORDS_MAX);
    base = pointer_to(t, container->path, "env");
    for (size_t i = 0; i < list_length(env); i++)
        if (!read_one(t, list_item(env, i), pointer_at(t, base, i), ordinal, out))
            return false;
    return true;
}

/* --- command and args --- */

void words_add(struct translation *t, struct words *words, const char *text, const char *path)
{
    struct word *items =
        pool_grow(&t->pool, words->items, sizeof *items, words->count, &words->capacity);
    if (!items)
        return;
    words->items = items;
    items[words->count++] = (struct word){text, path, false};
}

bool words_read(struct translation *t, const struct container *container,
                struct variables *variables, struct words *out)
{
    static const char *const lists[] = {"command", "args"};
    *out = (struct words){0};
    for (size_t l = 0; l < 2; l++) {
        struct json_object *list = kube_json_child(container->tree, lists[l]);
        if (list_length(list) > WORDS_MAX)
            return error_set(t->err, ERROR_RANGE, "%s/%s: more than %d words", container->path,
                             lists[l], WORDS_MAX);
        const char *base = pointer_to(t, container->path, lists[l]);
        for (size_t i = 0; i < list_length(list); i++) {
            const char *path = pointer_at(t, base, i);
            const char *text = kube_json_as_text(list_item(list, i));
            if (!text)
                return error_set(t->err, ERROR_INVALID, "%s: found no text, expected a string",
                                 path);
            bool known = true;
            const char *expanded = variables_expand(t, variables, text, &known);
            words_add(t, out, expanded, path);
            if (out->count)
                out->items[out->count - 1].unknown = !known;
        }
    }
    return true;
}
