/* The store of the backups: provider, container, prefix and credentials, from wherever they are
 * said. */
#include "migration/internal.h"

#include "kube/backup_entry.h"
#include "patches/provider.h"

#include <string.h>

/* Variables that name a file, or a folder of files, with the credentials. */
static bool names_credentials(const char *variable)
{
    static const char end[] = "_APPLICATION_CREDENTIALS";
    static const char json_end[] = "_APPLICATION_CREDENTIALS_JSON";
    const char *found = strstr(variable, end);
    return found && (!found[sizeof end - 1] || strcmp(found, json_end) == 0);
}

static struct json_object *backup_entry(struct translation *t, bool *failed)
{
    /* Gardener's prefixes are <technical id>--<uid>/<etcd>, and the entry has the name of the
     * former. */
    const char *prefix = t->model.store.prefix;
    const char *slash = prefix ? strchr(prefix, '/') : NULL;
    struct json_object *entry = NULL;
    if (slash && slash != prefix &&
        !object_get(t, KUBE_BACKUP_ENTRY, "", pool_copy(&t->pool, prefix, (size_t)(slash - prefix)),
                    &entry, NULL))
        *failed = true;
    return entry;
}

/* The value of a Secret's key as text in T's pool. NULL where the Secret or the key is absent. */
static bool secret_text(struct translation *t, const char *secret, const char *key,
                        const char **out)
{
    struct json_object *tree = NULL;
    AUTO_FREE unsigned char *value = NULL;
    size_t length = 0;
    *out = NULL;
    if (!object_get(t, KUBE_SECRET, t->model.namespace, secret, &tree, NULL))
        return false;
    if (tree && secret_value(t, secret, key, &value, &length) && length && length < 256 &&
        !memchr(value, 0, length))
        *out = pool_copy(&t->pool, (const char *)value, length);
    return true;
}

static void set_container(struct store *store, const char *container, const char *path)
{
    store->container = container && *container ? container : NULL;
    store->container_path = path;
}

static bool read_container(struct translation *t)
{
    struct store *store = &t->model.store;
    const struct setting *flag = settings_get(&t->model.sidecar_settings, "store-container");
    struct variable *variable = variables_find(&t->model.sidecar_variables, "STORAGE_CONTAINER");
    bool failed = false;
    struct json_object *entry = backup_entry(t, &failed);
    const char *bucket = kube_json_text(entry, "/spec/bucketName");
    if (failed)
        return false;
    if (setting_is_unknown(flag)) {
        set_container(store, NULL, flag->path);
    } else if (flag && flag->value && *flag->value) {
        set_container(store, flag->value, flag->path);
    } else if (variable && variable->value) {
        set_container(store, variable->value, variable->path);
    } else if (variable && variable->secret && variable->secret_key &&
               (!t->options->untrusted || strcmp(variable->secret_key, "bucketName") == 0)) {
        const char *text;
        if (!secret_text(t, variable->secret, variable->secret_key, &text))
            return false;
        set_container(store, text, variable->path);
    }
    if (variable)
        store->container_path = flag ? flag->path : variable->path;
    store->entry = entry;
    store->entry_bucket = bucket;
    if (!store->container && bucket && *bucket) {
        store->container = bucket;
        store->container_from_entry = true;
    }
    if (t->options->store_container) {
        store->container = t->options->store_container;
        store->container_from_option = true;
    }
    return true;
}

/* A Secret that gives credentials; the first counts, another one is a contradiction. */
static void add_secret(struct store *store, const char *secret, const char *path)
{
    if (!secret)
        return;
    if (!store->secret) {
        store->secret = secret;
        store->secret_path = path;
    } else if (strcmp(store->secret, secret) != 0 && !store->other_secret) {
        store->other_secret = secret;
    }
}

/* How the variables begin from which the sidecar takes its credentials. Source:
 * etcd-backup-restore, pkg/snapstore. */
static const struct {
    const char *provider, *beginnings[2];
} beginnings[] = {
    {"alicloud", {"ALICLOUD_"}}, {"aws", {"AWS_"}},    {"azure", {"AZURE_", "STORAGE_"}},
    {"dell", {"ECS_"}},          {"gcp", {"GOOGLE_"}}, {"openshift", {"OCS_", "AWS_"}},
    {"openstack", {"OS_"}},
};

static bool is_of_provider(const char *provider, const char *variable)
{
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        if (!text_is(provider, beginnings[i].provider))
            continue;
        for (size_t b = 0; b < 2 && beginnings[i].beginnings[b]; b++)
            if (strncmp(variable, beginnings[i].beginnings[b],
                        strlen(beginnings[i].beginnings[b])) == 0)
                return true;
    }
    return false;
}

