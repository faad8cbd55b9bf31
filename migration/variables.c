#include "migration/internal.h"

#include <string.h>

static struct names *table_of(struct variables *variables, const struct variable *variable)
{
    return variable->assigned ? &variables->assigned : &variables->of_pod;
}

void variables_add(struct translation *t, struct variables *variables,
                   const struct variable *variable)
{
    struct variable *items = pool_grow(&t->pool, variables->items, sizeof *items, variables->count,
                                       &variables->capacity);
    if (!items)
        return;
    variables->items = items;
    items[variables->count] = *variable;
    variables_show(t, variables, variables->count + 1);
}

void variables_show(struct translation *t, struct variables *variables, size_t count)
{
    for (; variables->count < count; variables->count++) {
        struct variable *variable = &variables->items[variables->count];
        struct names *names = table_of(variables, variable);
        variable->before = (uintptr_t)names_get(names, variable->name);
        names_put(&t->pool, names, variable->name, (void *)(uintptr_t)(variables->count + 1));
    }
}

void variables_hide(struct translation *t, struct variables *variables, size_t count)
{
    while (variables->count > count) {
        const struct variable *variable = &variables->items[--variables->count];
        names_put(&t->pool, table_of(variables, variable), variable->name,
                  (void *)(uintptr_t)variable->before);
    }
}

static struct variable *numbered(const struct variables *variables, const void *number)
{
    return number ? &variables->items[(uintptr_t)number - 1] : NULL;
}

/* The last one of a name wins. */
static struct variable *of_pod(const struct variables *variables, const char *name)
{
    return numbered(variables, names_get(&variables->of_pod, name));
}

struct variable *variables_find(const struct variables *variables, const char *name)
{
    struct variable *assigned = numbered(variables, names_get(&variables->assigned, name));
    return assigned ? assigned : of_pod(variables, name);
}

bool variables_spend(struct variables *variables, size_t written, size_t length)
{
    size_t more = length > written ? length - written : 0;
    if (more > EXPANSIONS_MAX - variables->expanded)
        return false;
    variables->expanded += more;
    return true;
}

/* --- $(NAME) --- */

struct expansion {
    struct variables *variables;
    struct pool_buffer text, name;
    const char *end; /* the next ")", at the cursor or behind it; "" where there is none */
    bool known;
};

/* Puts the value of the reference at CURSOR, LENGTH bytes long. False: it would be too much. */
static bool put_value(struct translation *t, struct expansion *e, const char *cursor, size_t length)
{
    e->name.length = 0;
    pool_append(&t->pool, &e->name, cursor + 2, length - 3);
    struct variable *variable = of_pod(e->variables, pool_buffer_text(&e->name));
    if (variable)
        variable->used = true;
    if (variable ? !variable->value : e->variables->missing != NULL)
        e->known = false;
    /* What is not defined stays as it is written. */
    if (!variable || !variable->value) {
        pool_append(&t->pool, &e->text, cursor, length);
        return true;
    }
    size_t value = strlen(variable->value);
    if (!variables_spend(e->variables, length, value))
        return false;
    pool_append(&t->pool, &e->text, variable->value, value);
    return true;
}

/* What the dollar at CURSOR begins; moves behind it. */
static bool expand_one(struct translation *t, struct expansion *e, const char **cursor)
{
    const char *c = *cursor;
    if (e->end < c)
        e->end = c + strcspn(c, ")");
    if (c[1] == '(' && *e->end) {
        *cursor = e->end + 1;
        return put_value(t, e, c, (size_t)(e->end + 1 - c));
    }
    pool_append(&t->pool, &e->text, "$", 1);
    *cursor = c + (c[1] == '$' ? 2 : 1);
    return true;
}

const char *variables_expand(struct translation *t, struct variables *variables, const char *text,
                             bool *known)
{
    struct expansion e = {.variables = variables, .end = text + strcspn(text, ")"), .known = true};
    const char *c = text;
    if (!strchr(text, '$'))
        return text;
    while (goes_on(t)) {
        size_t plain = strcspn(c, "$");
        pool_append(&t->pool, &e.text, c, plain);
        c += plain;
        if (!*c)
            break;
        /* Variables made of variables can double in size each time. */
        if (e.text.length > EXPANSION_MAX || !expand_one(t, &e, &c)) {
            e.known = false;
            break;
        }
    }
    *known = *known && e.known;
    return pool_buffer_text(&e.text);
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
        return t->pod;
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
        return t->pod;
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
    variables_add(t, out, &variable);
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
        if (!goes_on(t))
            break;
        struct variable variable = {
            .name = prefix ? pool_text(&t->pool, "%s%s", prefix, key) : key,
            .value = map ? kube_json_as_text(value) : NULL,
            .path = path,
            .secret = map ? NULL : secret,
            .secret_key = map ? NULL : key,
            .from_env_from = true,
        };
        if (out->count < WORDS_MAX)
            variables_add(t, out, &variable);
        if (out->count >= WORDS_MAX)
            return error_set(t->err, ERROR_RANGE, "%s: more than %d variables", path, WORDS_MAX);
    }
    return true;
}

bool variables_read(struct translation *t, const struct container *container, int64_t ordinal,
                    struct variables *out)
{
    *out = (struct variables){0};
    struct json_object *whole = kube_json_child(container->tree, "envFrom");
    const char *base = pointer_to(t, container->path, "envFrom");
    for (size_t i = 0; i < list_length(whole) && goes_on(t); i++)
        if (!read_whole(t, list_item(whole, i), pointer_at(t, base, i), out))
            return false;
    struct json_object *env = kube_json_child(container->tree, "env");
    if (out->count + list_length(env) > WORDS_MAX)
        return error_set(t->err, ERROR_RANGE, "%s: more than %d variables", container->path,
                         WORDS_MAX);
    base = pointer_to(t, container->path, "env");
    for (size_t i = 0; i < list_length(env) && goes_on(t); i++)
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
        for (size_t i = 0; i < list_length(list) && goes_on(t); i++) {
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
