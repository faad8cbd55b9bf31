#include "webhook/call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void a_call_without_deadline_and_connection_goes_on(void **state)
{
    struct webhook_call call = {.fd = -1};
    (void)state;
    webhook_call_begin(&call);
    assert_true(kube_work_check(&call.work, NULL));
}

static void the_deadline_stops_the_work(void **state)
{
    struct webhook_call call = {.fd = -1, .deadline = webhook_clock() + 60000};
    struct error err = {0};
    (void)state;
    webhook_call_begin(&call);
    assert_true(kube_work_check(&call.work, NULL));
    call.deadline = webhook_clock();
    assert_false(kube_work_check(&call.work, &err));
    assert_string_equal(err.message, "stopped: the caller's deadline has passed");
}

static void a_closed_connection_stops_the_work_though_it_has_unread_bytes(void **state)
{
    int ends[2];
    struct error err = {0};
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    struct webhook_call call = {.fd = ends[0]};
    webhook_call_begin(&call);
    assert_int_equal(write(ends[1], "bye", 3), 3);
    assert_true(kube_work_check(&call.work, NULL));
    close(ends[1]);
    assert_false(kube_work_check(&call.work, &err));
    assert_string_equal(err.message, "stopped: the caller has closed the connection");
    close(ends[0]);
}

static void memory_is_taken_and_given_back(void **state)
{
    struct webhook_budget budget = {.limit = 64LL * WEBHOOK_SMALL};
    struct webhook_call call = {.fd = -1, .budget = &budget};
    (void)state;
    assert_true(webhook_call_take(&call, 1000));
    assert_true(webhook_call_take(&call, 500));
    assert_int_equal(budget.used, 1500);
    webhook_call_keep(&call, 2000);
    assert_int_equal(budget.used, 1500);
    webhook_call_keep(&call, 200);
    assert_int_equal(budget.used, 200);
    webhook_call_keep(&call, 0);
    assert_int_equal(budget.used, 0);
}

static void small_calls_may_use_what_large_ones_must_leave(void **state)
{
    struct webhook_budget budget = {.limit = 64LL * WEBHOOK_SMALL};
    struct webhook_call large = {.fd = -1, .budget = &budget};
    struct webhook_call small = large;
    (void)state;
    assert_false(webhook_call_take(&large, webhook_budget_most(&budget) + 1));
    assert_int_equal(large.held, 0);
    assert_true(webhook_call_take(&large, webhook_budget_most(&budget)));
    assert_false(webhook_call_take(&small, WEBHOOK_SMALL + 1));
    assert_true(webhook_call_take(&small, WEBHOOK_SMALL));
    assert_false(webhook_call_take(&small, 1)); /* it is not small any more */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_without_deadline_and_connection_goes_on),
        cmocka_unit_test(the_deadline_stops_the_work),
        cmocka_unit_test(a_closed_connection_stops_the_work_though_it_has_unread_bytes),
        cmocka_unit_test(memory_is_taken_and_given_back),
        cmocka_unit_test(small_calls_may_use_what_large_ones_must_leave),
    };
    return cmocka_run_group_tests_name("webhook/call", tests, NULL, NULL);
}
