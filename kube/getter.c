#include "kube/getter.h"

#include "kube/cleanup.h"
#include "kube/duration.h"
#include "kube/wipe.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* At a time; who comes later waits for one of them. */
enum { GETTERS = 8 };

struct getter {
    struct kube_http http; /* whose connection stays open */
    bool is_busy;
};

struct kube_getters {
    struct kube_hub *hub;
    pthread_mutex_t mutex;
    pthread_cond_t freed;
    struct getter getters[GETTERS];
};

bool kube_getters_new(struct kube_hub *hub, struct kube_getters **out, struct error *err)
{
    struct kube_getters *getters = calloc(1, sizeof *getters);
    pthread_condattr_t monotonic;
    if (!getters)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    getters->hub = hub;
    pthread_mutex_init(&getters->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&getters->freed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (size_t i = 0; i < GETTERS; i++) {
        if (!kube_http_init(&getters->getters[i].http, hub->options.access, err)) {
            kube_getters_free(getters);
            return false;
        }
    }
    *out = getters;
    return true;
}

void kube_getters_free(struct kube_getters *getters)
{
    if (!getters)
        return;
    for (size_t i = 0; i < GETTERS && getters->getters[i].http.easy; i++)
        kube_http_free(&getters->getters[i].http);
    pthread_cond_destroy(&getters->freed);
    pthread_mutex_destroy(&getters->mutex);
    free(getters);
}

static struct getter *find_idle(struct kube_getters *getters)
{
    for (size_t i = 0; i < GETTERS; i++)
        if (!getters->getters[i].is_busy)
            return &getters->getters[i];
    return NULL;
}

/* NULL: none became free until DEADLINE. */
static struct getter *acquire(struct kube_getters *getters, int64_t deadline)
{
    struct timespec until = {deadline / KUBE_SECOND, deadline % KUBE_SECOND};
    struct getter *getter;
    int status = 0;
    pthread_mutex_lock(&getters->mutex);
    while (!(getter = find_idle(getters)) && status != ETIMEDOUT)
        status = pthread_cond_timedwait(&getters->freed, &getters->mutex, &until);
    if (getter)
        getter->is_busy = true;
    pthread_mutex_unlock(&getters->mutex);
    return getter;
}

static void release(struct kube_getters *getters, struct getter *getter)
{
    pthread_mutex_lock(&getters->mutex);
    getter->is_busy = false;
    pthread_cond_signal(&getters->freed);
    pthread_mutex_unlock(&getters->mutex);
}

/* Whatever is wrong with an answer, it says nothing about the object: only a 404 does. */
static bool undecided(struct error *err)
{
    if (err && err->code != ERROR_NO_MEMORY)
        err->code = ERROR_UNAVAILABLE;
    return false;
}

/* Whether TREE is what was asked for. */
static bool check_object(struct json_object *tree, const struct kube_cache_key *key,
                         struct error *err)
{
    struct kube_cache_key found;
    enum kube_kind kind;
    uint64_t version;
    if (!kube_kind_of(tree, &kind, err) ||
        !kube_watch_identify(tree, key->kind, &found, &version, err))
        return false;
    return (kind == key->kind && strcmp(found.namespace, key->namespace) == 0 &&
            strcmp(found.name, key->name) == 0) ||
           error_set(err, ERROR_INVALID, "it is another object");
}

static bool take_object(const struct kube_http *http, const struct kube_cache_key *key,
                        const char *what, struct json_object **out, struct error *err)
{
    AUTO_WIPED_JSON struct json_object *tree = NULL;
    if (!kube_body_parse(&http->body, &tree, err) || !check_object(tree, key, err)) {
        error_wrap(err, "get %s: the answer", what);
        return undecided(err);
    }
    *out = TAKE(tree);
    return true;
}

static bool request(struct kube_getters *getters, struct kube_http *http,
                    const struct kube_cache_key *key, int64_t deadline, struct json_object **out,
                    struct error *err)
{
    char what[600];
    const struct kube_kind_info *info = kube_kind_info(key->kind);
    AUTO_FREE char *path = kube_http_path(key->kind, key->namespace, key->name);
    int64_t left = (deadline - kube_watch_clock()) / KUBE_MILLISECOND;
    snprintf(what, sizeof what, "%s %s%s%s", info->resource, key->namespace,
             *key->namespace ? "/" : "", key->name);
    if (!path)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    if (!kube_http_prepare(http, path, left > 0 ? left : 1, left > 0 ? left : 1, err)) {
        error_wrap(err, "get %s", what);
        return undecided(err);
    }
    struct error failure = {0};
    enum kube_result result =
        kube_http_result(http, curl_easy_perform(http->easy), KUBE_VERB_GET, what, &failure);
    bool taken = result == KUBE_RESULT_OK && take_object(http, key, what, out, &failure);
    if (result == KUBE_RESULT_OK && !taken)
        result = KUBE_RESULT_FAILED;
    atomic_fetch_add(&getters->hub->requests[KUBE_VERB_GET][result], 1);
    if (taken)
        return true;
    /* Kinds of other groups may be not installed; the core is, so that is somebody else's 404. */
    bool is_absent =
        result == KUBE_RESULT_NOT_FOUND && (*info->group || kube_http_has_status(http));
    if (!is_absent)
        undecided(&failure);
    if (err)
        *err = failure;
    return false;
}

bool kube_getters_get(struct kube_getters *getters, const struct kube_cache_key *key,
                      struct json_object **out, struct error *err)
{
    int64_t deadline = kube_watch_clock() + getters->hub->options.miss_timeout;
    struct getter *getter = acquire(getters, deadline);
    if (!getter)
        return error_set(err, ERROR_UNAVAILABLE,
                         "get %s: too many questions to the API server at once",
                         kube_kind_info(key->kind)->resource);
    bool taken = request(getters, &getter->http, key, deadline, out, err);
    kube_body_free(&getter->http.body);
    kube_wipe_stack();
    release(getters, getter);
    return taken;
}
