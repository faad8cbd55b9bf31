#include "webhook/lane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { JOBS = WEBHOOK_LANE_WAITING + 2 };

struct test_job {
    struct webhook_job job; /* first */
    char name;
};

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* jobs wait here */
static char done[JOBS + 1];                              /* by name, in order; of the lane alone */

static void run(struct webhook_job *job)
{
    const struct test_job *test = (const struct test_job *)job;
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    done[strlen(done)] = test->name;
}

static void jobs_run_in_their_order_and_to_the_last(void **state)
{
    struct webhook_lane lane = {0};
    struct test_job jobs[5];
    (void)state;
    memset(done, 0, sizeof done);
    assert_true(webhook_lane_start(&lane, NULL));
    pthread_mutex_lock(&gate);
    for (int i = 0; i < 5; i++) {
        jobs[i] = (struct test_job){{.run = run}, (char)('a' + i)};
        assert_true(webhook_lane_add(&lane, &jobs[i].job));
    }
    pthread_mutex_unlock(&gate);
    webhook_lane_stop(&lane);
    webhook_lane_free(&lane);
    assert_string_equal(done, "abcde");
}

static void a_full_lane_takes_no_more_and_later_takes_again(void **state)
{
    struct webhook_lane lane = {0};
    struct test_job jobs[JOBS];
    int taken = 0;
    (void)state;
    memset(done, 0, sizeof done);
    assert_true(webhook_lane_start(&lane, NULL));
    pthread_mutex_lock(&gate);
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct test_job){{.run = run}, 'x'};
        if (!webhook_lane_add(&lane, &jobs[i].job))
            break;
        taken++;
    }
    /* The one at the gate waits no more. */
    assert_in_range(taken, WEBHOOK_LANE_WAITING, WEBHOOK_LANE_WAITING + 1);
    pthread_mutex_unlock(&gate);
    webhook_lane_stop(&lane);
    assert_false(webhook_lane_add(&lane, &jobs[0].job)); /* nobody would run it */
    webhook_lane_free(&lane);
    assert_int_equal(strlen(done), taken);
}

static void a_lane_that_never_started_can_be_stopped(void **state)
{
    struct webhook_lane lane = {0};
    (void)state;
    webhook_lane_stop(&lane);
    webhook_lane_free(&lane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_run_in_their_order_and_to_the_last),
        cmocka_unit_test(a_full_lane_takes_no_more_and_later_takes_again),
        cmocka_unit_test(a_lane_that_never_started_can_be_stopped),
    };
    return cmocka_run_group_tests_name("webhook/lane", tests, NULL, NULL);
}
