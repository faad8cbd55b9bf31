/* What a live source knows, and whom it asks: lists, events, misses, trimming. */
#include "tests/support/live.h"

#include "kube/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

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

static void start_ready(void)
{
    test_live_start(&live, NULL);
    UNTIL(test_live_is_ready(&live));
    UNTIL(TELL("{'do': 'watching', 'resource': 'namespaces'}") == 1);
    UNTIL(TELL("{'do': 'watching', 'resource': 'secrets'}") == 1);
    UNTIL(TELL("{'do': 'watching', 'resource': 'clusters'}") == 1);
}

static enum error_code namespace(const char *name) {
    return test_live_get(&live, KUBE_NAMESPACE, "", name);
}

/* --- lists --- */

static void lists_come_in_pages(void **state)
{
    (void)state;
    TELL("{'do': 'set', 'name': 'page_limit', 'value': 3}");
    for (int i = 0; i < 10; i++)
        TELL("{'do': 'put', 'resource': 'namespaces', 'name': 'ns-%d'}", i);
    start_ready();
    char name[16];
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "ns-%d", i);
        assert_int_equal(namespace(name), ERROR_NONE);
    }
    assert_int_equal(TELL("{'do': 'count', 'verb': 'list', 'resource': 'namespaces'}"), 4);
    assert_int_equal(TELL("{'do': 'count', 'verb': 'get'}"), 0);
}

static void it_asks_for_no_more_than_it_should(void **state)
{
    (void)state;
    start_ready();
    assert_int_equal(TELL("{'do': 'count', 'verb': 'list', 'path': 'limit=500'}"), 3);
    assert_int_equal(TELL("{'do': 'count', 'resource': 'secrets', 'path': "
                          "'fieldSelector=metadata.name%%3Detcd-backup'}"),
                     2);
    assert_int_equal(TELL("{'do': 'count', 'verb': 'watch', 'path': 'allowWatchBookmarks=true'}"),
                     3);
}

static void a_page_too_large_is_asked_for_in_smaller_ones(void **state)
{
    (void)state;
    TELL("{'do': 'fill', 'count': 20, 'size': 300000}");
    start_ready();
    assert_int_equal(test_live_get(&live, KUBE_CLUSTER, "", "shoot--project--00019"), ERROR_NONE);
    assert_true(test_live_logged(&live, "more than 8388608 bytes in one piece"));
    assert_true(TELL("{'do': 'count', 'verb': 'list', 'path': 'limit=8'}") > 1);
}

static void the_stats_say_what_there_is(void **state)
{
    (void)state;
    struct kube_live_stats stats;
    TELL("{'do': 'fill', 'count': 7}");
    start_ready();
    assert_int_equal(namespace("shoot--project--00003"), ERROR_NONE);
    assert_int_equal(namespace("other"), ERROR_NOT_FOUND);
    kube_live_stats(live.source, &stats);
    assert_int_equal(stats.watch_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(stats.watches[i].objects, 7);
        assert_int_equal(stats.watches[i].lists, 1);
        assert_int_equal(stats.watches[i].starts, 1);
        assert_true(stats.watches[i].synced && stats.watches[i].installed);
    }
    assert_string_equal(stats.watches[2].name, "etcd-backup");
    assert_int_equal(stats.hits, 1);
    assert_int_equal(stats.misses, 1);
    assert_int_equal(stats.requests[KUBE_VERB_LIST][KUBE_RESULT_OK], 3);
    assert_int_equal(stats.requests[KUBE_VERB_GET][KUBE_RESULT_NOT_FOUND], 1);
    assert_in_range(stats.age, 0, 5);
    assert_in_range(kube_live_age(live.source), 0, 5);
}

/* --- events --- */

