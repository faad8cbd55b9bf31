/* Values of Secrets leave no trace in the memory of the process. They are made by the server, so
 * that this program has them from nowhere else. */
#include "tests/support/live.h"

#include "kube/cleanup.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct test_live live;

#define TELL(...) test_apiserver_do(live.server, __VA_ARGS__)
#define UNTIL(condition) test_live_until(&live, condition)

enum { TRACE_LENGTH = 32 };

/* The sanitizers of addresses and threads keep terabytes of their own to look through. */
#if defined(__has_feature)
#define HAS_SANITIZER (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#else
#define HAS_SANITIZER 0
#endif

static int start_server(void **state)
{
    (void)state;
    live.server = test_apiserver_start("/usr/bin/python3", "apiserver.py");
    return live.server ? 0 : -1;
}

static int stop_server(void **state)
{
    (void)state;
    test_apiserver_stop(live.server);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    if (live.source)
        test_live_stop(&live);
    return 0;
}

/* Copies of such a value in BYTES, or of TRACE_LENGTH bytes of it: from letter to letter it goes up
 * by seven. */
static size_t count_traces(const unsigned char *bytes, size_t length)
{
    size_t traces = 0, run = 0;
    for (size_t i = 1; i < length; i++) {
        bool goes_on = bytes[i] >= 'a' && bytes[i] <= 'z' && bytes[i - 1] >= 'a' &&
                       bytes[i - 1] <= 'z' && (bytes[i] - bytes[i - 1] + 26) % 26 == 7;
        run = goes_on ? run + 1 : 0;
        traces += run == TRACE_LENGTH;
    }
    return traces;
}

/* All that this process can write to is looked through. */
static size_t traces_in_memory(void)
{
    enum { CHUNK = 1 << 20 };
    static unsigned char chunk[CHUNK];
    AUTO_FILE FILE *maps = fopen("/proc/self/maps", "re");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    size_t traces = 0;
    char line[512];
    assert_non_null(maps);
    assert_true(memory >= 0);
    memset(chunk, 0, sizeof chunk);
    while (fgets(line, sizeof line, maps)) {
        char *rest; /* "BEGIN-END rw-p …" */
        unsigned long begin = strtoul(line, &rest, 16);
        unsigned long end = strtoul(rest + 1, &rest, 16);
        if (strncmp(rest, " rw", 3) != 0)
            continue;
        for (unsigned long at = begin; at < end; at += CHUNK) {
            size_t wanted = end - at < CHUNK ? end - at : CHUNK;
            /* The chunk itself lies in what is read: what it had before would be found. */
            if (at < (unsigned long)(uintptr_t)(chunk + CHUNK) &&
                at + wanted > (unsigned long)(uintptr_t)chunk)
                continue;
            ssize_t length = pread(memory, chunk, wanted, (off_t)at);
            traces += length > 0 ? count_traces(chunk, (size_t)length) : 0;
            memset(chunk, 0, sizeof chunk);
        }
    }
    close(memory);
    return traces;
}

static void start_ready(const struct kube_live_options *options)
{
    test_live_start(&live, options);
    UNTIL(test_live_is_ready(&live));
    UNTIL(TELL("{'do': 'watching', 'resource': 'secrets'}") == 1);
}

static enum error_code secret(const char *name)
{
    return test_live_get(&live, KUBE_SECRET, "a", name);
}

static void what_was_listed_is_there_once_and_then_gone(void **state)
{
    (void)state;
    TELL("{'do': 'put_traced', 'namespace': 'a', 'name': 'etcd-backup'}");
    start_ready(NULL);
    assert_int_equal(secret("etcd-backup"), ERROR_NONE);
    assert_int_equal(traces_in_memory(), 1);
    TELL("{'do': 'delete', 'resource': 'secrets', 'namespace': 'a', 'name': 'etcd-backup'}");
    UNTIL(secret("etcd-backup") == ERROR_NOT_FOUND);
    UNTIL(traces_in_memory() == 0);
}

static void what_an_event_brought_is_there_once_and_then_gone(void **state)
{
    (void)state;
    start_ready(NULL);
    for (int i = 0; i < 5; i++)
        TELL("{'do': 'put_traced', 'namespace': 'a', 'name': 'etcd-backup'}");
    TELL("{'do': 'put', 'resource': 'secrets', 'namespace': 'b', 'name': 'etcd-backup'}");
    UNTIL(test_live_get(&live, KUBE_SECRET, "b", "etcd-backup") == ERROR_NONE);
    UNTIL(traces_in_memory() == 1);
    TELL("{'do': 'delete', 'resource': 'secrets', 'namespace': 'a', 'name': 'etcd-backup'}");
    UNTIL(secret("etcd-backup") == ERROR_NOT_FOUND);
    UNTIL(traces_in_memory() == 0);
}

static void what_was_asked_for_goes_with_its_last_reference(void **state)
{
    (void)state;
    struct kube_object *object = NULL;
    start_ready(NULL);
    TELL("{'do': 'put_traced', 'namespace': 'a', 'name': 'other'}");
    assert_true(kube_source_get(live.source, KUBE_SECRET, "a", "other", &object, NULL));
    assert_int_equal(traces_in_memory(), 1);
    kube_object_unref(object);
    assert_int_equal(traces_in_memory(), 0);
}

static void what_is_not_kept_leaves_nothing(void **state)
{
    (void)state;
    const char *const keep[] = {"/metadata/labels", NULL};
    const struct kube_live_watch watch = {.kind = KUBE_SECRET, .keep = keep};
    TELL("{'do': 'put_traced', 'namespace': 'a', 'name': 'listed'}");
    start_ready(&(struct kube_live_options){.watches = &watch, .watch_count = 1});
    TELL("{'do': 'put_traced', 'namespace': 'a', 'name': 'followed'}");
    UNTIL(secret("followed") == ERROR_NONE);
    UNTIL(traces_in_memory() == 0);
}

static void a_token_goes_with_the_source(void **state)
{
    (void)state;
    TELL("{'do': 'token_traced'}");
    start_ready(NULL);
    assert_int_equal(secret("other"), ERROR_NOT_FOUND);
    assert_true(traces_in_memory() > 0);
    test_live_stop(&live);
    assert_int_equal(traces_in_memory(), 0);
}

static int reset(void **state)
{
    (void)state;
    TELL("{'do': 'reset'}");
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_listed_is_there_once_and_then_gone),
        TEST(what_an_event_brought_is_there_once_and_then_gone),
        TEST(what_was_asked_for_goes_with_its_last_reference),
        TEST(what_is_not_kept_leaves_nothing),
        TEST(a_token_goes_with_the_source),
    };
    if (HAS_SANITIZER) {
        puts("memory cannot be looked through with this sanitizer");
        return 77;
    }
    return cmocka_run_group_tests_name("live wipe", tests, start_server, stop_server);
}
