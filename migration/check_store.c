/* The store of the backups: whether druid's sidecar will find it, and read its credentials. */
#include "migration/internal.h"

#include <ctype.h>
#include <string.h>

enum { KEYS_MAX = 6 };

/* The keys that the sidecar reads as files, in each way that serves. Source: etcd-backup-restore,
 * docs/usage/getting_started.md, and pkg/snapstore. */
static const struct {
    const char *provider;
    const char *ways[3][KEYS_MAX];
} credentials[] = {
    {"aws", {{"region", "accessKeyID", "secretAccessKey"}, {"region", "roleARN", "token"}}},
    {"azure", {{"storageAccount", "storageKey"}}},
    {"gcp", {{"serviceaccount.json"}}},
    {"openstack",
     {{"authURL", "tenantName", "domainName", "username", "password"},
      {"authURL", "tenantName", "domainName", "applicationCredentialID",
       "applicationCredentialSecret"},
      {"authURL", "tenantName", "domainName", "applicationCredentialName",
       "applicationCredentialSecret"}}},
    {"alicloud", {{"storageEndpoint", "accessKeyID", "accessKeySecret"}}},
    {"dell", {{"endpoint", "accessKeyID", "secretAccessKey"}}},
};

bool is_credential(const char *provider, const char *key)
{
    for (size_t i = 0; i < sizeof credentials / sizeof *credentials; i++)
        for (size_t w = 0; text_is(credentials[i].provider, provider) && w < 3; w++)
            for (size_t k = 0; k < KEYS_MAX && credentials[i].ways[w][k]; k++)
                if (strcmp(credentials[i].ways[w][k], key) == 0)
                    return true;
    return false;
}

static bool has_all(struct json_object *tree, const char *const *keys)
{
    for (size_t i = 0; i < KEYS_MAX && keys[i]; i++)
        if (!kube_json_child(kube_json_child(tree, "data"), keys[i]) &&
            !kube_json_child(kube_json_child(tree, "stringData"), keys[i]))
            return false;
    return true;
}

static bool check_credentials(struct translation *t)
{
    const struct store *store = &t->model.store;
    const char *const *usual = NULL;
    static const char *const none[] = {NULL};
    struct json_object *tree = NULL;
    if (!object_get(t, KUBE_SECRET, t->model.namespace, store->secret, &tree, NULL))
        return false;
    for (size_t i = 0; i < sizeof credentials / sizeof *credentials; i++) {
        if (!text_is(credentials[i].provider, store->provider))
            continue;
        usual = credentials[i].ways[0];
        for (size_t w = 1; w < 3 && credentials[i].ways[w][0]; w++)
            if (tree && has_all(tree, credentials[i].ways[w]))
                usual = credentials[i].ways[w];
    }
    bool present;
    return check_secret(t, store->secret, usual ? usual : none, store->secret_path,
                        "the credentials of the backups", &present);
}

