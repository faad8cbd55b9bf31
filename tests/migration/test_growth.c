/* Work grows with the input, not with its square. */
#include "tests/migration/shapes.h"

#include <time.h>

/* Linear growth is four, quadratic growth sixteen; caches that are too small are in between. */
enum { TIMES = 4, AT_MOST = 10, TRIES = 4 };

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* How long it takes to translate SHAPE with N of what it has many of. */
static double time_of(const struct shape *shape, size_t n)
{
    const struct migrate_options options = {.strategy = MIGRATE_AUTO, .now = TEST_CERT_NOW};
    struct large large = large_new();
    shape->fill(&large, n);
    struct kube_files *files = files_beside(&large);
    struct migrate_result result = {0};
    struct error error = {0};
    double begin = seconds();
    migrate_stateful_set(large.sts, kube_files_source(files), &options, &result, &error);
    migrate_result_free(&result);
    double end = seconds();
    kube_files_free(files);
    large_free(&large);
    return end - begin;
}

static void work_grows_with_the_input(void **state)
{
    const struct shape *shape = *state;
    double small = 0, large = 0;
    for (int i = 0; i < TRIES; i++) {
        double one = time_of(shape, shape->n), many = time_of(shape, TIMES * shape->n);
        small = i && small < one ? small : one;
        large = i && large < many ? large : many;
        /* Below a millisecond it is the clock that is measured. */
        if (large <= AT_MOST * (small > 0.001 ? small : 0.001))
            return;
    }
    fail_msg("%s: %.1f ms for %zu, %.1f ms for %zu", shape->name, 1000 * small, shape->n,
             1000 * large, TIMES * shape->n);
}

int main(void)
{
    struct CMUnitTest tests[SHAPES];
    struct shape own[SHAPES];
    memcpy(own, shapes, sizeof shapes);
    for (size_t i = 0; i < SHAPES; i++)
        tests[i] = (struct CMUnitTest){own[i].name, work_grows_with_the_input, NULL, NULL, &own[i]};
    return cmocka_run_group_tests_name("growth", tests, NULL, NULL);
}
