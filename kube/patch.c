#include "kube/patch.h"

#include "kube/cleanup.h"
#include "kube/defaults.h"

#include <json-c/json_pointer.h>
#include <string.h>

bool kube_patch_init(struct kube_patch *patch, struct json_object *object, struct error *err)
{
    *patch = (struct kube_patch){.object = object, .operations = json_object_new_array()};
    return patch->operations || error_set(err, ERROR_NO_MEMORY, "out of memory");
}

void kube_patch_free(struct kube_patch *patch)
{
    json_object_put(TAKE(patch->operations));
}

bool kube_patch_is_empty(const struct kube_patch *patch)
{
    return json_object_array_length(patch->operations) == 0;
}

/* Writes one operation; takes VALUE. */
static bool operate(struct kube_patch *patch, const char *op, const char *pointer,
                    struct json_object *value, struct error *err)
{
    struct json_object *operation = kube_json_object(
        "op", kube_json_string(op), "path", kube_json_string(pointer), "value", value, NULL);
    return kube_json_append(patch->operations, operation) ||
           error_set(err, ERROR_NO_MEMORY, "%s: out of memory", pointer);
}

/* Cuts POINTER down to the deepest ancestor whose parent is there and wraps *VALUE into maps for
 * what was cut off: so an absent parent is added as one whole. POINTER itself is known to be
 * absent. */
static bool wrap_in_parents(struct kube_patch *patch, char pointer[KUBE_POINTER_SIZE],
                            struct json_object **value, struct error *err)
{
    for (char *slash = strrchr(pointer, '/'); slash && slash != pointer;
         slash = strrchr(pointer, '/')) {
        *slash = '\0';
        struct json_object *parent;
        bool readable = kube_json_get_object(patch->object, pointer, &parent, err);
        *slash = '/';
        if (!readable)
            return false;
        if (parent)
            return true;
        /* The segments between are names of API fields, which need no unescaping. */
        *value = kube_json_object(slash + 1, TAKE(*value), NULL);
        *slash = '\0';
    }
    return true;
}

bool kube_patch_member(struct kube_patch *patch, const char *pointer, const char *key,
                       struct json_object *value, struct error *err)
{
    return kube_patch_members(patch, pointer, kube_json_object(key, value, NULL), err);
}

/* Adds the maps from POINTER down, MEMBERS (taken) in the innermost. */
static bool add_map(struct kube_patch *patch, const char *pointer, struct json_object *members,
                    struct error *err)
{
    AUTO_JSON struct json_object *value = members;
    char path[KUBE_POINTER_SIZE];
    snprintf(path, sizeof path, "%s", pointer);
    return wrap_in_parents(patch, path, &value, err) &&
           operate(patch, "add", path, TAKE(value), err);
}

bool kube_patch_members(struct kube_patch *patch, const char *pointer, struct json_object *members,
                        struct error *err)
{
    AUTO_JSON struct json_object *wanted = members;
    struct json_object *map;
    if (!wanted)
        return error_set(err, ERROR_NO_MEMORY, "%s: out of memory", pointer);
    if (!kube_json_get_object(patch->object, pointer, &map, err))
        return false;
    if (!map)
        return add_map(patch, pointer, TAKE(wanted), err);
    json_object_object_foreach(wanted, key, value)
    {
        if (!kube_work_goes_on(patch->work))
            break;
        if (json_object_equal(json_object_object_get(map, key), value))
            continue;
        char path[KUBE_POINTER_SIZE];
        snprintf(path, sizeof path, "%s", pointer);
        if (!kube_pointer_push(path, key, err) ||
            !operate(patch, json_object_object_get(map, key) ? "replace" : "add", path,
                     json_object_get(value), err))
            return false;
    }
    return kube_work_check(patch->work, err);
}

