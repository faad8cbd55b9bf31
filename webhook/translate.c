#include "webhook/translate.h"

#include "kube/cleanup.h"
#include "migration/migration.h"

#include <limits.h>
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
        [ERROR_CONFLICT] = MHD_HTTP_TOO_MANY_REQUESTS, /* with the requests of others */
        [ERROR_UNAVAILABLE] = MHD_HTTP_INTERNAL_SERVER_ERROR,
        [ERROR_STOPPED] = MHD_HTTP_INTERNAL_SERVER_ERROR,
        [ERROR_NO_MEMORY] = MHD_HTTP_INTERNAL_SERVER_ERROR,
    };
    return webhook_status(codes[err->code], err->message);
}

/* --- the answer as it grows: nothing of a StatefulSet is held but its text --- */

struct text {
    struct webhook_call *call; /* whose memory it takes */
    char *bytes;
    size_t length, capacity;
};

struct page {
    struct text items, skipped;
};

/* ERROR_RANGE: there is never as much memory; ERROR_CONFLICT: not now. */
static bool take_memory(struct webhook_call *call, long long bytes, struct error *err)
{
    long long most = call->budget ? webhook_budget_most(call->budget) : LLONG_MAX;
    if (call->held + bytes > most)
        return error_set(err, ERROR_RANGE,
                         "translating this takes more than the %lld MiB of memory that one request "
                         "may take (--request-memory); a List can be sent in parts",
                         most >> 20);
    return webhook_call_take(call, bytes) || error_set(err, ERROR_CONFLICT, "%s", webhook_too_many);
}

/* Room for SIZE more bytes and a NUL. */
static bool text_reserve(struct text *text, size_t size, struct error *err)
{
    if (text->capacity - text->length > size)
        return true;
    size_t capacity = 2 * text->capacity + size + 1024;
    if (!take_memory(text->call, (long long)(capacity - text->capacity), err))
        return false;
    char *bytes = realloc(text->bytes, capacity);
    if (!bytes)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

static bool text_append(struct text *text, const char *bytes, size_t length, struct error *err)
{
    if (!text_reserve(text, length, err))
        return false;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
    return true;
}

static bool text_append_json(struct text *text, const char *before, struct json_object *value,
                             struct error *err)
{
    const char *written = value ? kube_json_write(value) : "null";
    if (!written)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    return text_append(text, before, strlen(before), err) &&
           text_append(text, written, strlen(written), err);
}

static bool add(void *context, size_t index, size_t total, const struct migrate_result *result,
                struct json_object *skipped, struct error *err)
{
    struct page *page = context;
    (void)index, (void)total;
    if (skipped)
        return text_append_json(&page->skipped, page->skipped.length ? "," : "", skipped, err);
    return text_append_json(
               &page->items,
               page->items.length ? ",{\"etcd\":" : "{\"items\":[{\"etcd\":", result->etcd, err) &&
           text_append_json(&page->items, ",\"report\":", result->report, err) &&
           text_append(&page->items, "}", 1, err);
}

static bool add_end(struct page *page, struct error *err)
{
    static const char none[] = "{\"items\":[";
    static const char between[] = "],\"skipped\":[";
    return (page->items.length || text_append(&page->items, none, sizeof none - 1, err)) &&
           text_append(&page->items, between, sizeof between - 1, err) &&
           text_append(&page->items, page->skipped.bytes ? page->skipped.bytes : "",
                       page->skipped.length, err) &&
           text_append(&page->items, "]}", 2, err);
}

/* What the translation of one StatefulSet takes: two trees, its fields as trees and as text, what
 * struct migrate_options allows it, and the text of that. */
static long long translation_bytes(struct json_object *stateful_set)
{
    enum { TREES = 2, VALUE_BYTES = 1 << 10, FIELD_TEXT = 4 << 10 };
    struct webhook_amount amount = {0};
    webhook_measure(stateful_set, LLONG_MAX - 1, &amount);
    return TREES * (amount.values * VALUE_BYTES + amount.text) +
           amount.values * (MIGRATE_FIELD_BYTES + FIELD_TEXT) + 2 * WEBHOOK_TRANSLATION_MEMORY;
}

/* Memory for the largest of what OBJECT has: they are translated one after another. */
static bool take_largest(struct webhook_call *call, struct json_object *object, struct error *err)
{
    struct json_object *items = kube_json_child(object, "items");
    long long largest = 0;
    if (!json_object_is_type(items, json_type_array))
        return take_memory(call, translation_bytes(object), err);
    for (size_t i = 0; i < json_object_array_length(items) && kube_work_goes_on(&call->work); i++) {
        long long bytes = translation_bytes(json_object_array_get_idx(items, i));
        largest = bytes > largest ? bytes : largest;
    }
    return take_memory(call, largest, err);
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
    struct page page = {{.call = call}, {.call = call}};
    struct webhook_snapshot *snapshot = webhook_state_acquire(call->state);
    bool done = take_largest(call, object, err) &&
                migrate_list(object, snapshot->source, &options, add, &page, err) &&
                add_end(&page, err);
    webhook_state_release(call->state, snapshot);
    free(page.skipped.bytes);
    if (done)
        return (struct webhook_answer){MHD_HTTP_OK, page.items.bytes};
    free(page.items.bytes);
    return answer_error(err);
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
