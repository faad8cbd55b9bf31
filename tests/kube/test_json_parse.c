#include "kube/json.h"

#include "kube/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* TEXT is a literal, so that it may contain a NUL. */
#define ROW(sentence, function, text, ...)                                                         \
    {                                                                                              \
        sentence, function, NULL, NULL, &(struct function)                                         \
        {                                                                                          \
            text, sizeof(text) - 1, __VA_ARGS__                                                    \
        }                                                                                          \
    }
#define DEPTH(sentence, ...)                                                                       \
    {                                                                                              \
        sentence, depth_row, NULL, NULL, &(struct depth_row)                                       \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

/* A copy without a byte behind it, so that the sanitizers and valgrind see what is read too far. */
static bool parse(const char *text, size_t length, struct json_object **out, struct error *err)
{
    AUTO_FREE char *exact = malloc(length ? length : 1);
    memcpy(exact, text, length);
    return kube_json_parse(exact, length, out, err);
}

struct good_row {
    const char *text;
    size_t length;
    const char *written;
};

static void good_row(void **state)
{
    const struct good_row *row = *state;
    AUTO_JSON struct json_object *value = NULL;
    struct error err = {0};
    if (!parse(row->text, row->length, &value, &err))
        fail_msg("%s", err.message);
    assert_string_equal(kube_json_write(value), row->written);
    assert_int_equal(err.code, ERROR_NONE);
}

struct bad_row {
    const char *text;
    size_t length;
    const char *message;
};

static void bad_row(void **state)
{
    const struct bad_row *row = *state;
    struct json_object *value = (struct json_object *)1;
    struct error err = {0};
    assert_false(parse(row->text, row->length, &value, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    assert_string_equal(err.message, row->message);
    assert_ptr_equal(value, (struct json_object *)1);
}

struct depth_row {
    const char *open, *inside, *close;
    int depth;
    bool accepted;
};

static void depth_row(void **state)
{
    const struct depth_row *row = *state;
    AUTO_FREE char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    for (int i = 0; i < row->depth; i++)
        fputs(row->open, stream);
    fputs(row->inside, stream);
    for (int i = 0; i < row->depth; i++)
        fputs(row->close, stream);
    fclose(stream);
    AUTO_JSON struct json_object *value = NULL;
    struct error err = {0};
    assert_int_equal(parse(text, length, &value, &err), row->accepted);
    if (!row->accepted)
        assert_non_null(strstr(err.message, ": nested too deeply"));
}

static void strings_may_contain_nul(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *value = NULL;
    const char text[] = "\"a\\u0000b\"";
    assert_true(parse(text, sizeof text - 1, &value, NULL));
    assert_int_equal(json_object_get_string_len(value), 3);
    assert_memory_equal(json_object_get_string(value), "a\0b", 3);
    assert_string_equal(kube_json_write(value), text);
    assert_null(kube_json_as_text(value));
}

/* Whatever is cut off: an error that names a place in the text, or a shorter number. */
static void every_truncation_is_an_error(void **state)
{
    (void)state;
    const char text[] =
        "{\"a\": [1, -2.5e+3, true, null, \"\\u20ac\\n\xe2\x82\xac\"],\n \"b\": {}}";
    for (size_t length = 0; length < sizeof text - 1; length++) {
        struct json_object *value = NULL;
        struct error err = {0};
        if (parse(text, length, &value, &err))
            fail_msg("the first %zu bytes are taken for whole", length);
        assert_int_equal(strncmp(err.message, "line ", 5), 0);
    }
}

static void no_value_is_quoted(void **state)
{
    (void)state;
    static const char *const texts[] = {"{\"password\": \"hunter2\"",
                                        "{\"password\": hunter2}",
                                        "{\"password\": \"hunter2\x01\"}",
                                        "\"hunter2",
                                        "hunter2",
                                        "\"hunter2\" hunter2",
                                        "\"hunter2\xff\""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct json_object *value = NULL;
        struct error err = {0};
        assert_false(parse(texts[i], strlen(texts[i]), &value, &err));
        assert_null(strstr(err.message, "hunter2"));
        assert_null(strstr(err.message, "password"));
    }
}

/* Each would take json-c some 250 times the memory of its text. */
static void a_text_of_nothing_but_maps_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *item;
        int count;
        bool accepted;
    } rows[] = {
        {"{}", 4000, true},
        {"{}", 1000000, false},
        {"[]", 1000000, false},
        {"{\"f:name\":{}}", 100000, false},
        {"{\"f:nodeName\":{},\"f:x\":1}", 10000, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        AUTO_FREE char *text = NULL;
        size_t length;
        FILE *stream = open_memstream(&text, &length);
        for (int j = 0; j < rows[i].count; j++)
            fprintf(stream, "%c%s", j ? ',' : '[', rows[i].item);
        fputc(']', stream);
        fclose(stream);
        AUTO_JSON struct json_object *value = NULL;
        struct error err = {0};
        assert_int_equal(parse(text, length, &value, &err), rows[i].accepted);
        if (!rows[i].accepted)
            assert_non_null(strstr(err.message, "too many maps and lists for so short a text"));
    }
}

static void two_gigabytes_are_too_many(void **state)
{
    (void)state;
    struct json_object *value = NULL;
    struct error err = {0};
    assert_false(kube_json_parse("", (size_t)1 << 31, &value, &err));
    assert_int_equal(err.code, ERROR_RANGE);
}

/* --- texts of several pieces --- */

/* A list whose values come to lie across the ends of the pieces that the parser is given. */
static void a_long_text_is_read_as_a_whole(void **state)
{
    static const char sample[] =
        "{\"key\":[1234567890123,-0.5e+10,true,false,null,\"\\u20ac\\n\\\\\\\"\xe2\x82\xac\"]}";
    enum { PIECE = 64 << 10 };
    (void)state;
    AUTO_JSON struct json_object *expected = NULL;
    assert_true(kube_json_parse(sample, sizeof sample - 1, &expected, NULL));
    for (size_t shift = 0; shift < sizeof sample; shift++) {
        size_t before = PIECE - 1 - shift;
        size_t length = before + sizeof sample + 1;
        AUTO_FREE char *text = malloc(length + 1);
        AUTO_JSON struct json_object *list = NULL;
        memset(text, ' ', before);
        text[0] = '[';
        snprintf(text + before, length + 1 - before, "%s]\n", sample);
        assert_true(kube_json_parse(text, length, &list, NULL));
        assert_int_equal(json_object_array_length(list), 1);
        assert_true(json_object_equal(json_object_array_get_idx(list, 0), expected));
    }
}

static void an_error_in_a_later_piece_has_its_place(void **state)
{
    enum { LINES = 40000 };
    AUTO_FREE char *text = malloc(4 * LINES + 8);
    AUTO_JSON struct json_object *list = NULL;
    struct error err = {0};
    size_t used = 0;
    (void)state;
    text[used++] = '[';
    for (int i = 0; i < LINES; i++)
        used += (size_t)snprintf(text + used, 8, "11,\n");
    used += (size_t)snprintf(text + used, 8, "]");
    assert_false(kube_json_parse(text, used, &list, &err));
    assert_string_equal(err.message, "line 40001, column 1: unexpected character");
}

static void text_behind_the_value_in_a_later_piece_is_found(void **state)
{
    enum { LENGTH = 200000 };
    AUTO_FREE char *text = malloc(LENGTH);
    AUTO_JSON struct json_object *value = NULL;
    struct error err = {0};
    (void)state;
    memset(text, ' ', LENGTH);
    text[0] = '{';
    text[1] = '}';
    assert_true(kube_json_parse(text, LENGTH, &value, NULL));
    text[LENGTH - 1] = '1';
    AUTO_JSON struct json_object *none = NULL;
    assert_false(kube_json_parse(text, LENGTH, &none, &err));
    assert_string_equal(err.message, "line 1, column 200000: unexpected character");
}

static const char *count_down(void *context)
{
    int *left = context;
    return (*left)-- > 0 ? NULL : "enough";
}

static void reading_stops_with_its_work(void **state)
{
    enum { COUNT = 100000 };
    AUTO_FREE char *text = malloc(2 * COUNT + 2);
    (void)state;
    text[0] = '[';
    for (size_t i = 1; i < 2 * COUNT; i++)
        text[i] = i % 2 ? '1' : ',';
    text[2 * COUNT] = ']';
    int questions = 1000000;
    struct kube_work patient = {.check = count_down, .context = &questions};
    AUTO_JSON struct json_object *whole = NULL;
    assert_true(kube_json_parse_while(&patient, text, 2 * COUNT + 1, &whole, NULL));
    questions = 1000000 - questions;
    assert_true(questions > 2 * COUNT / KUBE_WORK_TURNS);
    for (int patience = 0; patience < questions; patience += questions / 50 + 1) {
        int left = patience;
        struct kube_work work = {.check = count_down, .context = &left};
        struct error err = {0};
        AUTO_JSON struct json_object *value = NULL;
        assert_false(kube_json_parse_while(&work, text, 2 * COUNT + 1, &value, &err));
        assert_int_equal(err.code, ERROR_STOPPED);
        assert_null(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("an object keeps the order of its keys", good_row, "{\"b\": 1, \"a\": {\"c\": []}}",
            "{\"b\":1,\"a\":{\"c\":[]}}"),
        ROW("literals are values", good_row, "[true, false, null]", "[true,false,null]"),
        ROW("null is a value", good_row, "null", "null"),
        ROW("true at the very end", good_row, "true", "true"),
        ROW("a number at the very end", good_row, "12", "12"),
        ROW("a negative number at the very end", good_row, "-12", "-12"),
        ROW("a fraction at the very end", good_row, "1.5", "1.5"),
        ROW("an exponent at the very end", good_row, "1e5", "1e5"),
        ROW("a number and white space", good_row, "12 \t\r\n", "12"),
        ROW("white space before and after", good_row, "\r\n\t {} \n", "{}"),
        ROW("minus zero is zero", good_row, "-0", "0"),
        ROW("a fraction keeps its text", good_row, "[0.50, 1.0, 1E+2]", "[0.50,1.0,1E+2]"),
        ROW("the largest integer", good_row, "9223372036854775807", "9223372036854775807"),
        ROW("the smallest integer", good_row, "-9223372036854775808", "-9223372036854775808"),
        ROW("the largest exponent", good_row, "1e308", "1e308"),
        ROW("a fraction too small for a double is near zero", good_row, "[1e-999]", "[1e-999]"),
        ROW("escapes are read", good_row, "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"",
            "\"\\\"\\\\/\\b\\f\\n\\r\\tA\""),
        ROW("two surrogates are one character", good_row, "\"\\ud83d\\ude00\"",
            "\"\xf0\x9f\x98\x80\""),
        ROW("a surrogate alone is replaced, as in Go", good_row, "\"\\ud800x\"",
            "\"\xef\xbf\xbdx\""),
        ROW("UTF-8 of two, three and four bytes", good_row,
            "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""),
        ROW("DEL is no control character to JSON", good_row, "\"\x7f\"", "\"\x7f\""),
        ROW("quotes of other languages are fine within a string", good_row, "\"it's N/I.\"",
            "\"it's N/I.\""),
        ROW("an empty key is a key", good_row, "{\"\": 1}", "{\"\":1}"),
        ROW("of a key that is there twice the last one counts", good_row, "{\"a\": 1, \"a\": 2}",
            "{\"a\":2}"),
        ROW("nothing is no value", bad_row, " \n", "line 2, column 1: unexpected end of data"),
        ROW("an unknown word", bad_row, "nope",
            "line 1, column 2: a character that begins no JSON value"),
        ROW("a literal that is cut off", bad_row, "[tru",
            "line 1, column 5: unexpected end of data"),
        ROW("a literal in capitals", bad_row, "TRUE",
            "line 1, column 1: a character that begins no JSON value"),
        ROW("two literals in one", bad_row, "[truefalse]",
            "line 1, column 6: array value separator ',' expected"),
        ROW("NaN is no number", bad_row, "[NaN]",
            "line 1, column 2: a character that begins no JSON value"),
        ROW("minus NaN is no number", bad_row, "[-NaN]",
            "line 1, column 2: a number that is not JSON"),
        ROW("Infinity is no number", bad_row, "{\"a\": Infinity}",
            "line 1, column 7: a character that begins no JSON value"),
        ROW("minus Infinity is no number", bad_row, "-Infinity",
            "line 1, column 1: a number that is not JSON"),
        ROW("single quotes are no quotes", bad_row, "{'a': 1}",
            "line 1, column 2: a character that begins no JSON value"),
        ROW("a key without quotes", bad_row, "{a: 1}",
            "line 1, column 2: quoted object property name expected"),
        ROW("a comment", bad_row, "{} // no",
            "line 1, column 4: a character that begins no JSON value"),
        ROW("a comment in the style of C", bad_row, "/* no */ {}",
            "line 1, column 1: a character that begins no JSON value"),
        ROW("a byte order mark", bad_row, "\xef\xbb\xbf{}",
            "line 1, column 1: a character that begins no JSON value"),
        ROW("a vertical tab is no white space", bad_row, "[1,\v2]",
            "line 1, column 4: a character that begins no JSON value"),
        ROW("a NUL behind the value", bad_row, "{}\0",
            "line 1, column 3: a character that begins no JSON value"),
        ROW("a NUL within a string", bad_row, "\"\0\"",
            "line 1, column 2: a control character within a string"),
        ROW("a tab within a string", bad_row, "[\n\"\t\"]",
            "line 2, column 2: a control character within a string"),
        ROW("a line end within a string", bad_row, "\"a\nb\"",
            "line 1, column 3: a control character within a string"),
        ROW("an escaped line end", bad_row, "\"a\\\nb\"",
            "line 1, column 4: invalid string sequence"),
        ROW("an unknown escape", bad_row, "\"\\x41\"", "line 1, column 3: invalid string sequence"),
        ROW("an escape with a wrong digit", bad_row, "\"\\u12g4\"",
            "line 1, column 6: invalid string sequence"),
        ROW("a NUL in a key", bad_row, "{\"kind\\u0000x\" :1}",
            "line 1, column 2: a key that contains a NUL"),
        ROW("a string that does not end", bad_row, "[\"abc",
            "line 1, column 6: the text ends within a string"),
        ROW("a string that ends in a backslash", bad_row, "\"abc\\",
            "line 1, column 6: the text ends within a string"),
        ROW("a string that ends in an escaped quote", bad_row, "\"abc\\\"",
            "line 1, column 7: the text ends within a string"),
        ROW("a byte that is no UTF-8", bad_row, "\"\xff\"", "line 1, column 2: invalid UTF-8"),
        ROW("an escaped byte that is no UTF-8", bad_row, "\"\\\xff\"",
            "line 1, column 3: invalid UTF-8"),
        ROW("overlong UTF-8", bad_row, "\"\xc0\xaf\"", "line 1, column 2: invalid UTF-8"),
        ROW("overlong UTF-8 of three bytes", bad_row, "\"\xe0\x80\xaf\"",
            "line 1, column 2: invalid UTF-8"),
        ROW("a surrogate in UTF-8", bad_row, "\"\xed\xa0\x80\"", "line 1, column 2: invalid UTF-8"),
        ROW("beyond the last character", bad_row, "\"\xf4\x90\x80\x80\"",
            "line 1, column 2: invalid UTF-8"),
        ROW("UTF-8 that is cut off by the quote", bad_row, "\"\xe2\x82\"",
            "line 1, column 2: invalid UTF-8"),
        ROW("UTF-8 that is cut off by the end", bad_row, "\"\xe2\x82",
            "line 1, column 2: invalid UTF-8"),
        ROW("UTF-8 outside of a string", bad_row, "[\xc2\xa0]",
            "line 1, column 2: a character that begins no JSON value"),
        ROW("a leading zero", bad_row, "[01]", "line 1, column 2: a number that is not JSON"),
        ROW("two zeros", bad_row, "00", "line 1, column 1: a number that is not JSON"),
        ROW("a negative number with a leading zero", bad_row, "-01",
            "line 1, column 1: a number that is not JSON"),
        ROW("a leading plus", bad_row, "+1",
            "line 1, column 1: a character that begins no JSON value"),
        ROW("a minus alone", bad_row, "[-]", "line 1, column 2: a number that is not JSON"),
        ROW("a point without digits", bad_row, "[1.]",
            "line 1, column 2: a number that is not JSON"),
        ROW("a point at the very end", bad_row, "1.",
            "line 1, column 1: a number that is not JSON"),
        ROW("a point that begins", bad_row, ".5",
            "line 1, column 1: a character that begins no JSON value"),
        ROW("an exponent without digits", bad_row, "1e",
            "line 1, column 1: a number that is not JSON"),
        ROW("two points", bad_row, "1.2.3", "line 1, column 1: a number that is not JSON"),
        ROW("two exponents", bad_row, "1e2e3", "line 1, column 1: a number that is not JSON"),
        ROW("a subtraction", bad_row, "1-1", "line 1, column 1: a number that is not JSON"),
        ROW("hexadecimal", bad_row, "0x10",
            "line 1, column 2: a character that begins no JSON value"),
        ROW("an integer beyond 64 bits", bad_row, "[9223372036854775808]",
            "line 1, column 2: a number that is out of range"),
        ROW("a negative integer beyond 64 bits", bad_row, "[-9223372036854775809]",
            "line 1, column 2: a number that is out of range"),
        ROW("an exponent beyond doubles", bad_row, "1e309",
            "line 1, column 1: a number that is out of range"),
        ROW("a comma that ends a list", bad_row, "[1,]", "line 1, column 4: unexpected character"),
        ROW("a comma that begins a list", bad_row, "[,1]",
            "line 1, column 2: unexpected character"),
        ROW("two commas", bad_row, "[1,,2]", "line 1, column 4: unexpected character"),
        ROW("no comma", bad_row, "[1 2]", "line 1, column 4: array value separator ',' expected"),
        ROW("a comma that ends an object", bad_row, "{\"a\": 1,}",
            "line 1, column 9: unexpected character"),
        ROW("a key without a value", bad_row, "{\"a\"}",
            "line 1, column 5: object property name separator ':' expected"),
        ROW("a colon without a value", bad_row, "{\"a\":}",
            "line 1, column 6: unexpected character"),
        ROW("a bracket of the other kind", bad_row, "[1}",
            "line 1, column 3: array value separator ',' expected"),
        ROW("a bracket too many", bad_row, "{}}", "line 1, column 3: unexpected character"),
        ROW("a bracket alone", bad_row, "]", "line 1, column 1: unexpected character"),
        ROW("text behind the value", bad_row, "{}\n{}", "line 2, column 1: unexpected character"),
        ROW("a number behind a number", bad_row, "1 2", "line 1, column 3: unexpected character"),
        ROW("a string behind a string", bad_row, "\"a\"\"b\"",
            "line 1, column 4: unexpected character"),
        DEPTH("64 lists are accepted", "[", "", "]", 64, true),
        DEPTH("64 lists around a value are accepted", "[", "1", "]", 64, true),
        DEPTH("65 lists are not", "[", "", "]", 65, false),
        DEPTH("64 objects are accepted", "{\"a\":", "1", "}", 64, true),
        DEPTH("65 objects are not", "{\"a\":", "1", "}", 65, false),
        DEPTH("a million lists are not", "[", "", "", 1000000, false),
        DEPTH("brackets within strings do not count", "",
              "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
              "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"",
              "", 20, true),
        cmocka_unit_test(strings_may_contain_nul),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(no_value_is_quoted),
        cmocka_unit_test(a_text_of_nothing_but_maps_is_refused),
        cmocka_unit_test(two_gigabytes_are_too_many),
        cmocka_unit_test(a_long_text_is_read_as_a_whole),
        cmocka_unit_test(an_error_in_a_later_piece_has_its_place),
        cmocka_unit_test(text_behind_the_value_in_a_later_piece_is_found),
        cmocka_unit_test(reading_stops_with_its_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