static void events_are_followed(void **state)
{
    (void)state;
    char text[256];
    start_ready();
    TELL("{'do': 'put', 'resource': 'namespaces', 'name': 'apple', "
         "'body': {'metadata': {'labels': {'phase': 'legacy'}}}}");
    UNTIL(strcmp(test_live_text(&live, KUBE_NAMESPACE, "", "apple", "/metadata/labels/phase", text),
                 "legacy") == 0);
    TELL("{'do': 'put', 'resource': 'namespaces', 'name': 'apple', "
         "'body': {'metadata': {'labels': {'phase': 'prepare'}}}}");
    UNTIL(strcmp(test_live_text(&live, KUBE_NAMESPACE, "", "apple", "/metadata/labels/phase", text),
                 "prepare") == 0);
    TELL("{'do': 'delete', 'resource': 'namespaces', 'name': 'apple'}");
    UNTIL(namespace("apple") == ERROR_NOT_FOUND);
    struct kube_live_stats stats;
    kube_live_stats(live.source, &stats);
    assert_int_equal(stats.watches[0].objects, 0);
}

static void a_changed_secret_is_there_within_a_second(void **state)
{
    (void)state;
    char text[256];
    start_ready();
    for (int i = 0; i < 20; i++) {
        TELL("{'do': 'put', 'resource': 'secrets', 'namespace': 'a', 'name': 'etcd-backup', "
             "'body': {'data': {'key': '%d'}}}",
             i);
        int64_t begun = test_live_clock();
        char wanted[16];
        snprintf(wanted, sizeof wanted, "%d", i);
        UNTIL(strcmp(test_live_text(&live, KUBE_SECRET, "a", "etcd-backup", "/data/key", text),
                     wanted) == 0);
        assert_true(test_live_clock() - begun < KUBE_SECOND);
    }
}

static void a_bookmark_is_where_the_next_watch_begins(void **state)
{
    (void)state;
    start_ready();
    for (int i = 0; i < 5; i++)
        TELL("{'do': 'put', 'resource': 'clusters', 'name': 'c-%d'}", i);
    long version = TELL("{'do': 'bookmark', 'resource': 'namespaces'}");
    TELL("{'do': 'put', 'resource': 'clusters', 'name': 'c-9'}");
    UNTIL(test_live_get(&live, KUBE_CLUSTER, "", "c-9") == ERROR_NONE);
    /* What is older than the bookmark would not do. */
    TELL("{'do': 'set', 'name': 'compacted', 'value': %ld}", version);
    TELL("{'do': 'close', 'resource': 'namespaces'}");
    UNTIL(TELL("{'do': 'count', 'verb': 'watch', 'resource': 'namespaces'}") == 2);
    assert_int_equal(TELL("{'do': 'count', 'verb': 'list', 'resource': 'namespaces'}"), 1);
}

static void closed_watches_miss_nothing(void **state)
{
    (void)state;
    start_ready();
    TELL("{'do': 'close', 'resource': 'namespaces'}");
    TELL("{'do': 'put', 'resource': 'namespaces', 'name': 'between'}");
    UNTIL(namespace("between") == ERROR_NONE);
    TELL("{'do': 'drop'}");
    TELL("{'do': 'delete', 'resource': 'namespaces', 'name': 'between'}");
    UNTIL(namespace("between") == ERROR_NOT_FOUND);
    assert_int_equal(TELL("{'do': 'count', 'verb': 'list', 'resource': 'namespaces'}"), 1);
}