static void check_container(struct translation *t)
{
    const struct store *store = &t->model.store;
    const char *container = store->container;
    const char *path =
        store->container_path ? store->container_path : store->provider_setting->path;
    if (!container) {
        find(t, FINDING_STORE_CONTAINER_UNKNOWN, path,
             "the sidecar backs up to %s, but the container (bucket) cannot be told%s",
             store->provider_setting->value,
             store->container_path
                 ? ": it comes from an object that is not in the input, or is empty"
                 : ": neither --store-container nor STORAGE_CONTAINER is set");
        return;
    }
    size_t length = strlen(container);
    bool ends =
        isalnum((unsigned char)container[0]) && isalnum((unsigned char)container[length - 1]);
    size_t plain =
        strspn(container, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    if (length < 3 || length > 63 || !ends || plain != length)
        find(t, FINDING_STORE_CONTAINER_INVALID, path,
             "the container '%s' is not one that the schema of an Etcd takes", container);
    if (store->entry_bucket && !store->container_from_option &&
        strcmp(store->entry_bucket, container) != 0)
        find(t, FINDING_SOURCES_DISAGREE, path,
             "the sidecar's container is '%s', but the BackupEntry's bucket is '%s'", container,
             store->entry_bucket);
}

static void check_local(struct translation *t)
{
    const struct store *store = &t->model.store;
    if (store->local_on_volume)
        find(t, FINDING_STORE_LOCAL, store->provider_setting->path,
             "the backups are in '%s' on a volume that druid does not mount: a local store of "
             "druid's "
             "is a directory of the node",
             store->container);
    else if (!store->container_from_option)
        find_as(
            t, FINDING_STORE_LOCAL, SEVERITY_WARNING,
            "nothing is lost that is kept today; point today's sidecar at an object store to have "
            "backups under druid",
            store->provider_setting->path,
            "the backups are in the file system of the sidecar's container, and go with the pod: "
            "there is nothing to keep, and no store was written");
}

/* Without credentials druid's sidecar cannot reach the store, unless it has the pod's identity. */
static bool check_secret_known(struct translation *t)
{
    const struct store *store = &t->model.store;
    if (store->other_secret)
        find(t, FINDING_SOURCES_DISAGREE, store->secret_path,
             "credentials come from Secret %s, and from Secret %s too: an Etcd names one, the "
             "former",
             store->secret, store->other_secret);
    if (store->secret)
        return check_credentials(t);
    if (!druid_can_join(t))
        find(t, FINDING_STORE_SECRET_UNKNOWN, store->provider_setting->path,
             "no Secret is known from which the sidecar takes its credentials for %s; up to druid "
             "v0.37 a store without a Secret is an error",
             store->provider_setting->value);
    return true;
}

/* The Secret that has the container's name. */
static bool check_container_secret(struct translation *t)
{
    static const char *const none[] = {NULL};
    const struct store *store = &t->model.store;
    const struct variable *variable =
        variables_find(&t->model.sidecar_variables, "STORAGE_CONTAINER");
    bool present;
    if (store->container || !variable || !variable->secret ||
        text_is(variable->secret, store->secret))
        return true;
    return check_secret(t, variable->secret, none, variable->path, "the container of the backups",
                        &present);
}

bool check_store(struct translation *t)
{
    const struct store *store = &t->model.store;
    const char *path = t->model.sidecar.tree ? t->model.sidecar.path : t->model.etcd.path;
    if (!store_is_written(t))
        find(t, FINDING_STORE_MISSING, path, "there are no backups to restore from");
    if (!store->provider_setting)
        return true;
    if (!store->provider) {
        find(t, FINDING_STORE_PROVIDER_UNKNOWN, store->provider_setting->path,
             "%s is '%s', which is no store of druid's", store->provider_setting->where,
             store->provider_setting->value);
        return true;
    }
    if (store->local)
        check_local(t);
    if (!store_is_written(t))
        return true;
    check_container(t);
    if (setting_is_unknown(store->prefix_setting))
        find_as(t, FINDING_STORE_PREFIX_MISSING, SEVERITY_NONE,
                "add the ConfigMap that has it to the input, or write the prefix itself into "
                "today's sidecar, and translate again",
                store->prefix_setting->path, "%s is not known: '%s'", store->prefix_setting->where,
                store->prefix_setting->written ? store->prefix_setting->written : "");
    else if (!store->prefix)
        find(t, FINDING_STORE_PREFIX_MISSING,
             store->prefix_setting ? store->prefix_setting->path : store->provider_setting->path,
             "the backups have no prefix (--store-prefix), and an Etcd's store needs one");
    if (t->strategy == MIGRATE_RESTORE && !t->options->old_is_stopped)
        find(t, FINDING_STORE_SHARED, store->provider_setting->path,
             "the old sidecar and the new one would write to, and collect garbage in, the same "
             "prefix "
             "'%s'",
             store->prefix ? store->prefix : "");
    return store->local || (check_container_secret(t) && check_secret_known(t));
}
