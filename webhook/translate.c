#include "webhook/translate.h"

#include "kube/cleanup.h"
#include "migration/migration.h"

#include <string.h>
#include <time.h>

/* What was sent is wrong, or more than is translated; or it could not be decided. */
static struct webhook_answer answer_error(const struct error *err)
{
    static const unsigned codes[] = {
        [ERROR_NONE] = MHD_HTTP_INTERNAL_SERVER_ERROR,
        [ERROR_INVALID] = MHD_HTTP_UNPROCESSABLE_CONTENT,
        [ERROR_RANGE] = MHD_HTTP_CONTENT_TOO_LARGE,
        [ERROR_NOT_FOUND] = MHD_HTTP_UNPROCESSABLE_CONTENT,
        [ERROR_CONFLICT] = MHD_HTTP_UNPROCESSABLE_CONTENT,
        [ERROR_UNAVAILABLE] = MHD_HTTP_INTERNAL_SERVER_ERROR,
        [ERROR_STOPPED] = MHD_HTTP_INTERNAL_SERVER_ERROR,
        [ERROR_NO_MEMORY] = MHD_HTTP_INTERNAL_SERVER_ERROR,
    };
    return webhook_status(codes[err->code], err->message);
}

static struct webhook_answer translate(struct webhook_call *call, struct json_object *object,
                                       struct error *err)
{
    const struct migrate_options options = {
        .strategy = MIGRATE_AUTO,
        .untrusted = true,
        .now = time(NULL),
        .memory = WEBHOOK_TRANSLATION_MEMORY,
        .work = &call->work,
    };
    AUTO_JSON struct json_object *result = NULL;
    struct webhook_snapshot *snapshot = webhook_state_acquire(call->state);
    bool done = migrate_list(object, snapshot->source, &options, &result, err);
    webhook_state_release(call->state, snapshot);
    if (!done)
        return answer_error(err);
    const char *text = kube_json_write(result);
    return (struct webhook_answer){MHD_HTTP_OK, text ? strdup(text) : NULL};
}

struct webhook_answer webhook_translate(struct webhook_call *call)
{
    AUTO_JSON struct json_object *object = NULL;
    struct error err = {0};
    struct webhook_answer answer;
    if (kube_json_parse_while(&call->work, call->body, call->length, &object, &err))
        answer = translate(call, object, &err);
    else if (err.code == ERROR_STOPPED)
        answer = answer_error(&err);
    else
        answer = webhook_status(MHD_HTTP_BAD_REQUEST, err.message);
    bool bad = err.code != ERROR_NONE;
    webhook_log(call->log, bad ? WEBHOOK_LOG_WARNING : WEBHOOK_LOG_INFO, "translation", "outcome",
                bad ? error_code_name(err.code) : "translated", "reason", bad ? err.message : NULL,
                NULL);
    return answer;
}
