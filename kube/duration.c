#include "kube/duration.h"

#include <stdio.h>
#include <string.h>

/* Longer names first where one begins another. */
static const struct unit {
    const char *name;
    int64_t nanoseconds;
} units[] = {
    {"ns", 1},
    {"us", 1000},
    {"\xc2\xb5s", 1000}, /* U+00B5, the micro sign */
    {"\xce\xbcs", 1000}, /* U+03BC, the Greek letter */
    {"ms", KUBE_MILLISECOND},
    {"s", KUBE_SECOND},
    {"m", KUBE_MINUTE},
    {"h", KUBE_HOUR},
};

static const struct unit *find_unit(const char *text)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strncmp(text, units[i].name, strlen(units[i].name)) == 0)
            return &units[i];
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads the digits at *CURSOR as a number; more than fit make *FITS false. */
static int64_t read_whole(const char **cursor, bool *fits)
{
    int64_t value = 0;
    for (; is_digit(**cursor); ++*cursor)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, **cursor - '0', &value))
            *fits = false;
    return value;
}

/* Reads the digits at *CURSOR as FRACTION / SCALE; those behind the 18th are below a nanosecond in
 * every unit and are passed over. */
static void read_fraction(const char **cursor, int64_t *fraction, int64_t *scale)
{
    *fraction = 0;
    *scale = 1;
    for (; is_digit(**cursor); ++*cursor) {
        if (*scale < INT64_C(1000000000000000000)) {
            *fraction = *fraction * 10 + (**cursor - '0');
            *scale *= 10;
        }
    }
}

/* Reads one number with its unit at *CURSOR and adds it to *TOTAL. False: there is none. */
static bool read_part(const char **cursor, int64_t *total, bool *fits)
{
    const char *begin = *cursor;
    int64_t whole = read_whole(cursor, fits);
    int64_t fraction = 0, scale = 1;
    bool digits = *cursor > begin;
    if (**cursor == '.') {
        const char *behind_point = ++*cursor;
        read_fraction(cursor, &fraction, &scale);
        digits = digits || *cursor > behind_point;
    }
    const struct unit *unit = find_unit(*cursor);
    if (!digits || !unit)
        return false;
    *cursor += strlen(unit->name);
    int64_t part = (int64_t)((__int128)fraction * unit->nanoseconds / scale);
    if (__builtin_mul_overflow(whole, unit->nanoseconds, &whole) ||
        __builtin_add_overflow(whole, part, &part) || __builtin_add_overflow(*total, part, total))
        *fits = false;
    return true;
}

bool kube_duration_parse(const char *text, int64_t *nanoseconds, struct error *err)
{
    const char *cursor = text;
    bool negative = *cursor == '-';
    if (*cursor == '-' || *cursor == '+')
        cursor++;
    int64_t total = 0;
    bool fits = true;
    bool valid = *cursor != '\0';
    if (strcmp(cursor, "0") == 0)
        cursor++;
    while (valid && *cursor)
        valid = read_part(&cursor, &total, &fits);
    if (!valid)
        return error_set(err, ERROR_INVALID, "'%.64s' is not a duration", text);
    if (negative && (total != 0 || !fits))
        return error_set(err, ERROR_INVALID, "'%.64s' is negative", text);
    if (!fits)
        return error_set(err, ERROR_RANGE, "'%.64s' is out of range", text);
    *nanoseconds = total;
    return true;
}

/* Appends AMOUNT / SCALE and UNIT ("1.5s") to OUT, which has room for any duration. */
static void append(char out[KUBE_DURATION_SIZE], int64_t amount, int64_t scale, const char *unit)
{
    char fraction[24] = ".";
    size_t length = 1;
    for (int64_t rest = amount % scale; rest; rest %= scale) {
        rest *= 10;
        fraction[length++] = (char)('0' + rest / scale);
    }
    fraction[length > 1 ? length : 0] = '\0';
    size_t used = strlen(out);
    snprintf(out + used, KUBE_DURATION_SIZE - used, "%lld%s%s", (long long)(amount / scale),
             fraction, unit);
}

void kube_duration_format(int64_t nanoseconds, char out[KUBE_DURATION_SIZE])
{
    int64_t hours = nanoseconds / KUBE_HOUR;
    int64_t minutes = nanoseconds % KUBE_HOUR / KUBE_MINUTE;
    int64_t rest = nanoseconds % KUBE_MINUTE;
    out[0] = '\0';
    if (hours)
        append(out, hours, 1, "h");
    if (minutes)
        append(out, minutes, 1, "m");
    if (rest == 0 && nanoseconds != 0)
        return;
    if (nanoseconds >= KUBE_SECOND || nanoseconds == 0)
        append(out, rest, KUBE_SECOND, "s");
    else if (nanoseconds >= KUBE_MILLISECOND)
        append(out, rest, KUBE_MILLISECOND, "ms");
    else if (nanoseconds >= 1000)
        append(out, rest, 1000, "us");
    else
        append(out, rest, 1, "ns");
}