static void a_list_after_410_replaces_without_a_gap(const char *expire)
{
    TELL("{'do': 'put', 'resource': 'namespaces', 'name': 'gone'}");
    TELL("{'do': 'put', 'resource': 'namespaces', 'name': 'stays'}");
    start_ready();
    TELL("{'do': 'delete', 'resource': 'namespaces', 'name': 'gone', 'quietly': true}");
    TELL("{'do': 'put', 'resource': 'namespaces', 'name': 'new', 'quietly': true}");
    TELL("{'do': 'fault', 'verb': 'list', 'resource': 'namespaces', 'delay': 0.5}");
    TELL("{'do': 'fault', 'verb': 'get', 'resource': 'namespaces', 'status': 500}");
    TELL("%s", expire);
    TELL("{'do': 'close', 'resource': 'namespaces'}");
    UNTIL(TELL("{'do': 'count', 'verb': 'list', 'resource': 'namespaces'}") == 2);
    struct kube_live_stats stats;
    do { /* the cache has it at every moment */
        assert_int_equal(namespace("stays"), ERROR_NONE);
        kube_live_stats(live.source, &stats);
    } while (stats.watches[0].lists == 1);
    assert_int_equal(namespace("stays"), ERROR_NONE);
    assert_int_equal(namespace("new"), ERROR_NONE);
    assert_int_equal(namespace("gone"), ERROR_UNAVAILABLE); /* it is asked for: not in the cache */
    assert_int_equal(stats.watches[0].objects, 2);
}

static void an_event_410_makes_a_new_list(void **state)
{
    (void)state;
    a_list_after_410_replaces_without_a_gap("{'do': 'expire', 'resource': 'namespaces'}");
    assert_true(test_live_requests(&live, KUBE_VERB_WATCH) > 0);
}

static void an_answer_410_makes_a_new_list(void **state)
{
    (void)state;
    a_list_after_410_replaces_without_a_gap("{'do': 'compact'}");
}

/* --- many at once --- */

static atomic_bool is_over;

static void *read_on(void *context)
{
    uintptr_t found = 0;
    (void)context;
    while (!is_over) {
        AUTO_OBJECT struct kube_object *object = NULL;
        if (!kube_source_get(live.source, KUBE_SECRET, "a", "etcd-backup", &object, NULL))
            continue;
        const char *text = kube_json_text(kube_object_tree(object), "/data/key");
        if (!text || strspn(text, "v") != strlen(text))
            return NULL; /* in part, or wiped while it was read */
        found++;
    }
    return (void *)found; // NOLINT
}

static void readers_see_whole_objects_while_they_change(void **state)
{
    enum { READERS = 4, CHANGES = 200 };
    pthread_t threads[READERS];
    (void)state;
    start_ready();
    TELL("{'do': 'put', 'resource': 'secrets', 'namespace': 'a', 'name': 'etcd-backup', "
         "'body': {'data': {'key': 'v'}}}");
    is_over = false;
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, NULL), 0);
    for (int i = 0; i < CHANGES; i++)
        TELL("{'do': 'put', 'resource': 'secrets', 'namespace': 'a', 'name': 'etcd-backup', "
             "'body': {'data': {'key': '%.*s'}}}",
             i % 40 + 1, "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv");
    is_over = true;
    for (size_t i = 0; i < READERS; i++) {
        void *found;
        pthread_join(threads[i], &found);
        assert_true((uintptr_t)found > 0);
    }
}

/* --- misses --- */

static void a_miss_asks_once(void **state)
{
    (void)state;
    start_ready();
    TELL("{'do': 'put', 'resource': 'namespaces', 'name': 'fresh', 'quietly': true}");
    assert_int_equal(namespace("fresh"), ERROR_NONE);
    assert_int_equal(namespace("fresh"), ERROR_NONE); /* by now from the cache */
    assert_int_equal(TELL("{'do': 'count', 'verb': 'get'}"), 1);
    assert_int_equal(namespace("absent"), ERROR_NOT_FOUND);
    assert_int_equal(namespace("absent"), ERROR_NOT_FOUND);
    assert_int_equal(TELL("{'do': 'count', 'verb': 'get'}"), 2);
    TELL("{'do': 'put', 'resource': 'namespaces', 'name': 'absent'}");
    int64_t begun = test_live_clock();
    UNTIL(namespace("absent") == ERROR_NONE);
    assert_true(test_live_clock() - begun < KUBE_SECOND * 9 / 10); /* it was not waited for */
    test_live_sleep(1100);
    assert_int_equal(namespace("other"), ERROR_NOT_FOUND);
    test_live_sleep(1100);
    assert_int_equal(namespace("other"), ERROR_NOT_FOUND);
    assert_int_equal(TELL("{'do': 'count', 'verb': 'get'}"), 4);
}

