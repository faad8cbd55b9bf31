/* POST /mutate without HTTP: the bytes of an AdmissionReview in, an answer out. */
#ifndef WEBHOOK_MUTATE_H
#define WEBHOOK_MUTATE_H

#include "webhook/answer.h"
#include "webhook/log.h"
#include "webhook/metrics.h"
#include "webhook/state.h"

/* Decides on BODY by the snapshot in force, counts it and writes its one line of log. */
struct webhook_answer webhook_mutate(struct webhook_state *state, struct webhook_metrics *metrics,
                                     const struct webhook_log *log, const char *body,
                                     size_t length);

#endif