/* Variables that come from a Secret: those by whose name the sidecar knows its credentials, or else
 * those that are made of a key of credentials. */
static void read_variables(struct translation *t, bool by_name)
{
    struct store *store = &t->model.store;
    const struct variables *variables = &t->model.sidecar_variables;
    const struct variable *container = variables_find(variables, "STORAGE_CONTAINER");
    for (size_t i = 0; i < variables->count && goes_on(t); i++) {
        const struct variable *variable = &variables->items[i];
        if (!variable->secret || variable == container)
            continue;
        /* What another value is made of is that, such as a prefix. */
        if (by_name ? is_of_provider(store->provider, variable->name)
                    : !variable->used && variable->secret_key &&
                          is_credential(store->provider, variable->secret_key))
            add_secret(store, variable->secret, variable->path);
    }
}

/* Files that variables name. */
static void read_files(struct translation *t)
{
    struct store *store = &t->model.store;
    struct variables *variables = &t->model.sidecar_variables;
    for (size_t i = 0; i < variables->count && goes_on(t); i++) {
        struct variable *variable = &variables->items[i];
        struct projected_file file;
        if (!variable->value || !names_credentials(variable->name))
            continue;
        projected_find(t, &t->model.sidecar, variable->value, variables, &file);
        if (file.kind == KUBE_SECRET) {
            add_secret(store, file.object, file.name_path);
            store->credentials_volume = file.place.volume_name;
        }
    }
}

/* A Secret that is all variables, and that is not in the input. */
static bool read_unseen(struct translation *t)
{
    struct json_object *whole = kube_json_child(t->model.sidecar.tree, "envFrom");
    for (size_t i = 0; i < list_length(whole) && goes_on(t); i++) {
        const char *name = kube_json_text(list_item(whole, i), "/secretRef/name");
        struct json_object *secret = NULL;
        if (name && !object_get(t, KUBE_SECRET, t->model.namespace, name, &secret, NULL))
            return false;
        if (name && !secret)
            add_secret(&t->model.store, name,
                       pool_text(&t->pool, "%s/envFrom/%zu", t->model.sidecar.path, i));
    }
    return true;
}

/* The surest sign first; what is less sure counts only without it. */
static bool read_credentials(struct translation *t)
{
    struct store *store = &t->model.store;
    const struct variable *container =
        variables_find(&t->model.sidecar_variables, "STORAGE_CONTAINER");
    read_variables(t, true);
    read_files(t);
    if (!store->secret)
        read_variables(t, false);
    if (!store->secret && !read_unseen(t))
        return false;
    if (!store->secret && container && container->secret)
        add_secret(store, container->secret, container->path);
    return true;
}

/* Where Gardener keeps them by contract, if the sidecar does not say it: newer ones name the Secret
 * in the BackupEntry's status. */
static bool read_entry_secret(struct translation *t)
{
    struct store *store = &t->model.store;
    struct json_object *secret = NULL;
    if (store->secret || !store->entry)
        return true;
    const char *name = kube_backup_entry_secret(store->entry, t->options->work);
    if (!name)
        name = "etcd-backup";
    if (!object_get(t, KUBE_SECRET, t->model.namespace, name, &secret, NULL))
        return false;
    if (secret)
        add_secret(store, name, store->provider_setting->path);
    return true;
}

/* Whether the directory of a local store is on a volume: else it goes with the container. */
static bool on_volume(struct translation *t)
{
    const struct store *store = &t->model.store;
    struct place place;
    return store->container && store->container[0] == '/' &&
           place_find(t, &t->model.sidecar, store->container, &t->model.sidecar_variables,
                      &place) &&
           !kube_json_child(place.volume, "emptyDir");
}

bool store_read(struct translation *t)
{
    struct model *model = &t->model;
    struct store *store = &model->store;
    const struct setting *provider = settings_get(&model->sidecar_settings, "storage-provider");
    if (!provider || !provider->value || !*provider->value)
        return true;
    store->provider_setting = provider;
    const struct provider *known = provider_by_store(provider->value);
    store->provider = known ? known->name : NULL;
    store->local = known && strcmp(known->store, "Local") == 0;
    store->prefix_setting = settings_get(&model->sidecar_settings, "store-prefix");
    store->prefix = store->prefix_setting ? store->prefix_setting->value : NULL;
    if (store->prefix && !*store->prefix)
        store->prefix = NULL;
    if (!read_container(t))
        return false;
    if (!read_credentials(t) || !read_entry_secret(t))
        return false;
    store->local_on_volume = store->local && on_volume(t);
    return true;
}
