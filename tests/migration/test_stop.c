/* A translation ends early when nobody waits for it, or when it takes too much memory: always with
 * an error, and whatever it is at. */
#include "tests/migration/shapes.h"

#include <time.h>

struct owner {
    size_t asked, patience; /* questions that it answers with "go on" */
    double last, longest;   /* CPU seconds between two questions */
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const char *check(void *context)
{
    struct owner *owner = context;
    double now = seconds();
    if (now - owner->last > owner->longest)
        owner->longest = now - owner->last;
    owner->last = now;
    return owner->asked++ < owner->patience ? NULL : "nobody waits";
}

struct outcome {
    bool done;
    enum error_code code;
    char *report; /* the caller's */
};

static struct outcome run(const struct large *large, struct kube_files *files,
                          struct migrate_options options, struct owner *owner)
{
    struct kube_work work = {.check = check, .context = owner};
    AUTO_MIGRATE_RESULT struct migrate_result result = {0};
    struct error error = {0};
    options.now = TEST_CERT_NOW;
    options.work = owner ? &work : NULL;
    if (owner)
        owner->last = seconds();
    struct outcome out = {.done = migrate_stateful_set(large->sts, kube_files_source(files),
                                                       &options, &result, &error)};
    if (!out.done)
        assert_true(!result.report && !result.etcd);
    out.code = error.code;
    out.report = strdup(out.done ? kube_json_write(result.report) : error.message);
    return out;
}

/* Runs it with a WORK that is stopped at each question in turn. */
static void stop_at_each(const struct large *large, struct kube_files *files,
                         const struct migrate_options *options)
{
    struct owner patient = {.patience = SIZE_MAX};
    struct outcome normal = run(large, files, *options, &patient);
    size_t all = patient.asked, step = all > 30 ? all / 30 : 1;
    for (size_t k = 0; k < all; k += step) {
        struct owner owner = {.patience = k};
        struct outcome out = run(large, files, *options, &owner);
        if (out.done || out.code != ERROR_STOPPED)
            fail_msg("stopped at question %zu of %zu: '%s'", k, all, out.report);
        assert_string_equal(out.report, "stopped: nobody waits");
        /* Whoever is told once is asked no more. */
        assert_int_equal(owner.asked, k + 1);
        free(out.report);
    }
    struct owner owner = {.patience = all};
    struct outcome whole = run(large, files, *options, &owner);
    assert_int_equal(whole.done, normal.done);
    assert_string_equal(whole.report, normal.report);
    free(whole.report);
    free(normal.report);
}

static void work_that_is_stopped_gives_no_result(void **state)
{
    const struct shape *shape = *state;
    static const struct migrate_options ways[] = {
        {.strategy = MIGRATE_AUTO, .druid_version = "v0.38"},
        {.strategy = MIGRATE_ADOPT, .findings_only = true},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct large large = large_new();
        shape->fill(&large, shape->n / 10 > 100 ? shape->n / 10 : 100);
        struct kube_files *files = files_beside(&large);
        stop_at_each(&large, files, &ways[i]);
        kube_files_free(files);
        large_free(&large);
    }
}

/* Etcds, and others, which are only looked at. */
static struct json_object *list_of(size_t n)
{
    struct json_object *items = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        struct large large = large_new();
        if (i % 4)
            json_object_object_add(at(&large, POD), "containers", json_object_new_array());
        json_object_object_add(at(&large, "/metadata"), "name",
                               kube_json_stringf("main-%zu", i * 7919 % n));
        json_object_array_add(items, json_object_get(large.sts));
        large_free(&large);
    }
    return kube_json_object("kind", kube_json_string("List"), "items", items, NULL);
}

static bool count_results(void *context, size_t index, size_t total,
                          const struct migrate_result *result, struct json_object *skipped,
                          struct error *err)
{
    (void)index, (void)total, (void)result, (void)skipped, (void)err;
    ++*(size_t *)context;
    return true;
}

static void a_list_that_is_stopped_ends_with_an_error(void **state)
{
    AUTO_JSON struct json_object *list = list_of(500);
    struct kube_files *files = kube_files_new(NULL, NULL);
    size_t all = 0;
    (void)state;
    for (size_t k = SIZE_MAX; k; k = k > all ? all : k - k / 30 - 1) {
        struct owner owner = {.patience = k, .last = seconds()};
        struct kube_work work = {.check = check, .context = &owner};
        const struct migrate_options options = {.now = TEST_CERT_NOW, .work = &work};
        size_t results = 0;
        struct error error = {0};
        bool done =
            migrate_list(list, kube_files_source(files), &options, count_results, &results, &error);
        if (!all)
            all = owner.asked;
        assert_int_equal(done, k >= all);
        if (done)
            assert_int_equal(results, 500);
        else
            assert_int_equal(error.code, ERROR_STOPPED);
    }
    kube_files_free(files);
}

