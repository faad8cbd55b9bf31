#include "webhook/cluster.h"

#include "kube/kubeconfig.h"
#include "kube/live.h"

#include <stdlib.h>

/* What patches and the translation ask for, and nothing else is kept in memory. */
static const char *const of_namespaces[] = {"/metadata/labels", "/metadata/annotations", NULL};
static const char *const of_clusters[] = {"/spec/seed/spec/provider",
                                          "/spec/seed/spec/backup",
                                          "/spec/shoot/metadata/creationTimestamp",
                                          "/spec/shoot/spec/maintenance",
                                          "/spec/shoot/status/technicalID",
                                          "/spec/shoot/status/uid",
                                          NULL};
static const char *const of_backup_entries[] = {"/spec/bucketName", "/spec/type",
                                                "/status/resources", NULL};
static const char *const of_etcds[] = {"/metadata/annotations", "/metadata/deletionTimestamp",
                                       NULL};
static const char *const of_secrets[] = {"/data", NULL};

/* A StatefulSet without an Etcd, and a shoot without a BackupEntry, are the rule in the legacy
 * path. */
static const struct kube_live_watch kinds[] = {
    {KUBE_NAMESPACE, NULL, of_namespaces, false},
    {KUBE_CLUSTER, NULL, of_clusters, false},
    {KUBE_BACKUP_ENTRY, NULL, of_backup_entries, true},
    {KUBE_ETCD, NULL, of_etcds, true},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void log_line(void *context, enum kube_live_level level, const char *message,
                     const char *resource, const char *detail)
{
    webhook_log(context, level == KUBE_LIVE_WARNING ? WEBHOOK_LOG_WARNING : WEBHOOK_LOG_INFO,
                message, "resource", resource, "detail", detail, NULL);
}

bool webhook_cluster_is_here(void)
{
    return getenv("KUBERNETES_SERVICE_HOST") != NULL;
}

bool webhook_cluster_start(const char *kubeconfig, const char *const *secrets, size_t secret_count,
                           const struct webhook_log *log, struct kube_source **out,
                           struct error *err)
{
    struct kube_live_watch watches[KUBE_LIVE_WATCHES_MAX];
    struct kube_access *access = NULL;
    size_t count = 0;
    if (secret_count > KUBE_LIVE_WATCHES_MAX - KINDS)
        return error_set(err, ERROR_RANGE, "source.secrets: %zu names, at most %d are possible",
                         secret_count, KUBE_LIVE_WATCHES_MAX - KINDS);
    while (count < KINDS) {
        watches[count] = kinds[count];
        count++;
    }
    for (size_t i = 0; i < secret_count; i++)
        watches[count++] = (struct kube_live_watch){KUBE_SECRET, secrets[i], of_secrets, false};
    if (kubeconfig ? !kube_access_from_kubeconfig(kubeconfig, NULL, &access, err)
                   : !kube_access_in_pod(NULL, &access, err))
        return false;
    const struct kube_live_options options = {
        .access = access,
        .watches = watches,
        .watch_count = count,
        .log = log_line,
        .log_context = (void *)(uintptr_t)log,
    };
    return kube_live_start(&options, out, err);
}

bool webhook_cluster_ask(const char *kubeconfig, struct kube_source **out, struct error *err)
{
    struct kube_access *access = NULL;
    if (!kube_access_for_command(kubeconfig, NULL, &access, err))
        return false;
    const struct kube_live_options options = {.access = access};
    return kube_live_start(&options, out, err);
}

/* --- metrics --- */

static void head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* One row a watch; Secrets also have the name that is watched. */
static void write_watches(const struct kube_live_stats *stats, FILE *out, const char *name,
                          const char *type, const char *help,
                          long long (*value)(const struct kube_live_watch_stats *))
{
    head(out, name, type, help);
    for (size_t i = 0; i < stats->watch_count; i++) {
        const struct kube_live_watch_stats *watch = &stats->watches[i];
        fprintf(out, "%s{resource=\"%s\",name=\"%s\"} %lld\n", name,
                kube_kind_info(watch->kind)->resource, watch->name ? watch->name : "",
                value(watch));
    }
}

static long long objects_of(const struct kube_live_watch_stats *watch)
{
    return (long long)watch->objects;
}

static long long lists_of(const struct kube_live_watch_stats *watch)
{
    return (long long)watch->lists;
}

static long long starts_of(const struct kube_live_watch_stats *watch)
{
    return (long long)watch->starts;
}

static long long synced_of(const struct kube_live_watch_stats *watch)
{
    return watch->synced;
}

static void write_requests(const struct kube_live_stats *stats, FILE *out)
{
    head(out, "druid_bridge_source_requests_total", "counter",
         "Requests to the API server that ended, by verb and result.");
    for (size_t verb = 0; verb < KUBE_VERBS; verb++)
        for (size_t result = 0; result < KUBE_RESULTS; result++)
            if (stats->requests[verb][result])
                fprintf(out, "druid_bridge_source_requests_total{verb=\"%s\",result=\"%s\"} %llu\n",
                        kube_verb_name((enum kube_verb)verb),
                        kube_result_name((enum kube_result)result),
                        (unsigned long long)stats->requests[verb][result]);
}

void webhook_cluster_write(struct kube_source *source, FILE *out)
{
    struct kube_live_stats stats;
    kube_live_stats(source, &stats);
    head(out, "druid_bridge_source_age_seconds", "gauge",
         "Since the watch that was silent for longest heard from the API server; -1: never.");
    fprintf(out, "druid_bridge_source_age_seconds %lld\n", (long long)stats.age);
    write_watches(&stats, out, "druid_bridge_source_objects", "gauge",
                  "Objects in the cache, by watch.", objects_of);
    write_watches(&stats, out, "druid_bridge_source_lists_total", "counter",
                  "Complete lists, by watch.", lists_of);
    write_watches(&stats, out, "druid_bridge_source_watches_total", "counter",
                  "Times that a watch began.", starts_of);
    write_watches(&stats, out, "druid_bridge_source_synced", "gauge",
                  "Whether the watch has been in step once.", synced_of);
    write_requests(&stats, out);
}
