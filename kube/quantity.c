#include "kube/quantity.h"

#include <stdio.h>
#include <string.h>

/* An amount as Kubernetes keeps it: a whole number of billionths, to which smaller parts are
 * rounded up. 128 bits hold some 10^29, far more than Kubernetes takes. */
struct amount {
    bool negative;
    unsigned __int128 nanos;
};

/* 10^38 is the largest power of ten in 128 bits. */
enum { MAX_DIGITS = 38, NANO_DIGITS = 9 };

static const struct suffix {
    const char *text;
    int decimal; /* a power of ten */
    int binary;  /* a power of two */
} suffixes[] = {
    {"n", -9, 0},  {"u", -6, 0},  {"m", -3, 0},  {"", 0, 0},    {"k", 3, 0},   {"M", 6, 0},
    {"G", 9, 0},   {"T", 12, 0},  {"P", 15, 0},  {"E", 18, 0},  {"Ki", 0, 10}, {"Mi", 0, 20},
    {"Gi", 0, 30}, {"Ti", 0, 40}, {"Pi", 0, 50}, {"Ei", 0, 60},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "e3", "E-6": the power of ten; false when TEXT is no such exponent. Powers that no amount can
 * have are cut to ones that are out of range as well. */
static bool parse_exponent(const char *text, int *power)
{
    if (*text != 'e' && *text != 'E')
        return false;
    text++;
    bool negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    if (!is_digit(*text))
        return false;
    int value = 0;
    for (; is_digit(*text); text++)
        value = value < 1000 ? value * 10 + (*text - '0') : value;
    *power = negative ? -value : value;
    return *text == '\0';
}

static bool parse_suffix(const char *text, struct suffix *out)
{
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (strcmp(suffixes[i].text, text) == 0) {
            *out = suffixes[i];
            return true;
        }
    }
    *out = (struct suffix){0};
    return parse_exponent(text, &out->decimal);
}

static unsigned __int128 power_of_ten(int power)
{
    unsigned __int128 value = 1;
    while (power-- > 0)
        value *= 10;
    return value;
}

/* MANTISSA * 2^BINARY * 10^DECIMAL, rounded up; false when that needs more than 128 bits. */
static bool scale(unsigned __int128 mantissa, int binary, int decimal, unsigned __int128 *out)
{
    if (mantissa == 0) {
        *out = 0;
        return true;
    }
    if (decimal < -MAX_DIGITS || decimal > MAX_DIGITS)
        return false;
    unsigned __int128 divisor = power_of_ten(-decimal);
    unsigned __int128 factor = power_of_ten(decimal);
    unsigned __int128 whole = mantissa / divisor;
    unsigned __int128 rest = mantissa % divisor;
    if (__builtin_mul_overflow(whole, factor, &whole))
        return false;
    /* Doubling the rest along keeps every bit: it stays below the divisor. */
    for (; binary > 0; binary--) {
        if (__builtin_mul_overflow(whole, 2, &whole))
            return false;
        rest *= 2;
        if (rest >= divisor) {
            rest -= divisor;
            whole++;
        }
    }
    return !__builtin_add_overflow(whole, rest != 0, out);
}

/* Appends DIGITS to *MANTISSA; false when there are more than fit. */
static bool append_digits(const char *digits, size_t count, unsigned __int128 *mantissa)
{
    unsigned __int128 limit = power_of_ten(MAX_DIGITS - 1);
    for (size_t i = 0; i < count; i++) {
        if (*mantissa >= limit)
            return false;
        *mantissa = *mantissa * 10 + (unsigned)(digits[i] - '0');
    }
    return true;
}

/* Reads the digits at *CURSOR; *DECIMAL sinks by one for each behind the point. Zeros at the end of
 * a fraction do not count, so that they cannot use up the digits there are. False: there are none.
 */
static bool parse_digits(const char **cursor, unsigned __int128 *mantissa, int *decimal, bool *fits)
{
    const char *whole = *cursor;
    size_t whole_length = strspn(whole, "0123456789");
    bool has_point = whole[whole_length] == '.';
    const char *fraction = whole + whole_length + has_point;
    size_t length = has_point ? strspn(fraction, "0123456789") : 0;
    if (whole_length + length == 0)
        return false;
    *cursor = fraction + length;
    while (length > 0 && fraction[length - 1] == '0')
        length--;
    *fits = length <= MAX_DIGITS && append_digits(whole, whole_length, mantissa) &&
            append_digits(fraction, length, mantissa);
    *decimal -= *fits ? (int)length : 0;
    return true;
}

static bool parse(const char *text, struct amount *out, struct error *err)
{
    const char *cursor = text;
    bool negative = *cursor == '-';
    if (*cursor == '-' || *cursor == '+')
        cursor++;
    unsigned __int128 mantissa = 0;
    int decimal = NANO_DIGITS;
    bool fits = false;
    struct suffix suffix;
    if (!parse_digits(&cursor, &mantissa, &decimal, &fits) || !parse_suffix(cursor, &suffix))
        return error_set(err, ERROR_INVALID, "'%.64s' is not a quantity", text);
    unsigned __int128 nanos;
    if (!fits || !scale(mantissa, suffix.binary, decimal + suffix.decimal, &nanos))
        return error_set(err, ERROR_RANGE, "'%.64s' is out of range", text);
    *out = (struct amount){.negative = negative && nanos != 0, .nanos = nanos};
    return true;
}

bool kube_quantity_bytes(const char *text, int64_t *bytes, struct error *err)
{
    struct amount amount;
    if (!parse(text, &amount, err))
        return false;
    if (amount.negative)
        return error_set(err, ERROR_INVALID, "'%.64s' is negative", text);
    unsigned __int128 unit = power_of_ten(NANO_DIGITS);
    unsigned __int128 whole = amount.nanos / unit + (amount.nanos % unit != 0);
    if (whole > INT64_MAX)
        return error_set(err, ERROR_RANGE, "'%.64s' is out of range", text);
    *bytes = (int64_t)whole;
    return true;
}

bool kube_quantity_equal(const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return true;
    struct amount left, right;
    return parse(a, &left, NULL) && parse(b, &right, NULL) && left.negative == right.negative &&
           left.nanos == right.nanos;
}

void kube_quantity_format(int64_t bytes, char out[KUBE_QUANTITY_SIZE])
{
    static const char *const units[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    size_t unit = 0;
    for (; bytes != 0 && bytes % 1024 == 0 && unit + 1 < sizeof units / sizeof *units; unit++)
        bytes /= 1024;
    snprintf(out, KUBE_QUANTITY_SIZE, "%lld%s", (long long)bytes, units[unit]);
}
