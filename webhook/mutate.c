#include "webhook/mutate.h"

#include "kube/cleanup.h"

#include <string.h>
#include <time.h>

/* Whether REVIEW is of what the legacy path acts on. What else is sent is allowed as it is. */
static bool is_stateful_set_write(const struct webhook_review *review)
{
    return strcmp(review->group, "apps") == 0 && strcmp(review->resource, "statefulsets") == 0 &&
           !(review->subresource && *review->subresource) &&
           (strcmp(review->operation, "CREATE") == 0 || strcmp(review->operation, "UPDATE") == 0);
}

/* A decision on its way to the log. */
struct decision {
    enum webhook_outcome outcome;
    struct error error;
    char warning[256]; /* the first one, if any */
};

static void note_warning(struct json_object *warnings, struct decision *decision)
{
    const char *text = kube_json_text(warnings, "/0");
    snprintf(decision->warning, sizeof decision->warning, "%s", text ? text : "");
}

static struct webhook_answer patch(const struct webhook_review *review,
                                   const struct webhook_snapshot *snapshot,
                                   struct decision *decision)
{
    const struct patch_request request = {
        .update = strcmp(review->operation, "UPDATE") == 0,
        .namespace = review->namespace,
        .name = review->name,
        .object = review->object,
        .old_object = review->old_object,
    };
    struct patch_result result;
    struct webhook_answer answer;
    if (patch_stateful_set(&request, &snapshot->config.patches, snapshot->source, &result,
                           &decision->error)) {
        if (!result.ignored)
            decision->outcome =
                kube_patch_is_empty(&result.patch) ? WEBHOOK_UNCHANGED : WEBHOOK_PATCHED;
        note_warning(result.warnings, decision);
        answer = webhook_allow(review, result.patch.operations, result.warnings);
    } else {
        answer = webhook_answer_error(review, &decision->error, &decision->outcome);
    }
    patch_result_free(&result);
    return answer;
}

static struct webhook_answer decide(struct webhook_state *state,
                                    const struct webhook_review *review, struct decision *decision)
{
    decision->outcome = WEBHOOK_IGNORED;
    if (!is_stateful_set_write(review))
        return webhook_allow(review, NULL, NULL);
    struct webhook_snapshot *snapshot = webhook_state_acquire(state);
    struct webhook_answer answer = patch(review, snapshot, decision);
    webhook_state_release(state, snapshot);
    return answer;
}

static long long nanoseconds_since(const struct timespec *begin)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - begin->tv_sec) * 1000000000LL + (now.tv_nsec - begin->tv_nsec);
}

struct webhook_answer webhook_mutate(struct webhook_state *state, struct webhook_metrics *metrics,
                                     const struct webhook_log *log, const char *body, size_t length)
{
    struct timespec begin;
    struct webhook_review review = {0};
    struct decision decision = {.outcome = WEBHOOK_UNREADABLE};
    struct webhook_answer answer;
    char milliseconds[32];
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (webhook_review_parse(body, length, &review, &decision.error))
        answer = decide(state, &review, &decision);
    else
        answer = webhook_status(MHD_HTTP_BAD_REQUEST, decision.error.message);
    long long duration = nanoseconds_since(&begin);
    bool bad = decision.error.code != ERROR_NONE;
    snprintf(milliseconds, sizeof milliseconds, "%.3fms", (double)duration / 1e6);
    webhook_metrics_review(metrics, review.operation, decision.outcome, duration);
    webhook_log(log, bad || *decision.warning ? WEBHOOK_LOG_WARNING : WEBHOOK_LOG_INFO, "review",
                "uid", review.uid, "namespace", review.namespace, "name", review.name, "resource",
                review.resource, "operation", review.operation, "outcome",
                webhook_outcome_name(decision.outcome), "duration", milliseconds, "reason",
                bad ? decision.error.message : NULL, "warning",
                *decision.warning ? decision.warning : NULL, NULL);
    webhook_review_free(&review);
    return answer;
}
