#include "kube/trim.h"

#include "kube/cleanup.h"
#include "kube/wipe.h"

#include <json-c/linkhash.h>
#include <string.h>

static const char last_applied[] = "kubectl.kubernetes.io/last-applied-configuration";

/* The segment behind the slash of *POINTER, unescaped, into KEY; moves *POINTER behind it. */
static void next_segment(const char **pointer, char key[KUBE_POINTER_SIZE])
{
    size_t used = 0;
    const char *c = *pointer + 1;
    for (; *c && *c != '/' && used + 1 < KUBE_POINTER_SIZE; c++) {
        if (c[0] == '~' && (c[1] == '0' || c[1] == '1'))
            key[used++] = *++c == '0' ? '~' : '/';
        else
            key[used++] = *c;
    }
    key[used] = '\0';
    *pointer = c;
}

/* Copies what stands at POINTER below FROM to the same place below TO. What is no map on the way is
 * copied as it is, so that whoever looks for POINTER finds out. */
static bool keep_at(struct json_object *from, struct json_object *to, const char *pointer)
{
    char key[KUBE_POINTER_SIZE];
    next_segment(&pointer, key);
    struct json_object *child = kube_json_child(from, key);
    if (!child)
        return true;
    struct json_object *there = kube_json_child(to, key);
    if (*pointer != '/' || !json_object_is_type(child, json_type_object))
        return kube_json_set(to, key, kube_json_copy(child));
    if (!there) {
        there = json_object_new_object();
        if (!kube_json_set(to, key, there))
            return false;
    }
    return keep_at(child, there, pointer);
}

/* json-c makes room for 16 members in each map; most of what is kept has two or three. */
static void compact(struct json_object *value)
{
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            compact(json_object_array_get_idx(value, i));
        json_object_array_shrink(value, 0);
    } else if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member)
        {
            (void)key;
            compact(member);
        }
        int count = json_object_object_length(value);
        lh_table_resize(json_object_get_object(value), count + count / 2 + 1);
    }
}

static struct json_object *trim_to(struct json_object *object, const char *const *keep)
{
    static const char *const always[] = {"/metadata/name", "/metadata/namespace", "/metadata/uid",
                                         "/metadata/resourceVersion", NULL};
    AUTO_JSON struct json_object *kept = json_object_new_object();
    const char *const *lists[] = {always, keep};
    for (size_t i = 0; i < 2; i++)
        for (const char *const *pointer = lists[i]; *pointer; pointer++)
            if (!kept || !keep_at(object, kept, *pointer))
                return NULL;
    return TAKE(kept);
}

static void drop(struct json_object *map, const char *key)
{
    if (!json_object_is_type(map, json_type_object))
        return;
    kube_wipe_json(kube_json_child(map, key));
    json_object_object_del(map, key);
}

/* What nobody reads, and may well be the larger part; of a Secret another copy of its values. */
static void drop_noise(struct json_object *object)
{
    struct json_object *metadata = kube_json_child(object, "metadata");
    drop(metadata, "managedFields");
    drop(kube_json_child(metadata, "annotations"), last_applied);
}

struct json_object *kube_trim(struct json_object *object, enum kube_kind kind,
                              const char *const *keep)
{
    const struct kube_kind_info *info = kube_kind_info(kind);
    drop_noise(object);
    AUTO_JSON struct json_object *kept = keep ? trim_to(object, keep) : kube_json_copy(object);
    struct json_object *api_version = *info->group
                                          ? kube_json_stringf("%s/%s", info->group, info->version)
                                          : kube_json_string(info->version);
    if (!kept) {
        json_object_put(api_version);
        return NULL;
    }
    if (!kube_json_set(kept, "apiVersion", api_version) ||
        !kube_json_set(kept, "kind", kube_json_string(info->kind)))
        return NULL;
    compact(kept);
    return TAKE(kept);
}
