#include "webhook/lane.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Ordinary requests come first where processors are short. */
enum { NICENESS = 10 };

/* The next job; NULL: the lane ends. */
static struct webhook_job *next_job(struct webhook_lane *lane)
{
    pthread_mutex_lock(&lane->mutex);
    while (!lane->first && !lane->ending)
        pthread_cond_wait(&lane->changed, &lane->mutex);
    struct webhook_job *job = lane->first;
    if (job) {
        lane->first = job->next;
        lane->waiting--;
    }
    pthread_mutex_unlock(&lane->mutex);
    return job;
}

static void *run(void *context)
{
    struct webhook_job *job;
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS); /* Linux: of this thread alone */
    while ((job = next_job(context)))
        job->run(job);
    return NULL;
}

bool webhook_lane_start(struct webhook_lane *lane, struct error *err)
{
    pthread_mutex_init(&lane->mutex, NULL);
    pthread_cond_init(&lane->changed, NULL);
    int status = pthread_create(&lane->thread, NULL, run, lane);
    lane->started = status == 0;
    return lane->started ||
           error_set(err, ERROR_UNAVAILABLE, "no thread for large requests: %s", strerror(status));
}

bool webhook_lane_add(struct webhook_lane *lane, struct webhook_job *job)
{
    pthread_mutex_lock(&lane->mutex);
    bool room = lane->waiting < WEBHOOK_LANE_WAITING && !lane->ending;
    if (room) {
        job->next = NULL;
        if (lane->first)
            lane->last->next = job;
        else
            lane->first = job;
        lane->last = job;
        lane->waiting++;
        pthread_cond_signal(&lane->changed);
    }
    pthread_mutex_unlock(&lane->mutex);
    return room;
}

void webhook_lane_stop(struct webhook_lane *lane)
{
    if (!lane->started)
        return;
    pthread_mutex_lock(&lane->mutex);
    lane->ending = true;
    pthread_cond_signal(&lane->changed);
    pthread_mutex_unlock(&lane->mutex);
    pthread_join(lane->thread, NULL);
}

void webhook_lane_free(struct webhook_lane *lane)
{
    if (!lane->started)
        return;
    lane->started = false;
    pthread_cond_destroy(&lane->changed);
    pthread_mutex_destroy(&lane->mutex);
}
