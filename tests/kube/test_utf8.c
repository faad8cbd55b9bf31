#include "kube/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct row {
    const char *text;  /* one character and something behind it */
    size_t step;       /* its bytes */
    const char *shown; /* NULL: itself */
};

static void run_row(void **state)
{
    const struct row *row = *state;
    char shown[KUBE_UTF8_SHOWN];
    char itself[8];
    snprintf(itself, sizeof itself, "%.*s", (int)row->step, row->text);
    assert_int_equal(kube_utf8_show(row->text, strlen(row->text), shown), row->step);
    assert_string_equal(shown, row->shown ? row->shown : itself);
    if (kube_utf8_length(row->text, strlen(row->text)) > 0)
        assert_int_equal(kube_utf8_is_visible(row->text, row->step), row->shown == NULL);
}

/* As UTF-8; four bytes and a NUL at most. */
static void encode(uint32_t code, char out[5])
{
    memset(out, 0, 5);
    if (code < 0x80) {
        out[0] = (char)code;
        return;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(first[more] | code >> 6 * more);
    for (int i = 1; i <= more; i++)
        out[i] = (char)(0x80 | (code >> 6 * (more - i) & 0x3f));
}

struct range {
    uint32_t first, last;
};

/* What steers a terminal, turns the direction of a line, or is not seen at all. */
static const struct range hidden[] = {
    {0x01, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x61c, 0x61c},
    {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},   {0xfe00, 0xfe0f},
    {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};
static const struct range visible[] = {
    {0x20, 0x7e},     {0xa0, 0xac},     {0xae, 0x34e},    {0x5d0, 0x60b},     {0x2010, 0x2027},
    {0x202f, 0x205f}, {0x4e00, 0xd7ff}, {0xfffc, 0xfffd}, {0x1f300, 0x1faff}, {0x20000, 0x2ffff},
};

static void each_is(const struct range *range, bool is_visible)
{
    for (uint32_t code = range->first; code <= range->last; code++) {
        char text[5];
        encode(code, text);
        if (kube_utf8_is_visible(text, strlen(text)) != is_visible)
            fail_msg("U+%04X", code);
    }
}

static void what_could_mislead_is_not_visible(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        each_is(&hidden[i], false);
}

static void letters_signs_and_pictures_are_visible(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof visible / sizeof *visible; i++)
        each_is(&visible[i], true);
}

#define ROW(sentence, ...)                                                                         \
    {                                                                                              \
        sentence, run_row, NULL, NULL, &(struct row)                                               \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("a letter is itself", "ab", 1, NULL),
        ROW("an umlaut is itself", "\xc3\xa4x", 2, NULL),
        ROW("an ideogram is itself", "\xe6\xbc\xa2x", 3, NULL),
        ROW("a picture is itself", "\xf0\x9f\x98\x80x", 4, NULL),
        ROW("an escape is escaped", "\033[31m", 1, "\\u001b"),
        ROW("a line end is escaped", "\nx", 1, "\\u000a"),
        ROW("a C1 control is escaped",
            "\xc2\x9b"
            "31m",
            2, "\\u009b"),
        ROW("a line separator is escaped", "\xe2\x80\xa8x", 3, "\\u2028"),
        ROW("an override of the direction is escaped", "\xe2\x80\xaex\xe2\x80\xac", 3, "\\u202e"),
        ROW("a zero width space is escaped", "\xe2\x80\x8bx", 3, "\\u200b"),
        ROW("a byte order mark is escaped", "\xef\xbb\xbfx", 3, "\\ufeff"),
        ROW("a tag is escaped as JSON does", "\xf3\xa0\x81\x81x", 4, "\\udb40\\udc41"),
        ROW("a byte that is no UTF-8 is replaced", "\xffx", 1, "\xef\xbf\xbd"),
        ROW("half a character is replaced", "\xc3", 1, "\xef\xbf\xbd"),
        cmocka_unit_test(what_could_mislead_is_not_visible),
        cmocka_unit_test(letters_signs_and_pictures_are_visible),
    };
    return cmocka_run_group_tests_name("kube/utf8", tests, NULL, NULL);
}
