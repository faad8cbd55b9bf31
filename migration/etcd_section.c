/* The Etcd, in the order of the API's documentation. Each writer gives the value of one field, or
 * NULL where there is nothing to say, and accounts for what it was made of. */
#include "migration/internal.h"

#include <string.h>

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
    else if (t->model.etcd_reading.opaque)
        return NULL; /* what cannot be read is not made up: the finding about it stands */
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
    return usual || t->model.etcd_reading.opaque ? NULL : made(t, kube_json_int(100000));
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

struct json_object *etcd_section_write(struct translation *t, const char *to)
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
    return section_write(t, fields, COUNT(fields), to);
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
    const struct setting *mode = etcd_setting(t, "auto-compaction-mode");
    int64_t length;
    bool is_off = !setting || text_is(setting->value, "") ||
                  (setting_duration(setting, &length) && length == 0);
    if (!is_off)
        return write_retention(t, setting, to, mode && text_is(mode->value, "revision"));
    if (setting)
        account_setting(t, setting, to, "0 is off");
    find(t, FINDING_DEFAULT_DIFFERS, setting ? setting->path : t->model.etcd.path,
         "auto-compaction-retention is %s: etcd keeps all history today, druid's default would "
         "compact what is older than 30m; \"0\" was written, which keeps it off",
         setting ? "0" : "not set");
    return made(t, kube_json_string("0"));
}

struct json_object *shared_config_write(struct translation *t, const char *to)
{
    static const struct field fields[] = {
        {"autoCompactionMode", compaction_mode},
        {"autoCompactionRetention", compaction_retention},
    };
    /* What cannot be read is not made up: the finding about it stands. */
    if (t->model.etcd_reading.opaque)
        return NULL;
    return section_write(t, fields, COUNT(fields), to);
}
