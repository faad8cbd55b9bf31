/* Where values stood. json-c has one pointer of user data a value: texts, integers, booleans and
 * lists have their line in it, maps those of their keys as well, since null (which is no value to
 * json-c) and fractions (whose user data is their text) have no place for theirs. */
#include "kube/internal.h"

#include <string.h>

struct lines {
    unsigned own;
    unsigned count, room;
    unsigned *keys; /* in the order of the keys */
};

static void free_lines(struct json_object *map, void *userdata)
{
    (void)map;
    struct lines *lines = userdata;
    free(lines->keys);
    free(lines);
}

struct json_object *kube_line_new_map(void)
{
    struct json_object *map = json_object_new_object();
    struct lines *lines = calloc(1, sizeof *lines);
    if (!map || !lines) {
        json_object_put(map);
        free(lines);
        return NULL;
    }
    json_object_set_userdata(map, lines, free_lines);
    return map;
}

void kube_line_set(struct json_object *value, unsigned line)
{
    struct lines *lines;
    switch (json_object_get_type(value)) {
    case json_type_null:
    case json_type_double:
        break;
    case json_type_object:
        lines = json_object_get_userdata(value);
        if (lines) /* none on a copy */
            lines->own = line;
        break;
    default:
        json_object_set_userdata(value, (void *)(uintptr_t)line, NULL);
    }
}

bool kube_line_add_key(struct json_object *map, unsigned line)
{
    struct lines *lines = json_object_get_userdata(map);
    if (lines->count == lines->room) {
        unsigned room = lines->room ? 2 * lines->room : 4;
        unsigned *keys = realloc(lines->keys, room * sizeof *keys);
        if (!keys)
            return false;
        lines->keys = keys;
        lines->room = room;
    }
    lines->keys[lines->count++] = line;
    return true;
}

unsigned kube_yaml_line(struct json_object *value)
{
    const void *userdata = value ? json_object_get_userdata(value) : NULL;
    switch (json_object_get_type(value)) {
    case json_type_null:
    case json_type_double:
        return 0;
    case json_type_object:
        return userdata ? ((const struct lines *)userdata)->own : 0;
    default:
        return (unsigned)(uintptr_t)userdata;
    }
}

unsigned kube_yaml_key_line(struct json_object *map, const char *key)
{
    if (!json_object_is_type(map, json_type_object))
        return 0;
    const struct lines *lines = json_object_get_userdata(map);
    if (!lines || (int)lines->count != json_object_object_length(map))
        return kube_yaml_line(kube_json_child(map, key));
    const unsigned *line = lines->keys;
    json_object_object_foreach(map, name, value)
    {
        (void)value;
        if (strcmp(name, key) == 0)
            return *line;
        line++;
    }
    return 0;
}
