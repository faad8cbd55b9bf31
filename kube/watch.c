#include "kube/watch.h"

#include "kube/cleanup.h"
#include "kube/duration.h"

#include <string.h>
#include <time.h>

enum {
    PAGE_LIMIT = 500,           /* objects; what client-go asks for */
    WATCH_SECONDS_MIN = 300,    /* the server ends a watch after so long, */
    WATCH_SECONDS_SPREAD = 300, /* and up to so much more, so that not all begin anew at once */
    CONNECT_MILLISECONDS = 10000,
    LIST_MILLISECONDS = 60000,
};

/* A watch that lasted so long was a success; one that ends sooner is begun anew after a delay only,
 * which grows. */
#define STABLE (5 * KUBE_SECOND)

/* At most so long a wait because the server asked for it. */
#define RETRY_AFTER_MAX 60

int64_t kube_watch_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * KUBE_SECOND + now.tv_nsec;
}

/* --- life --- */

static char **copy_list(const char *const *list)
{
    size_t count = 0;
    while (list[count])
        count++;
    char **copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++)
        copy[i] = strdup(list[i]);
    return copy;
}

static void on_begun(void *context);

bool kube_watch_init(struct kube_watch *watch, struct kube_hub *hub, unsigned number,
                     const struct kube_live_watch *spec, struct error *err)
{
    const char *resource = kube_kind_info(spec->kind)->resource;
    *watch =
        (struct kube_watch){.hub = hub, .kind = spec->kind, .number = number, .limit = PAGE_LIMIT};
    if (!kube_http_init(&watch->http, hub->options.access, err))
        return false;
    watch->http.begun = on_begun;
    watch->http.context = watch;
    watch->stats = (struct kube_live_watch_stats){.kind = spec->kind, .installed = true};
    snprintf(watch->what, sizeof watch->what, "%s", resource);
    if (spec->name && !kube_http_is_name(spec->name))
        return error_set(err, ERROR_INVALID, "'%s' is not a name that one of the %s can have",
                         spec->name, resource);
    if (spec->name) {
        watch->name = strdup(spec->name);
        watch->stats.name = watch->name;
        snprintf(watch->what, sizeof watch->what, "%s '%s'", resource, spec->name);
    }
    watch->sparse = spec->sparse;
    if (spec->keep)
        watch->keep = copy_list(spec->keep);
    if ((spec->name && !watch->name) || (spec->keep && !watch->keep))
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    return true;
}

void kube_watch_free(struct kube_watch *watch)
{
    if (watch->in_multi)
        curl_multi_remove_handle(watch->hub->multi, watch->http.easy);
    if (watch->http.easy)
        kube_http_free(&watch->http);
    for (size_t i = 0; watch->keep && watch->keep[i]; i++)
        free(watch->keep[i]);
    free(watch->keep);
    free(watch->name);
    free(watch->resume);
    free(watch->page);
}

/* --- what others see --- */

static void count_result(struct kube_watch *watch, enum kube_result result)
{
    enum kube_verb verb = watch->phase == KUBE_WATCH_WATCHING ? KUBE_VERB_WATCH : KUBE_VERB_LIST;
    atomic_fetch_add(&watch->hub->requests[verb][result], 1);
}

static void set_failure(struct kube_watch *watch, const struct error *err)
{
    pthread_mutex_lock(&watch->hub->mutex);
    bool is_new = strcmp(watch->failure, err->message) != 0;
    memcpy(watch->failure, err->message, sizeof watch->failure);
    pthread_mutex_unlock(&watch->hub->mutex);
    if (is_new)
        kube_watch_say(watch, KUBE_LIVE_WARNING, "the watch is interrupted", err->message);
}

/* --- requests --- */

/* Whole lines are taken as they come, the rest waits in the body. */
static bool take_bytes(void *context, const char *bytes, size_t length, struct error *err)
{
    struct kube_watch *watch = context;
    struct kube_body *body = &watch->http.body;
    while (length > 0) {
        const char *newline = memchr(bytes, '\n', length);
        size_t part = newline ? (size_t)(newline + 1 - bytes) : length;
        if (!kube_body_append(body, bytes, part, err))
            return false;
        if (newline) {
            if (!kube_watch_take_line(watch, body->bytes, body->used, err))
                return false;
            kube_body_consume(body, body->used);
        }
        bytes += part;
        length -= part;
    }
    return true;
}

static void on_begun(void *context)
{
    struct kube_watch *watch = context;
    if (watch->phase != KUBE_WATCH_WATCHING)
        return;
    watch->is_answered = true;
    kube_watch_set_good(watch);
}

