#include "kube/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ROW(sentence, function, ...)                                                               \
    {                                                                                              \
        sentence, function, NULL, NULL, &(struct function)                                         \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

struct parse_row {
    const char *text;
    int64_t nanoseconds;
};

static void parse_row(void **state)
{
    const struct parse_row *row = *state;
    struct error err = {0};
    int64_t nanoseconds = -1;
    if (!kube_duration_parse(row->text, &nanoseconds, &err))
        fail_msg("%s", err.message);
    assert_int_equal(nanoseconds, row->nanoseconds);
}

struct refused_row {
    const char *text;
    enum error_code code;
};

static void refused_row(void **state)
{
    const struct refused_row *row = *state;
    struct error err = {0};
    int64_t nanoseconds = -1;
    assert_false(kube_duration_parse(row->text, &nanoseconds, &err));
    assert_int_equal(err.code, row->code);
    assert_int_equal(nanoseconds, -1);
    assert_non_null(strstr(err.message, row->text[0] ? row->text : "''"));
}

struct format_row {
    int64_t nanoseconds;
    const char *text;
};

static void format_row(void **state)
{
    const struct format_row *row = *state;
    char text[KUBE_DURATION_SIZE];
    kube_duration_format(row->nanoseconds, text);
    assert_string_equal(text, row->text);
    int64_t nanoseconds;
    assert_true(kube_duration_parse(text, &nanoseconds, NULL));
    assert_int_equal(nanoseconds, row->nanoseconds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("nothing needs no unit", parse_row, "0", 0),
        ROW("plus nothing is nothing", parse_row, "+0", 0),
        ROW("minus nothing is nothing", parse_row, "-0", 0),
        ROW("minus nothing with a unit is nothing", parse_row, "-0s", 0),
        ROW("nanoseconds", parse_row, "7ns", 7),
        ROW("microseconds in ASCII", parse_row, "7us", 7000),
        ROW("microseconds with the micro sign", parse_row, "7\xc2\xb5s", 7000),
        ROW("microseconds with the Greek letter", parse_row, "7\xce\xbcs", 7000),
        ROW("milliseconds are not minutes", parse_row, "300ms", 300 * KUBE_MILLISECOND),
        ROW("seconds", parse_row, "45s", 45 * KUBE_SECOND),
        ROW("minutes", parse_row, "5m", 5 * KUBE_MINUTE),
        ROW("hours", parse_row, "12h", 12 * KUBE_HOUR),
        ROW("units add up", parse_row, "1h30m", 90 * KUBE_MINUTE),
        ROW("units may come in any order, twice", parse_row, "1m1h1m", 62 * KUBE_MINUTE),
        ROW("a fraction of an hour", parse_row, "1.5h", 90 * KUBE_MINUTE),
        ROW("a fraction that binary cannot hold", parse_row, "0.1s", 100 * KUBE_MILLISECOND),
        ROW("a fraction needs no digit before the point", parse_row, ".5s", KUBE_SECOND / 2),
        ROW("a fraction needs no digit behind the point", parse_row, "5.s", 5 * KUBE_SECOND),
        ROW("what is below a nanosecond is cut off", parse_row, "1.9ns", 1),
        ROW("more digits than count are passed over", parse_row,
            "0.5000000000000000000000000000000000000001s", KUBE_SECOND / 2),
        ROW("leading zeros do not count", parse_row, "00000000000000000000000000000012s",
            12 * KUBE_SECOND),
        ROW("a plus sign is allowed", parse_row, "+5m", 5 * KUBE_MINUTE),
        ROW("the longest duration fits", parse_row, "9223372036854775807ns", INT64_MAX),
        ROW("the longest duration fits as a sum", parse_row, "2562047h47m16.854775807s", INT64_MAX),
        ROW("one more does not fit", refused_row, "9223372036854775808ns", ERROR_RANGE),
        ROW("a sum does not fit", refused_row, "2562047h47m16.854775808s", ERROR_RANGE),
        ROW("hours do not fit", refused_row, "2562048h", ERROR_RANGE),
        ROW("more digits than an integer has do not fit", refused_row, "99999999999999999999999s",
            ERROR_RANGE),
        ROW("too much is still checked to its end", refused_row, "99999999999999999999999x",
            ERROR_INVALID),
        ROW("the empty text is no duration", refused_row, "", ERROR_INVALID),
        ROW("a number without a unit is no duration", refused_row, "300", ERROR_INVALID),
        ROW("two zeros want a unit", refused_row, "00", ERROR_INVALID),
        ROW("a unit alone is no duration", refused_row, "s", ERROR_INVALID),
        ROW("a point alone is no number", refused_row, ".s", ERROR_INVALID),
        ROW("a sign alone is no duration", refused_row, "-", ERROR_INVALID),
        ROW("days are no unit", refused_row, "1d", ERROR_INVALID),
        ROW("units are lower case", refused_row, "1H", ERROR_INVALID),
        ROW("blanks are not passed over", refused_row, "1h 30m", ERROR_INVALID),
        ROW("a sign belongs to the whole", refused_row, "1h-30m", ERROR_INVALID),
        ROW("a last number wants a unit", refused_row, "1h30", ERROR_INVALID),
        ROW("a word is no duration", refused_row, "daily", ERROR_INVALID),
        ROW("less than nothing is refused", refused_row, "-5m", ERROR_INVALID),
        ROW("less than nothing is refused though it does not fit", refused_row,
            "-99999999999999999999999s", ERROR_INVALID),
        ROW("nothing is 0s", format_row, 0, "0s"),
        ROW("300 s are 5m", format_row, 300 * KUBE_SECOND, "5m"),
        ROW("43200 s are 12h", format_row, 43200 * KUBE_SECOND, "12h"),
        ROW("5400 s are 1h30m", format_row, 5400 * KUBE_SECOND, "1h30m"),
        ROW("an hour and a second have no minutes", format_row, KUBE_HOUR + KUBE_SECOND, "1h1s"),
        ROW("a second and a half", format_row, 3 * KUBE_SECOND / 2, "1.5s"),
        ROW("an hour and half a second", format_row, KUBE_HOUR + KUBE_SECOND / 2, "1h0.5s"),
        ROW("a minute and a nanosecond", format_row, KUBE_MINUTE + 1, "1m0.000000001s"),
        ROW("half a second is in milliseconds", format_row, KUBE_SECOND / 2, "500ms"),
        ROW("a millisecond and a half", format_row, 1500000, "1.5ms"),
        ROW("a microsecond and a half", format_row, 1500, "1.5us"),
        ROW("nanoseconds stay", format_row, 999, "999ns"),
        ROW("a day is in hours", format_row, 24 * KUBE_HOUR, "24h"),
        ROW("the longest duration", format_row, INT64_MAX, "2562047h47m16.854775807s"),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
