#include "kube/quantity.h"

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

struct bytes_row {
    const char *text;
    int64_t bytes;
};

static void bytes_row(void **state)
{
    const struct bytes_row *row = *state;
    struct error err = {0};
    int64_t bytes = -1;
    if (!kube_quantity_bytes(row->text, &bytes, &err))
        fail_msg("%s", err.message);
    assert_int_equal(bytes, row->bytes);
    assert_int_equal(err.code, ERROR_NONE);
}

struct refused_row {
    const char *text;
    enum error_code code;
};

static void refused_row(void **state)
{
    const struct refused_row *row = *state;
    struct error err = {0};
    int64_t bytes = -1;
    assert_false(kube_quantity_bytes(row->text, &bytes, &err));
    assert_int_equal(err.code, row->code);
    assert_int_equal(bytes, -1);
    assert_non_null(strstr(err.message, row->text[0] ? row->text : "''"));
    assert_false(kube_quantity_bytes(row->text, &bytes, NULL));
}

struct equal_row {
    const char *a, *b;
    bool equal;
};

static void equal_row(void **state)
{
    const struct equal_row *row = *state;
    assert_int_equal(kube_quantity_equal(row->a, row->b), row->equal);
    assert_int_equal(kube_quantity_equal(row->b, row->a), row->equal);
    assert_true(kube_quantity_equal(row->a, row->a));
}

struct format_row {
    int64_t bytes;
    const char *text;
};

static void format_row(void **state)
{
    const struct format_row *row = *state;
    char text[KUBE_QUANTITY_SIZE];
    kube_quantity_format(row->bytes, text);
    assert_string_equal(text, row->text);
    int64_t bytes;
    assert_true(kube_quantity_bytes(text, &bytes, NULL));
    assert_int_equal(bytes, row->bytes);
}

