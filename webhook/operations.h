/* The operations port, plain HTTP: /healthz, /readyz and /metrics, for kubelet and Prometheus. */
#ifndef WEBHOOK_OPERATIONS_H
#define WEBHOOK_OPERATIONS_H

#include "webhook/connection.h"
#include "webhook/metrics.h"
#include "webhook/state.h"

/* Connections open at once. Each has one request, a few seconds for that and as many for its
 * answer.
 */
enum { WEBHOOK_OPERATIONS_CONNECTIONS = 64 };

struct webhook_operations {
    /* Set by the caller, lent. */
    struct webhook_tls *tls;
    struct webhook_state *state;
    struct webhook_metrics *metrics;
    /* Its own. */
    atomic_bool stopping; /* not ready any more */
    struct MHD_Daemon *daemon;
    char address[64];
    struct webhook_connections connections;
};

/* Listens on LISTEN (ADDR:PORT). ERROR_UNAVAILABLE: cannot. */
bool webhook_operations_start(struct webhook_operations *operations, const char *listen,
                              struct error *err);

/* Cuts off connections that are past a deadline; to be called about every second. */
void webhook_operations_tick(struct webhook_operations *operations);

void webhook_operations_stop(struct webhook_operations *operations);

/* Ready: not stopping, a certificate that is valid, an object source that answers. The error says
 * what is not so. */
bool webhook_operations_ready(struct webhook_operations *operations, struct error *err);

#endif
