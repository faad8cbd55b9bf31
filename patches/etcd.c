/* What a provider's extension adds to an Etcd whose deployer knows no cloud: storage, store,
 * schedule. */
#include "patches/internal.h"

#include "kube/backup_entry.h"
#include "kube/base64.h"
#include "kube/cleanup.h"

#include <string.h>

/* --- the store --- */

/* The Secret with the store's credentials: the one that the BackupEntry names, else the one of the
 * contract between extensions and druid. */
static const char *secret_of(struct kube_work *work, struct json_object *entry)
{
    const char *name = kube_backup_entry_secret(entry, work);
    return name ? name : PATCH_BACKUP_SECRET;
}

/* The bucket's name as the backup Secret has it; NULL: it has none. */
static bool bucket_of_secret(struct patch_plan *plan, struct json_object **out, struct error *err)
{
    AUTO_OBJECT struct kube_object *secret = NULL;
    AUTO_FREE unsigned char *name = NULL;
    size_t length;
    const char *encoded;
    if (!patch_find(plan->source, KUBE_SECRET, plan->request->namespace, PATCH_BACKUP_SECRET,
                    &secret, err))
        return false;
    if (!kube_json_get_string(kube_object_tree(secret), "/data/bucketName", &encoded, err) ||
        (encoded && !kube_base64_decode(encoded, &name, &length, err)))
        return error_wrap(err, "Secret %s/" PATCH_BACKUP_SECRET, plan->request->namespace);
    *out = name ? kube_json_string((const char *)name) : NULL;
    return true;
}

/* Provider, container and Secret, from the BackupEntry, else from the backup Secret and PROVIDER.
 */
static struct json_object *new_store(struct patch_plan *plan, const struct provider *provider,
                                     const char *id, struct error *err)
{
    AUTO_OBJECT struct kube_object *entry = NULL;
    AUTO_JSON struct json_object *container = NULL;
    const char *bucket = NULL;
    const char *type = NULL;
    if (!patch_find(plan->source, KUBE_BACKUP_ENTRY, "", id, &entry, err))
        return NULL;
    struct json_object *tree = kube_object_tree(entry);
    if (!kube_json_get_string(tree, "/spec/bucketName", &bucket, err) ||
        !kube_json_get_string(tree, "/spec/type", &type, err)) {
        error_wrap(err, "BackupEntry %s", id);
        return NULL;
    }
    if (bucket)
        container = kube_json_string(bucket);
    else if (!bucket_of_secret(plan, &container, err))
        return NULL;
    if (!container) {
        error_set(err, ERROR_NOT_FOUND,
                  "neither BackupEntry %s nor Secret %s/" PATCH_BACKUP_SECRET
                  " says where the backups go: the Etcd needs one of them for spec.backup.store; "
                  "create it, or set the store",
                  id, plan->request->namespace);
        return NULL;
    }
    struct json_object *store = kube_json_object(
        "container", TAKE(container), "prefix", kube_json_stringf("%s/%s", id, plan->role->name),
        "provider", kube_json_string(type ? type : provider->name), "secretRef",
        kube_json_object("name", kube_json_string(secret_of(plan->request->work, tree)), NULL),
        NULL);
    if (!store)
        error_set(err, ERROR_NO_MEMORY, "out of memory");
    return store;
}

/* --- filling in --- */

/* Members of WANTED (taken) that the map at POINTER lacks are added; none is ever replaced. */
static bool fill_in(struct patch_plan *plan, const char *pointer, struct json_object *wanted,
                    struct error *err)
{
    AUTO_JSON struct json_object *absent = json_object_new_object();
    AUTO_JSON struct json_object *owned = wanted;
    struct json_object *map;
    if (!absent || !owned)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    if (!kube_json_get_object(plan->request->object, pointer, &map, err))
        return false;
    json_object_object_foreach(owned, key, value)
    {
        if (!kube_json_child(map, key) && !kube_json_set(absent, key, json_object_get(value)))
            return error_set(err, ERROR_NO_MEMORY, "out of memory");
    }
    return kube_json_is_empty(absent) ||
           kube_patch_members(&plan->result->patch, pointer, TAKE(absent), err);
}

static bool fill_storage(struct patch_plan *plan, struct error *err)
{
    const struct provider *provider;
    if (!patch_storage_provider(plan, "storage not filled in", &provider, err))
        return false;
    if (!provider)
        return true;
    struct patch_storage storage = patch_storage_of(plan, provider);
    AUTO_JSON struct json_object *wanted =
        kube_json_object("storageCapacity", kube_json_string(storage.capacity), NULL);
    if (storage.class_name &&
        !kube_json_set(wanted, "storageClass", kube_json_string(storage.class_name)))
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    return fill_in(plan, "/spec", TAKE(wanted), err);
}

