#include "patches/internal.h"

#include "kube/cleanup.h"

#include <string.h>

#define CHECKSUM_ANNOTATION "checksum/secret-etcd-backup"
#define POD_SPEC "/spec/template/spec"

/* What one sidecar is made of, known before anything is built. */
struct sidecar {
    const struct patch_role *role;
    const struct provider *provider;
    const char *image;
    bool backed_up; /* with a store; else it only validates the data before etcd starts */
    char schedule[PATCH_SCHEDULE_SIZE];
    char prefix[PATCH_PREFIX_SIZE + 16];
};

static struct json_object *new_variable(const struct provider_variable *variable)
{
    if (!variable->secret_key)
        return kube_json_object("name", kube_json_string(variable->name), "value",
                                kube_json_string(variable->value), NULL);
    return kube_json_object(
        "name", kube_json_string(variable->name), "valueFrom",
        kube_json_object("secretKeyRef",
                         kube_json_object("name", kube_json_string(PATCH_BACKUP_SECRET), "key",
                                          kube_json_string(variable->secret_key), NULL),
                         NULL),
        NULL);
}

static struct json_object *new_environment(const struct provider *provider)
{
    AUTO_JSON struct json_object *list = kube_json_array(0);
    for (const struct provider_variable *v = provider->variables; v && v->name; v++)
        if (!kube_json_append(list, new_variable(v)))
            return NULL;
    return TAKE(list);
}

static struct json_object *new_mount(const char *volume, const char *path)
{
    return kube_json_object("name", kube_json_string(volume), "mountPath", kube_json_string(path),
                            NULL);
}

static struct json_object *new_mounts(const struct sidecar *sidecar)
{
    AUTO_JSON struct json_object *mounts =
        kube_json_array(3, new_mount(sidecar->role->claim_template, "/var/etcd/data"),
                        new_mount("ca-etcd", "/var/etcd/ssl/ca"),
                        new_mount("etcd-client-tls", "/var/etcd/ssl/client"));
    if (sidecar->backed_up && sidecar->provider->credentials_mount &&
        !kube_json_append(mounts,
                          new_mount(PATCH_BACKUP_SECRET, sidecar->provider->credentials_mount)))
        return NULL;
    return TAKE(mounts);
}

static struct json_object *new_command(const struct sidecar *sidecar)
{
    return kube_json_array(17, kube_json_string("etcdbrctl"), kube_json_string("server"),
                           kube_json_stringf("--schedule=%s", sidecar->schedule),
                           kube_json_string("--data-dir=/var/etcd/data/new.etcd"),
                           kube_json_stringf("--storage-provider=%s",
                                             sidecar->backed_up ? sidecar->provider->store : ""),
                           kube_json_stringf("--store-prefix=%s", sidecar->prefix),
                           kube_json_string("--cert=/var/etcd/ssl/client/tls.crt"),
                           kube_json_string("--key=/var/etcd/ssl/client/tls.key"),
                           kube_json_string("--cacert=/var/etcd/ssl/ca/ca.crt"),
                           kube_json_string("--insecure-transport=false"),
                           kube_json_string("--insecure-skip-tls-verify=false"),
                           kube_json_stringf("--endpoints=https://%s-0:2379", sidecar->role->name),
                           kube_json_string("--etcd-connection-timeout=300"),
                           kube_json_string("--delta-snapshot-period-seconds=300"),
                           kube_json_string("--delta-snapshot-memory-limit=104857600"),
                           kube_json_string("--garbage-collection-period-seconds=43200"),
                           kube_json_string("--snapstore-temp-directory=/var/etcd/data/temp"));
}

static struct json_object *new_amounts(const char *cpu, const char *memory)
{
    return kube_json_object("cpu", kube_json_string(cpu), "memory", kube_json_string(memory), NULL);
}

static struct json_object *new_container(const struct sidecar *sidecar)
{
    AUTO_JSON struct json_object *container = kube_json_object(
        "name", kube_json_string(PATCH_SIDECAR), "command", new_command(sidecar), "image",
        kube_json_string(sidecar->image), "imagePullPolicy", kube_json_string("IfNotPresent"),
        "ports",
        kube_json_array(1, kube_json_object("name", kube_json_string("server"), "containerPort",
                                            kube_json_int(8080), "protocol",
                                            kube_json_string("TCP"), NULL)),
        "resources",
        kube_json_object("requests", new_amounts("23m", "128Mi"), "limits", new_amounts("1", "10G"),
                         NULL),
        "volumeMounts", new_mounts(sidecar), NULL);
    if (sidecar->backed_up && !kube_json_set(container, "env", new_environment(sidecar->provider)))
        return NULL;
    return TAKE(container);
}

