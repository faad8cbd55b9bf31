#include "kube/base64.h"

#include "kube/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ROW(sentence, function, ...)                                                               \
    {                                                                                              \
        sentence, function, NULL, NULL, &(struct function)                                         \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

struct both_row {
    const char *bytes;
    const char *text;
};

static void both_row(void **state)
{
    const struct both_row *row = *state;
    AUTO_FREE char *text = kube_base64_encode(row->bytes, strlen(row->bytes));
    assert_string_equal(text, row->text);
    AUTO_FREE unsigned char *bytes = NULL;
    size_t length;
    assert_true(kube_base64_decode(row->text, &bytes, &length, NULL));
    assert_int_equal(length, strlen(row->bytes));
    assert_string_equal((char *)bytes, row->bytes);
}

struct decode_row {
    const char *text;
    const char *bytes;
};

static void decode_row(void **state)
{
    const struct decode_row *row = *state;
    struct error err = {0};
    AUTO_FREE unsigned char *bytes = NULL;
    size_t length;
    if (!kube_base64_decode(row->text, &bytes, &length, &err))
        fail_msg("%s", err.message);
    assert_int_equal(length, strlen(row->bytes));
    assert_string_equal((char *)bytes, row->bytes);
}

struct refused_row {
    const char *text;
};

static void refused_row(void **state)
{
    const struct refused_row *row = *state;
    struct error err = {0};
    unsigned char *bytes = NULL;
    size_t length = 7;
    assert_false(kube_base64_decode(row->text, &bytes, &length, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    assert_null(strstr(err.message, row->text));
    assert_null(bytes);
    assert_int_equal(length, 7);
}

/* Longer than the pieces in which it is coded, in all three phases. */
static void long_and_binary_input_comes_back(void **state)
{
    (void)state;
    for (size_t length = (7 << 20); length < (7 << 20) + 3; length++) {
        AUTO_FREE unsigned char *bytes = malloc(length);
        for (size_t i = 0; i < length; i++)
            bytes[i] = (unsigned char)(i * 31 + i / 251);
        AUTO_FREE char *text = kube_base64_encode(bytes, length);
        assert_int_equal(strlen(text), (length + 2) / 3 * 4);
        AUTO_FREE unsigned char *back = NULL;
        size_t back_length;
        assert_true(kube_base64_decode(text, &back, &back_length, NULL));
        assert_int_equal(back_length, length);
        assert_memory_equal(back, bytes, length);
        assert_int_equal(back[back_length], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("nothing is the empty text", both_row, "", ""),
        ROW("one byte is padded twice", both_row, "f", "Zg=="),
        ROW("two bytes are padded once", both_row, "fo", "Zm8="),
        ROW("three bytes are not padded", both_row, "foo", "Zm9v"),
        ROW("four bytes begin a group", both_row, "foob", "Zm9vYg=="),
        ROW("the last two letters are + and /", both_row, "\xfb\xff\xbf", "+/+/"),
        ROW("line ends are passed over", decode_row, "Zm9v\nYmFy\n", "foobar"),
        ROW("line ends of Windows too", decode_row, "Zm9v\r\nYmFy\r\n", "foobar"),
        ROW("a line may end anywhere", decode_row, "Z\nm9vYg=\n=", "foob"),
        ROW("blanks before a line end too", decode_row, "Zm9v \t\nYmFy ", "foobar"),
        ROW("line ends alone are nothing", decode_row, "\n\n", ""),
        ROW("bits behind the last byte are passed over, as in Go", decode_row, "Zh==", "f"),
        ROW("a letter of another alphabet is refused", refused_row, "-_-_"),
        ROW("a missing padding is refused", refused_row, "Zg"),
        ROW("half a padding is refused", refused_row, "Zg="),
        ROW("three paddings are refused", refused_row, "Z==="),
        ROW("padding alone is refused", refused_row, "===="),
        ROW("padding in the middle is refused", refused_row, "Zg==Zg=="),
        ROW("a group of padding at the end is refused", refused_row, "Zm9v===="),
        ROW("a blank within a line is refused", refused_row, "Zm 9v"),
        ROW("a blank before the text is refused", refused_row, " Zm9v"),
        ROW("a plain word is refused and not quoted", refused_row, "secret!!"),
        ROW("letters beyond ASCII are refused", refused_row, "Zm9\xc3\xa9"),
        cmocka_unit_test(long_and_binary_input_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