static void a_long_text_is_cut_in_the_message(void **state)
{
    (void)state;
    char text[300];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct error err = {0};
    int64_t bytes;
    assert_false(kube_quantity_bytes(text, &bytes, &err));
    assert_true(strlen(err.message) < 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("a plain number is bytes", bytes_row, "1000", 1000),
        ROW("zero is zero", bytes_row, "0", 0),
        ROW("minus zero is zero", bytes_row, "-0", 0),
        ROW("zero with any exponent is zero", bytes_row, "0e999999999999", 0),
        ROW("a plus sign is allowed", bytes_row, "+5", 5),
        ROW("leading zeros do not count", bytes_row, "0000000000000000000000000000000000000000012",
            12),
        ROW("k is a thousand", bytes_row, "2k", 2000),
        ROW("M is a million", bytes_row, "3M", 3000000),
        ROW("G is a thousand million", bytes_row, "10G", INT64_C(10000000000)),
        ROW("T is a million million", bytes_row, "1T", INT64_C(1000000000000)),
        ROW("P scales by 10^15", bytes_row, "1P", INT64_C(1000000000000000)),
        ROW("E scales by 10^18", bytes_row, "9E", INT64_C(9000000000000000000)),
        ROW("Ki scales by 1024", bytes_row, "1Ki", 1024),
        ROW("Mi scales by 1024 squared", bytes_row, "128Mi", 134217728),
        ROW("Gi scales by 1024 cubed", bytes_row, "20Gi", INT64_C(21474836480)),
        ROW("Ti scales by 2^40", bytes_row, "1Ti", INT64_C(1099511627776)),
        ROW("Pi scales by 2^50", bytes_row, "1Pi", INT64_C(1125899906842624)),
        ROW("Ei scales by 2^60", bytes_row, "7Ei", INT64_C(8070450532247928832)),
        ROW("e is an exponent", bytes_row, "1e3", 1000),
        ROW("E with digits is an exponent", bytes_row, "2E6", 2000000),
        ROW("an exponent may have a plus", bytes_row, "1e+3", 1000),
        ROW("an exponent may be negative", bytes_row, "5000e-3", 5),
        ROW("a fraction with a suffix is exact", bytes_row, "1.5Gi", INT64_C(1610612736)),
        ROW("a fraction that is no whole byte is rounded up", bytes_row, "0.1Ki", 103),
        ROW("half a byte is one", bytes_row, "0.5", 1),
        ROW("a thousandth of a byte is one", bytes_row, "1m", 1),
        ROW("less than a billionth is one byte still", bytes_row, "0.0000000000001n", 1),
        ROW("m is a thousandth", bytes_row, "128974848000m", 128974848),
        ROW("u is a millionth", bytes_row, "3000000u", 3),
        ROW("n is a billionth", bytes_row, "3000000000n", 3),
        ROW("a point may end the number", bytes_row, "1.", 1),
        ROW("a point may begin the number", bytes_row, ".5k", 500),
        ROW("zeros behind the point do not count", bytes_row,
            "1.00000000000000000000000000000000000000000000000000", 1),
        ROW("the smallest fraction above one makes two", bytes_row,
            "1.0000000000000000000000000000000000001", 2),
        ROW("the largest number fits", bytes_row, "9223372036854775807", INT64_MAX),
        ROW("the largest number fits as a fraction", bytes_row, "9.223372036854775807E", INT64_MAX),
        ROW("one more does not fit", refused_row, "9223372036854775808", ERROR_RANGE),
        ROW("2^63 does not fit", refused_row, "8Ei", ERROR_RANGE),
        ROW("more digits than count are out of range", refused_row,
            "999999999999999999999999999999999999999", ERROR_RANGE),
        ROW("a large exponent is out of range", refused_row, "1e400", ERROR_RANGE),
        ROW("an exponent that no integer holds is out of range", refused_row,
            "1e99999999999999999999", ERROR_RANGE),
        ROW("a fraction below all is out of range", refused_row, "1e-400", ERROR_RANGE),
        ROW("the empty text is no quantity", refused_row, "", ERROR_INVALID),
        ROW("a word is no quantity", refused_row, "lots", ERROR_INVALID),
        ROW("a suffix alone is no quantity", refused_row, "Gi", ERROR_INVALID),
        ROW("a point alone is no quantity", refused_row, ".", ERROR_INVALID),
        ROW("a sign alone is no quantity", refused_row, "+", ERROR_INVALID),
        ROW("two signs are no quantity", refused_row, "--1", ERROR_INVALID),
        ROW("two points are no quantity", refused_row, "1.2.3", ERROR_INVALID),
        ROW("an unknown suffix is no quantity", refused_row, "5GB", ERROR_INVALID),
        ROW("letter case counts", refused_row, "5gi", ERROR_INVALID),
        ROW("K is not k", refused_row, "5K", ERROR_INVALID),
        ROW("an exponent without digits is no quantity", refused_row, "1e", ERROR_INVALID),
        ROW("an exponent with only a sign is no quantity", refused_row, "1e+", ERROR_INVALID),
        ROW("an exponent has no fraction", refused_row, "1e1.5", ERROR_INVALID),
        ROW("nothing follows an exponent", refused_row, "1e3Ki", ERROR_INVALID),
        ROW("blanks are not passed over", refused_row, "1 Gi", ERROR_INVALID),
        ROW("a blank at the end is no quantity", refused_row, "1Gi ", ERROR_INVALID),
        ROW("hexadecimal is no quantity", refused_row, "0x10", ERROR_INVALID),
        ROW("less than nothing is refused", refused_row, "-1", ERROR_INVALID),
        ROW("one core is a thousand thousandths", equal_row, "1", "1000m", true),
        ROW("a GiB is 1024 MiB", equal_row, "1Gi", "1024Mi", true),
        ROW("a fraction is its thousandths", equal_row, "0.5", "500m", true),
        ROW("an exponent is its suffix", equal_row, "1e3", "1k", true),
        ROW("a GiB is not a GB", equal_row, "1Gi", "1G", false),
        ROW("minus one is not one", equal_row, "-1", "1", false),
        ROW("minus one is minus a thousand thousandths", equal_row, "-1", "-1000m", true),
        ROW("minus zero is plus zero", equal_row, "-0", "0", true),
        ROW("words are equal to themselves alone", equal_row, "lots", "more", false),
        ROW("a word is not a number", equal_row, "lots", "0", false),
        ROW("what is out of range equals the same text alone", equal_row, "1e400", "10e399", false),
        ROW("a large amount keeps every digit", equal_row, "9007199254740993", "9007199254740992",
            false),
        ROW("zero has no suffix", format_row, 0, "0"),
        ROW("no power of 1024 has no suffix", format_row, 1000, "1000"),
        ROW("KiB are Ki", format_row, 1024, "1Ki"),
        ROW("a MiB and a half is in Ki", format_row, 1572864, "1536Ki"),
        ROW("100 MiB are 100Mi", format_row, 104857600, "100Mi"),
        ROW("8 GiB are 8Gi", format_row, INT64_C(8589934592), "8Gi"),
        ROW("1024 GiB are 1Ti", format_row, INT64_C(1099511627776), "1Ti"),
        ROW("2^60 is 1Ei", format_row, INT64_C(1152921504606846976), "1Ei"),
        ROW("the largest number has no suffix", format_row, INT64_MAX, "9223372036854775807"),
        cmocka_unit_test(a_long_text_is_cut_in_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
