/* What many namespaces cost: live KUBECONFIG watches what the webhook needs, and prints as JSON how
 * long the start took, the memory that it grew by, and what a lookup takes with all there. */
#include "kube/live.h"
#include "kube/cleanup.h"
#include "kube/duration.h"
#include "kube/kubeconfig.h"

#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { LOOKUPS = 1000000 };

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long resident_bytes(void)
{
    char line[128]; /* "ALL RESIDENT …", in pages */
    AUTO_FILE FILE *file = fopen("/proc/self/statm", "re");
    if (!file || !fgets(line, sizeof line, file) || !strchr(line, ' '))
        return 0;
    return strtol(strchr(line, ' '), NULL, 10) * sysconf(_SC_PAGESIZE);
}

/* Nanoseconds of a lookup, of COUNT namespaces in turn. */
static double lookup_cost(struct kube_source *source, size_t count)
{
    char name[64];
    size_t found = 0;
    double begun = seconds(CLOCK_MONOTONIC);
    for (size_t i = 0; i < LOOKUPS; i++) {
        AUTO_OBJECT struct kube_object *object = NULL;
        snprintf(name, sizeof name, "shoot--project--%05zu", i * 7919 % count);
        found += kube_source_get(source, KUBE_CLUSTER, "", name, &object, NULL);
    }
    double cost = (seconds(CLOCK_MONOTONIC) - begun) / LOOKUPS * 1e9;
    return found == LOOKUPS ? cost : -1;
}

int main(int argc, char **argv)
{
    static const char *const of_namespace[] = {"/metadata/labels", "/metadata/annotations", NULL};
    static const char *const of_cluster[] = {"/spec/shoot/spec/provider/type",
                                             "/spec/shoot/spec/maintenance/timeWindow", NULL};
    static const char *const of_secret[] = {"/data", NULL};
    static const struct kube_live_watch watches[] = {
        {.kind = KUBE_NAMESPACE, .keep = of_namespace},
        {.kind = KUBE_CLUSTER, .keep = of_cluster},
        {.kind = KUBE_SECRET, .name = "etcd-backup", .keep = of_secret},
    };
    struct kube_live_options options = {.watches = watches, .watch_count = 3};
    struct kube_source *source = NULL;
    struct kube_live_stats stats;
    struct error err = {0};
    if (argc != 2 || !kube_access_from_kubeconfig(argv[1], NULL, &options.access, &err)) {
        fprintf(stderr, "usage: live KUBECONFIG: %s\n", err.message);
        return 1;
    }
    long before = resident_bytes();
    double begun = seconds(CLOCK_MONOTONIC);
    if (!kube_live_start(&options, &source, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    while (!kube_source_ready(source, NULL) && seconds(CLOCK_MONOTONIC) - begun < 120)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    double start = seconds(CLOCK_MONOTONIC) - begun;
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    kube_live_stats(source, &stats);
    size_t count = stats.watches[0].objects;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"namespaces\": %zu, \"start_seconds\": %.3f, \"start_cpu_seconds\": %.3f, "
           "\"resident_growth\": %ld, \"peak\": %ld, \"lookup_nanoseconds\": %.0f}\n",
           count, start, cpu, resident_bytes() - before, usage.ru_maxrss * 1024,
           count ? lookup_cost(source, count) : 0);
    kube_source_free(source);
    return 0;
}
