/* The one place that answers: decisions as AdmissionReviews, everything else as a Status. */
#ifndef WEBHOOK_ANSWER_H
#define WEBHOOK_ANSWER_H

#include "webhook/review.h"

#include <microhttpd.h>

/* What became of a review, as logs and metrics call it. */
enum webhook_outcome {
    WEBHOOK_PATCHED,
    WEBHOOK_UNCHANGED,  /* an etcd that is as it should be */
    WEBHOOK_IGNORED,    /* nothing that this program acts on */
    WEBHOOK_REFUSED,    /* allowed: false */
    WEBHOOK_FAILED,     /* could not be decided: HTTP 500 */
    WEBHOOK_UNREADABLE, /* HTTP 400 */
    WEBHOOK_OUTCOMES,
};

const char *webhook_outcome_name(enum webhook_outcome outcome);

/* An HTTP answer. The body is the caller's to free; NULL stands for want of memory. */
struct webhook_answer {
    unsigned status;
    char *body;
};

/* Allowed, with OUTCOME and STAGE (as in struct patch_result; NULL: none) as audit annotations.
 * OPERATIONS (lent, NULL or empty: none) is a JSON Patch, WARNINGS (lent, NULL: none) an array of
 * strings. Patch and patchType are there both or neither. */
struct webhook_answer webhook_allow(const struct webhook_review *review,
                                    enum webhook_outcome outcome, const char *stage,
                                    struct json_object *operations, struct json_object *warnings);

/* What ERR says of REVIEW, by one table: the object, or one that it needs, is wrong or absent →
 * allowed: false with a 4xx code; it cannot be decided → HTTP 500, so that failurePolicy decides.
 */
struct webhook_answer webhook_answer_error(const struct webhook_review *review,
                                           const struct error *err, const char *stage,
                                           enum webhook_outcome *outcome);

extern const char webhook_too_many[]; /* the message of 429 */

/* A Status for a request that got no decision. STATUS is the HTTP code, 4xx or 5xx. */
struct webhook_answer webhook_status(unsigned status, const char *message);

#endif
