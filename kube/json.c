#include "kube/json.h"

#include "kube/cleanup.h"

#include <stdarg.h>
#include <string.h>

/* --- access --- */

static const char *type_name(enum json_type type)
{
    switch (type) {
    case json_type_null:
        return "null";
    case json_type_boolean:
        return "a boolean";
    case json_type_double:
        return "a fraction";
    case json_type_int:
        return "an integer";
    case json_type_object:
        return "a map";
    case json_type_array:
        return "a list";
    case json_type_string:
        return "a string";
    }
    return "something unknown";
}

static bool wrong_type(const char *pointer, size_t length, struct json_object *found,
                       enum json_type expected, struct error *err)
{
    return error_set(err, ERROR_INVALID, "%.*s: found %s, expected %s", length ? (int)length : 1,
                     length ? pointer : "/", type_name(json_object_get_type(found)),
                     type_name(expected));
}

/* Copies the segment at *CURSOR (behind its slash) unescaped into KEY and moves *CURSOR behind it.
 */
static bool next_segment(const char **cursor, char key[KUBE_POINTER_SIZE])
{
    size_t used = 0;
    const char *c = *cursor;
    while (*c && *c != '/') {
        if (used + 1 >= KUBE_POINTER_SIZE)
            return false;
        if (c[0] == '~' && (c[1] == '0' || c[1] == '1')) {
            key[used++] = c[1] == '0' ? '~' : '/';
            c += 2;
        } else {
            key[used++] = *c++;
        }
    }
    key[used] = '\0';
    *cursor = c;
    return true;
}

/* The item of ARRAY that the decimal KEY names, or NULL. */
static struct json_object *item_at(struct json_object *array, const char *key)
{
    size_t digits = strspn(key, "0123456789");
    if (digits == 0 || key[digits] || (digits > 1 && *key == '0'))
        return NULL;
    return json_object_array_get_idx(array, strtoul(key, NULL, 10));
}

bool kube_json_get(struct json_object *root, const char *pointer, enum json_type type,
                   struct json_object **out, struct error *err)
{
    struct json_object *value = root;
    const char *cursor = pointer;
    while (value && *cursor == '/') {
        char key[KUBE_POINTER_SIZE];
        size_t parent_length = (size_t)(cursor - pointer);
        cursor++;
        if (!next_segment(&cursor, key))
            return error_set(err, ERROR_RANGE, "a segment of the pointer is too long");
        if (json_object_is_type(value, json_type_array))
            value = item_at(value, key);
        else if (json_object_is_type(value, json_type_object))
            value = json_object_object_get(value, key);
        else
            return wrong_type(pointer, parent_length, value, json_type_object, err);
    }
    if (value && !json_object_is_type(value, type))
        return wrong_type(pointer, strlen(pointer), value, type, err);
    *out = value;
    return true;
}

bool kube_json_get_object(struct json_object *root, const char *pointer, struct json_object **out,
                          struct error *err)
{
    return kube_json_get(root, pointer, json_type_object, out, err);
}

bool kube_json_get_array(struct json_object *root, const char *pointer, struct json_object **out,
                         struct error *err)
{
    return kube_json_get(root, pointer, json_type_array, out, err);
}

bool kube_json_get_string(struct json_object *root, const char *pointer, const char **out,
                          struct error *err)
{
    struct json_object *value;
    if (!kube_json_get(root, pointer, json_type_string, &value, err))
        return false;
    if (value && !kube_json_as_text(value))
        return error_set(err, ERROR_INVALID, "%s: the string contains a NUL", pointer);
    *out = value ? json_object_get_string(value) : NULL;
    return true;
}

static bool missing(const char *pointer, enum json_type type, struct error *err)
{
    return error_set(err, ERROR_INVALID, "%s: missing, expected %s", *pointer ? pointer : "/",
                     type_name(type));
}

bool kube_json_need_object(struct json_object *root, const char *pointer, struct json_object **out,
                           struct error *err)
{
    struct json_object *value;
    if (!kube_json_get_object(root, pointer, &value, err))
        return false;
    if (!value)
        return missing(pointer, json_type_object, err);
    *out = value;
    return true;
}

bool kube_json_need_array(struct json_object *root, const char *pointer, struct json_object **out,
                          struct error *err)
{
    struct json_object *value;
    if (!kube_json_get_array(root, pointer, &value, err))
        return false;
    if (!value)
        return missing(pointer, json_type_array, err);
    *out = value;
    return true;
}

bool kube_json_need_string(struct json_object *root, const char *pointer, const char **out,
                           struct error *err)
{
    const char *text;
    if (!kube_json_get_string(root, pointer, &text, err))
        return false;
    if (!text)
        return missing(pointer, json_type_string, err);
    *out = text;
    return true;
}