static bool set_prefix(struct patch_plan *plan, struct sidecar *sidecar, struct error *err)
{
    char id[PATCH_PREFIX_SIZE];
    int length;
    if (!sidecar->backed_up) {
        length = snprintf(sidecar->prefix, sizeof sidecar->prefix, "%s", sidecar->role->name);
    } else {
        if (!patch_shoot_id(plan, id, err))
            return false;
        length =
            snprintf(sidecar->prefix, sizeof sidecar->prefix, "%s/%s", id, sidecar->role->name);
    }
    return length < (int)sizeof sidecar->prefix ||
           error_set(err, ERROR_RANGE, "the store's prefix is too long");
}

/* Everything that the container depends on; ends in an error where something it needs is absent. */
static bool describe(struct patch_plan *plan, struct sidecar *sidecar, struct error *err)
{
    struct json_object *containers;
    struct json_object *existing;
    bool has_backup = false;
    /* A provider without a store never has a backup, and its sidecar needs no Cluster. */
    if (sidecar->provider->store[0] == '\0')
        return set_prefix(plan, sidecar, err);
    if (!patch_need_cluster(plan, "the backup sidecar", err) ||
        !patch_seed_has_backup(plan, &has_backup, err))
        return false;
    sidecar->backed_up = plan->role->main && has_backup;
    if (!kube_json_need_array(plan->request->object, POD_SPEC "/containers", &containers, err))
        return false;
    existing = kube_json_named(containers, PATCH_SIDECAR, NULL);
    return patch_schedule(plan->request->work, plan->settings->schedule, existing, plan->cluster,
                          sidecar->schedule, err) &&
           set_prefix(plan, sidecar, err);
}

/* Changed credentials roll the pod: their checksum stands in its annotations. */
static bool plan_checksum(struct patch_plan *plan, struct error *err)
{
    AUTO_OBJECT struct kube_object *secret = NULL;
    char checksum[PATCH_CHECKSUM_SIZE];
    const char *namespace = plan->request->namespace;
    struct error why = {0};
    if (!kube_source_get(plan->source, KUBE_SECRET, namespace, PATCH_BACKUP_SECRET, &secret, &why))
        return error_set(err, why.code,
                         "%s: the backup sidecar needs it for the store's credentials",
                         why.message);
    if (!patch_checksum(kube_object_tree(secret), checksum, err))
        return error_wrap(err, "Secret %s/" PATCH_BACKUP_SECRET, namespace);
    return kube_patch_member(&plan->result->patch, "/spec/template/metadata/annotations",
                             CHECKSUM_ANNOTATION, kube_json_string(checksum), err);
}

static bool plan_volume(struct patch_plan *plan, struct error *err)
{
    return kube_patch_item(
        &plan->result->patch, POD_SPEC "/volumes", "/name",
        kube_json_object(
            "name", kube_json_string(PATCH_BACKUP_SECRET), "secret",
            kube_json_object("secretName", kube_json_string(PATCH_BACKUP_SECRET), NULL), NULL),
        err);
}

bool patch_plan_sidecar(struct patch_plan *plan, struct error *err)
{
    struct sidecar sidecar = {.role = plan->role, .image = plan->settings->sidecar_image};
    if (!patch_backup_provider(plan, "no backup sidecar", &sidecar.provider, err))
        return false;
    if (!sidecar.provider)
        return true;
    if (!sidecar.provider->sidecar)
        return patch_warn(plan, err, "no backup sidecar: provider %s has none",
                          sidecar.provider->name);
    if (!describe(plan, &sidecar, err) ||
        !kube_patch_item(&plan->result->patch, POD_SPEC "/containers", "/name",
                         new_container(&sidecar), err))
        return false;
    if (!sidecar.backed_up)
        return true;
    if (sidecar.provider->credentials_mount && !plan_volume(plan, err))
        return false;
    return kube_work_check(plan->request->work, err) && plan_checksum(plan, err);
}
