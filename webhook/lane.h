/* The slow lane: a thread that answers large requests one after another, so that the event loops
 * are free for ordinary ones and never more than one large tree is in memory. */
#ifndef WEBHOOK_LANE_H
#define WEBHOOK_LANE_H

#include "kube/error.h"

#include <pthread.h>

/* Jobs that may wait; a caller behind them is better told to try again. */
enum { WEBHOOK_LANE_WAITING = 16 };

struct webhook_job {
    struct webhook_job *next;
    void (*run)(struct webhook_job *job); /* JOB is the runner's: it may be freed in there */
};

struct webhook_lane {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    struct webhook_job *first, *last;
    unsigned waiting;
    bool started;
    bool ending;
};

/* LANE is zero. ERROR_UNAVAILABLE: there is no thread to be had. */
bool webhook_lane_start(struct webhook_lane *lane, struct error *err);

/* JOB (lent until it runs) is run in its turn. False: too many wait already, or the lane was
 * stopped.
 */
bool webhook_lane_add(struct webhook_lane *lane, struct webhook_job *job);

/* Runs what waits still, and ends the thread. A lane that never started may be stopped, too. */
void webhook_lane_stop(struct webhook_lane *lane);

/* Behind webhook_lane_stop, when nobody adds to it any more. */
void webhook_lane_free(struct webhook_lane *lane);

#endif
