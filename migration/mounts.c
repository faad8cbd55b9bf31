#include "migration/internal.h"

#include <string.h>

static struct json_object *named_volume(struct translation *t, const char *pointer,
                                        const char *name_pointer, const char *name,
                                        const char **path)
{
    struct json_object *list = NULL;
    kube_json_get_array(t->sts, pointer, &list, NULL);
    for (size_t i = 0; i < list_length(list); i++) {
        if (text_is(kube_json_text(list_item(list, i), name_pointer), name)) {
            *path = pointer_at(t, pointer, i);
            return list_item(list, i);
        }
    }
    return NULL;
}

struct json_object *pod_volume(struct translation *t, const char *name, const char **path)
{
    return named_volume(t, "/spec/template/spec/volumes", "/name", name, path);
}

/* Whether PATH (clean) is in the mount at MOUNT (clean), and what it is there: "" for the mount
 * itself. */
static bool is_below(const char *path, const char *mount, const char **inside)
{
    size_t length = strlen(mount);
    if (strncmp(path, mount, length) != 0 || (length && path[length] && path[length] != '/'))
        return false;
    *inside = path + length + (length && path[length] ? 1 : 0);
    return true;
}

bool place_find(struct translation *t, const struct container *container, const char *path,
                struct variables *variables, struct place *out)
{
    *out = (struct place){0};
    if (!container->tree || !path || path[0] != '/')
        return false;
    const char *wanted = clean_path(t, path);
    out->inside = "";
    struct json_object *mounts = kube_json_child(container->tree, "volumeMounts");
    struct json_object *best = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < list_length(mounts); i++) {
        struct json_object *mount = list_item(mounts, i);
        const char *at = kube_json_text(mount, "/mountPath");
        if (!at)
            continue;
        const char *clean = clean_path(t, at), *inside;
        if (!is_below(wanted, clean, &inside) || (best && strlen(clean) < longest))
            continue;
        best = mount;
        longest = strlen(clean);
        out->inside = inside;
    }
    const char *name = kube_json_text(best, "/name");
    if (!name)
        return false;
    const char *sub_path = kube_json_text(best, "/subPath");
    const char *expression = kube_json_text(best, "/subPathExpr");
    out->certain = true;
    if (expression)
        sub_path = variables_expand(t, variables, expression, &out->certain);
    out->inside =
        clean_path(t, pool_text(&t->pool, "%s/%s", sub_path ? sub_path : "", out->inside));
    out->volume_name = name;
    out->volume = pod_volume(t, name, &out->volume_path);
    /* A claim template wins over a volume of the same name, as in the StatefulSet controller. */
    const char *claim_path;
    struct json_object *claim =
        named_volume(t, "/spec/volumeClaimTemplates", "/metadata/name", name, &claim_path);
    if (claim) {
        out->volume = claim;
        out->volume_path = claim_path;
        out->is_claim = true;
    }
    return out->volume != NULL;
}

/* The key that ITEMS (of a Secret or ConfigMap volume) puts at FILE; without items the key is FILE.
 */
static const char *key_of(struct json_object *source, const char *file)
{
    struct json_object *items = kube_json_child(source, "items");
    if (list_length(items) == 0)
        return strchr(file, '/') ? NULL : file;
    for (size_t i = 0; i < list_length(items); i++)
        if (text_is(kube_json_text(list_item(items, i), "/path"), file))
            return kube_json_text(list_item(items, i), "/key");
    return NULL;
}

/* One source of a volume: KIND and the member that names the object. */
static bool projected_source(struct translation *t, struct json_object *source, enum kube_kind kind,
                             const char *name_key, const char *path, const char *file,
                             struct projected_file *out)
{
    const char *object = kube_json_as_text(kube_json_child(source, name_key));
    const char *key = object && file && *file ? key_of(source, file) : NULL;
    if (!object || (file && *file && !key))
        return false;
    out->kind = kind;
    out->object = object;
    out->key = key;
    out->name_path = pointer_to(t, path, name_key);
    return true;
}

/* Whether KEY is in the object: of several sources without items, only that decides. */
static bool has_key(struct translation *t, const struct projected_file *file)
{
    struct json_object *tree = NULL;
    if (!file->key || !object_get(t, file->kind, t->model.namespace, file->object, &tree, NULL))
        return true;
    return !tree || kube_json_child(kube_json_child(tree, "data"), file->key);
}

static void projected_in(struct translation *t, struct json_object *volume, const char *path,
                         const char *file, struct projected_file *out)
{
    out->kind = KUBE_KINDS;
    if (projected_source(t, kube_json_child(volume, "secret"), KUBE_SECRET, "secretName",
                         pointer_to(t, path, "secret"), file, out) ||
        projected_source(t, kube_json_child(volume, "configMap"), KUBE_CONFIG_MAP, "name",
                         pointer_to(t, path, "configMap"), file, out))
        return;
    struct json_object *sources = kube_json_child(kube_json_child(volume, "projected"), "sources");
    const char *base = pool_text(&t->pool, "%s/projected/sources", path);
    for (size_t i = 0; i < list_length(sources); i++) {
        struct json_object *source = list_item(sources, i);
        const char *at = pointer_at(t, base, i);
        struct projected_file found = *out;
        if ((projected_source(t, kube_json_child(source, "secret"), KUBE_SECRET, "name",
                              pointer_to(t, at, "secret"), file, &found) ||
             projected_source(t, kube_json_child(source, "configMap"), KUBE_CONFIG_MAP, "name",
                              pointer_to(t, at, "configMap"), file, &found)) &&
            has_key(t, &found)) {
            *out = found;
            return;
        }
    }
}

void projected_find(struct translation *t, const struct container *container, const char *path,
                    struct variables *variables, struct projected_file *out)
{
    *out = (struct projected_file){.kind = KUBE_KINDS};
    if (!path || !place_find(t, container, path, variables, &out->place) || out->place.is_claim)
        return;
    struct place place = out->place;
    projected_in(t, place.volume, place.volume_path, place.inside, out);
}

void projected_in_volume(struct translation *t, const char *volume, const char *file,
                         struct projected_file *out)
{
    *out = (struct projected_file){.kind = KUBE_KINDS};
    out->place.volume = pod_volume(t, volume, &out->place.volume_path);
    out->place.volume_name = volume;
    if (out->place.volume)
        projected_in(t, out->place.volume, out->place.volume_path, file, out);
}
