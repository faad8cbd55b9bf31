/* Memory of one translation, and the names in it. */
#include "migration/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void what_comes_after_a_mark_is_given_back(void **state)
{
    struct pool pool = {0};
    (void)state;
    const char *before = pool_text(&pool, "before");
    struct pool_mark mark = pool_mark(&pool);
    size_t taken = pool.taken;
    for (int i = 0; i < 1000; i++)
        pool_text(&pool, "text %d that is as long as a line of a report would be", i);
    assert_true(pool.taken > taken);
    pool_release(&pool, mark);
    assert_int_equal(pool.taken, taken);
    assert_string_equal(before, "before");
    const char *zeroed = pool_zero(&pool, 64);
    for (int i = 0; i < 64; i++)
        assert_int_equal(zeroed[i], 0);
    pool_free(&pool);
}

static void a_mark_of_an_empty_pool_empties_it(void **state)
{
    struct pool pool = {0};
    struct pool_mark mark = pool_mark(&pool);
    (void)state;
    pool_text(&pool, "text");
    pool_release(&pool, mark);
    assert_null(pool.blocks);
    assert_int_equal(pool.taken, 0);
}

static void pools_share_a_budget(void **state)
{
    struct pool_budget budget = {.left = 100 * 1024};
    struct pool one = {.budget = &budget}, other = {.budget = &budget};
    (void)state;
    assert_non_null(pool_zero(&one, 60 * 1024));
    assert_null(pool_zero(&other, 60 * 1024));
    assert_true(other.failed && budget.exceeded && !one.failed);
    pool_free(&one);
    assert_non_null(pool_zero(&other, 60 * 1024));
    pool_free(&other);
    assert_int_equal(budget.left, 100 * 1024);
}

static void count(void *what)
{
    ++*(int *)what;
}

static void what_is_owned_goes_with_what_came_after_the_mark(void **state)
{
    struct pool pool = {0};
    int before = 0, after = 0;
    (void)state;
    assert_true(pool_own(&pool, count, &before));
    struct pool_mark mark = pool_mark(&pool);
    assert_true(pool_own(&pool, count, &after));
    assert_true(pool_own(&pool, count, NULL));
    pool_release(&pool, mark);
    assert_int_equal(before, 0);
    assert_int_equal(after, 1);
    pool_free(&pool);
    assert_int_equal(before, 1);
    assert_int_equal(after, 1);
}

static void what_cannot_be_owned_is_released_at_once(void **state)
{
    struct pool_budget budget = {.left = 10};
    struct pool pool = {.budget = &budget};
    int released = 0;
    (void)state;
    assert_false(pool_own(&pool, count, &released));
    assert_int_equal(released, 1);
    pool_free(&pool);
}

static void names_are_found_again(void **state)
{
    struct pool pool = {0};
    struct names names = {0};
    (void)state;
    assert_null(names_get(&names, "none"));
    for (int i = 0; i < 1000; i++) {
        const char *name = pool_text(&pool, "name-%d", i);
        assert_true(names_put(&pool, &names, name, pool_zero(&pool, 1)));
    }
    struct names copy = names;
    int first, other;
    assert_true(names_put(&pool, &names, "name-7", &first));
    assert_false(names_add(&pool, &names, "name-7", &other));
    assert_true(names_add(&pool, &names, "another", &other));
    assert_ptr_equal(names_get(&copy, "name-7"), &first);
    assert_ptr_equal(names_get(&copy, "another"), &other);
    assert_non_null(names_get(&names, "name-999"));
    assert_null(names_get(&names, "name-1000"));
    pool_free(&pool);
}

static void names_count_against_the_budget(void **state)
{
    struct pool_budget budget = {.left = 64 * 1024};
    struct pool pool = {.budget = &budget};
    struct names names = {0};
    int added = 0;
    (void)state;
    while (names_put(&pool, &names, pool_text(&pool, "name-%d", added), &budget))
        added++;
    assert_true(budget.exceeded);
    assert_in_range(added, 200, 500);
    pool_free(&pool);
    assert_int_equal(budget.left, 64 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_after_a_mark_is_given_back),
        cmocka_unit_test(a_mark_of_an_empty_pool_empties_it),
        cmocka_unit_test(pools_share_a_budget),
        cmocka_unit_test(what_is_owned_goes_with_what_came_after_the_mark),
        cmocka_unit_test(what_cannot_be_owned_is_released_at_once),
        cmocka_unit_test(names_are_found_again),
        cmocka_unit_test(names_count_against_the_budget),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