static void an_answer_that_the_watch_knows_to_be_old_is_not_kept(void **state)
{
    (void)state;
    struct kube_live_stats stats;
    start_ready();
    TELL("{'do': 'put', 'resource': 'namespaces', 'name': 'old', 'quietly': true}");
    TELL("{'do': 'bookmark', 'resource': 'namespaces'}");
    TELL("{'do': 'put', 'resource': 'namespaces', 'name': 'mark'}");
    UNTIL(namespace("mark") == ERROR_NONE);
    long asked = TELL("{'do': 'count', 'verb': 'get'}");
    assert_int_equal(namespace("old"), ERROR_NONE);
    assert_int_equal(namespace("old"), ERROR_NONE);
    assert_int_equal(TELL("{'do': 'count', 'verb': 'get'}"), asked + 2);
    kube_live_stats(live.source, &stats);
    assert_int_equal(stats.watches[0].objects, 1);
}

static void a_sparse_watch_is_believed_without_a_question(void **state)
{
    (void)state;
    const struct kube_live_watch watch = {.kind = KUBE_NAMESPACE, .sparse = true};
    test_live_start(&live, &(struct kube_live_options){.watches = &watch, .watch_count = 1});
    UNTIL(test_live_is_ready(&live));
    assert_int_equal(namespace("absent"), ERROR_NOT_FOUND);
    assert_int_equal(TELL("{'do': 'count', 'verb': 'get'}"), 0);
    TELL("{'do': 'put', 'resource': 'namespaces', 'name': 'absent'}");
    UNTIL(namespace("absent") == ERROR_NONE);
    TELL("{'do': 'fault', 'verb': 'watch', 'status': 500}");
    TELL("{'do': 'drop'}");
    assert_int_equal(namespace("other"), ERROR_NOT_FOUND);
}

static void a_sparse_watch_that_is_not_in_step_is_not_believed(void **state)
{
    (void)state;
    const struct kube_live_watch watch = {.kind = KUBE_NAMESPACE, .sparse = true};
    TELL("{'do': 'put', 'resource': 'namespaces', 'name': 'apple'}");
    TELL("{'do': 'fault', 'verb': 'list', 'status': 500}");
    test_live_start(&live, &(struct kube_live_options){.watches = &watch, .watch_count = 1});
    assert_int_equal(namespace("apple"), ERROR_NONE);
    assert_int_equal(TELL("{'do': 'count', 'verb': 'get'}"), 1);
}

static void what_is_not_watched_is_asked_for_each_time(void **state)
{
    (void)state;
    char text[256];
    start_ready();
    TELL("{'do': 'put', 'resource': 'configmaps', 'namespace': 'a', 'name': 'm', "
         "'body': {'data': {'key': '1'}}}");
    assert_string_equal(test_live_text(&live, KUBE_CONFIG_MAP, "a", "m", "/data/key", text), "1");
    TELL("{'do': 'put', 'resource': 'configmaps', 'namespace': 'a', 'name': 'm', "
         "'body': {'data': {'key': '2'}}}");
    assert_string_equal(test_live_text(&live, KUBE_CONFIG_MAP, "a", "m", "/data/key", text), "2");
    assert_int_equal(test_live_get(&live, KUBE_SECRET, "a", "other"), ERROR_NOT_FOUND);
    assert_int_equal(TELL("{'do': 'count', 'verb': 'get', 'resource': 'configmaps', "
                          "'path': '/api/v1/namespaces/a/configmaps/m'}"),
                     2);
}

static void it_covers_everything(void **state)
{
    (void)state;
    start_ready();
    assert_true(kube_source_covers(live.source, KUBE_SERVICE, "a"));
    assert_true(kube_source_covers(live.source, KUBE_CLUSTER, ""));
}

