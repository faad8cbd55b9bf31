/* What a live source does when the API server is wrong, slow, or not there. */
#include "tests/support/live.h"

#include "kube/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

static struct test_live live;

#define TELL(...) test_apiserver_do(live.server, __VA_ARGS__)
#define UNTIL(condition) test_live_until(&live, condition)

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

static int reset(void **state)
{
    (void)state;
    TELL("{'do': 'reset'}");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    if (live.source)
        test_live_stop(&live);
    return 0;
}

static bool all_watch(void)
{
    return TELL("{'do': 'watching', 'resource': 'namespaces'}") == 1 &&
           TELL("{'do': 'watching', 'resource': 'secrets'}") == 1 &&
           TELL("{'do': 'watching', 'resource': 'clusters'}") == 1;
}

static void start_with(const struct kube_live_options *options)
{
    TELL("{'do': 'put', 'resource': 'namespaces', 'name': 'apple'}");
    test_live_start(&live, options);
    UNTIL(test_live_is_ready(&live));
    UNTIL(all_watch());
}

static void start_ready(void)
{
    start_with(NULL);
}

static enum error_code namespace(const char *name) {
    return test_live_get(&live, KUBE_NAMESPACE, "", name);
}

/* Whether what happens from now on is seen. */
static void expect_recovery(void)
{
    static int number;
    char name[32];
    snprintf(name, sizeof name, "later-%d", ++number);
    TELL("{'do': 'put', 'resource': 'namespaces', 'name': '%s'}", name);
    TELL("{'do': 'fault', 'verb': 'get', 'resource': 'namespaces', 'status': 500}");
    UNTIL(namespace(name) == ERROR_NONE);
}

/* --- lists that fail --- */

struct list_row {
    const char *fault; /* besides verb and resource */
    const char *message;
};

static void list_row(void **state)
{
    const struct list_row *row = *state;
    struct error err = {0};
    TELL("{'do': 'put', 'resource': 'namespaces', 'name': 'apple'}");
    TELL("{'do': 'fault', 'verb': 'list', 'resource': 'namespaces', %s}", row->fault);
    test_live_start(&live, NULL);
    do {
        test_live_sleep(5);
        assert_false(kube_source_ready(live.source, &err));
        assert_int_equal(err.code, ERROR_UNAVAILABLE);
    } while (!strstr(err.message, "namespaces are not listed yet: "));
    if (!strstr(err.message, row->message))
        fail_msg("'%s' is not in: %s", row->message, err.message);
    assert_int_equal(kube_live_age(live.source), -1);
    assert_int_equal(namespace("apple"), ERROR_NONE); /* it is asked for */
    TELL("{'do': 'heal'}");
    UNTIL(test_live_is_ready(&live));
    assert_true(test_live_logged(&live, "the watch goes on namespaces"));
    assert_true(test_live_logged(&live, row->message));
}

/* --- watches that fail --- */

struct event_row {
    const char *text; /* ` for " */
    const char *message;
};

static void event_row(void **state)
{
    const struct event_row *row = *state;
    start_ready();
    TELL("{'do': 'raw', 'resource': 'namespaces', 'text': '%s\\n'}", row->text);
    UNTIL(test_live_logged(&live, row->message));
    assert_int_equal(namespace("apple"), ERROR_NONE);
    expect_recovery();
    assert_int_equal(TELL("{'do': 'count', 'verb': 'list', 'resource': 'namespaces'}"), 1);
}

static void half_an_event_is_none(void **state)
{
    (void)state;
    start_ready();
    TELL("{'do': 'raw', 'resource': 'namespaces', 'text': '{'}");
    TELL("{'do': 'close', 'resource': 'namespaces'}");
    UNTIL(test_live_logged(&live, "it ended within an event"));
    expect_recovery();
}

