/* Work that may have to stop early. Loops over input count their turns here; every so often the
 * owner is asked whether the work is still wanted. The rooms that do the work read no clock. */
#ifndef KUBE_WORK_H
#define KUBE_WORK_H

#include "kube/error.h"

#include <stddef.h>

enum { KUBE_WORK_TURNS = 256 }; /* between two questions to the owner */

struct kube_work {
    /* Why the work is to stop, a literal; NULL: go on. */
    const char *(*check)(void *context);
    void *context;
    unsigned turns;
    const char *stopped; /* the reason, once there is one: from then on every loop ends */
};

/* One turn of a loop over input. False: the loop ends, and its result is good for nothing. WORK may
 * be NULL: there is no limit. */
static inline bool kube_work_goes_on(struct kube_work *work)
{
    if (!work)
        return true;
    if (!work->stopped && ++work->turns % KUBE_WORK_TURNS == 0)
        work->stopped = work->check(work->context);
    return !work->stopped;
}

/* Asks the owner now, between two stages. ERROR_STOPPED names the reason. WORK may be NULL. */
bool kube_work_check(struct kube_work *work, struct error *err);

#endif