/* --- memory --- */

static void memory_that_is_not_allowed_gives_no_result(void **state)
{
    const struct shape *shape = *state;
    static const size_t limits[] = {1, 20000, 1 << 16, 1 << 18, 1 << 20, 5000000, 16 << 20};
    struct large large = large_new();
    shape->fill(&large, shape->n);
    struct kube_files *files = files_beside(&large);
    struct outcome normal =
        run(&large, files, (struct migrate_options){.strategy = MIGRATE_AUTO}, NULL);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const struct migrate_options options = {.strategy = MIGRATE_AUTO, .memory = limits[i]};
        struct outcome out = run(&large, files, options, NULL);
        char message[128];
        bool whole = limits[i] % (1 << 20) == 0;
        snprintf(message, sizeof message, "translating it takes more than %zu %s",
                 whole ? limits[i] >> 20 : limits[i], whole ? "MiB" : "bytes");
        if (!out.done && normal.done) {
            assert_int_equal(out.code, ERROR_RANGE);
            assert_string_equal(out.report, message);
        } else {
            assert_string_equal(out.report, normal.report);
        }
        free(out.report);
    }
    free(normal.report);
    kube_files_free(files);
    large_free(&large);
}

static void what_is_too_little_for_anything_is_refused(void **state)
{
    (void)state;
    struct large large = large_new();
    struct kube_files *files = files_beside(&large);
    for (size_t memory = 1; memory < 20000; memory += 4000) {
        const struct migrate_options options = {.strategy = MIGRATE_AUTO, .memory = memory};
        struct outcome out = run(&large, files, options, NULL);
        assert_false(out.done);
        free(out.report);
    }
    kube_files_free(files);
    large_free(&large);
}

/* --- asking --- */

/* CPU seconds without a question that sorting or parsing 200 KB does not take. */
#if defined(__SANITIZE_ADDRESS__) || defined(__has_feature)
#define UNHEARD_SECONDS 0.4
#else
#define UNHEARD_SECONDS 0.03
#endif

/* SHAPE with so many items that it has some BYTES. */
static struct large of_size(const struct shape *shape, size_t bytes)
{
    for (size_t n = shape->n;; n += n / 2) {
        struct large large = large_new();
        shape->fill(&large, n);
        size_t size = strlen(kube_json_write(large.sts)) + strlen(kube_json_write(large.beside));
        if (size >= bytes || n > 400000)
            return large;
        large_free(&large);
    }
}

static void the_owner_is_asked_all_the_time(void **state)
{
    const struct shape *shape = *state;
    const struct migrate_options options = {.strategy = MIGRATE_AUTO};
    struct large large = of_size(shape, 200 * 1024);
    struct kube_files *files = files_beside(&large);
    double longest = 1, whole = 0;
    size_t asked = 0;
    for (int i = 0; i < 3; i++) {
        struct owner owner = {.patience = SIZE_MAX};
        double begin = seconds();
        free(run(&large, files, options, &owner).report);
        whole = seconds() - begin;
        asked = owner.asked;
        if (owner.longest < longest)
            longest = owner.longest;
    }
    /* A loop that does not ask shows where it takes most of the time. */
    if (longest > UNHEARD_SECONDS && longest > whole / 4)
        fail_msg("%s: %zu questions in %.1f ms, but none for %.1f ms", shape->name, asked,
                 1000 * whole, 1000 * longest);
    kube_files_free(files);
    large_free(&large);
}

int main(void)
{
    struct CMUnitTest stops[SHAPES + 1], holds[SHAPES + 1], asks[SHAPES];
    struct shape own[SHAPES];
    memcpy(own, shapes, sizeof shapes);
    for (size_t i = 0; i < SHAPES; i++) {
        stops[i] = (struct CMUnitTest){own[i].name, work_that_is_stopped_gives_no_result, NULL,
                                       NULL, &own[i]};
        holds[i] = (struct CMUnitTest){own[i].name, memory_that_is_not_allowed_gives_no_result,
                                       NULL, NULL, &own[i]};
        asks[i] =
            (struct CMUnitTest){own[i].name, the_owner_is_asked_all_the_time, NULL, NULL, &own[i]};
    }
    stops[SHAPES] = (struct CMUnitTest)cmocka_unit_test(a_list_that_is_stopped_ends_with_an_error);
    holds[SHAPES] = (struct CMUnitTest)cmocka_unit_test(what_is_too_little_for_anything_is_refused);
    int failed = cmocka_run_group_tests_name("stopping", stops, NULL, NULL);
    failed += cmocka_run_group_tests_name("memory", holds, NULL, NULL);
    failed += cmocka_run_group_tests_name("asking", asks, NULL, NULL);
    return failed;
}