/* The whole of spec.backup that is wanted, or what of it is absent. */
static bool fill_backup(struct patch_plan *plan, const struct provider *provider, struct error *err)
{
    char id[PATCH_PREFIX_SIZE];
    char schedule[PATCH_SCHEDULE_SIZE];
    struct json_object *backup;
    struct json_object *store;
    if (!patch_shoot_id(plan, id, err) ||
        !patch_schedule(plan->request->work, plan->settings->schedule, NULL, plan->cluster,
                        schedule, err))
        return false;
    if (!kube_json_get_object(plan->request->object, "/spec/backup", &backup, err) ||
        !kube_json_get_object(plan->request->object, "/spec/backup/store", &store, err))
        return false;
    AUTO_JSON struct json_object *wanted_store = new_store(plan, provider, id, err);
    if (!wanted_store)
        return false;
    if (store && !fill_in(plan, "/spec/backup/store", json_object_get(wanted_store), err))
        return false;
    return fill_in(plan, "/spec/backup",
                   kube_json_object("store", TAKE(wanted_store), "fullSnapshotSchedule",
                                    kube_json_string(schedule), NULL),
                   err);
}

/* Whether the store needs nothing that the source would have to say. */
static bool is_complete(struct json_object *etcd)
{
    return kube_json_text(etcd, "/spec/backup/store/container") &&
           kube_json_text(etcd, "/spec/backup/store/prefix") &&
           kube_json_text(etcd, "/spec/backup/store/provider") &&
           kube_json_text(etcd, "/spec/backup/store/secretRef/name") &&
           kube_json_text(etcd, "/spec/backup/fullSnapshotSchedule");
}

static bool plan_backup(struct patch_plan *plan, struct error *err)
{
    const struct provider *provider;
    bool has_backup = false;
    if (!plan->role->main || is_complete(plan->request->object))
        return true;
    if (!patch_backup_provider(plan, "no backups", &provider, err))
        return false;
    if (!provider)
        return true;
    if (!*provider->store)
        return true;
    return patch_need_cluster(plan, "the Etcd's store", err) &&
           patch_seed_has_backup(plan, &has_backup, err) &&
           (!has_backup || fill_backup(plan, provider, err));
}

/* --- what it refers to --- */

/* *blind: the source cannot tell, which is no reason to refuse an Etcd. */
static bool warn_if_absent(struct patch_plan *plan, const char *secret, bool *blind,
                           struct error *err)
{
    AUTO_OBJECT struct kube_object *found = NULL;
    struct error why = {0};
    if (!patch_find(plan->source, KUBE_SECRET, plan->request->namespace, secret, &found, &why)) {
        *blind = why.code == ERROR_UNAVAILABLE;
        return *blind ? patch_warn(plan, err, "Secrets not checked: %.160s", why.message)
                      : error_set(err, why.code, "%s", why.message);
    }
    return found ||
           patch_warn(plan, err, "Secret %s/%s not found: druid cannot start etcd without it",
                      plan->request->namespace, secret);
}

static bool warn_of_secrets(struct patch_plan *plan, struct error *err)
{
    /* The store's first: its Secret is the one that may be known without a question. */
    static const char *const pointers[] = {
        "/spec/backup/store/secretRef/name",
        "/spec/etcd/clientUrlTls/tlsCASecretRef/name",
        "/spec/etcd/clientUrlTls/serverTLSSecretRef/name",
        "/spec/etcd/clientUrlTls/clientTLSSecretRef/name",
        "/spec/etcd/peerUrlTls/tlsCASecretRef/name",
        "/spec/etcd/peerUrlTls/serverTLSSecretRef/name",
        "/spec/backup/tls/tlsCASecretRef/name",
        "/spec/backup/tls/serverTLSSecretRef/name",
        "/spec/backup/tls/clientTLSSecretRef/name",
    };
    bool blind = false;
    for (size_t i = 0; !blind && i < sizeof pointers / sizeof *pointers; i++) {
        const char *secret = kube_json_text(plan->request->object, pointers[i]);
        if (secret && !warn_if_absent(plan, secret, &blind, err))
            return false;
    }
    return true;
}

static bool decide(struct patch_plan *plan, struct error *err)
{
    if (plan->role) {
        plan->result->stage = "etcd";
        if (!patch_plan_namespace(plan, err) || !patch_plan_cluster(plan, err) ||
            !fill_storage(plan, err) || !kube_work_check(plan->request->work, err) ||
            !plan_backup(plan, err) || !kube_work_check(plan->request->work, err))
            return false;
    }
    return warn_of_secrets(plan, err) && kube_work_check(plan->request->work, err);
}

bool patch_etcd(const struct patch_request *request, const struct patch_settings *settings,
                struct kube_source *source, struct patch_result *result, struct error *err)
{
    AUTO_PLAN struct patch_plan plan;
    return patch_plan_open(&plan, request, settings, source, result, err) &&
           (request->update || decide(&plan, err) ||
            error_wrap(err, "Etcd %s/%s", request->namespace, patch_called(request)));
}
