/* POST /mutate without HTTP: the bytes of an AdmissionReview in, an answer out. */
#ifndef WEBHOOK_MUTATE_H
#define WEBHOOK_MUTATE_H

#include "webhook/answer.h"
#include "webhook/call.h"

/* Decides on CALL's body by the snapshot in force, counts it and writes its one line of log. */
struct webhook_answer webhook_mutate(struct webhook_call *call);

#endif