static void an_event_in_two_halves_is_one(void **state)
{
    (void)state;
    start_ready();
    TELL("{'do': 'raw', 'resource': 'namespaces', 'text': '{`type`: `ADDED`, `obj'}");
    test_live_sleep(20);
    TELL("{'do': 'raw', 'resource': 'namespaces', 'text': 'ect`: {`metadata`: {`name`: "
         "`halves`, `resourceVersion`: `999999`}}}\\n'}");
    UNTIL(namespace("halves") == ERROR_NONE);
}

static void a_line_without_end_is_cut_off(void **state)
{
    (void)state;
    start_ready();
    TELL("{'do': 'raw', 'resource': 'namespaces', 'size': 9000000}");
    UNTIL(test_live_logged(&live, "more than 8388608 bytes in one piece"));
    expect_recovery();
}

static void a_silent_watch_is_begun_anew(void **state)
{
    (void)state;
    const struct kube_live_options options = {.idle_timeout = 500 * KUBE_MILLISECOND};
    start_with(&options);
    int64_t begun = test_live_clock();
    UNTIL(TELL("{'do': 'count', 'verb': 'watch', 'resource': 'namespaces'}") >= 4);
    assert_true(test_live_clock() - begun >= KUBE_SECOND);
    assert_false(test_live_logged(&live, "the watch is interrupted"));
    expect_recovery();
}

static void a_watch_that_is_not_answered_is_a_failure(void **state)
{
    (void)state;
    const struct kube_live_options options = {.idle_timeout = 2 * KUBE_SECOND};
    TELL("{'do': 'fault', 'verb': 'watch', 'delay': 6}");
    test_live_start(&live, &options);
    UNTIL(test_live_logged(&live, "watch namespaces: no answer for 0 s"));
    TELL("{'do': 'heal'}");
    UNTIL(test_live_logged(&live, "the watch goes on namespaces"));
    expect_recovery();
}

static void bookmarks_keep_a_watch_going(void **state)
{
    (void)state;
    const struct kube_live_options options = {.idle_timeout = KUBE_SECOND};
    start_with(&options);
    for (int i = 0; i < 30; i++) {
        TELL("{'do': 'bookmark', 'resource': 'namespaces'}");
        test_live_sleep(50);
    }
    assert_int_equal(TELL("{'do': 'count', 'verb': 'watch', 'resource': 'namespaces'}"), 1);
}

static void a_throttled_client_waits_as_it_is_told(void **state)
{
    (void)state;
    struct kube_live_stats stats;
    TELL("{'do': 'fault', 'verb': 'list', 'resource': 'namespaces', 'times': 1, 'status': 429, "
         "'headers': {'Retry-After': '1'}}");
    int64_t begun = test_live_clock();
    test_live_start(&live, NULL);
    UNTIL(test_live_is_ready(&live));
    assert_true(test_live_clock() - begun >= KUBE_SECOND);
    kube_live_stats(live.source, &stats);
    assert_int_equal(stats.requests[KUBE_VERB_LIST][KUBE_RESULT_THROTTLED], 1);
    assert_int_equal(TELL("{'do': 'count', 'verb': 'list', 'resource': 'namespaces'}"), 2);
}

static void a_continue_token_that_expired_makes_a_new_list(void **state)
{
    (void)state;
    TELL("{'do': 'set', 'name': 'page_limit', 'value': 2}");
    for (int i = 0; i < 5; i++)
        TELL("{'do': 'put', 'resource': 'namespaces', 'name': 'n-%d'}", i);
    TELL("{'do': 'set', 'name': 'lose_pages', 'value': 1}");
    test_live_start(&live, NULL);
    UNTIL(test_live_is_ready(&live));
    assert_int_equal(namespace("n-4"), ERROR_NONE);
    assert_int_equal(TELL("{'do': 'count', 'verb': 'get'}"), 0);
    assert_true(test_live_logged(&live, "410"));
}

/* --- the server is away --- */

