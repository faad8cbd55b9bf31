#include "kube/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

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
    int64_t seconds;
};

static void parse_row(void **state)
{
    const struct parse_row *row = *state;
    struct error err = {0};
    int64_t seconds = -1;
    if (!kube_time_parse(row->text, &seconds, &err))
        fail_msg("%s", err.message);
    assert_int_equal(seconds, row->seconds);
}

struct refused_row {
    const char *text;
};

static void refused_row(void **state)
{
    const struct refused_row *row = *state;
    struct error err = {0};
    int64_t seconds = -1;
    assert_false(kube_time_parse(row->text, &seconds, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    assert_int_equal(seconds, -1);
}

struct format_row {
    int64_t seconds;
    const char *text;
};

static void format_row(void **state)
{
    const struct format_row *row = *state;
    char text[KUBE_TIME_SIZE];
    kube_time_format(row->seconds, text);
    assert_string_equal(text, row->text);
}

struct window_row {
    const char *text;
    int minute; /* -1: refused */
};

static void window_row(void **state)
{
    const struct window_row *row = *state;
    struct error err = {0};
    int minute = -1;
    assert_int_equal(kube_time_window_minute(row->text, &minute, &err), row->minute >= 0);
    assert_int_equal(minute, row->minute);
    assert_int_equal(err.code, row->minute >= 0 ? ERROR_NONE : ERROR_INVALID);
}

/* Every 37th hour of four centuries, and back. */
static void the_c_library_agrees(void **state)
{
    (void)state;
    for (int64_t seconds = INT64_C(-6311433600); seconds < INT64_C(6311433600);
         seconds += 37 * 3600 + 1) {
        char text[KUBE_TIME_SIZE], expected[KUBE_TIME_SIZE];
        time_t time = (time_t)seconds;
        struct tm tm;
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&time, &tm));
        kube_time_format(seconds, text);
        assert_string_equal(text, expected);
        int64_t parsed;
        assert_true(kube_time_parse(text, &parsed, NULL));
        assert_int_equal(parsed, seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("the epoch is zero", parse_row, "1970-01-01T00:00:00Z", 0),
        ROW("a time of 2020", parse_row, "2020-01-15T09:42:00Z", 1579081320),
        ROW("a time before the epoch is negative", parse_row, "1969-12-31T23:59:59Z", -1),
        ROW("a fraction is cut off", parse_row, "1970-01-01T00:00:01.999999999Z", 1),
        ROW("an offset to the east is taken off", parse_row, "2020-01-15T10:42:00+01:00",
            1579081320),
        ROW("an offset to the west is added", parse_row, "2020-01-15T04:12:00-05:30", 1579081320),
        ROW("a fraction and an offset", parse_row, "2020-01-15T10:42:00.5+01:00", 1579081320),
        ROW("a leap day", parse_row, "2020-02-29T00:00:00Z", 1582934400),
        ROW("a leap day of a fourth century", parse_row, "2000-02-29T00:00:00Z", 951782400),
        ROW("the first year there is", parse_row, "0000-01-01T00:00:00Z", INT64_C(-62167219200)),
        ROW("the last year there is", parse_row, "9999-12-31T23:59:59Z", INT64_C(253402300799)),
        ROW("the empty text is no time", refused_row, ""),
        ROW("a date is no time", refused_row, "2020-01-15"),
        ROW("a time wants a zone", refused_row, "2020-01-15T09:42:00"),
        ROW("a time wants seconds", refused_row, "2020-01-15T09:42Z"),
        ROW("no leap day in a common year", refused_row, "2019-02-29T00:00:00Z"),
        ROW("no leap day in a full century", refused_row, "1900-02-29T00:00:00Z"),
        ROW("no month 13", refused_row, "2020-13-01T00:00:00Z"),
        ROW("no month 0", refused_row, "2020-00-01T00:00:00Z"),
        ROW("no day 0", refused_row, "2020-01-00T00:00:00Z"),
        ROW("no 31st of April", refused_row, "2020-04-31T00:00:00Z"),
        ROW("no hour 24", refused_row, "2020-01-15T24:00:00Z"),
        ROW("no minute 60", refused_row, "2020-01-15T09:60:00Z"),
        ROW("no second 60, as in Go", refused_row, "2016-12-31T23:59:60Z"),
        ROW("no offset of a day", refused_row, "2020-01-15T09:42:00+24:00"),
        ROW("an offset has a colon", refused_row, "2020-01-15T09:42:00+0100"),
        ROW("a point wants digits", refused_row, "2020-01-15T09:42:00.Z"),
        ROW("letters are upper case, as in Go", refused_row, "2020-01-15t09:42:00z"),
        ROW("a blank is no T", refused_row, "2020-01-15 09:42:00Z"),
        ROW("nothing follows the zone", refused_row, "2020-01-15T09:42:00Z "),
        ROW("signs are no digits", refused_row, "2020-+1-15T09:42:00Z"),
        ROW("a year has four digits", refused_row, "20200-01-15T09:42:00Z"),
        ROW("a word is no time", refused_row, "yesterday"),
        ROW("zero is the epoch", format_row, 0, "1970-01-01T00:00:00Z"),
        ROW("a time of 2020 in words", format_row, 1579081320, "2020-01-15T09:42:00Z"),
        ROW("a second before the epoch", format_row, -1, "1969-12-31T23:59:59Z"),
        ROW("years have four digits", format_row, INT64_C(-62135596800), "0001-01-01T00:00:00Z"),
        ROW("the last second there is", format_row, INT64_MAX, "292277026596-12-04T15:30:07Z"),
        ROW("the first second there is", format_row, INT64_MIN, "-292277022657-01-27T08:29:52Z"),
        cmocka_unit_test(the_c_library_agrees),
        ROW("a window's time east of UTC", window_row, "220000+0100", 1260),
        ROW("a window's time in UTC", window_row, "000000+0000", 0),
        ROW("a window's time of the day before", window_row, "003000+0100", 1410),
        ROW("a window's time of the day after", window_row, "230000-0230", 90),
        ROW("the last minute of a day", window_row, "235959+0000", 1439),
        ROW("the farthest offset", window_row, "000000+2359", 1),
        ROW("the farthest offset to the west", window_row, "235900-2359", 1438),
        ROW("a window wants an offset", window_row, "220000", -1),
        ROW("Z is no offset here", window_row, "220000Z", -1),
        ROW("no hour 24 in a window", window_row, "240000+0000", -1),
        ROW("no minute 60 in a window", window_row, "006000+0000", -1),
        ROW("no second 60 in a window", window_row, "000060+0000", -1),
        ROW("no offset of 24 hours", window_row, "000000+2400", -1),
        ROW("no offset of 60 minutes", window_row, "000000+0060", -1),
        ROW("nothing follows the offset", window_row, "220000+01000", -1),
        ROW("colons are not taken", window_row, "22:00:00+01:00", -1),
        ROW("the empty text is no window", window_row, "", -1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
