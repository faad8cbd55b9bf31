#include "kube/live.h"

#include "kube/cleanup.h"
#include "kube/duration.h"
#include "kube/getter.h"
#include "kube/trim.h"
#include "kube/watch.h"
#include "kube/wipe.h"

#include <malloc.h>
#include <signal.h>
#include <string.h>

/* What the server does not have is believed for so long. */
#define ABSENCE KUBE_SECOND

/* The loop looks at its clock at least so often. */
enum { POLL_MILLISECONDS = 60000 };

struct kube_live {
    struct kube_source source;
    struct kube_hub hub;
    struct kube_getters *getters;
    pthread_t thread;
    bool has_thread;
    atomic_bool stopping;
    atomic_uint_fast64_t hits;
    atomic_uint_fast64_t misses;
    size_t watch_count;
    struct kube_watch watches[]; /* libcurl has pointers to them: they never move */
};

static struct kube_live *live_of(struct kube_source *source)
{
    return (struct kube_live *)source; /* its first member */
}

/* --- the thread --- */

static void finish_requests(struct kube_live *live)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(live->hub.multi, &left));) {
        struct kube_watch *watch = NULL;
        CURLcode code = message->data.result;
        CURL *easy = message->easy_handle;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&watch);
        curl_multi_remove_handle(live->hub.multi, easy);
        bool was_list = watch->phase == KUBE_WATCH_LISTING;
        kube_watch_done(watch, code, kube_watch_clock());
        /* The trees of a page are many times what is kept of it. */
        if (was_list && watch->phase == KUBE_WATCH_WAITING && watch->resume)
            malloc_trim(0);
    }
}

/* When the next watch wants to do something. */
static int64_t tick_all(struct kube_live *live)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < live->watch_count; i++) {
        int64_t wanted = kube_watch_tick(&live->watches[i], kube_watch_clock());
        next = wanted < next ? wanted : next;
    }
    return next;
}

static void *run(void *context)
{
    struct kube_live *live = context;
    while (!live->stopping) {
        int running;
        int64_t next = tick_all(live);
        curl_multi_perform(live->hub.multi, &running);
        finish_requests(live);
        kube_wipe_stack();
        for (size_t i = 0; i < live->watch_count; i++)
            if (live->watches[i].phase == KUBE_WATCH_WAITING && live->watches[i].due < next)
                next = live->watches[i].due;
        int64_t wait = (next - kube_watch_clock()) / KUBE_MILLISECOND + 1;
        wait = wait < 0 ? 0 : wait > POLL_MILLISECONDS ? POLL_MILLISECONDS : wait;
        curl_multi_poll(live->hub.multi, NULL, 0, (int)wait, NULL);
    }
    return NULL;
}

/* --- answers --- */

/* The watch whose task it is to have such an object; NULL: there is none. */
static struct kube_watch *watch_for(struct kube_live *live, const struct kube_cache_key *key)
{
    for (size_t i = 0; i < live->watch_count; i++) {
        struct kube_watch *watch = &live->watches[i];
        if (watch->kind == key->kind && (!watch->name || strcmp(watch->name, key->name) == 0))
            return watch;
    }
    return NULL;
}

static bool not_found(const struct kube_cache_key *key, struct error *err, const char *why)
{
    return error_set(err, ERROR_NOT_FOUND, "%s %s%s%s: %s", kube_kind_info(key->kind)->kind,
                     key->namespace, *key->namespace ? "/" : "", key->name, why);
}

/* What the watch knows of an object that is not in the cache. */
static bool known_absent(struct kube_live *live, struct kube_watch *watch,
                         const struct kube_cache_key *key, struct error *err)
{
    pthread_mutex_lock(&live->hub.mutex);
    bool installed = watch->stats.installed;
    bool believed = watch->sparse && watch->stats.synced;
    pthread_mutex_unlock(&live->hub.mutex);
    if (believed)
        return !not_found(key, err, "the API server has none");
    if (!installed)
        return !not_found(key, err, "the API server does not know the kind");
    return kube_cache_is_absent(&live->hub.cache, key, kube_watch_clock()) &&
           !not_found(key, err, "the API server does not have it");
}

