/* spec.backup: the sidecar and its store. */
#include "migration/internal.h"

#include "kube/duration.h"

#include <string.h>

static const struct setting *get(struct translation *t, const char *name)
{
    return settings_get(&t->model.sidecar_settings, name);
}

/* The store's prefix: of its own for a cluster that joins, so that two sidecars never share one.
 * The sidecar lists whatever begins with its prefix, also beyond a slash that is not there: neither
 * of the two may begin the other. */
static const char *own_prefix(struct translation *t)
{
    static const char folder[] = "druid";
    const char *prefix = t->model.store.prefix;
    if (t->strategy != MIGRATE_JOIN)
        return prefix;
    size_t length = strlen(prefix), parent;
    while (length && prefix[length - 1] == '/')
        length--;
    for (parent = length; parent && prefix[parent - 1] != '/'; parent--) {
    }
    bool begins = strncmp(folder, prefix + parent, length - parent) == 0;
    return pool_text(&t->pool, "%.*s%s%s/%s", (int)parent, prefix, begins ? "of-" : "", folder,
                     t->etcd_name);
}

bool store_is_written(struct translation *t)
{
    const struct store *store = &t->model.store;
    /* Backups that lie in the container's own file system are no store to go on with. */
    return store->provider &&
           (!store->local || store->local_on_volume || store->container_from_option);
}

static struct json_object *store(struct translation *t, const char *to)
{
    const struct store *found = &t->model.store;
    if (!store_is_written(t))
        return NULL;
    struct json_object *out = json_object_new_object();
    const char *container = pool_text(&t->pool, "%s/container", to);
    if (found->container) {
        put(t, out, "container", kube_json_string(found->container));
        if (!found->container_from_option && !found->container_from_entry)
            account(t, found->container_path, OUTCOME_TRANSLATED, container, NULL);
    }
    if (found->prefix) {
        put(t, out, "prefix", kube_json_string(own_prefix(t)));
        account_setting(t, found->prefix_setting, pool_text(&t->pool, "%s/prefix", to),
                        t->strategy == MIGRATE_JOIN ? "with a folder of its own" : NULL);
    }
    put(t, out, "provider", kube_json_string(found->provider));
    account_setting(t, found->provider_setting, pool_text(&t->pool, "%s/provider", to), NULL);
    if (found->secret) {
        put(t, out, "secretRef", kube_json_object("name", kube_json_string(found->secret), NULL));
        account(t, found->secret_path, OUTCOME_TRANSLATED,
                pool_text(&t->pool, "%s/secretRef/name", to), NULL);
    }
    put(t, out, "endpointOverride",
        write_url(t, get(t, "store-endpoint-override"),
                  pool_text(&t->pool, "%s/endpointOverride", to)));
    return out;
}

static struct json_object *policy(struct translation *t, const char *to)
{
    static const char *const choices[] = {"Exponential", "LimitBased", NULL};
    const struct setting *setting = get(t, "garbage-collection-policy");
    /* Unset it means Exponential to the sidecar, but LimitBased with seven backups to druid, which
     * would delete the others. */
    if (!setting || text_is(setting->value, ""))
        return made(t, kube_json_string("Exponential"));
    return write_choice(t, setting, to, choices);
}

static const struct setting *either(struct translation *t, const char *name, const char *other)
{
    const struct setting *setting = get(t, name);
    return setting ? setting : get(t, other);
}

/* A collection that never runs has no equal beside deltas, since none that is longer than theirs is
 * off. To the sidecar one of a second or less is off; source: etcd-backup-restore, pkg/snapshot,
 * RunGarbageCollector. */
static void no_collection(struct translation *t, const struct setting *collection,
                          const struct setting *delta)
{
    find_as(t, FINDING_PERIOD_NOT_EXPRESSIBLE, SEVERITY_BLOCKER,
            "give today's sidecar a period that is longer than that of delta snapshots, be it "
            "87600h, which it does not live to see, and translate again; or one that suits, once "
            "backups may be deleted",
            collection->path,
            "%s is '%s': today's sidecar deletes no backups; the schema of an Etcd wants a longer "
            "period than %s, '%s', and with that druid's would",
            collection->where, collection->value, delta->where, delta->value);
    account_setting(t, collection, NULL, "an Etcd cannot say that beside delta snapshots");
}

/* The two periods, of which the schema wants that of deltas to be shorter, in whole seconds. Where
 * they are not, the one that is at the sidecar's default is left out, which is the same; else the
 * garbage is collected less often, which deletes nothing too early. */
