#include "webhook/metrics.h"

#include "kube/cleanup.h"
#include "webhook/log.h"

#include <string.h>
#include <unistd.h>

static const char *const path_names[WEBHOOK_PATHS] = {"/mutate", "/translate", "other"};

/* The codes that are answered; what is none of them counts as the last. */
static const unsigned codes[WEBHOOK_CODES] = {200, 400, 403, 404, 405, 413, 415,
                                              417, 422, 429, 500, 503, 0};

static const char *const operations[WEBHOOK_OPERATIONS + 1] = {"CREATE", "UPDATE", "DELETE",
                                                               "CONNECT", "unknown"};

/* Upper bounds in seconds. The API server's own histogram begins at 5 ms: what matters is below. */
static const double bounds[WEBHOOK_BUCKETS] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                               0.005,  0.01,    0.1,    1};

static const char *const reload_names[] = {"certificate", "configuration"};

void webhook_metrics_request(struct webhook_metrics *metrics, enum webhook_path path, unsigned code)
{
    size_t i = 0;
    while (i < WEBHOOK_CODES - 1 && codes[i] != code)
        i++;
    metrics->requests[path][i]++;
}

void webhook_metrics_review(struct webhook_metrics *metrics, const char *operation,
                            enum webhook_outcome outcome, long long nanoseconds)
{
    size_t row = 0;
    while (row < WEBHOOK_OPERATIONS && !(operation && strcmp(operations[row], operation) == 0))
        row++;
    metrics->reviews[row][outcome]++;
    size_t bucket = 0;
    while (bucket < WEBHOOK_BUCKETS && (double)nanoseconds > bounds[bucket] * 1e9)
        bucket++;
    metrics->buckets[bucket]++;
    metrics->duration_nanoseconds += (unsigned long long)nanoseconds;
}

void webhook_metrics_reload(struct webhook_metrics *metrics, enum webhook_reload what, bool done)
{
    metrics->reloads[what][done]++;
}

static void head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(FILE *out, const char *name, const char *help, long long value)
{
    head(out, name, "gauge", help);
    fprintf(out, "%s %lld\n", name, value);
}

static void write_counters(struct webhook_metrics *metrics, FILE *out)
{
    head(out, "druid_bridge_requests_total", "counter",
         "HTTPS requests answered, by path and code.");
    for (size_t path = 0; path < WEBHOOK_PATHS; path++)
        for (size_t i = 0; i < WEBHOOK_CODES; i++)
            if (metrics->requests[path][i])
                fprintf(out, "druid_bridge_requests_total{path=\"%s\",code=\"%u\"} %llu\n",
                        path_names[path], codes[i], metrics->requests[path][i]);
    head(out, "druid_bridge_reviews_total", "counter",
         "AdmissionReviews, by operation and outcome.");
    for (size_t row = 0; row <= WEBHOOK_OPERATIONS; row++)
        for (size_t i = 0; i < WEBHOOK_OUTCOMES; i++)
            if (metrics->reviews[row][i])
                fprintf(out, "druid_bridge_reviews_total{operation=\"%s\",outcome=\"%s\"} %llu\n",
                        operations[row], webhook_outcome_name((enum webhook_outcome)i),
                        metrics->reviews[row][i]);
    head(out, "druid_bridge_reloads_total", "counter",
         "Reloads of the certificate and of configuration and objects, by result.");
    for (size_t what = 0; what < 2; what++)
        for (size_t done = 0; done < 2; done++)
            fprintf(out, "druid_bridge_reloads_total{what=\"%s\",result=\"%s\"} %llu\n",
                    reload_names[what], done ? "done" : "failed", metrics->reloads[what][done]);
}

static void write_histogram(struct webhook_metrics *metrics, FILE *out)
{
    static const char name[] = "druid_bridge_review_duration_seconds";
    unsigned long long count = 0;
    head(out, name, "histogram", "Time from the whole body to the answer of a review.");
    for (size_t i = 0; i < WEBHOOK_BUCKETS; i++) {
        count += metrics->buckets[i];
        fprintf(out, "%s_bucket{le=\"%g\"} %llu\n", name, bounds[i], count);
    }
    count += metrics->buckets[WEBHOOK_BUCKETS];
    fprintf(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.9f\n%s_count %llu\n", name, count, name,
            (double)metrics->duration_nanoseconds / 1e9, name, count);
}

/* Resident memory in bytes, 0 if it cannot be read. Source: proc(5), statm: its second number. */
static long long resident_bytes(void)
{
    char line[128];
    AUTO_FILE FILE *statm = fopen("/proc/self/statm", "re");
    if (!statm || !fgets(line, sizeof line, statm))
        return 0;
    return strtoll(line + strcspn(line, " "), NULL, 10) * sysconf(_SC_PAGESIZE);
}

void webhook_metrics_write(struct webhook_metrics *metrics, FILE *out)
{
    write_counters(metrics, out);
    write_histogram(metrics, out);
    webhook_fleet_write(&metrics->fleet, out);
    gauge(out, "druid_bridge_requests_in_flight", "HTTPS requests that are being read or answered.",
          metrics->in_flight);
    gauge(out, "druid_bridge_connections", "HTTPS connections that are open.",
          metrics->connections);
    gauge(out, "druid_bridge_certificate_expiry_timestamp_seconds",
          "When the serving certificate expires, in seconds since 1970.",
          metrics->certificate_expiry);
    head(out, "druid_bridge_log_lines_dropped_total", "counter",
         "Lines of the log that were not taken in time.");
    fprintf(out, "druid_bridge_log_lines_dropped_total %llu\n", webhook_log_dropped());
    gauge(out, "process_resident_memory_bytes", "Resident memory.", resident_bytes());
    head(out, "druid_bridge_build_info", "gauge", "The version that runs.");
    fprintf(out, "druid_bridge_build_info{version=\"%s\"} 1\n", DRUID_BRIDGE_VERSION);
}
