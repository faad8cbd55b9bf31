/* Object sources: "get me object KIND NAMESPACE/NAME". Who asks does not know whether manifests or
 * an API server answer. Objects are counted, immutable, and may be read by many threads at once. */
#ifndef KUBE_SOURCE_H
#define KUBE_SOURCE_H

#include "kube/json.h"

/* The kinds that this program knows; everything that is read, listed or asked for is one of them.
 */
enum kube_kind {
    KUBE_NAMESPACE,
    KUBE_SECRET,
    KUBE_CONFIG_MAP,
    KUBE_SERVICE,
    KUBE_STATEFUL_SET,
    KUBE_CLUSTER,      /* extensions.gardener.cloud */
    KUBE_BACKUP_ENTRY, /* extensions.gardener.cloud */
    KUBE_ETCD,         /* druid.gardener.cloud */
    KUBE_KINDS,
};

struct kube_kind_info {
    const char *kind;     /* "StatefulSet" */
    const char *group;    /* "apps", "" for core */
    const char *version;  /* "v1" */
    const char *resource; /* "statefulsets" */
    bool namespaced;
};

/* The row of KIND. */
const struct kube_kind_info *kube_kind_info(enum kube_kind kind);

/* Which kind OBJECT is, by its apiVersion (the group counts, not the version) and kind.
 * ERROR_INVALID: it has none. ERROR_NOT_FOUND: a kind that is not known here. */
bool kube_kind_of(struct json_object *object, enum kube_kind *kind, struct error *err);

/* One object, shared by count. */
struct kube_object;

/* Takes TREE. NULL: no memory (TREE is then freed). The strings of a Secret are wiped when the last
 * reference goes, so nobody else may hold on to a part of it. */
struct kube_object *kube_object_new(struct json_object *tree);
struct kube_object *kube_object_ref(struct kube_object *object);
void kube_object_unref(struct kube_object *object); /* NULL is fine */
/* Lent as long as the reference is held; read it by kube_json_* accessors only. NULL for NULL. */
struct json_object *kube_object_tree(struct kube_object *object);

static inline void cleanup_object(struct kube_object **object)
{
    kube_object_unref(*object);
}
#define AUTO_OBJECT __attribute__((cleanup(cleanup_object)))

struct kube_source {
    const struct kube_source_ops *ops;
};

struct kube_source_ops {
    /* *out is a reference of the caller's. NAMESPACE is "" for kinds without one.
     * ERROR_NOT_FOUND: there is no such object. ERROR_UNAVAILABLE: cannot be known now. */
    bool (*get)(struct kube_source *source, enum kube_kind kind, const char *namespace,
                const char *name, struct kube_object **out, struct error *err);
    /* Whether the absence of a KIND in NAMESPACE means that the cluster has none: so for an API
     * server, unless its watch of KIND is broken; for manifests, if they have at least one object
     * of KIND in NAMESPACE. */
    bool (*covers)(struct kube_source *source, enum kube_kind kind, const char *namespace);
    /* Whether the source can answer. ERROR_UNAVAILABLE says why not. */
    bool (*ready)(struct kube_source *source, struct error *err);
    void (*free)(struct kube_source *source);
};

/* The operations of whichever source SOURCE is. FREE takes NULL. GET's messages name kind and
 * namespace/name. */
bool kube_source_get(struct kube_source *source, enum kube_kind kind, const char *namespace,
                     const char *name, struct kube_object **out, struct error *err);
bool kube_source_covers(struct kube_source *source, enum kube_kind kind, const char *namespace);
bool kube_source_ready(struct kube_source *source, struct error *err);
void kube_source_free(struct kube_source *source);

#endif
