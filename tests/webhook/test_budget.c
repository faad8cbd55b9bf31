#include "webhook/budget.h"

#include <json-c/json.h>

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
    return webhook_tree_bytes(body, strlen(body));
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
    assert_int_equal(bytes_of(""), bytes_of("1") - 1);
}

static void a_tree_is_measured_up_to_a_limit(void **state)
{
    struct webhook_amount amount = {0};
    struct json_object *tree = json_tokener_parse("{\"ab\":[1,\"cde\",null],\"f\":{\"g\":{}}}");
    (void)state;
    webhook_measure(tree, 100, &amount);
    assert_int_equal(amount.values, 7);
    assert_int_equal(amount.text, 7);
    amount = (struct webhook_amount){0};
    webhook_measure(tree, 3, &amount);
    assert_int_equal(amount.values, 4);
    json_object_put(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_eighth_is_for_small_requests_only),
        cmocka_unit_test(characters_within_strings_do_not_count),
        cmocka_unit_test(maps_lists_keys_and_leaves_cost),
        cmocka_unit_test(a_tree_is_measured_up_to_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