static void without_a_server_the_cache_answers(void **state)
{
    (void)state;
    start_ready();
    TELL("{'do': 'refuse'}");
    test_live_sleep(2100);
    assert_int_equal(namespace("apple"), ERROR_NONE);
    assert_int_equal(namespace("other"), ERROR_UNAVAILABLE);
    assert_true(test_live_is_ready(&live));
    assert_true(kube_live_age(live.source) >= 2);
    TELL("{'do': 'delete', 'resource': 'namespaces', 'name': 'apple'}");
    TELL("{'do': 'listen'}");
    UNTIL(namespace("apple") == ERROR_NOT_FOUND);
    UNTIL(kube_live_age(live.source) < 2);
    expect_recovery();
}

static void a_start_without_a_server_waits_for_it(void **state)
{
    (void)state;
    struct error err = {0};
    TELL("{'do': 'refuse'}");
    test_live_start(&live, NULL);
    test_live_sleep(300);
    assert_false(kube_source_ready(live.source, &err));
    assert_non_null(strstr(err.message, "not listed yet: list namespaces: Failed to connect"));
    assert_int_equal(namespace("apple"), ERROR_UNAVAILABLE);
    TELL("{'do': 'listen'}");
    UNTIL(test_live_is_ready(&live));
}

static void an_answer_that_does_not_come_is_waited_for_until_the_deadline(void **state)
{
    (void)state;
    const struct kube_live_options options = {.miss_timeout = 300 * KUBE_MILLISECOND};
    start_with(&options);
    TELL("{'do': 'fault', 'verb': 'get', 'delay': 3}");
    int64_t begun = test_live_clock();
    assert_int_equal(namespace("other"), ERROR_UNAVAILABLE);
    assert_in_range((test_live_clock() - begun) / KUBE_MILLISECOND, 250, 2500);
    TELL("{'do': 'heal'}");
    assert_int_equal(namespace("other"), ERROR_NOT_FOUND);
}

static void *ask(void *context)
{
    (void)context;
    return (void *)(uintptr_t) namespace("other"); // NOLINT
}

static void many_misses_at_once_are_bounded(void **state)
{
    (void)state;
    enum { THREADS = 40 };
    pthread_t threads[THREADS];
    const struct kube_live_options options = {.miss_timeout = KUBE_SECOND};
    start_with(&options);
    TELL("{'do': 'fault', 'verb': 'get', 'delay': 6}");
    int64_t begun = test_live_clock();
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, NULL), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *code;
        pthread_join(threads[i], &code);
        assert_int_equal((uintptr_t)code, ERROR_UNAVAILABLE);
    }
    assert_true(test_live_clock() - begun < 4 * KUBE_SECOND);
    assert_in_range(TELL("{'do': 'count', 'verb': 'get'}"), 1, 16);
    assert_int_equal(namespace("apple"), ERROR_NONE);
}

/* --- questions that fail --- */

struct get_row {
    const char *fault;
    const char *message;
};