struct json_object *kube_json_child(struct json_object *object, const char *key)
{
    return json_object_is_type(object, json_type_object) ? json_object_object_get(object, key)
                                                         : NULL;
}

const char *kube_json_text(struct json_object *root, const char *pointer)
{
    const char *text = NULL;
    return kube_json_get_string(root, pointer, &text, NULL) ? text : NULL;
}

const char *kube_json_as_text(struct json_object *value)
{
    if (!json_object_is_type(value, json_type_string))
        return NULL;
    const char *text = json_object_get_string(value);
    return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

struct json_object *kube_json_named(struct json_object *array, const char *name, size_t *index)
{
    if (!json_object_is_type(array, json_type_array))
        return NULL;
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        struct json_object *item = json_object_array_get_idx(array, i);
        const char *found = kube_json_as_text(kube_json_child(item, "name"));
        if (found && strcmp(found, name) == 0) {
            if (index)
                *index = i;
            return item;
        }
    }
    return NULL;
}

bool kube_json_is_empty(struct json_object *value)
{
    return !value ||
           (json_object_is_type(value, json_type_object) &&
            json_object_object_length(value) == 0) ||
           (json_object_is_type(value, json_type_array) && json_object_array_length(value) == 0);
}

bool kube_pointer_push(char pointer[KUBE_POINTER_SIZE], const char *segment, struct error *err)
{
    size_t begin = strlen(pointer);
    size_t used = begin;
    if (used + 1 < KUBE_POINTER_SIZE)
        pointer[used++] = '/';
    for (const char *c = segment; *c; c++) {
        const char *escaped = *c == '~' ? "~0" : *c == '/' ? "~1" : NULL;
        size_t length = escaped ? 2 : 1;
        if (used + length >= KUBE_POINTER_SIZE) {
            pointer[begin] = '\0';
            return error_set(err, ERROR_RANGE, "%.64s…: the path is longer than %d bytes", pointer,
                             KUBE_POINTER_SIZE - 1);
        }
        memcpy(pointer + used, escaped ? escaped : c, length);
        used += length;
    }
    pointer[used] = '\0';
    return true;
}

/* --- building --- */

struct json_object *kube_json_string(const char *text)
{
    return text ? json_object_new_string(text) : NULL;
}

struct json_object *kube_json_stringf(const char *format, ...)
{
    AUTO_FREE char *text = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        text = NULL; /* vasprintf leaves it undefined */
    return kube_json_string(text);
}

struct json_object *kube_json_int(int64_t value)
{
    return json_object_new_int64(value);
}

struct json_object *kube_json_bool(bool value)
{
    return json_object_new_boolean(value);
}

struct json_object *kube_json_object(const char *key, ...)
{
    struct json_object *object = json_object_new_object();
    bool whole = object != NULL;
    va_list args;
    va_start(args, key);
    for (; key; key = va_arg(args, const char *)) {
        struct json_object *value = va_arg(args, struct json_object *);
        whole = kube_json_set(object, key, value) && whole;
    }
    va_end(args);
    if (!whole) {
        json_object_put(object);
        return NULL;
    }
    return object;
}

struct json_object *kube_json_array(size_t count, ...)
{
    struct json_object *array = json_object_new_array();
    bool whole = array != NULL;
    va_list args;
    va_start(args, count);
    while (count--)
        whole = kube_json_append(array, va_arg(args, struct json_object *)) && whole;
    va_end(args);
    if (!whole) {
        json_object_put(array);
        return NULL;
    }
    return array;
}

bool kube_json_set(struct json_object *target, const char *key, struct json_object *value)
{
    if (target && value && json_object_object_add(target, key, value) == 0)
        return true;
    json_object_put(value);
    return false;
}

bool kube_json_append(struct json_object *target, struct json_object *value)
{
    if (target && value && json_object_array_add(target, value) == 0)
        return true;
    json_object_put(value);
    return false;
}

/* json-c fails on user data that it does not know. Only that of fractions, their text, comes along;
 * what the YAML reader leaves on other values is true of the original alone. */
static int copy_node(struct json_object *from, struct json_object *parent, const char *key,
                     size_t index, struct json_object **to)
{
    int status = json_c_shallow_copy_default(from, parent, key, index, to);
    return status == 1 && !json_object_is_type(from, json_type_double) ? 2 : status;
}

struct json_object *kube_json_copy(struct json_object *value)
{
    struct json_object *copy = NULL;
    if (value && json_object_deep_copy(value, &copy, copy_node) != 0)
        return NULL;
    return copy;
}

const char *kube_json_write(struct json_object *value)
{
    return json_object_to_json_string_ext(value,
                                          JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}
