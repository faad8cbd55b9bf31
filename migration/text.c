#include "migration/internal.h"

#include "kube/json.h"
#include "kube/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t list_length(struct json_object *list)
{
    return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

struct json_object *list_item(struct json_object *list, size_t index)
{
    return index < list_length(list) ? json_object_array_get_idx(list, index) : NULL;
}

const char *scalar_text(struct translation *t, struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_string:
        return kube_json_as_text(value);
    case json_type_boolean:
        return json_object_get_boolean(value) ? "true" : "false";
    case json_type_int:
        return json_object_get_int64(value) < 0
                   ? pool_text(&t->pool, "%" PRId64, json_object_get_int64(value))
                   : pool_text(&t->pool, "%" PRIu64, json_object_get_uint64(value));
    case json_type_double:
        return pool_text(&t->pool, "%s", kube_json_write(value));
    default:
        return NULL;
    }
}

bool text_is(const char *text, const char *other)
{
    return text && other && strcmp(text, other) == 0;
}

const char *quoted(struct translation *t, const char *text, size_t longest)
{
    size_t length = strnlen(text, longest + 1), end = 0;
    if (length <= longest)
        return text;
    while (end < longest) {
        size_t character = kube_utf8_length(text + end, length - end);
        if (!character || end + character > longest)
            break;
        end += character;
    }
    return pool_text(&t->pool, "%.*s…", (int)end, text);
}

const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *clean_path(struct translation *t, const char *path)
{
    char *clean = pool_zero(&t->pool, strlen(path) + 2);
    if (!clean)
        return "";
    size_t used = 0;
    for (const char *c = path; *c; c += strspn(c, "/")) {
        size_t length = strcspn(c, "/");
        if (length == 2 && strncmp(c, "..", 2) == 0) {
            while (used && clean[--used] != '/') {
            }
        } else if (length && !(length == 1 && *c == '.')) {
            if (used)
                clean[used++] = '/';
            memcpy(clean + used, c, length);
            used += length;
        }
        clean[used] = '\0';
        c += length;
    }
    return clean;
}

const char *pointer_to(struct translation *t, const char *parent, const char *segment)
{
    size_t extra = 0;
    for (const char *c = segment; *c; c++)
        extra += *c == '~' || *c == '/';
    if (!extra)
        return pool_text(&t->pool, "%s/%s", parent, segment);
    size_t begin = strlen(parent);
    size_t size = begin + 1 + strlen(segment) + extra + 1;
    char *pointer = pool_zero(&t->pool, size);
    if (!pointer)
        return "";
    snprintf(pointer, size, "%s/", parent);
    char *out = pointer + begin + 1;
    for (const char *c = segment; *c; c++) {
        if (*c == '~' || *c == '/') {
            *out++ = '~';
            *out++ = *c == '~' ? '0' : '1';
        } else {
            *out++ = *c;
        }
    }
    return pointer;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *sorted_keys(struct translation *t, struct json_object *map)
{
    static const char *const none[] = {NULL};
    size_t length =
        json_object_is_type(map, json_type_object) ? (size_t)json_object_object_length(map) : 0;
    const char **keys = length ? pool_zero(&t->pool, (length + 1) * sizeof *keys) : NULL;
    if (!keys)
        return none;
    size_t count = 0;
    json_object_object_foreach(map, key, value)
    {
        (void)value;
        keys[count++] = key;
    }
    qsort(keys, count, sizeof *keys, compare_keys);
    return keys;
}

const char *pointer_at(struct translation *t, const char *parent, size_t index)
{
    return pool_text(&t->pool, "%s/%zu", parent, index);
}
