#include "kube/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct row {
    const char *text, *expected; /* NULL: it is no schedule */
    bool nearest;                /* `expected` is only the nearest */
};

static void row(void **state)
{
    const struct row *row = *state;
    char out[KUBE_SCHEDULE_SIZE] = "untouched";
    bool exact = false;
    struct error err = {0};
    bool ok = kube_schedule_narrow(row->text, out, &exact, &err);
    if (!row->expected) {
        assert_false(ok);
        assert_int_equal(err.code, ERROR_INVALID);
        assert_string_equal(out, "untouched");
        return;
    }
    if (!ok)
        fail_msg("%s", err.message);
    assert_string_equal(out, row->expected);
    assert_int_equal(exact, !row->nearest);
}

#define ROW(sentence, ...)                                                                         \
    {                                                                                              \
        sentence, row, NULL, NULL, &(struct row)                                                   \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static const struct CMUnitTest tests[] = {
    ROW("what the schema takes stays as it is", "31 20 * * *", "31 20 * * *", false),
    ROW("steps of everything stay", "0 */24 * * *", "0 */24 * * *", false),
    ROW("steps from a value stay", "7/15 1/12 1/2 1/3 1/2", "7/15 1/12 1/2 1/3 1/2", false),
    ROW("ranges stay", "0-30 8-17 1-15 1-6 1-5", "0-30 8-17 1-15 1-6 1-5", false),
    ROW("white space is one blank", "  5\t4  * * * ", "5 4 * * *", false),
    ROW("a list of two hours that are half a day apart is a step", "0 1,13 * * *", "0 1/12 * * *",
        false),
    ROW("a list from zero on is a step of everything", "0,20,40 * * * *", "*/20 * * * *", false),
    ROW("neighbours are a range", "0 3,4,5 * * *", "0 3-5 * * *", false),
    ROW("a step over the whole range is one of everything", "0-59/15 * * * *", "*/15 * * * *",
        false),
    ROW("a step from zero is one of everything", "0/5 * * * *", "*/5 * * * *", false),
    ROW("a question mark is a star", "0 0 ? * ?", "0 0 * * *", false),
    ROW("names of months are numbers", "0 0 1 jan,JUL *", "0 0 1 */6 *", false),
    ROW("names of days are numbers", "0 0 * * MON-FRI", "0 0 * * 1-5", false),
    ROW("Sunday is every seventh day", "0 0 * * 0", "0 0 * * */7", false),
    ROW("so is Sunday by name", "0 0 * * sun", "0 0 * * */7", false),
    ROW("so is 7, which the sidecar would not take", "0 0 * * 7", "0 0 * * */7", false),
    ROW("the weekend is every sixth day", "0 0 * * 0,6", "0 0 * * */6", false),
    ROW("all days are a star", "0 0 * * 0-6", "0 0 * * *", false),
    ROW("hourly", "@hourly", "0 * * * *", false),
    ROW("daily", "@daily", "0 0 * * *", false),
    ROW("midnight", "@midnight", "0 0 * * *", false),
    ROW("weekly is Sunday", "@weekly", "0 0 * * */7", false),
    ROW("monthly", "@monthly", "0 0 1 * *", false),
    ROW("yearly", "@yearly", "0 0 1 1 *", false),
    ROW("two restricted days stay alternatives", "0 0 1,2,3 * 1,2", "0 0 1-3 * 1-2", false),
    ROW("every day of the month beside a weekday is every day", "0 0 1-31 * 5", "0 0 * * *", false),
    ROW("a star beside a weekday is that weekday", "0 0 * * 5", "0 0 * * 5", false),
    ROW("so is one at the end of a list", "0 0 1,* * 1", "0 0 * * 1", false),
    ROW("one in a list of weekdays leaves the day of the month", "0 0 1 * 2,?", "0 0 1 * *", false),
    ROW("one in steps of one is a star", "0 0 3,*/1 * 1", "0 0 * * 1", false),
    ROW("one in steps of two is none", "0 0 1-31,*/2 * 1", "0 0 * * *", false),
    ROW("three odd minutes have no equal", "0,7,31 * * * *", "*/31 * * * *", true),
    ROW("Sunday and Monday have no equal", "0 0 * * 0,1", "0 0 * * */7", true),
    ROW("an interval has only a nearest", "@every 6h", "0 */6 * * *", true),
    ROW("a short one too", "@every 90s", "*/2 * * * *", true),
    ROW("and a long one", "@every 72h", "0 0 */3 * *", true),
    ROW("four fields are no schedule", "0 0 * *", NULL, false),
    ROW("six are none", "0 0 0 * * *", NULL, false),
    ROW("nothing is none", "", NULL, false),
    ROW("a minute of 60 is none", "60 * * * *", NULL, false),
    ROW("a day of 0 is none", "0 0 0 * *", NULL, false),
    ROW("a month of 13 is none", "0 0 1 13 *", NULL, false),
    ROW("a range that ends before it begins is none", "0 5-3 * * *", NULL, false),
    ROW("a step of zero is none", "*/0 * * * *", NULL, false),
    ROW("a list with nothing in it is none", "1,,2 * * * *", NULL, false),
    ROW("words are none", "every day at noon ok", NULL, false),
    ROW("an unknown descriptor is none", "@fortnightly", NULL, false),
    ROW("a time zone is none", "TZ=UTC 0 0 * * *", NULL, false),
    ROW("an interval of nothing known is none", "@every now", NULL, false),
};

/* What cron does with every expression that comes out is what it does with the one that went in,
 * for lists and ranges of hours drawn by a counter. */
static void equal_hours(void **state)
{
    (void)state;
    for (unsigned bits = 1; bits < 1u << 12; bits += 7) {
        char text[128] = "0 ", out[KUBE_SCHEDULE_SIZE];
        const char *separator = "";
        size_t used = 2;
        for (unsigned hour = 0; hour < 12; hour++) {
            if (bits >> hour & 1) {
                used +=
                    (size_t)snprintf(text + used, sizeof text - used, "%s%u", separator, hour * 2);
                separator = ",";
            }
        }
        snprintf(text + used, sizeof text - used, " * * *");
        bool exact, again;
        assert_true(kube_schedule_narrow(text, out, &exact, NULL));
        char twice[KUBE_SCHEDULE_SIZE];
        assert_true(kube_schedule_narrow(out, twice, &again, NULL));
        assert_true(again);
        assert_string_equal(out, twice);
    }
}

static const struct CMUnitTest properties[] = {
    {"what comes out is taken as it is", equal_hours, NULL, NULL, NULL},
};

int main(void)
{
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + cmocka_run_group_tests(properties, NULL, NULL);
}
