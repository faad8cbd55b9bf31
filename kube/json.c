#include "kube/json.h"

#include "kube/cleanup.h"

#include <json-c/json_tokener.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

/* --- reading --- */

/* The line and column (from 1) of OFFSET in TEXT. */
static bool fail_at(const char *text, size_t offset, const char *what, struct error *err)
{
    unsigned line = 1;
    size_t begin = 0;
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            line++;
            begin = i + 1;
        }
    }
    return error_set(err, ERROR_INVALID, "line %u, column %zu: %s", line, offset - begin + 1, what);
}

/* json-c's strict mode still takes single quotes, NaN, Infinity, "1." and control characters within
 * strings (tried against 0.16). What it lets pass is found here, by characters alone. */
static bool check_characters(const char *text, size_t length, struct error *err)
{
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (in_string) {
            if (c < 0x20)
                return fail_at(text, i, "a control character within a string", err);
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '\'' || c == 'N' || c == 'I' || c == '\0') {
            return fail_at(text, i, "a character that begins no JSON value", err);
        } else if (c == '.' && (i + 1 == length || text[i + 1] < '0' || text[i + 1] > '9')) {
            return fail_at(text, i, "a number that ends in its decimal point", err);
        }
    }
    return true;
}

bool kube_json_parse(const char *text, size_t length, struct json_object **out, struct error *err)
{
    if (length >= INT_MAX)
        return error_set(err, ERROR_RANGE, "%zu bytes of JSON are too many", length);
    if (!check_characters(text, length, err))
        return false;
    struct json_tokener *tokener = json_tokener_new_ex(KUBE_JSON_DEPTH);
    if (!tokener)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    AUTO_JSON struct json_object *value = json_tokener_parse_ex(tokener, text, (int)length);
    enum json_tokener_error status = json_tokener_get_error(tokener);
    /* A number or literal at the very end is complete only once something follows it. */
    if (status == json_tokener_continue) {
        value = json_tokener_parse_ex(tokener, "", 1);
        status = json_tokener_get_error(tokener);
    }
    size_t end = json_tokener_get_parse_end(tokener);
    json_tokener_free(tokener);
    if (status != json_tokener_success)
        return fail_at(text, end < length ? end : length, json_tokener_error_desc(status), err);
    *out = TAKE(value);
    return true;
}

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
    char *end;
    unsigned long index = strtoul(key, &end, 10);
    if (end == key || *end || index >= json_object_array_length(array))
        return NULL;
    return json_object_array_get_idx(array, index);
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

struct json_object *kube_json_copy(struct json_object *value)
{
    struct json_object *copy = NULL;
    if (value && json_object_deep_copy(value, &copy, NULL) != 0)
        return NULL;
    return copy;
}

const char *kube_json_write(struct json_object *value)
{
    return json_object_to_json_string_ext(value,
                                          JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}
