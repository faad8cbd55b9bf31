/* What the program counts, and its exposition in the Prometheus text format (version 0.0.4).
 * Counters are atomic; nothing here waits. */
#ifndef WEBHOOK_METRICS_H
#define WEBHOOK_METRICS_H

#include "webhook/answer.h"
#include "webhook/fleet.h"

#include <stdatomic.h>
#include <stdio.h>

enum webhook_path {
    WEBHOOK_PATH_MUTATE,
    WEBHOOK_PATH_TRANSLATE,
    WEBHOOK_PATH_OTHER,
    WEBHOOK_PATHS,
};

enum { WEBHOOK_OPERATIONS = 4, WEBHOOK_CODES = 13, WEBHOOK_BUCKETS = 9 };

struct webhook_metrics {
    _Atomic unsigned long long requests[WEBHOOK_PATHS][WEBHOOK_CODES];
    _Atomic unsigned long long reviews[WEBHOOK_OPERATIONS + 1][WEBHOOK_OUTCOMES];
    _Atomic unsigned long long buckets[WEBHOOK_BUCKETS + 1]; /* the last: above all bounds */
    _Atomic unsigned long long duration_nanoseconds;
    _Atomic unsigned long long reloads[2][2]; /* [certificate, configuration][failed, done] */
    _Atomic long long certificate_expiry;     /* seconds since 1970 */
    _Atomic long in_flight;
    _Atomic long connections;
    struct webhook_fleet fleet;
};

enum webhook_reload { WEBHOOK_RELOAD_CERTIFICATE, WEBHOOK_RELOAD_CONFIGURATION };

/* One answered HTTP request. */
void webhook_metrics_request(struct webhook_metrics *metrics, enum webhook_path path,
                             unsigned code);

/* One review; OPERATION NULL: it was not readable. */
void webhook_metrics_review(struct webhook_metrics *metrics, const char *operation,
                            enum webhook_outcome outcome, long long nanoseconds);

void webhook_metrics_reload(struct webhook_metrics *metrics, enum webhook_reload what, bool done);

/* Writes all of it; rows that are still zero are left out where labels make many. */
void webhook_metrics_write(struct webhook_metrics *metrics, FILE *out);

#endif
