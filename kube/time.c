#include "kube/time.h"

#include <stdio.h>
#include <string.h>

#define DAY_SECONDS INT64_C(86400)

/* The days of 400 years of the Gregorian calendar, after which it repeats. */
#define ERA_DAYS INT64_C(146097)

/* Days from 1970-01-01 to 0000-03-01. Years are counted from March, so that the leap day ends one.
 */
#define EPOCH_DAYS INT64_C(719468)

/* Reads DIGITS digits at *CURSOR as a number of LOW..HIGH. */
static bool read_number(const char **cursor, int digits, int low, int high, int *out)
{
    int value = 0;
    for (int i = 0; i < digits; i++, ++*cursor) {
        if (**cursor < '0' || **cursor > '9')
            return false;
        value = value * 10 + (**cursor - '0');
    }
    *out = value;
    return value >= low && value <= high;
}

static bool read_char(const char **cursor, char expected)
{
    if (**cursor != expected)
        return false;
    ++*cursor;
    return true;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Days from 1970-01-01 to a date; YEAR >= 0. */
static int64_t days_from_date(int year, int month, int day)
{
    int64_t years = year - (month <= 2) + 400; /* one era more: no negative year in January of 0 */
    int64_t months = (month + 9) % 12;         /* since March */
    int64_t leap_days = years / 4 - years / 100 + years / 400;
    return years * 365 + leap_days + (153 * months + 2) / 5 + day - 1 - ERA_DAYS - EPOCH_DAYS;
}

static void date_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += EPOCH_DAYS;
    int64_t era = days / ERA_DAYS - (days % ERA_DAYS < 0);
    int64_t day_of_era = days - era * ERA_DAYS;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t months = (5 * day_of_year + 2) / 153;
    *day = (unsigned)(day_of_year - (153 * months + 2) / 5 + 1);
    *month = (unsigned)(months < 10 ? months + 3 : months - 9);
    *year = era * 400 + year_of_era + (*month <= 2);
}

/* "Z", "+01:00" as seconds east of UTC. */
static bool read_zone(const char **cursor, int *east)
{
    *east = 0;
    if (read_char(cursor, 'Z'))
        return true;
    int sign = read_char(cursor, '-') ? -1 : read_char(cursor, '+') ? 1 : 0;
    int hours, minutes;
    if (!sign || !read_number(cursor, 2, 0, 23, &hours) || !read_char(cursor, ':') ||
        !read_number(cursor, 2, 0, 59, &minutes))
        return false;
    *east = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool read_fraction(const char **cursor)
{
    if (!read_char(cursor, '.'))
        return true;
    size_t digits = strspn(*cursor, "0123456789");
    *cursor += digits;
    return digits > 0;
}

bool kube_time_parse(const char *text, int64_t *seconds, struct error *err)
{
    const char *c = text;
    int year, month, day, hour, minute, second, east;
    bool valid = read_number(&c, 4, 0, 9999, &year) && read_char(&c, '-') &&
                 read_number(&c, 2, 1, 12, &month) && read_char(&c, '-') &&
                 read_number(&c, 2, 1, days_of_month(year, month), &day) && read_char(&c, 'T') &&
                 read_number(&c, 2, 0, 23, &hour) && read_char(&c, ':') &&
                 read_number(&c, 2, 0, 59, &minute) && read_char(&c, ':') &&
                 read_number(&c, 2, 0, 59, &second) && read_fraction(&c) && read_zone(&c, &east) &&
                 *c == '\0';
    if (!valid)
        return error_set(err, ERROR_INVALID, "'%.64s' is not a time such as 2020-01-15T09:42:00Z",
                         text);
    *seconds =
        days_from_date(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second - east;
    return true;
}

void kube_time_format(int64_t seconds, char out[KUBE_TIME_SIZE])
{
    int64_t days = seconds / DAY_SECONDS;
    int64_t rest = seconds % DAY_SECONDS;
    if (rest < 0) {
        rest += DAY_SECONDS;
        days--;
    }
    int64_t year;
    unsigned month, day;
    date_from_days(days, &year, &month, &day);
    unsigned second = (unsigned)rest;
    snprintf(out, KUBE_TIME_SIZE, "%04lld-%02u-%02uT%02u:%02u:%02uZ", (long long)year, month % 100,
             day % 100, second / 3600 % 24, second / 60 % 60, second % 60);
}

bool kube_time_window_minute(const char *text, int *minute, struct error *err)
{
    const char *c = text;
    int hours, minutes, seconds, east_hours, east_minutes;
    bool valid = read_number(&c, 2, 0, 23, &hours) && read_number(&c, 2, 0, 59, &minutes) &&
                 read_number(&c, 2, 0, 59, &seconds);
    int sign = !valid ? 0 : read_char(&c, '-') ? -1 : read_char(&c, '+') ? 1 : 0;
    if (!sign || !read_number(&c, 2, 0, 23, &east_hours) ||
        !read_number(&c, 2, 0, 59, &east_minutes) || *c)
        return error_set(err, ERROR_INVALID,
                         "'%.64s' is not a time of a maintenance window such as 220000+0100", text);
    int utc = hours * 60 + minutes - sign * (east_hours * 60 + east_minutes);
    *minute = (utc + 2 * KUBE_DAY_MINUTES) % KUBE_DAY_MINUTES;
    return true;
}
