/* The Etcd, in the order of the API's documentation. Each writer gives the value of one field, or
 * NULL where there is nothing to say, and accounts for what it was made of. */
#include "migration/internal.h"

#include "kube/quantity.h"

#include <string.h>

typedef struct json_object *writer(struct translation *t, const char *to);

struct field {
    const char *key;
    writer *write;
};

/* A map with what FIELDS give; TO is where it stands. */
static struct json_object *section(struct translation *t, const struct field *fields, size_t count,
                                   const char *to)
{
    struct json_object *out = json_object_new_object();
    if (!out)
        t->failed = true;
    for (size_t i = 0; i < count; i++)
        put(t, out, fields[i].key,
            fields[i].write(t, pool_text(&t->pool, "%s/%s", to, fields[i].key)));
    return out;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct setting *etcd_setting(struct translation *t, const char *name)
{
    return settings_get(&t->model.etcd_reading.settings, name);
}

static const struct setting *sidecar_setting(struct translation *t, const char *name)
{
    return settings_get(&t->model.sidecar_settings, name);
}

/* --- spec.etcd --- */

static struct json_object *quota(struct translation *t, const char *to)
{
    const struct setting *setting = etcd_setting(t, "quota-backend-bytes");
    if (setting && setting->value && setting->value[0] == '-') {
        find(t, FINDING_SETTING_WITHOUT_FIELD, setting->path,
             "%s is '%s', no limit at all; the quota of an Etcd cannot say that, and druid's "
             "default "
             "of 8Gi counts",
             setting->where, setting->value);
        account_setting(t, setting, NULL, "an Etcd has no unlimited quota; druid's default is 8Gi");
        return NULL;
    }
    if (setting && !text_is(setting->value, "0") && !text_is(setting->value, ""))
        return write_quantity(t, setting, to);
    if (setting)
        account_setting(t, setting, to, "0 is etcd's own default of 2Gi");
    return made(t, kube_json_string("2Gi"));
}

static struct json_object *snapshot_count(struct translation *t, const char *to)
{
    const struct setting *setting = etcd_setting(t, "snapshot-count");
    const struct version *version = &t->model.version;
    if (setting)
        return write_number(t, setting, to, INT64_MAX);
    /* etcd's default: 10000 up to 3.1, 100000 up to 3.5, 10000 again from 3.6 on, as druid's. */
    bool usual = version->known && (version->minor < 2 || version->minor > 5);
    return usual ? NULL : made(t, kube_json_int(100000));
}

static struct json_object *defragmentation_schedule(struct translation *t, const char *to)
{
    return write_schedule(t, sidecar_setting(t, "defragmentation-schedule"), to);
}

static struct json_object *port_at(struct translation *t, int64_t port, const char *path,
                                   const char *to)
{
    if (!path || !port)
        return NULL;
    account(t, path, OUTCOME_TRANSLATED, to, NULL);
    return made(t, kube_json_int(port));
}

static struct json_object *server_port(struct translation *t, const char *to)
{
    static const char *const names[] = {"serverport", "server", "peer", NULL};
    const char *path = NULL;
    int64_t port = listen_port(t, "listen-peer-urls", names, 0, &path);
    account_setting(t, etcd_setting(t, "listen-peer-urls"), port ? to : NULL,
                    port ? NULL : "it names no port");
    return port_at(t, port, path, to);
}

static struct json_object *client_port(struct translation *t, const char *to)
{
    static const char *const names[] = {"clientport", "client", NULL};
    const char *path = NULL;
    int64_t port = listen_port(t, "listen-client-urls", names, 0, &path);
    account_setting(t, etcd_setting(t, "listen-client-urls"), port ? to : NULL,
                    port ? NULL : "it names no port");
    return port_at(t, port, path, to);
}

static struct json_object *wrapper_port(struct translation *t, const char *to)
{
    return write_number(t, settings_get(&t->model.etcd_reading.wrapper, "etcd-wrapper-port"), to,
                        65535);
}

static struct json_object *metrics(struct translation *t, const char *to)
{
    static const char *const choices[] = {"basic", "extensive", NULL};
    return write_choice(t, etcd_setting(t, "metrics"), to, choices);
}

static struct json_object *etcd_resources(struct translation *t, const char *to)
{
    return write_resources(t, &t->model.etcd, to);
}

static struct json_object *client_tls(struct translation *t, const char *to)
{
    return tls_write(t, &t->model.client, to, true);
}

static struct json_object *peer_tls(struct translation *t, const char *to)
{
    return tls_write(t, &t->model.peer, to, false);
}

/* A sidecar of today that is not told waits eight minutes, druid's fifteen; that of 2019 had no
 * such setting. Source: etcd-backup-restore, pkg/types. */
static struct json_object *timeout(struct translation *t, const char *flag, const char *to)
{
    const struct setting *setting = sidecar_setting(t, flag);
    if (setting || t->model.legacy_sidecar || !t->model.sidecar.tree)
        return write_duration(t, setting, to);
    return made(t, kube_json_string("8m"));
}

static struct json_object *defrag_timeout(struct translation *t, const char *to)
{
    return timeout(t, "etcd-defrag-timeout", to);
}

static struct json_object *heartbeat(struct translation *t, const char *to)
{
    return write_duration(t, sidecar_setting(t, "k8s-heartbeat-duration"), to);
}

static struct json_object *gateway(struct translation *t, const char *to)
{
    return write_boolean(t, etcd_setting(t, "enable-grpc-gateway"), to);
}

static struct json_object *freelist(struct translation *t, const char *to)
{
    static const char *const choices[] = {"array", "map", NULL};
    return write_choice(t, etcd_setting(t, "backend-bbolt-freelist-type"), to, choices);
}

static struct json_object *bootstrap(struct translation *t, const char *to)
{
    (void)to;
    return t->strategy == MIGRATE_JOIN ? bootstrap_write(t) : NULL;
}

static struct json_object *etcd_section(struct translation *t, const char *to)
{
    static const struct field fields[] = {
        {"quota", quota},
        {"snapshotCount", snapshot_count},
        {"defragmentationSchedule", defragmentation_schedule},
        {"serverPort", server_port},
        {"clientPort", client_port},
        {"wrapperPort", wrapper_port},
        {"metrics", metrics},
        {"resources", etcd_resources},
        {"clientUrlTls", client_tls},
        {"peerUrlTls", peer_tls},
        {"etcdDefragTimeout", defrag_timeout},
        {"heartbeatDuration", heartbeat},
        {"enableGRPCGateway", gateway},
        {"backendBboltFreelistType", freelist},
        {"bootstrapWithExistingCluster", bootstrap},
    };
    return section(t, fields, COUNT(fields), to);
}

/* --- spec.sharedConfig --- */

static struct json_object *compaction_mode(struct translation *t, const char *to)
{
    static const char *const choices[] = {"periodic", "revision", NULL};
    return write_choice(t, etcd_setting(t, "auto-compaction-mode"), to, choices);
}

static struct json_object *compaction_retention(struct translation *t, const char *to)
{
    const struct setting *setting = etcd_setting(t, "auto-compaction-retention");
    const char *value = setting ? setting->value : NULL;
    const struct setting *mode = etcd_setting(t, "auto-compaction-mode");
    bool by_revision = mode && text_is(mode->value, "revision");
    if (!value || !*value || strspn(value, "0") == strlen(value)) {
        if (setting)
            account_setting(t, setting, to, "0 is off");
        find(t, FINDING_DEFAULT_DIFFERS, setting ? setting->path : t->model.etcd.path,
             "auto-compaction-retention is %s: etcd keeps all history today, druid's default would "
             "compact what is older than 30m; \"0\" was written, which keeps it off",
             setting ? "0" : "not set");
        return made(t, kube_json_string("0"));
    }
    account_setting(t, setting, to, NULL);
    /* A bare number counts hours, except in the mode that counts revisions. */
    bool bare = strspn(value, "0123456789") == strlen(value);
    return made(t,
                bare && !by_revision ? kube_json_stringf("%sh", value) : kube_json_string(value));
}

static struct json_object *shared_config(struct translation *t, const char *to)
{
    static const struct field fields[] = {
        {"autoCompactionMode", compaction_mode},
        {"autoCompactionRetention", compaction_retention},
    };
    /* What cannot be read is not made up: the finding about it stands. */
    if (t->model.etcd_reading.opaque)
        return NULL;
    return section(t, fields, COUNT(fields), to);
}

/* --- the rest of the spec --- */

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
    for (const char *const *next = sorted_keys(t, map); *next; next++) {
        const char *key = *next;
        const char *path = pointer_to(t, pointer, key);
        const char *text = kube_json_as_text(kube_json_child(map, key));
        if (drop(key)) {
            account(t, path, OUTCOME_DROPPED, NULL, "%s", why);
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
    return texts(
        t, "/spec/template/metadata/labels", to, of_package_manager,
        "it belongs to the package manager; druid sets app.kubernetes.io/managed-by itself");
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
    return unless_empty(section(t, fields, COUNT(fields), to));
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
        {"etcd", etcd_section},
        {"backup", backup_section},
        {"sharedConfig", shared_config},
        {"schedulingConstraints", scheduling},
        {"replicas", replicas},
        {"priorityClassName", priority_class},
        {"storageClass", storage_class},
        {"storageCapacity", storage_capacity},
        {"volumeClaimTemplate", claim_template},
        {"runAsRoot", run_as_root},
    };
    return section(t, fields, COUNT(fields), to);
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