/* Asks the server. */
static bool ask(struct kube_live *live, struct kube_watch *watch, const struct kube_cache_key *key,
                struct kube_object **out, struct error *err)
{
    const char *const *keep = watch ? (const char *const *)watch->keep : NULL;
    AUTO_WIPED_JSON struct json_object *tree = NULL;
    atomic_fetch_add(&live->misses, 1);
    if (!kube_getters_get(live->getters, key, &tree, err)) {
        if (err && err->code == ERROR_NOT_FOUND && watch)
            kube_cache_set_absent(&live->hub.cache, key, kube_watch_clock() + ABSENCE);
        return false;
    }
    struct json_object *kept = kube_trim(tree, key->kind, keep);
    struct kube_object *object = kept ? kube_object_new(kept) : NULL;
    if (!object)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    if (watch)
        kube_watch_offer(watch, object);
    *out = object;
    return true;
}

static bool live_get(struct kube_source *source, enum kube_kind kind, const char *namespace,
                     const char *name, struct kube_object **out, struct error *err)
{
    struct kube_live *live = live_of(source);
    struct kube_cache_key key = {kind, kube_kind_info(kind)->namespaced ? namespace : "", name};
    struct error unheard; /* the code is needed even if nobody wants the message */
    if (!kube_http_is_name(name) ||
        (kube_kind_info(kind)->namespaced && !kube_http_is_name(namespace)))
        return not_found(&key, err, "no object can have such a name");
    struct kube_object *cached = kube_cache_get(&live->hub.cache, &key);
    if (cached) {
        atomic_fetch_add(&live->hits, 1);
        *out = cached;
        return true;
    }
    struct kube_watch *watch = watch_for(live, &key);
    err = err ? err : &unheard;
    if (watch && known_absent(live, watch, &key, err)) {
        atomic_fetch_add(&live->hits, 1);
        return false;
    }
    return ask(live, watch, &key, out, err);
}

/* What is not watched is asked for each time. A watch that is broken does not see what is new. */
static bool live_covers(struct kube_source *source, enum kube_kind kind, const char *namespace)
{
    struct kube_live *live = live_of(source);
    bool broken = false;
    (void)namespace;
    pthread_mutex_lock(&live->hub.mutex);
    for (size_t i = 0; i < live->watch_count; i++)
        broken = broken || (live->watches[i].kind == kind && live->watches[i].failure[0]);
    pthread_mutex_unlock(&live->hub.mutex);
    return !broken;
}

static bool live_ready(struct kube_source *source, struct error *err)
{
    struct kube_live *live = live_of(source);
    bool ready = true;
    pthread_mutex_lock(&live->hub.mutex);
    for (size_t i = 0; ready && i < live->watch_count; i++) {
        const struct kube_watch *watch = &live->watches[i];
        if (!watch->stats.synced)
            ready = error_set(err, ERROR_UNAVAILABLE, "the %s are not listed yet%s%s", watch->what,
                              watch->failure[0] ? ": " : "", watch->failure);
    }
    pthread_mutex_unlock(&live->hub.mutex);
    return ready;
}

/* --- numbers --- */

static int64_t age_of(const struct kube_watch *watch, int64_t now)
{
    return watch->good ? (now - watch->good) / KUBE_SECOND : -1;
}

/* Which of the two is worse. */
static int64_t older(int64_t a, int64_t b)
{
    return a < 0 || b < 0 ? -1 : a > b ? a : b;
}

int64_t kube_live_age(struct kube_source *source)
{
    struct kube_live *live = live_of(source);
    int64_t age = 0;
    int64_t now = kube_watch_clock();
    pthread_mutex_lock(&live->hub.mutex);
    for (size_t i = 0; i < live->watch_count; i++)
        age = older(age, age_of(&live->watches[i], now));
    pthread_mutex_unlock(&live->hub.mutex);
    return age;
}

void kube_live_stats(struct kube_source *source, struct kube_live_stats *out)
{
    struct kube_live *live = live_of(source);
    *out = (struct kube_live_stats){
        .hits = live->hits, .misses = live->misses, .watch_count = live->watch_count};
    for (size_t verb = 0; verb < KUBE_VERBS; verb++)
        for (size_t result = 0; result < KUBE_RESULTS; result++)
            out->requests[verb][result] = live->hub.requests[verb][result];
    pthread_mutex_lock(&live->hub.mutex);
    for (size_t i = 0; i < live->watch_count; i++) {
        out->watches[i] = live->watches[i].stats;
        out->watches[i].age = age_of(&live->watches[i], kube_watch_clock());
        out->age = older(out->age, out->watches[i].age);
    }
    pthread_mutex_unlock(&live->hub.mutex);
}

const char *kube_verb_name(enum kube_verb verb)
{
    static const char *const names[KUBE_VERBS] = {
        [KUBE_VERB_LIST] = "list",
        [KUBE_VERB_WATCH] = "watch",
        [KUBE_VERB_GET] = "get",
    };
    return names[verb];
}

