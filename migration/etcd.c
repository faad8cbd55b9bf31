/* The Etcd, in the order of the API's documentation. Each writer gives the value of one field, or
 * NULL where there is nothing to say, and accounts for what it was made of. */
#include "migration/internal.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct json_object *section_write(struct translation *t, const struct field *fields, size_t count,
                                  const char *to)
{
    struct json_object *out = made(t, json_object_new_object());
    for (size_t i = 0; i < count; i++)
        put(t, out, fields[i].key,
            fields[i].write(t, pool_text(&t->pool, "%s/%s", to, fields[i].key)));
    return out;
}

static bool of_package_manager(const char *key)
{
    return strcmp(key, "app.kubernetes.io/managed-by") == 0 || strncmp(key, "helm.sh/", 8) == 0;
}

static bool of_checksum(const char *key)
{
    return strncmp(key, "checksum/", 9) == 0;
}

/* The texts of the map at POINTER, without the keys that DROP takes. */
static struct json_object *texts(struct translation *t, const char *pointer, const char *to,
                                 bool (*drop)(const char *key), const char *why)
{
    struct json_object *map = NULL, *out = json_object_new_object();
    kube_json_get_object(t->sts, pointer, &map, NULL);
    if (map && kube_json_is_empty(map))
        account(t, pointer, OUTCOME_DROPPED, NULL, "nothing is set");
    if (!map || !out) {
        t->failed = t->failed || !out;
        return out;
    }
    for (const char *const *next = sorted_keys(t, map); *next && goes_on(t); next++) {
        const char *key = *next;
        const char *path = pointer_to(t, pointer, key);
        const char *text = kube_json_as_text(kube_json_child(map, key));
        if (drop(key)) {
            account(t, path, OUTCOME_DROPPED, NULL, why);
        } else if (text) {
            account(t, path, OUTCOME_TRANSLATED, pointer_to(t, to, key), NULL);
            put(t, out, key, kube_json_string(text));
        }
    }
    return out;
}

static struct json_object *unless_empty(struct json_object *map)
{
    if (!kube_json_is_empty(map))
        return map;
    json_object_put(map);
    return NULL;
}

static struct json_object *pod_labels(struct translation *t, const char *to)
{
    return texts(t, "/spec/template/metadata/labels", to, of_package_manager,
                 "it belongs to a package manager, or is druid's own: druid sets "
                 "app.kubernetes.io/managed-by "
                 "itself");
}

static struct json_object *pod_annotations(struct translation *t, const char *to)
{
    return unless_empty(texts(t, "/spec/template/metadata/annotations", to, of_checksum,
                              "a checksum of what today's pods mount; druid sets its own"));
}

static struct json_object *backup_section(struct translation *t, const char *to)
{
    (void)to;
    return backup_write(t);
}

static struct json_object *copied(struct translation *t, const char *pointer, const char *to)
{
    struct json_object *value = NULL;
    kube_json_get_object(t->sts, pointer, &value, NULL);
    if (!value)
        kube_json_get_array(t->sts, pointer, &value, NULL);
    if (kube_json_is_empty(value))
        return NULL;
    account_copy(t, pointer, to);
    return copy_without_nulls(t, value);
}

static struct json_object *affinity(struct translation *t, const char *to)
{
    return copied(t, "/spec/template/spec/affinity", to);
}

static struct json_object *spread(struct translation *t, const char *to)
{
    return copied(t, "/spec/template/spec/topologySpreadConstraints", to);
}

static struct json_object *scheduling(struct translation *t, const char *to)
{
    static const struct field fields[] = {{"affinity", affinity},
                                          {"topologySpreadConstraints", spread}};
    return unless_empty(section_write(t, fields, COUNT(fields), to));
}

static struct json_object *replicas(struct translation *t, const char *to)
{
    account(t, "/spec/replicas", OUTCOME_TRANSLATED, to, NULL);
    return made(t, kube_json_int(t->model.replicas));
}

