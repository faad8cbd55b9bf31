#include "kube/work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct owner {
    unsigned asked;
    unsigned patience; /* questions that it answers with "go on" */
};

static const char *check(void *context)
{
    struct owner *owner = context;
    return owner->asked++ < owner->patience ? NULL : "nobody waits";
}

static void without_work_there_is_no_limit(void **state)
{
    (void)state;
    for (int i = 0; i < 10 * KUBE_WORK_TURNS; i++)
        assert_true(kube_work_goes_on(NULL));
    assert_true(kube_work_check(NULL, NULL));
}

static void the_owner_is_asked_now_and_then(void **state)
{
    struct owner owner = {.patience = 1000};
    struct kube_work work = {check, &owner, 0, NULL};
    (void)state;
    for (int i = 0; i < 10 * KUBE_WORK_TURNS; i++)
        assert_true(kube_work_goes_on(&work));
    assert_int_equal(owner.asked, 10);
}

static void once_stopped_it_stays_stopped(void **state)
{
    struct owner owner = {.patience = 1};
    struct kube_work work = {check, &owner, 0, NULL};
    struct error err = {0};
    int turns = 0;
    (void)state;
    while (kube_work_goes_on(&work))
        turns++;
    assert_int_equal(turns, 2 * KUBE_WORK_TURNS - 1);
    assert_false(kube_work_goes_on(&work));
    assert_false(kube_work_check(&work, &err));
    assert_int_equal(err.code, ERROR_STOPPED);
    assert_string_equal(err.message, "stopped: nobody waits");
    assert_int_equal(owner.asked, 2);
}

static void between_stages_the_owner_is_asked_at_once(void **state)
{
    struct owner owner = {0};
    struct kube_work work = {check, &owner, 0, NULL};
    (void)state;
    assert_false(kube_work_check(&work, NULL));
    assert_int_equal(owner.asked, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_work_there_is_no_limit),
        cmocka_unit_test(the_owner_is_asked_now_and_then),
        cmocka_unit_test(once_stopped_it_stays_stopped),
        cmocka_unit_test(between_stages_the_owner_is_asked_at_once),
    };
    return cmocka_run_group_tests_name("kube/work", tests, NULL, NULL);
}
