/* One request as the code that answers it sees it: what was sent, how long its caller waits, and
 * the memory that it holds. */
#ifndef WEBHOOK_CALL_H
#define WEBHOOK_CALL_H

#include "kube/work.h"
#include "webhook/budget.h"
#include "webhook/log.h"
#include "webhook/metrics.h"
#include "webhook/state.h"

struct webhook_call {
    /* Set by the caller, lent. */
    struct webhook_state *state;
    struct webhook_metrics *metrics;
    const struct webhook_log *log;
    struct webhook_budget *budget; /* NULL: memory is not counted */
    const char *body;
    size_t length;
    int fd;             /* of the caller's connection; -1: none */
    long long deadline; /* by webhook_clock; 0: none */
    /* Its own. */
    long long held; /* bytes of the budget */
    struct kube_work work;
};

/* Milliseconds of the monotonic clock. */
long long webhook_clock(void);

/* Prepares CALL->work: it stops when the deadline has passed or the caller has closed its end, if
 * only for writing: HTTP clients that still wait for an answer keep both ends open. */
void webhook_call_begin(struct webhook_call *call);

/* Takes BYTES more of the budget. False, and nothing taken, where others hold them. */
bool webhook_call_take(struct webhook_call *call, long long bytes);

/* Gives back what CALL holds beyond BYTES. */
void webhook_call_keep(struct webhook_call *call, long long bytes);

#endif
