#include "webhook/budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void an_eighth_is_for_small_requests_only(void **state)
{
    struct webhook_budget budget = {.limit = 800};
    (void)state;
    assert_false(webhook_budget_take(&budget, 701, false));
    assert_true(webhook_budget_take(&budget, 700, false));
    assert_false(webhook_budget_take(&budget, 1, false));
    assert_true(webhook_budget_take(&budget, 100, true));
    assert_false(webhook_budget_take(&budget, 1, true));
    assert_int_equal(budget.used, 800);
    webhook_budget_give(&budget, 700);
    assert_true(webhook_budget_take(&budget, 600, false));
    assert_int_equal(budget.used, 700);
}

static long long bytes_of(const char *body)
{
    long long leaves;
    return webhook_tree_bytes(body, strlen(body), &leaves);
}

static long long leaves_of(const char *body)
{
    long long leaves;
    webhook_tree_bytes(body, strlen(body), &leaves);
    return leaves;
}

static void characters_within_strings_do_not_count(void **state)
{
    static const char *const strings[] = {
        "\"a,a:a{a[a\"", "\"a\\\",[{:,,,\"", "\"\\\\\\\",,[{\"", "\",,,,", "\"\\", "\"",
    };
    (void)state;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        assert_int_equal(bytes_of(strings[i]), bytes_of("1") + (long long)strlen(strings[i]) - 1);
    assert_int_equal(bytes_of("\"\\\\\",1") - bytes_of("\"\\\\\"11"),
                     bytes_of("1,1") - bytes_of("111"));
}

static void maps_lists_keys_and_leaves_cost(void **state)
{
    (void)state;
    assert_in_range(bytes_of("{}") - bytes_of("11"), 780, 800);
    assert_in_range(bytes_of("[]") - bytes_of("11"), 380, 400);
    assert_in_range(bytes_of("{\"a\":1}") - bytes_of("{1}"), 100, 130);
    assert_int_equal(leaves_of("[1,2,{}]"), 3);
    assert_int_equal(leaves_of("\"a,b\""), 1);
    assert_int_equal(bytes_of(""), bytes_of("1") - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_eighth_is_for_small_requests_only),
        cmocka_unit_test(characters_within_strings_do_not_count),
        cmocka_unit_test(maps_lists_keys_and_leaves_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