/* The path of the next request; the caller frees it. NULL: no memory. */
static char *next_path(struct kube_watch *watch)
{
    AUTO_FREE char *base = kube_http_path(watch->kind, NULL, NULL);
    const char *token = watch->resume ? watch->resume : watch->page ? watch->page : "";
    char *escaped = curl_easy_escape(watch->http.easy, token, 0);
    char *path = NULL;
    int length = -1;
    if (base && escaped && watch->resume)
        length = asprintf(&path,
                          "%s?watch=true&allowWatchBookmarks=true&timeoutSeconds=%u"
                          "&resourceVersion=%s%s%s",
                          base, WATCH_SECONDS_MIN + arc4random_uniform(WATCH_SECONDS_SPREAD),
                          escaped, watch->name ? "&fieldSelector=metadata.name%3D" : "",
                          watch->name ? watch->name : "");
    else if (base && escaped)
        length = asprintf(&path, "%s?limit=%u%s%s%s%s", base, watch->limit,
                          watch->name ? "&fieldSelector=metadata.name%3D" : "",
                          watch->name ? watch->name : "", watch->page ? "&continue=" : "", escaped);
    curl_free(escaped);
    return length < 0 ? NULL : path;
}

/* The next attempt comes after twice the delay of the last, with jitter, and after WAIT. */
static void set_delay(struct kube_watch *watch, int64_t wait, int64_t now)
{
    const struct kube_live_options *options = &watch->hub->options;
    watch->delay = watch->delay ? watch->delay * 2 : options->retry_first;
    if (watch->delay > options->retry_last)
        watch->delay = options->retry_last;
    uint32_t milliseconds = (uint32_t)(watch->delay / KUBE_MILLISECOND) + 1;
    int64_t delay = watch->delay / 2 + arc4random_uniform(milliseconds) * KUBE_MILLISECOND;
    watch->due = now + (delay > wait ? delay : wait);
    watch->phase = KUBE_WATCH_WAITING;
}

static void fail(struct kube_watch *watch, enum kube_result result, const struct error *err,
                 int64_t wait, int64_t now)
{
    count_result(watch, result);
    set_failure(watch, err);
    kube_body_free(&watch->http.body);
    if (watch->phase == KUBE_WATCH_WATCHING && now - watch->started >= STABLE)
        watch->delay = 0;
    set_delay(watch, wait, now);
}

static void begin_list(struct kube_watch *watch)
{
    pthread_mutex_lock(&watch->hub->mutex);
    watch->in_step = false;
    watch->list++;
    pthread_mutex_unlock(&watch->hub->mutex);
}

static void begin(struct kube_watch *watch, int64_t now)
{
    struct error err = {0};
    bool is_list = !watch->resume;
    if (is_list && !watch->page)
        begin_list(watch);
    watch->phase = is_list ? KUBE_WATCH_LISTING : KUBE_WATCH_WATCHING;
    watch->started = watch->heard = now;
    watch->is_answered = false;
    watch->http.take = is_list ? NULL : take_bytes;
    AUTO_FREE char *path = next_path(watch);
    bool prepared = path ? kube_http_prepare(&watch->http, path, CONNECT_MILLISECONDS,
                                             is_list ? LIST_MILLISECONDS : 0, &err)
                         : error_set(&err, ERROR_NO_MEMORY, "out of memory");
    if (prepared && curl_multi_add_handle(watch->hub->multi, watch->http.easy) != CURLM_OK)
        prepared = error_set(&err, ERROR_NO_MEMORY, "out of memory");
    if (!prepared) {
        fail(watch, KUBE_RESULT_UNREACHABLE, &err, 0, now);
        return;
    }
    watch->in_multi = true;
    if (is_list)
        return;
    pthread_mutex_lock(&watch->hub->mutex);
    watch->stats.starts++;
    pthread_mutex_unlock(&watch->hub->mutex);
}

/* --- ends --- */

/* Starts over with a list. */
static void forget_version(struct kube_watch *watch)
{
    free(TAKE(watch->resume));
    free(TAKE(watch->page));
    watch->must_list = false;
}

/* The last page is in: what it did not have is gone, and the watch begins at VERSION. */
static void finish_list(struct kube_watch *watch, uint64_t version)
{
    char detail[64];
    size_t gone = kube_cache_sweep(&watch->hub->cache, watch->number, watch->list);
    watch->has_listed = true;
    watch->missing = 0;
    pthread_mutex_lock(&watch->hub->mutex);
    bool is_first = !watch->stats.synced;
    watch->in_step = watch->stats.synced = watch->stats.installed = true;
    watch->version = version;
    watch->stats.objects -= gone;
    watch->stats.lists++;
    snprintf(detail, sizeof detail, "%lu objects", (unsigned long)watch->stats.objects);
    pthread_mutex_unlock(&watch->hub->mutex);
    kube_watch_set_good(watch);
    if (is_first)
        kube_watch_say(watch, KUBE_LIVE_INFO, "listed", detail);
}

