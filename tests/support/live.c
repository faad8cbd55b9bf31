#include "tests/support/live.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const keep_namespace[] = {"/metadata/labels", NULL};
static const char *const keep_cluster[] = {"/spec/shoot/spec/provider/type", NULL};
static const char *const keep_secret[] = {"/data", NULL};

const struct kube_live_watch test_live_watches[3] = {
    {.kind = KUBE_NAMESPACE, .keep = keep_namespace},
    {.kind = KUBE_CLUSTER, .keep = keep_cluster},
    {.kind = KUBE_SECRET, .name = "etcd-backup", .keep = keep_secret},
};

static void on_log(void *context, enum kube_live_level level, const char *message,
                   const char *resource, const char *detail)
{
    struct test_live *live = context;
    (void)level;
    pthread_mutex_lock(&live->mutex);
    size_t used = strlen(live->log);
    snprintf(live->log + used, sizeof live->log - used, "%s %s %s\n", message, resource,
             detail ? detail : "");
    pthread_mutex_unlock(&live->mutex);
}

void test_live_start(struct test_live *live, const struct kube_live_options *given)
{
    struct kube_live_options options = given ? *given : (struct kube_live_options){0};
    struct error err = {0};
    pthread_mutex_init(&live->mutex, NULL);
    live->log[0] = '\0';
    options.log = on_log;
    options.log_context = live;
    options.access = options.access ? options.access : test_apiserver_access(live->server);
    if (!options.watches) {
        options.watches = test_live_watches;
        options.watch_count = 3;
    }
    const struct {
        int64_t *value;
        int64_t usual;
    } rows[] = {
        {&options.miss_timeout, KUBE_SECOND},
        {&options.retry_first, 50 * KUBE_MILLISECOND},
        {&options.retry_last, 400 * KUBE_MILLISECOND},
        {&options.absent_retry, 200 * KUBE_MILLISECOND},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!*rows[i].value)
            *rows[i].value = rows[i].usual;
    if (!kube_live_start(&options, &live->source, &err))
        test_live_fail(live, __FILE__, __LINE__, err.message);
}

void test_live_stop(struct test_live *live)
{
    kube_source_free(live->source);
    live->source = NULL;
    pthread_mutex_destroy(&live->mutex);
}

void test_live_fail(struct test_live *live, const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: not so: %s\nlog:\n%s", file, line, what, live->log);
    abort();
}

bool test_live_logged(struct test_live *live, const char *text)
{
    pthread_mutex_lock(&live->mutex);
    bool found = strstr(live->log, text) != NULL;
    pthread_mutex_unlock(&live->mutex);
    return found;
}

int64_t test_live_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * KUBE_SECOND + now.tv_nsec;
}

void test_live_sleep(int milliseconds)
{
    nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000L}, NULL);
}

bool test_live_is_ready(struct test_live *live)
{
    return kube_source_ready(live->source, NULL);
}

enum error_code test_live_get(struct test_live *live, enum kube_kind kind, const char *namespace,
                              const char *name)
{
    AUTO_OBJECT struct kube_object *object = NULL;
    struct error err = {0};
    return kube_source_get(live->source, kind, namespace, name, &object, &err) ? ERROR_NONE
                                                                               : err.code;
}

const char *test_live_text(struct test_live *live, enum kube_kind kind, const char *namespace,
                           const char *name, const char *pointer, char out[256])
{
    AUTO_OBJECT struct kube_object *object = NULL;
    const char *text = NULL;
    if (kube_source_get(live->source, kind, namespace, name, &object, NULL))
        text = kube_json_text(kube_object_tree(object), pointer);
    snprintf(out, 256, "%s", text ? text : "");
    return out;
}

uint64_t test_live_requests(struct test_live *live, enum kube_verb verb)
{
    struct kube_live_stats stats;
    uint64_t sum = 0;
    kube_live_stats(live->source, &stats);
    for (size_t result = 0; result < KUBE_RESULTS; result++)
        sum += stats.requests[verb][result];
    return sum;
}