/* The item of LIST named NAME at NAME_POINTER and its index; *found NULL if there is none. */
static bool find_item(struct kube_work *work, struct json_object *list, const char *pointer,
                      const char *name_pointer, const char *name, struct json_object **found,
                      size_t *index, struct error *err)
{
    *found = NULL;
    for (size_t i = 0; i < json_object_array_length(list) && kube_work_goes_on(work); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        if (!json_object_is_type(item, json_type_object))
            return error_set(err, ERROR_INVALID, "%s/%zu: expected a map", pointer, i);
        const char *item_name;
        if (!kube_json_get_string(item, name_pointer, &item_name, err))
            return error_wrap(err, "%s/%zu", pointer, i);
        if (!*found && item_name && strcmp(item_name, name) == 0) {
            *found = item;
            *index = i;
        }
    }
    return kube_work_check(work, err);
}

bool kube_patch_item(struct kube_patch *patch, const char *pointer, const char *name_pointer,
                     struct json_object *item, struct error *err)
{
    AUTO_JSON struct json_object *wanted = item;
    struct json_object *list;
    struct json_object *found;
    size_t index;
    const char *name = kube_json_text(wanted, name_pointer);
    if (!name)
        return error_set(err, ERROR_NO_MEMORY, "%s: out of memory", pointer);
    if (!kube_json_get_array(patch->object, pointer, &list, err))
        return false;
    if (!list)
        return add_map(patch, pointer, kube_json_array(1, TAKE(wanted)), err);
    if (!find_item(patch->work, list, pointer, name_pointer, name, &found, &index, err))
        return false;
    char path[KUBE_POINTER_SIZE];
    if (!found) {
        snprintf(path, sizeof path, "%s/-", pointer);
        return operate(patch, "add", path, TAKE(wanted), err);
    }
    if (kube_defaults_match(found, wanted))
        return true;
    snprintf(path, sizeof path, "%s/%zu", pointer, index);
    return operate(patch, "replace", path, TAKE(wanted), err);
}

/* Puts VALUE (taken) at the last SEGMENT of a pointer, which is escaped and is written to. json-c's
 * own json_pointer_set leaves the escapes in (0.16). */
static bool put(struct json_object *parent, char *segment, struct json_object *value)
{
    if (json_object_is_type(parent, json_type_array)) {
        size_t end = json_object_array_length(parent);
        size_t at = strcmp(segment, "-") == 0 ? end : strtoul(segment, NULL, 10);
        if (json_object_array_put_idx(parent, at, value) == 0)
            return true;
        json_object_put(value);
        return false;
    }
    char *to = segment;
    for (const char *from = segment; *from; from++) {
        bool escaped = from[0] == '~';
        from += escaped;
        *to++ = (char)(!escaped ? *from : *from == '1' ? '/' : '~');
    }
    *to = '\0';
    return kube_json_set(parent, segment, value);
}

/* One operation of this module on COPY: adds and replaces only, and parents that are there. */
static bool apply(struct json_object *copy, struct json_object *operation)
{
    char pointer[KUBE_POINTER_SIZE];
    struct json_object *parent = NULL;
    snprintf(pointer, sizeof pointer, "%s", kube_json_text(operation, "/path"));
    char *slash = strrchr(pointer, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return json_pointer_get(copy, pointer, &parent) == 0 &&
           put(parent, slash + 1, kube_json_copy(json_object_object_get(operation, "value")));
}

bool kube_patch_apply(const struct kube_patch *patch, struct json_object **out, struct error *err)
{
    AUTO_JSON struct json_object *copy = kube_json_copy(patch->object);
    for (size_t i = 0;
         copy && i < json_object_array_length(patch->operations) && kube_work_goes_on(patch->work);
         i++)
        if (!apply(copy, json_object_array_get_idx(patch->operations, i)))
            return error_set(err, ERROR_NO_MEMORY, "out of memory");
    if (!copy)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    if (!kube_work_check(patch->work, err))
        return false;
    *out = TAKE(copy);
    return true;
}
