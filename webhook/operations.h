/* The operations port, plain HTTP: /healthz, /readyz and /metrics, for kubelet and Prometheus. */
#ifndef WEBHOOK_OPERATIONS_H
#define WEBHOOK_OPERATIONS_H

#include "webhook/metrics.h"
#include "webhook/state.h"
#include "webhook/tls.h"

#include <stdatomic.h>

struct webhook_operations {
    /* Set by the caller, lent. */
    struct webhook_tls *tls;
    struct webhook_state *state;
    struct webhook_metrics *metrics;
    /* Its own. */
    atomic_bool stopping; /* not ready any more */
    struct MHD_Daemon *daemon;
    char address[64];
};

/* Listens on LISTEN (ADDR:PORT). ERROR_UNAVAILABLE: cannot. */
bool webhook_operations_start(struct webhook_operations *operations, const char *listen,
                              struct error *err);
void webhook_operations_stop(struct webhook_operations *operations);

/* Ready: not stopping, a certificate that is valid, an object source that answers. The error says
 * what is not so. */
bool webhook_operations_ready(struct webhook_operations *operations, struct error *err);

#endif
