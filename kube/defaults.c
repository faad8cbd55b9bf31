#include "kube/defaults.h"

#include "kube/quantity.h"

#include <string.h>

/* Field names are enough: in the fragments that this program writes none of them means two things.
 */
static const struct {
    const char *field;
    const char *text; /* NULL: the number counts */
    int number;
} defaults[] = {
    {"terminationMessagePath", "/dev/termination-log", 0},
    {"terminationMessagePolicy", "File", 0},
    {"protocol", "TCP", 0},
    {"apiVersion", "v1", 0}, /* of a volume claim template, and of a fieldRef */
    {"kind", "PersistentVolumeClaim", 0},
    {"volumeMode", "Filesystem", 0},
    {"phase", "Pending", 0},
    {"defaultMode", NULL, 0644},
};

static bool is_default(const char *field, struct json_object *value)
{
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
        if (strcmp(defaults[i].field, field) != 0)
            continue;
        const char *text = kube_json_as_text(value);
        if (defaults[i].text)
            return text && strcmp(text, defaults[i].text) == 0;
        return json_object_is_type(value, json_type_int) &&
               json_object_get_int64(value) == defaults[i].number;
    }
    return false;
}

/* Whether VALUE, which the other side does not have at all, says nothing. */
static bool says_nothing(const char *field, struct json_object *value)
{
    if (kube_json_is_empty(value) || is_default(field, value))
        return true;
    if (!json_object_is_type(value, json_type_object))
        return false;
    json_object_object_foreach(value, key, member)
    {
        if (!says_nothing(key, member))
            return false;
    }
    return true;
}

static bool match(const char *field, struct json_object *have, struct json_object *want);

static bool lists_match(struct json_object *have, struct json_object *want)
{
    size_t count = json_object_array_length(have);
    if (count != json_object_array_length(want))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!match("", json_object_array_get_idx(have, i), json_object_array_get_idx(want, i)))
            return false;
    return true;
}

/* Compares each pair of members once: twice a level would double the cost with every level. */
static bool maps_match(struct json_object *have, struct json_object *want)
{
    json_object_object_foreach(have, key, member)
    {
        if (!match(key, member, json_object_object_get(want, key)))
            return false;
    }
    json_object_object_foreach(want, name, wanted)
    {
        if (!json_object_object_get_ex(have, name, NULL) && !says_nothing(name, wanted))
            return false;
    }
    return true;
}

static bool is_quantity_field(const char *field)
{
    return strcmp(field, "cpu") == 0 || strcmp(field, "memory") == 0 ||
           strcmp(field, "storage") == 0;
}

/* Recursion is as deep as the trees: KUBE_JSON_DEPTH at most. */
static bool match(const char *field, struct json_object *have, struct json_object *want)
{
    if (kube_json_is_empty(have) || kube_json_is_empty(want))
        return says_nothing(field, have) && says_nothing(field, want);
    enum json_type type = json_object_get_type(have);
    if (type != json_object_get_type(want))
        return false;
    if (type == json_type_object)
        return maps_match(have, want);
    if (type == json_type_array)
        return lists_match(have, want);
    const char *have_text = kube_json_as_text(have);
    const char *want_text = kube_json_as_text(want);
    if (have_text && want_text && is_quantity_field(field))
        return kube_quantity_equal(have_text, want_text);
    return json_object_equal(have, want);
}

bool kube_defaults_match(struct json_object *have, struct json_object *want)
{
    return match("", have, want);
}