static void periods(struct translation *t, struct json_object *out)
{
    static const char collection_to[] = "/spec/backup/garbageCollectionPeriod";
    static const char delta_to[] = "/spec/backup/deltaSnapshotPeriod";
    const struct setting *collection =
        either(t, "garbage-collection-period", "garbage-collection-period-seconds");
    const struct setting *delta =
        either(t, "delta-snapshot-period", "delta-snapshot-period-seconds");
    int64_t collect_every = 0, delta_every = 0;
    struct json_object *collection_value = write_duration(t, collection, collection_to);
    struct json_object *delta_value = write_duration(t, delta, delta_to);
    bool both = collection_value && delta_value && setting_duration(collection, &collect_every) &&
                setting_duration(delta, &delta_every);
    if (both && delta_every / KUBE_SECOND >= collect_every / KUBE_SECOND) {
        if (collect_every == KUBE_MINUTE) {
            json_object_put(collection_value);
            collection_value = NULL;
            account_default(
                t, collection,
                "the sidecar's own default; the schema takes it only like that, since it "
                "wants a longer period than that of delta snapshots");
        } else if (delta_every == 20 * KUBE_SECOND) {
            json_object_put(delta_value);
            delta_value = NULL;
            account_default(t, delta,
                            "the sidecar's own default; the schema takes it only like "
                            "that, since it wants a shorter period than that of the garbage "
                            "collection");
        } else if (collect_every <= KUBE_SECOND) {
            json_object_put(collection_value);
            collection_value = NULL;
            no_collection(t, collection, delta);
        } else {
            char text[KUBE_DURATION_SIZE];
            kube_duration_format((delta_every / KUBE_SECOND + 1) * KUBE_SECOND, text);
            json_object_put(collection_value);
            collection_value = made(t, kube_json_string(text));
            find(
                t, FINDING_PERIOD_NOT_EXPRESSIBLE, collection->path,
                "%s is '%s', which is not longer than %s, '%s', as the schema of an Etcd wants it; "
                "%s was written",
                collection->where, collection->value, delta->where, delta->value, text);
        }
    }
    put(t, out, "garbageCollectionPeriod", collection_value);
    put(t, out, "deltaSnapshotPeriod", delta_value);
}

static struct json_object *memory_limit(struct translation *t, const char *to)
{
    const struct setting *setting = get(t, "delta-snapshot-memory-limit");
    if (setting && text_is(setting->value, "0"))
        account_setting(t, setting, to, "0 is the sidecar's own default of 10Mi");
    else if (setting)
        return write_quantity(t, setting, to);
    return setting || store_is_written(t) ? made(t, kube_json_string("10Mi")) : NULL;
}

static struct json_object *compression(struct translation *t, const char *to)
{
    static const char *const choices[] = {"gzip", "lzw", "zlib", NULL};
    struct json_object *out = json_object_new_object();
    put(t, out, "enabled",
        write_boolean(t, get(t, "compress-snapshots"), pool_text(&t->pool, "%s/enabled", to)));
    put(t, out, "policy",
        write_choice(t, get(t, "compression-policy"), pool_text(&t->pool, "%s/policy", to),
                     choices));
    if (!kube_json_is_empty(out))
        return out;
    json_object_put(out);
    return NULL;
}

static struct json_object *leader_election(struct translation *t, const char *to)
{
    struct json_object *out = json_object_new_object();
    put(t, out, "reelectionPeriod",
        write_duration(t, get(t, "reelection-period"),
                       pool_text(&t->pool, "%s/reelectionPeriod", to)));
    put(t, out, "etcdConnectionTimeout",
        write_duration(t, get(t, "etcd-connection-timeout-leader-election"),
                       pool_text(&t->pool, "%s/etcdConnectionTimeout", to)));
    if (!kube_json_is_empty(out))
        return out;
    json_object_put(out);
    return NULL;
}

static struct json_object *snapshot_timeout(struct translation *t, const char *to)
{
    const struct setting *setting = get(t, "etcd-snapshot-timeout");
    if (setting || t->model.legacy_sidecar || !store_is_written(t))
        return write_duration(t, setting, to);
    return made(t, kube_json_string("8m")); /* the sidecar's default; druid's is fifteen minutes */
}

struct json_object *backup_write(struct translation *t)
{
    struct json_object *out = json_object_new_object();
    if (!out)
        t->failed = true;
    if (!t->model.sidecar.tree)
        return out;
    const char *port_path = NULL;
    int64_t port = sidecar_port(t, &port_path);
    if (port) {
        account(t, port_path, OUTCOME_TRANSLATED, "/spec/backup/port", NULL);
        put(t, out, "port", kube_json_int(port));
    }
    put(t, out, "tls", tls_write(t, &t->model.backup, "/spec/backup/tls", true));
    put(t, out, "store", store(t, "/spec/backup/store"));
    put(t, out, "resources", write_resources(t, &t->model.sidecar, "/spec/backup/resources"));
    put(t, out, "fullSnapshotSchedule",
        write_schedule(t, get(t, "schedule"), "/spec/backup/fullSnapshotSchedule"));
    put(t, out, "garbageCollectionPolicy", policy(t, "/spec/backup/garbageCollectionPolicy"));
    put(t, out, "maxBackupsLimitBasedGC",
        write_number(t, get(t, "max-backups"), "/spec/backup/maxBackupsLimitBasedGC", INT32_MAX));
    periods(t, out);
    put(t, out, "deltaSnapshotMemoryLimit",
        memory_limit(t, "/spec/backup/deltaSnapshotMemoryLimit"));
    put(t, out, "deltaSnapshotRetentionPeriod",
        write_duration(t, get(t, "delta-snapshot-retention-period"),
                       "/spec/backup/deltaSnapshotRetentionPeriod"));
    put(t, out, "compression", compression(t, "/spec/backup/compression"));
    put(t, out, "enableProfiling",
        write_boolean(t, get(t, "enable-profiling"), "/spec/backup/enableProfiling"));
    put(t, out, "etcdSnapshotTimeout", snapshot_timeout(t, "/spec/backup/etcdSnapshotTimeout"));
    put(t, out, "leaderElection", leader_election(t, "/spec/backup/leaderElection"));
    return out;
}