/* The kind is not installed: it counts as listed and empty, and is looked for again at leisure. */
static void set_absent(struct kube_watch *watch, int64_t now)
{
    int64_t retry = watch->hub->options.absent_retry;
    forget_version(watch);
    watch->has_listed = false;
    watch->missing = 0;
    kube_cache_sweep(&watch->hub->cache, watch->number, 0);
    pthread_mutex_lock(&watch->hub->mutex);
    bool is_new = watch->stats.installed;
    watch->stats.synced = true;
    watch->stats.installed = watch->in_step = false;
    watch->stats.objects = 0;
    pthread_mutex_unlock(&watch->hub->mutex);
    kube_watch_set_good(watch);
    if (is_new)
        kube_watch_say(watch, KUBE_LIVE_INFO, "not installed", NULL);
    watch->delay = 0;
    watch->phase = KUBE_WATCH_WAITING;
    watch->due = now + retry / 2 +
                 arc4random_uniform((uint32_t)(retry / KUBE_MILLISECOND)) * KUBE_MILLISECOND;
}

/* Whether a kind is gone that was there: API servers that are starting do not know any but their
 * own for a while, which must not empty the cache. */
static bool is_gone_for_good(struct kube_watch *watch, int64_t now)
{
    if (!watch->has_listed)
        return true;
    if (!watch->missing)
        watch->missing = now;
    return now - watch->missing >= watch->hub->options.absent_retry;
}

static void list_done(struct kube_watch *watch, int64_t now)
{
    struct error err = {0};
    uint64_t version;
    bool is_last;
    if (kube_watch_take_page(watch, &version, &is_last, &err)) {
        count_result(watch, KUBE_RESULT_OK);
        kube_body_free(&watch->http.body);
        if (is_last)
            finish_list(watch, version);
        watch->phase = KUBE_WATCH_WAITING;
        watch->due = now;
        return;
    }
    error_wrap(&err, "list %s", watch->what);
    forget_version(watch);
    fail(watch, KUBE_RESULT_FAILED, &err, 0, now);
}

/* The server ended the watch, as it does every few minutes. */
static void watch_done(struct kube_watch *watch, int64_t now)
{
    struct error err = {0};
    if (watch->http.body.used > 0) {
        error_set(&err, ERROR_INVALID, "watch %s: it ended within an event", watch->what);
        fail(watch, KUBE_RESULT_FAILED, &err, 0, now);
        return;
    }
    count_result(watch, KUBE_RESULT_OK);
    if (now - watch->started < STABLE) {
        set_delay(watch, 0, now);
        return;
    }
    watch->delay = 0;
    watch->phase = KUBE_WATCH_WAITING;
    watch->due = now;
}

void kube_watch_done(struct kube_watch *watch, CURLcode code, int64_t now)
{
    struct error err = {0};
    bool is_list = watch->phase == KUBE_WATCH_LISTING;
    bool is_too_large = watch->http.failure.code == ERROR_RANGE;
    bool is_optional = *kube_kind_info(watch->kind)->group != '\0';
    watch->in_multi = false;
    enum kube_result result = kube_http_result(
        &watch->http, code, is_list ? KUBE_VERB_LIST : KUBE_VERB_WATCH, watch->what, &err);
    if (result == KUBE_RESULT_OK) {
        is_list ? list_done(watch, now) : watch_done(watch, now);
        return;
    }
    if (is_list && is_too_large && watch->limit > 1)
        watch->limit = (watch->limit + 3) / 4;
    if (watch->must_list)
        result = KUBE_RESULT_GONE;
    if (is_list || result == KUBE_RESULT_GONE || result == KUBE_RESULT_NOT_FOUND)
        forget_version(watch);
    if (is_list && result == KUBE_RESULT_NOT_FOUND && is_optional && is_gone_for_good(watch, now)) {
        count_result(watch, result);
        set_absent(watch, now);
        return;
    }
    int64_t wait = kube_http_retry_after(&watch->http);
    wait = wait < 0 ? 0 : wait > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : wait;
    fail(watch, result, &err, wait * KUBE_SECOND, now);
}

/* --- time --- */

/* A watch without a word. Where nothing changes not all API servers send bookmarks, so that is no
 * failure; but only beginning anew shows whether there still is a server. */
static void end_silent(struct kube_watch *watch, int64_t now)
{
    struct error err = {0};
    curl_multi_remove_handle(watch->hub->multi, watch->http.easy);
    watch->in_multi = false;
    if (!watch->is_answered) {
        error_set(&err, ERROR_UNAVAILABLE, "watch %s: no answer for %ld s", watch->what,
                  (long)((now - watch->started) / KUBE_SECOND));
        fail(watch, KUBE_RESULT_UNREACHABLE, &err, 0, now);
        return;
    }
    watch_done(watch, now);
}

/* When silence has lasted too long. */
static int64_t silence_end(const struct kube_watch *watch)
{
    int64_t idle_timeout = watch->hub->options.idle_timeout;
    return watch->heard + (watch->is_answered ? idle_timeout : idle_timeout / 4);
}

int64_t kube_watch_tick(struct kube_watch *watch, int64_t now)
{
    if (watch->phase == KUBE_WATCH_WATCHING && now >= silence_end(watch))
        end_silent(watch, now);
    if (watch->phase == KUBE_WATCH_WAITING && now >= watch->due)
        begin(watch, now);
    if (watch->phase == KUBE_WATCH_WAITING)
        return watch->due;
    return watch->phase == KUBE_WATCH_WATCHING ? silence_end(watch) : INT64_MAX;
}
