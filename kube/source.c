#include "kube/source.h"

#include "kube/wipe.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const struct kube_kind_info kinds[KUBE_KINDS] = {
    [KUBE_NAMESPACE] = {"Namespace", "", "v1", "namespaces", false},
    [KUBE_SECRET] = {"Secret", "", "v1", "secrets", true},
    [KUBE_CONFIG_MAP] = {"ConfigMap", "", "v1", "configmaps", true},
    [KUBE_SERVICE] = {"Service", "", "v1", "services", true},
    [KUBE_STATEFUL_SET] = {"StatefulSet", "apps", "v1", "statefulsets", true},
    [KUBE_CLUSTER] = {"Cluster", "extensions.gardener.cloud", "v1alpha1", "clusters", false},
    [KUBE_BACKUP_ENTRY] = {"BackupEntry", "extensions.gardener.cloud", "v1alpha1", "backupentries",
                           false},
    [KUBE_ETCD] = {"Etcd", "druid.gardener.cloud", "v1alpha1", "etcds", true},
};

const struct kube_kind_info *kube_kind_info(enum kube_kind kind)
{
    return &kinds[kind];
}

bool kube_kind_of(struct json_object *object, enum kube_kind *kind, struct error *err)
{
    const char *api_version, *name;
    if (!kube_json_need_object(object, "", &object, err) ||
        !kube_json_need_string(object, "/apiVersion", &api_version, err) ||
        !kube_json_need_string(object, "/kind", &name, err))
        return false;
    const char *slash = strchr(api_version, '/');
    size_t group_length = slash ? (size_t)(slash - api_version) : 0;
    for (size_t i = 0; i < KUBE_KINDS; i++) {
        if (strcmp(kinds[i].kind, name) == 0 && strlen(kinds[i].group) == group_length &&
            strncmp(kinds[i].group, api_version, group_length) == 0) {
            *kind = (enum kube_kind)i;
            return true;
        }
    }
    return error_set(err, ERROR_NOT_FOUND, "the kind '%s' of '%s' is not known", name, api_version);
}

/* --- objects --- */

struct kube_object {
    struct json_object *tree;
    atomic_uint references;
};

struct kube_object *kube_object_new(struct json_object *tree)
{
    struct kube_object *object = malloc(sizeof *object);
    if (!object) {
        json_object_put(tree);
        return NULL;
    }
    object->tree = tree;
    atomic_init(&object->references, 1);
    return object;
}

struct kube_object *kube_object_ref(struct kube_object *object)
{
    atomic_fetch_add_explicit(&object->references, 1, memory_order_relaxed);
    return object;
}

static bool is_secret(struct json_object *tree)
{
    const char *kind = kube_json_as_text(kube_json_child(tree, "kind"));
    return kind && strcmp(kind, kinds[KUBE_SECRET].kind) == 0;
}

void kube_object_unref(struct kube_object *object)
{
    /* Whoever frees the tree must see the reads of all others done. */
    if (!object || atomic_fetch_sub_explicit(&object->references, 1, memory_order_acq_rel) != 1)
        return;
    if (is_secret(object->tree))
        kube_wipe_json(object->tree);
    json_object_put(object->tree);
    free(object);
}

struct json_object *kube_object_tree(struct kube_object *object)
{
    return object ? object->tree : NULL;
}

/* --- sources --- */

bool kube_source_get(struct kube_source *source, enum kube_kind kind, const char *namespace,
                     const char *name, struct kube_object **out, struct error *err)
{
    return source->ops->get(source, kind, namespace, name, out, err);
}

bool kube_source_covers(struct kube_source *source, enum kube_kind kind, const char *namespace)
{
    return source->ops->covers(source, kind, namespace);
}

bool kube_source_ready(struct kube_source *source, struct error *err)
{
    return source->ops->ready(source, err);
}

void kube_source_free(struct kube_source *source)
{
    if (source)
        source->ops->free(source);
}