static void a_server_that_ignores_the_selector_fills_no_cache(void **state)
{
    (void)state;
    struct kube_live_stats stats;
    TELL("{'do': 'set', 'name': 'ignore_selectors', 'value': true}");
    TELL("{'do': 'put', 'resource': 'secrets', 'namespace': 'a', 'name': 'etcd-backup'}");
    TELL("{'do': 'put', 'resource': 'secrets', 'namespace': 'a', 'name': 'other'}");
    start_ready();
    TELL("{'do': 'put', 'resource': 'secrets', 'namespace': 'a', 'name': 'another'}");
    TELL("{'do': 'put', 'resource': 'secrets', 'namespace': 'b', 'name': 'etcd-backup'}");
    UNTIL(test_live_get(&live, KUBE_SECRET, "b", "etcd-backup") == ERROR_NONE);
    UNTIL((kube_live_stats(live.source, &stats), stats.watches[2].objects) == 2);
}

/* --- kinds that are not installed --- */

static void a_kind_that_is_not_installed_has_no_objects(void **state)
{
    (void)state;
    struct kube_live_stats stats;
    TELL("{'do': 'install', 'resource': 'clusters', 'installed': false}");
    test_live_start(&live, NULL);
    UNTIL(test_live_is_ready(&live));
    assert_int_equal(test_live_get(&live, KUBE_CLUSTER, "", "apple"), ERROR_NOT_FOUND);
    assert_int_equal(TELL("{'do': 'count', 'verb': 'get'}"), 0);
    kube_live_stats(live.source, &stats);
    assert_false(stats.watches[1].installed);
    assert_in_range(stats.age, 0, 5);
    TELL("{'do': 'install', 'resource': 'clusters'}");
    TELL("{'do': 'put', 'resource': 'clusters', 'name': 'apple'}");
    UNTIL(test_live_get(&live, KUBE_CLUSTER, "", "apple") == ERROR_NONE);
    TELL("{'do': 'install', 'resource': 'clusters', 'installed': false}");
    TELL("{'do': 'close', 'resource': 'clusters'}");
    UNTIL(test_live_get(&live, KUBE_CLUSTER, "", "apple") == ERROR_NOT_FOUND);
}

static void a_kind_that_is_missing_for_a_moment_is_not_gone(void **state)
{
    (void)state;
    const struct kube_live_options options = {.absent_retry = 3 * KUBE_SECOND};
    TELL("{'do': 'put', 'resource': 'clusters', 'name': 'apple'}");
    test_live_start(&live, &options);
    UNTIL(test_live_is_ready(&live));
    UNTIL(TELL("{'do': 'watching', 'resource': 'clusters'}") == 1);
    TELL("{'do': 'install', 'resource': 'clusters', 'installed': false}");
    TELL("{'do': 'drop'}");
    UNTIL(TELL("{'do': 'count', 'verb': 'list', 'resource': 'clusters'}") >= 3);
    assert_int_equal(test_live_get(&live, KUBE_CLUSTER, "", "apple"), ERROR_NONE);
    TELL("{'do': 'install', 'resource': 'clusters'}");
    UNTIL(TELL("{'do': 'watching', 'resource': 'clusters'}") == 1);
    assert_int_equal(test_live_get(&live, KUBE_CLUSTER, "", "apple"), ERROR_NONE);
    assert_int_equal(TELL("{'do': 'count', 'verb': 'get'}"), 0);
}

/* --- names --- */

struct name_row {
    const char *namespace;
    const char *name;
};

static void name_row(void **state)
{
    const struct name_row *row = *state;
    start_ready();
    long before = TELL("{'do': 'count'}");
    assert_int_equal(test_live_get(&live, KUBE_SECRET, row->namespace, row->name), ERROR_NOT_FOUND);
    assert_int_equal(test_live_get(&live, KUBE_CONFIG_MAP, row->namespace, row->name),
                     ERROR_NOT_FOUND);
    assert_int_equal(TELL("{'do': 'count'}"), before);
}