const char *kube_result_name(enum kube_result result)
{
    static const char *const names[KUBE_RESULTS] = {
        [KUBE_RESULT_OK] = "ok",
        [KUBE_RESULT_NOT_FOUND] = "not-found",
        [KUBE_RESULT_GONE] = "gone",
        [KUBE_RESULT_UNAUTHORIZED] = "unauthorized",
        [KUBE_RESULT_FORBIDDEN] = "forbidden",
        [KUBE_RESULT_THROTTLED] = "throttled",
        [KUBE_RESULT_FAILED] = "failed",
        [KUBE_RESULT_UNREACHABLE] = "unreachable",
    };
    return names[result];
}

/* --- life --- */

static void live_free(struct kube_source *source)
{
    struct kube_live *live = live_of(source);
    if (live->has_thread) {
        live->stopping = true;
        curl_multi_wakeup(live->hub.multi);
        pthread_join(live->thread, NULL);
    }
    for (size_t i = 0; i < live->watch_count; i++)
        kube_watch_free(&live->watches[i]);
    kube_getters_free(live->getters);
    curl_multi_cleanup(live->hub.multi);
    if (live->hub.cache.buckets)
        kube_cache_free(&live->hub.cache);
    kube_access_free(live->hub.options.access);
    pthread_mutex_destroy(&live->hub.mutex);
    free(live);
}

static const struct kube_source_ops operations = {live_get, live_covers, live_ready, live_free};

static struct kube_live_options with_defaults(const struct kube_live_options *options)
{
    struct kube_live_options filled = *options;
    const struct {
        int64_t *value;
        int64_t otherwise;
    } rows[] = {
        {&filled.miss_timeout, 2 * KUBE_SECOND},   {&filled.retry_first, 500 * KUBE_MILLISECOND},
        {&filled.retry_last, 30 * KUBE_SECOND},    {&filled.absent_retry, 45 * KUBE_SECOND},
        {&filled.idle_timeout, 120 * KUBE_SECOND},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (*rows[i].value <= 0)
            *rows[i].value = rows[i].otherwise;
    filled.watches = NULL;
    return filled;
}

static bool check_watches(const struct kube_live_options *options, struct error *err)
{
    const struct kube_live_watch *watches = options->watches;
    if (options->watch_count > KUBE_LIVE_WATCHES_MAX)
        return error_set(err, ERROR_RANGE, "%zu watches, at most %d are possible",
                         options->watch_count, KUBE_LIVE_WATCHES_MAX);
    for (size_t i = 0; i < options->watch_count; i++)
        for (size_t j = 0; j < i; j++)
            if (watches[i].kind == watches[j].kind &&
                (!watches[i].name || !watches[j].name ||
                 strcmp(watches[i].name, watches[j].name) == 0))
                return error_set(err, ERROR_INVALID, "two watches of the same %s",
                                 kube_kind_info(watches[i].kind)->resource);
    return true;
}

static bool init(struct kube_live *live, const struct kube_live_options *options, struct error *err)
{
    if (!check_watches(options, err) || !kube_cache_init(&live->hub.cache, err) ||
        !kube_getters_new(&live->hub, &live->getters, err))
        return false;
    for (; live->watch_count < options->watch_count; live->watch_count++)
        if (!kube_watch_init(&live->watches[live->watch_count], &live->hub,
                             (unsigned)live->watch_count, &options->watches[live->watch_count],
                             err)) {
            live->watch_count++;
            return false;
        }
    /* After the first handle, which has initialised libcurl. */
    live->hub.multi = curl_multi_init();
    return live->hub.multi || error_set(err, ERROR_NO_MEMORY, "out of memory");
}

/* The signals are for other threads. */
static bool start_thread(struct kube_live *live, struct error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    live->has_thread = pthread_create(&live->thread, NULL, run, live) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!live->has_thread)
        return error_set(err, ERROR_NO_MEMORY, "no thread can be started");
    pthread_setname_np(live->thread, "watches");
    return true;
}

bool kube_live_start(const struct kube_live_options *options, struct kube_source **out,
                     struct error *err)
{
    struct kube_live *live = calloc(1, sizeof *live + options->watch_count * sizeof *live->watches);
    if (!live) {
        kube_access_free(options->access);
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    }
    live->source.ops = &operations;
    live->hub.options = with_defaults(options);
    pthread_mutex_init(&live->hub.mutex, NULL);
    if (!init(live, options, err) || !start_thread(live, err)) {
        live_free(&live->source);
        return false;
    }
    *out = &live->source;
    return true;
}
