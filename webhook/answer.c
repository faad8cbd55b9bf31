#include "webhook/answer.h"

#include "kube/base64.h"
#include "kube/cleanup.h"

#include <string.h>

const char *webhook_outcome_name(enum webhook_outcome outcome)
{
    static const char *const names[WEBHOOK_OUTCOMES] = {
        [WEBHOOK_PATCHED] = "patched", [WEBHOOK_UNCHANGED] = "unchanged",
        [WEBHOOK_IGNORED] = "ignored", [WEBHOOK_REFUSED] = "refused",
        [WEBHOOK_FAILED] = "failed",   [WEBHOOK_UNREADABLE] = "unreadable",
    };
    return names[outcome];
}

/* The reasons of the Kubernetes API by code. Source: apimachinery, pkg/apis/meta/v1, StatusReason.
 */
static const struct {
    unsigned code;
    const char *reason;
} reasons[] = {
    {MHD_HTTP_BAD_REQUEST, "BadRequest"},
    {MHD_HTTP_FORBIDDEN, "Forbidden"},
    {MHD_HTTP_NOT_FOUND, "NotFound"},
    {MHD_HTTP_METHOD_NOT_ALLOWED, "MethodNotAllowed"},
    {MHD_HTTP_CONTENT_TOO_LARGE, "RequestEntityTooLarge"},
    {MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType"},
    {MHD_HTTP_UNPROCESSABLE_CONTENT, "Invalid"},
    {MHD_HTTP_TOO_MANY_REQUESTS, "TooManyRequests"},
    {MHD_HTTP_INTERNAL_SERVER_ERROR, "InternalError"},
    {MHD_HTTP_SERVICE_UNAVAILABLE, "ServiceUnavailable"},
};

static const char *reason_of(unsigned code)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].code == code)
            return reasons[i].reason;
    return "Unknown";
}

/* Takes TREE. */
static struct webhook_answer answer_with(unsigned status, struct json_object *tree)
{
    AUTO_JSON struct json_object *owned = tree;
    const char *text = owned ? kube_json_write(owned) : NULL;
    return (struct webhook_answer){status, text ? strdup(text) : NULL};
}

/* Takes RESPONSE, which gets the uid. */
static struct webhook_answer answer_review(const struct webhook_review *review,
                                           struct json_object *response)
{
    return answer_with(MHD_HTTP_OK,
                       kube_json_object("kind", kube_json_string("AdmissionReview"), "apiVersion",
                                        kube_json_string(review->api_version), "response", response,
                                        NULL));
}

static bool set_patch(struct json_object *response, struct json_object *operations)
{
    const char *text = kube_json_write(operations);
    AUTO_FREE char *encoded = text ? kube_base64_encode(text, strlen(text)) : NULL;
    return kube_json_set(response, "patch", kube_json_string(encoded)) &&
           kube_json_set(response, "patchType", kube_json_string("JSONPatch"));
}

/* What the API server's audit log keeps of a decision; nothing of what is none of ours. */
static bool set_audit(struct json_object *response, enum webhook_outcome outcome, const char *stage)
{
    return !stage || kube_json_set(response, "auditAnnotations",
                                   kube_json_object("decision",
                                                    kube_json_string(webhook_outcome_name(outcome)),
                                                    "phase", kube_json_string(stage), NULL));
}

struct webhook_answer webhook_allow(const struct webhook_review *review,
                                    enum webhook_outcome outcome, const char *stage,
                                    struct json_object *operations, struct json_object *warnings)
{
    AUTO_JSON struct json_object *response = kube_json_object(
        "uid", kube_json_string(review->uid), "allowed", kube_json_bool(true), NULL);
    bool whole = response && set_audit(response, outcome, stage);
    if (whole && !kube_json_is_empty(operations))
        whole = set_patch(response, operations);
    if (whole && !kube_json_is_empty(warnings))
        whole = kube_json_set(response, "warnings", json_object_get(warnings));
    if (!whole)
        return (struct webhook_answer){MHD_HTTP_INTERNAL_SERVER_ERROR, NULL};
    return answer_review(review, TAKE(response));
}

/* Without a reason: of "Invalid" kubectl up to 1.20 at least shows nothing but "The request is
 * invalid", not the message. */
static struct webhook_answer deny(const struct webhook_review *review, unsigned code,
                                  const char *message, const char *stage)
{
    AUTO_JSON struct json_object *response = kube_json_object(
        "uid", kube_json_string(review->uid), "allowed", kube_json_bool(false), "status",
        kube_json_object("status", kube_json_string("Failure"), "message",
                         kube_json_string(message), "code", kube_json_int(code), NULL),
        NULL);
    if (!response || !set_audit(response, WEBHOOK_REFUSED, stage))
        return (struct webhook_answer){MHD_HTTP_INTERNAL_SERVER_ERROR, NULL};
    return answer_review(review, TAKE(response));
}

const char webhook_too_many[] = "too many requests at once; try again in a second";

struct webhook_answer webhook_status(unsigned status, const char *message)
{
    return answer_with(status, kube_json_object("kind", kube_json_string("Status"), "apiVersion",
                                                kube_json_string("v1"), "status",
                                                kube_json_string("Failure"), "message",
                                                kube_json_string(message), "reason",
                                                kube_json_string(reason_of(status)), "code",
                                                kube_json_int(status), NULL));
}

struct webhook_answer webhook_answer_error(const struct webhook_review *review,
                                           const struct error *err, const char *stage,
                                           enum webhook_outcome *outcome)
{
    /* The code within a refusal; 0: no decision, HTTP 500. An absent object is Invalid too: clients
     * take a 404 for the absence of the StatefulSet itself, and repeat a 409. */
    static const unsigned refusals[] = {
        [ERROR_NONE] = 0,
        [ERROR_INVALID] = MHD_HTTP_UNPROCESSABLE_CONTENT,
        [ERROR_RANGE] = MHD_HTTP_UNPROCESSABLE_CONTENT,
        [ERROR_NOT_FOUND] = MHD_HTTP_UNPROCESSABLE_CONTENT,
        [ERROR_CONFLICT] = MHD_HTTP_FORBIDDEN,
        [ERROR_UNAVAILABLE] = 0,
        [ERROR_STOPPED] = 0,
        [ERROR_NO_MEMORY] = 0,
    };
    unsigned code = refusals[err->code];
    *outcome = code ? WEBHOOK_REFUSED : WEBHOOK_FAILED;
    return code ? deny(review, code, err->message, stage)
                : webhook_status(MHD_HTTP_INTERNAL_SERVER_ERROR, err->message);
}