static void get_row(void **state)
{
    const struct get_row *row = *state;
    AUTO_OBJECT struct kube_object *object = NULL;
    struct error err = {0};
    TELL("{'do': 'put', 'resource': 'secrets', 'namespace': 'a', 'name': 'other', "
         "'body': {'data': {'key': 'geheim'}}}");
    TELL("{'do': 'fault', 'verb': 'get', %s}", row->fault);
    start_ready();
    assert_false(kube_source_get(live.source, KUBE_SECRET, "a", "other", &object, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    if (strncmp(err.message, "get secrets a/other: ", 21) != 0 ||
        !strstr(err.message, row->message))
        fail_msg("'%s' is not in: %s", row->message, err.message);
    assert_null(strstr(err.message, "geheim"));
}

/* --- rotation --- */

static void a_rotated_token_is_taken(void **state)
{
    (void)state;
    start_ready();
    TELL("{'do': 'token', 'value': 'second-token'}");
    TELL("{'do': 'drop'}");
    UNTIL(all_watch());
    assert_int_equal(namespace("other"), ERROR_NOT_FOUND);
    struct kube_live_stats stats;
    kube_live_stats(live.source, &stats);
    assert_int_equal(stats.requests[KUBE_VERB_WATCH][KUBE_RESULT_UNAUTHORIZED], 0);
}

static void a_refused_token_is_said(void **state)
{
    (void)state;
    struct error err = {0};
    struct kube_access *access = test_apiserver_access(live.server);
    free(TAKE(access->files[KUBE_CREDENTIAL_TOKEN]));
    assert_true(kube_access_set(access, KUBE_CREDENTIAL_TOKEN, "wrong", 5, &err));
    test_live_start(&live, &(struct kube_live_options){.access = access});
    UNTIL(test_live_logged(&live, "does not accept the credentials (401)"));
    assert_false(test_live_is_ready(&live));
    assert_false(test_live_logged(&live, "wrong"));
}

static void a_rotated_ca_is_taken(void **state)
{
    (void)state;
    start_ready();
    TELL("{'do': 'rotate'}");
    UNTIL(test_live_logged(&live, "certificate problem"));
    assert_int_equal(namespace("other"), ERROR_UNAVAILABLE);
    assert_int_equal(namespace("apple"), ERROR_NONE);
    TELL("{'do': 'trust'}");
    UNTIL(all_watch());
    expect_recovery();
}

static void the_certificate_may_be_for_another_name(void **state)
{
    (void)state;
    struct kube_access *access = test_apiserver_access(live.server);
    access->tls_server_name = strdup("apiserver.test");
    test_live_start(&live, &(struct kube_live_options){.access = access});
    UNTIL(test_live_is_ready(&live));
    assert_int_equal(namespace("other"), ERROR_NOT_FOUND);
}

static void a_certificate_for_the_wrong_name_is_refused(void **state)
{
    (void)state;
    struct kube_access *access = test_apiserver_access(live.server);
    access->tls_server_name = strdup("another.test");
    test_live_start(&live, &(struct kube_live_options){.access = access});
    UNTIL(test_live_logged(&live, "another.test"));
    assert_false(test_live_is_ready(&live));
    assert_int_equal(TELL("{'do': 'count'}"), 0);
}

/* --- cost --- */

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static uint64_t all_requests(void)
{
    return test_live_requests(&live, KUBE_VERB_LIST) + test_live_requests(&live, KUBE_VERB_WATCH) +
           test_live_requests(&live, KUBE_VERB_GET);
}

struct cost_row {
    const char *command;
    int requests; /* at most, in three seconds, of three watches */
};

/* With delays of 50, 100, 200, 400, 400 … ms a watch makes some ten attempts in three seconds. */
static void cost_row(void **state)
{
    const struct cost_row *row = *state;
    start_ready();
    TELL("%s", row->command);
    TELL("{'do': 'drop'}");
    test_live_sleep(100);
    double cpu = cpu_seconds();
    uint64_t before = all_requests();
    test_live_sleep(3000);
    uint64_t made = all_requests() - before;
    if (made > (uint64_t)row->requests)
        fail_msg("%lu requests", (unsigned long)made);
    assert_true(cpu_seconds() - cpu < 1.5);
    TELL("{'do': 'heal'}");
}

static void refusing_costs_little(void **state)
{
    (void)state;
    start_ready();
    TELL("{'do': 'refuse'}");
    double cpu = cpu_seconds();
    uint64_t before = all_requests();
    test_live_sleep(3000);
    uint64_t made = all_requests() - before;
    TELL("{'do': 'listen'}");
    assert_in_range(made, 9, 60);
    assert_true(cpu_seconds() - cpu < 1.5);
}

static void nothing_but_the_watches_is_asked_for(void **state)
{
    (void)state;
    TELL("{'do': 'fill', 'count': 50}");
    start_ready();
    long before = TELL("{'do': 'count'}");
    double cpu = cpu_seconds();
    int64_t begun = test_live_clock();
    while (test_live_clock() - begun < 2 * KUBE_SECOND) {
        assert_int_equal(test_live_get(&live, KUBE_CLUSTER, "", "shoot--project--00007"),
                         ERROR_NONE);
        test_live_sleep(20);
    }
    assert_int_equal(TELL("{'do': 'count'}"), before);
    assert_true(cpu_seconds() - cpu < 1);
}

/* --- the end --- */

struct end_row {
    const char *command;
    int milliseconds; /* before the end */
};

static void end_row(void **state)
{
    const struct end_row *row = *state;
    TELL("%s", row->command);
    test_live_start(&live, NULL);
    test_live_sleep(row->milliseconds);
    int64_t begun = test_live_clock();
    test_live_stop(&live);
    assert_true(test_live_clock() - begun < KUBE_SECOND);
    TELL("{'do': 'heal'}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, stop)
#define ROW(sentence, function, ...)                                                               \
    {                                                                                              \
        sentence, function, reset, stop, &(struct function)                                        \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("a list that fails is tried again", list_row, "'status': 500",
            "list namespaces: the API server answered 500: as told"),
        ROW("a list that RBAC forbids says so", list_row, "'status': 403",
            "list namespaces: RBAC does not allow it (403): as told"),
        ROW("a list that is throttled is tried again", list_row, "'status': 429", "too busy (429)"),
        ROW("a core kind cannot be missing", list_row, "'status': 404",
            "the API server does not have it (404)"),
        ROW("a list of garbage is tried again", list_row, "'status': 200, 'body': 'garbage'",
            "list namespaces: line 1, column 1"),
        ROW("an empty answer is no list", list_row, "'status': 200, 'body': ''",
            "list namespaces: "),
        ROW("null is no list", list_row, "'status': 200, 'body': 'null'", "list namespaces: /"),
        ROW("a list needs a resourceVersion", list_row, "'status': 200, 'body': '{}'",
            "/metadata/resourceVersion: missing"),
        ROW("a resourceVersion is a number", list_row,
            "'status': 200, 'body': '{`metadata`: {`resourceVersion`: `x`}}'",
            "'x' is not a number"),
        ROW("items are a list", list_row, "'status': 200, 'body': '{`items`: 1}'", "/items: "),
        ROW("an item has a name", list_row,
            "'status': 200, 'body': '{`metadata`: {`resourceVersion`: `1`}, "
            "`items`: [{}]}'",
            "/items/0: /metadata/name: missing"),
        ROW("a list that breaks off is tried again", list_row, "'cut': true", "list namespaces: "),
        ROW("a redirect is not followed", list_row,
            "'status': 302, 'headers': {'Location': 'https://127.0.0.1:1/'}",
            "the API server answered 302"),
        ROW("garbage is no event", event_row, "garbage", "an event: line 1, column 1"),
        ROW("null is no event", event_row, "null", "an event: /: missing"),
        ROW("an event has a type", event_row, "{}", "an event: /type: missing"),
        ROW("an event has an object", event_row, "{`type`: `ADDED`}", "an event: /object: missing"),
        ROW("an unknown type is an error", event_row,
            "{`type`: `NEWS`, `object`: {`metadata`: {`resourceVersion`: `5`}}}",
            "'NEWS' is not a type of events"),
        ROW("an object has a name", event_row,
            "{`type`: `ADDED`, `object`: {`metadata`: {`resourceVersion`: `5`}}}",
            "an event: /metadata/name: missing"),
        ROW("an error event ends the watch", event_row,
            "{`type`: `ERROR`, `object`: {`code`: 500, `message`: `etcd is ill`}}",
            "the server ended it: etcd is ill (500)"),
        ROW("an empty line is no event", event_row, "", "an event: "),
        TEST(half_an_event_is_none),
        TEST(an_event_in_two_halves_is_one),
        TEST(a_line_without_end_is_cut_off),
        TEST(a_silent_watch_is_begun_anew),
        TEST(a_watch_that_is_not_answered_is_a_failure),
        TEST(bookmarks_keep_a_watch_going),
        TEST(a_throttled_client_waits_as_it_is_told),
        TEST(a_continue_token_that_expired_makes_a_new_list),
        TEST(without_a_server_the_cache_answers),
        TEST(a_start_without_a_server_waits_for_it),
        TEST(an_answer_that_does_not_come_is_waited_for_until_the_deadline),
        TEST(many_misses_at_once_are_bounded),
        ROW("what RBAC forbids cannot be known", get_row, "'status': 403",
            "RBAC does not allow it (403): as told"),
        ROW("a failing server decides nothing", get_row, "'status': 500",
            "the API server answered 500"),
        ROW("garbage decides nothing", get_row, "'status': 200, 'body': 'geheim'", "the answer: "),
        ROW("another object decides nothing", get_row,
            "'status': 200, 'body': '{`apiVersion`: `v1`, `kind`: `Secret`, "
            "`metadata`: {`name`: `geheim`, `namespace`: `a`, "
            "`resourceVersion`: `1`}}'",
            "the answer: it is another object"),
        ROW("another kind decides nothing", get_row,
            "'status': 200, 'body': '{`apiVersion`: `v1`, `kind`: `ConfigMap`, "
            "`metadata`: {`name`: `other`, `namespace`: `a`, "
            "`resourceVersion`: `1`}}'",
            "the answer: it is another object"),
        ROW("somebody else's 404 decides nothing", get_row, "'status': 404, 'body': 'no such page'",
            "does not have it (404)"),
        ROW("half an answer decides nothing", get_row, "'cut': true", ""),
        ROW("an answer that is too large decides nothing", get_row,
            "'status': 200, 'size': 9000000", "more than 8388608 bytes in one piece"),
        ROW("a 404 that is too large decides nothing", get_row, "'status': 404, 'size': 9000000",
            "more than 8388608 bytes in one piece"),
        ROW("an answer that nests too deeply decides nothing", get_row,
            "'status': 200, 'body': "
            "'[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
            "[[[[[[[['",
            "the answer: "),
        ROW("an unknown kind decides nothing", get_row,
            "'status': 200, 'body': '{`apiVersion`: `v1`, `kind`: `Pod`}'", "the answer: "),
        ROW("a number that is no status decides nothing", get_row, "'status': 999",
            "the API server answered 999"),
        TEST(a_rotated_token_is_taken),
        TEST(a_refused_token_is_said),
        TEST(a_rotated_ca_is_taken),
        TEST(the_certificate_may_be_for_another_name),
        TEST(a_certificate_for_the_wrong_name_is_refused),
        ROW("watches that fail cost little", cost_row,
            "{'do': 'fault', 'verb': 'watch', 'status': 500}", 60),
        ROW("watches that are cut off cost little", cost_row,
            "{'do': 'fault', 'verb': 'watch', 'cut': true}", 60),
        ROW("watches that end at once cost little", cost_row,
            "{'do': 'fault', 'verb': 'watch', 'status': 200, 'body': ''}", 60),
        ROW("watches that are always too old cost little", cost_row,
            "{'do': 'fault', 'verb': 'watch', 'status': 410}", 120),
        TEST(refusing_costs_little),
        TEST(nothing_but_the_watches_is_asked_for),
        ROW("it ends while it watches", end_row, "{'do': 'heal'}", 300),
        ROW("it ends while it lists", end_row, "{'do': 'fault', 'verb': 'list', 'delay': 2}", 200),
        ROW("it ends while it waits", end_row, "{'do': 'fault', 'verb': 'list', 'status': 500}",
            1000),
        ROW("it ends before it has begun", end_row, "{'do': 'heal'}", 0),
    };
    return cmocka_run_group_tests_name("live faults", tests, start_server, stop_server);
}