/* --- starts that fail --- */

static void start_fails(const struct kube_live_watch *watches, size_t count, enum error_code code,
                        const char *message)
{
    struct kube_source *source = NULL;
    struct error err = {0};
    const struct kube_live_options options = {
        .access = test_apiserver_access(live.server), .watches = watches, .watch_count = count};
    assert_false(kube_live_start(&options, &source, &err));
    assert_null(source);
    assert_int_equal(err.code, code);
    assert_string_equal(err.message, message);
}

static void watches_that_overlap_are_refused(void **state)
{
    (void)state;
    const struct kube_live_watch two[] = {{.kind = KUBE_SECRET, .name = "a"},
                                          {.kind = KUBE_SECRET}};
    start_fails(two, 2, ERROR_INVALID, "two watches of the same secrets");
}

static void a_watch_of_an_impossible_name_is_refused(void **state)
{
    (void)state;
    const struct kube_live_watch one[] = {{.kind = KUBE_SECRET, .name = "a,metadata.name!=b"}};
    start_fails(one, 1, ERROR_INVALID,
                "'a,metadata.name!=b' is not a name that one of the secrets can have");
}

static void too_many_watches_are_refused(void **state)
{
    (void)state;
    const struct kube_live_watch many[KUBE_LIVE_WATCHES_MAX + 1] = {0};
    start_fails(many, KUBE_LIVE_WATCHES_MAX + 1, ERROR_RANGE,
                "65 watches, at most 64 are possible");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, stop)
#define NAME(sentence, ...)                                                                        \
    {                                                                                              \
        sentence, name_row, reset, stop, &(struct name_row)                                        \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

int main(void)
{
    static char long_name[255];
    memset(long_name, 'a', 254);
    const struct CMUnitTest tests[] = {
        TEST(lists_come_in_pages),
        TEST(it_asks_for_no_more_than_it_should),
        TEST(a_page_too_large_is_asked_for_in_smaller_ones),
        TEST(the_stats_say_what_there_is),
        TEST(events_are_followed),
        TEST(a_changed_secret_is_there_within_a_second),
        TEST(a_bookmark_is_where_the_next_watch_begins),
        TEST(closed_watches_miss_nothing),
        TEST(an_event_410_makes_a_new_list),
        TEST(an_answer_410_makes_a_new_list),
        TEST(readers_see_whole_objects_while_they_change),
        TEST(a_miss_asks_once),
        TEST(an_answer_that_the_watch_knows_to_be_old_is_not_kept),
        TEST(a_sparse_watch_is_believed_without_a_question),
        TEST(a_sparse_watch_that_is_not_in_step_is_not_believed),
        TEST(what_is_not_watched_is_asked_for_each_time),
        TEST(it_covers_everything),
        TEST(a_server_that_ignores_the_selector_fills_no_cache),
        TEST(a_kind_that_is_not_installed_has_no_objects),
        TEST(a_kind_that_is_missing_for_a_moment_is_not_gone),
        NAME("a name that climbs is no path", "a", "../x"),
        NAME("two dots are no name", "a", ".."),
        NAME("a namespace that climbs is no path", "../../x", "etcd-backup"),
        NAME("a slash is in no name", "a", "b/c"),
        NAME("a query is in no name", "a", "b?watch=1"),
        NAME("an escape is in no name", "a", "b%2fc"),
        NAME("a capital is in no name", "a", "Etcd"),
        NAME("a line break is in no name", "a", "etcd\r\nhost: x"),
        NAME("an empty name is none", "a", ""),
        NAME("an empty namespace is none", "", "etcd-backup"),
        NAME("a name has 253 characters at most", "a", long_name),
        TEST(watches_that_overlap_are_refused),
        TEST(a_watch_of_an_impossible_name_is_refused),
        TEST(too_many_watches_are_refused),
    };
    return cmocka_run_group_tests_name("live", tests, start_server, stop_server);
}
