#include "webhook/mutate.h"

#include "kube/cleanup.h"
#include "webhook/advice.h"

#include <string.h>
#include <time.h>

/* A decision on its way to the log. */
struct decision {
    enum webhook_outcome outcome;
    const char *stage; /* as in struct patch_result; NULL: none */
    struct error error;
    char warning[256]; /* the first one, if any */
};

static void note_warning(struct json_object *warnings, struct decision *decision)
{
    const char *text = kube_json_text(warnings, "/0");
    snprintf(decision->warning, sizeof decision->warning, "%s", text ? text : "");
}

typedef bool decide(const struct patch_request *request, const struct patch_settings *settings,
                    struct kube_source *source, struct patch_result *result, struct error *err);

/* What this program acts on. All else that is sent is allowed as it is. */
static const struct kind {
    const char *group;
    const char *resource;
    const char *subresource;
    decide *decide;
    bool creates, updates;
    bool counted; /* in the fleet */
} kinds[] = {
    {"apps", "statefulsets", "", patch_stateful_set, true, true, true},
    {"apps", "statefulsets", "scale", patch_scale, false, true, false},
    {"druid.gardener.cloud", "etcds", "", patch_etcd, true, false, false},
};

static const struct kind *find_kind(const struct webhook_review *review)
{
    bool create = strcmp(review->operation, "CREATE") == 0;
    bool update = strcmp(review->operation, "UPDATE") == 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(review->group, kinds[i].group) == 0 &&
            strcmp(review->resource, kinds[i].resource) == 0 &&
            strcmp(review->subresource, kinds[i].subresource) == 0 &&
            ((create && kinds[i].creates) || (update && kinds[i].updates)))
            return &kinds[i];
    return NULL;
}

/* Advice and bookkeeping of a StatefulSet that was decided on. */
static void follow(struct webhook_call *call, const struct webhook_review *review,
                   const struct webhook_snapshot *snapshot, struct patch_result *result)
{
    AUTO_JSON struct json_object *report =
        result->prepared ? webhook_advise(call, result, snapshot->source, time(NULL)) : NULL;
    if (!review->dry_run && !call->work.stopped)
        webhook_fleet_note(&call->metrics->fleet, review->namespace, review->name, result->stage,
                           report);
}

static struct webhook_answer answer(struct webhook_call *call, const struct webhook_review *review,
                                    const struct kind *kind,
                                    const struct webhook_snapshot *snapshot,
                                    struct decision *decision)
{
    const struct patch_request request = {
        .update = strcmp(review->operation, "UPDATE") == 0,
        .namespace = review->namespace,
        .name = review->name,
        .user = review->user,
        .object = review->object,
        .old_object = review->old_object,
        .work = &call->work,
    };
    AUTO(patch_result_free) struct patch_result result;
    bool decided = kind->decide(&request, &snapshot->config.patches, snapshot->source, &result,
                                &decision->error);
    decision->stage = result.stage;
    if (!decided)
        return webhook_answer_error(review, &decision->error, result.stage, &decision->outcome);
    if (result.stage) {
        decision->outcome =
            kube_patch_is_empty(&result.patch) ? WEBHOOK_UNCHANGED : WEBHOOK_PATCHED;
        if (kind->counted && review->name)
            follow(call, review, snapshot, &result);
    }
    if (!kube_work_check(&call->work, &decision->error))
        return webhook_answer_error(review, &decision->error, result.stage, &decision->outcome);
    note_warning(result.warnings, decision);
    return webhook_allow(review, decision->outcome, result.stage, result.patch.operations,
                         result.warnings);
}

static struct webhook_answer
decide_on(struct webhook_call *call, const struct webhook_review *review, struct decision *decision)
{
    const struct kind *kind = find_kind(review);
    decision->outcome = WEBHOOK_IGNORED;
    if (!kind)
        return webhook_allow(review, decision->outcome, NULL, NULL, NULL);
    struct webhook_snapshot *snapshot = webhook_state_acquire(call->state);
    struct webhook_answer given = answer(call, review, kind, snapshot, decision);
    webhook_state_release(call->state, snapshot);
    return given;
}

static long long nanoseconds_since(const struct timespec *begin)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - begin->tv_sec) * 1000000000LL + (now.tv_nsec - begin->tv_nsec);
}

/* A review that could not be read, or was not read to its end. */
static struct webhook_answer answer_unread(const struct error *err, struct decision *decision)
{
    bool stopped = err->code == ERROR_STOPPED;
    if (stopped)
        decision->outcome = WEBHOOK_FAILED;
    return webhook_status(stopped ? MHD_HTTP_INTERNAL_SERVER_ERROR : MHD_HTTP_BAD_REQUEST,
                          err->message);
}

struct webhook_answer webhook_mutate(struct webhook_call *call)
{
    struct timespec begin;
    struct webhook_review review = {0};
    struct decision decision = {.outcome = WEBHOOK_UNREADABLE};
    struct webhook_answer given;
    char milliseconds[32];
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (webhook_review_parse(call->body, call->length, &call->work, &review, &decision.error))
        given = decide_on(call, &review, &decision);
    else
        given = answer_unread(&decision.error, &decision);
    long long duration = nanoseconds_since(&begin);
    bool bad = decision.error.code != ERROR_NONE;
    snprintf(milliseconds, sizeof milliseconds, "%.3fms", (double)duration / 1e6);
    webhook_metrics_review(call->metrics, review.operation, decision.outcome, duration);
    webhook_log(call->log, bad || *decision.warning ? WEBHOOK_LOG_WARNING : WEBHOOK_LOG_INFO,
                "review", "uid", review.uid, "namespace", review.namespace, "name", review.name,
                "resource", review.resource, "operation", review.operation, "outcome",
                webhook_outcome_name(decision.outcome), "phase", decision.stage, "duration",
                milliseconds, "reason", bad ? decision.error.message : NULL, "warning",
                *decision.warning ? decision.warning : NULL, NULL);
    webhook_review_free(&review);
    return given;
}