static struct json_object *priority_class(struct translation *t, const char *to)
{
    const char *name = kube_json_text(t->sts, "/spec/template/spec/priorityClassName");
    if (!name || !*name)
        return NULL;
    account(t, "/spec/template/spec/priorityClassName", OUTCOME_TRANSLATED, to, NULL);
    return made(t, kube_json_string(name));
}

static struct json_object *storage_class(struct translation *t, const char *to)
{
    /* Charts of 2018 and before still have it as an annotation, which wins. */
    static const char *const pointers[] = {
        "/metadata/annotations/volume.beta.kubernetes.io~1storage-class",
        "/spec/storageClassName",
    };
    for (size_t i = 0; t->model.claim && i < COUNT(pointers); i++) {
        const char *name = kube_json_text(t->model.claim, pointers[i]);
        if (!name || !*name)
            continue;
        account(t, pool_text(&t->pool, "%s%s", t->model.claim_path, pointers[i]),
                OUTCOME_TRANSLATED, to, NULL);
        return made(t, kube_json_string(name));
    }
    return NULL;
}

static struct json_object *storage_capacity(struct translation *t, const char *to)
{
    struct json_object *requests = NULL;
    kube_json_get_object(t->model.claim, "/spec/resources/requests", &requests, NULL);
    const char *storage = scalar_text(t, kube_json_child(requests, "storage"));
    if (!storage)
        return NULL;
    account(t, pool_text(&t->pool, "%s/spec/resources/requests/storage", t->model.claim_path),
            OUTCOME_TRANSLATED, to, NULL);
    return made(t, kube_json_string(storage));
}

static struct json_object *claim_template(struct translation *t, const char *to)
{
    const char *name = kube_json_text(t->model.claim, "/metadata/name");
    if (!name)
        return NULL;
    const char *path = pool_text(&t->pool, "%s/metadata/name", t->model.claim_path);
    if (t->strategy != MIGRATE_ADOPT) {
        account(t, path, OUTCOME_REPLACED, NULL, "the new pods get volumes of their own");
        return NULL;
    }
    account(t, path, OUTCOME_TRANSLATED, to, NULL);
    return made(t, kube_json_string(name));
}

static struct json_object *run_as_root(struct translation *t, const char *to)
{
    const char *path;
    if (t->strategy != MIGRATE_ADOPT || !runs_as_root(t, &path))
        return NULL;
    account(t, path, OUTCOME_TRANSLATED, to, NULL);
    return made(t, kube_json_bool(true));
}

static struct json_object *spec(struct translation *t, const char *to)
{
    static const struct field fields[] = {
        {"labels", pod_labels},
        {"annotations", pod_annotations},
        {"etcd", etcd_section_write},
        {"backup", backup_section},
        {"sharedConfig", shared_config_write},
        {"schedulingConstraints", scheduling},
        {"replicas", replicas},
        {"priorityClassName", priority_class},
        {"storageClass", storage_class},
        {"storageCapacity", storage_capacity},
        {"volumeClaimTemplate", claim_template},
        {"runAsRoot", run_as_root},
    };
    return section_write(t, fields, COUNT(fields), to);
}

void etcd_write(struct translation *t)
{
    struct json_object *metadata = kube_json_object("name", kube_json_string(t->etcd_name), NULL);
    if (kube_json_text(t->sts, "/metadata/namespace"))
        put(t, metadata, "namespace", kube_json_string(t->model.namespace));
    put(t, metadata, "labels",
        unless_empty(texts(t, "/metadata/labels", "/metadata/labels", of_package_manager,
                           "it belongs to the package manager")));
    t->etcd = kube_json_object("apiVersion", kube_json_string("druid.gardener.cloud/v1alpha1"),
                               "kind", kube_json_string("Etcd"), "metadata", metadata, "spec",
                               spec(t, "/spec"), NULL);
    if (!t->etcd)
        t->failed = true;
}
