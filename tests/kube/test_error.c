#include "kube/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void setting_fills_code_and_message_and_is_false(void **state)
{
    (void)state;
    struct error err = {0};
    assert_false(error_set(&err, ERROR_RANGE, "/spec/replicas: %d is too many", 7));
    assert_int_equal(err.code, ERROR_RANGE);
    assert_string_equal(err.message, "/spec/replicas: 7 is too many");
}

static void wrapping_leads_with_the_context_and_keeps_the_code(void **state)
{
    (void)state;
    struct error err = {0};
    error_set(&err, ERROR_NOT_FOUND, "no such Secret");
    assert_false(error_wrap(&err, "StatefulSet %s/%s", "n", "etcd-main"));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_string_equal(err.message, "StatefulSet n/etcd-main: no such Secret");
}

static void nobody_has_to_listen(void **state)
{
    (void)state;
    assert_false(error_set(NULL, ERROR_INVALID, "%s", "x"));
    assert_false(error_wrap(NULL, "%s", "x"));
}

/* The lengths around the size of the buffer: what fits stays, what does not ends in dots. */
static void a_long_message_ends_in_dots(void **state)
{
    (void)state;
    const int size = (int)sizeof((struct error *)NULL)->message;
    for (int length = size - 6; length < size + 6; length++) {
        struct error err = {0};
        error_set(&err, ERROR_INVALID, "%0*d", length, 0);
        assert_int_equal(strlen(err.message), length < size ? length : size - 1);
        assert_int_equal(strcmp(err.message + strlen(err.message) - 3, "...") == 0, length >= size);
    }
}

static void a_long_wrapped_message_ends_in_dots(void **state)
{
    (void)state;
    const int size = (int)sizeof((struct error *)NULL)->message;
    for (int length = size - 6; length < size + 6; length++) {
        struct error err = {0};
        error_set(&err, ERROR_INVALID, "cause");
        error_wrap(&err, "%0*d", length - 7, 0); /* ": cause" */
        assert_int_equal(strlen(err.message), length < size ? length : size - 1);
        assert_int_equal(strcmp(err.message + strlen(err.message) - 3, "...") == 0, length >= size);
        error_wrap(&err, "%0*d", 2 * size, 0);
        assert_int_equal(strlen(err.message), size - 1);
    }
}

static void no_character_is_cut_in_two(void **state)
{
    (void)state;
    const int size = (int)sizeof((struct error *)NULL)->message;
    for (int length = size - 12; length < size; length++) {
        struct error err = {0};
        error_set(&err, ERROR_INVALID, "%0*d%s", length, 0, "€€€€€€");
        const char *rest = err.message + length;
        size_t whole = 0;
        while (strncmp(rest + whole, "€", 3) == 0)
            whole += 3;
        if (rest < err.message + size - 3)
            assert_string_equal(rest + whole, "...");
        assert_int_equal(strncmp(err.message + strlen(err.message) - 3, "...", 3), 0);
    }
}

static void a_value_cut_by_a_precision_leaves_valid_utf8(void **state)
{
    (void)state;
    struct error err = {0};
    error_set(&err, ERROR_INVALID, "found '%.5s', expected b", "aaa\u20ac");
    assert_string_equal(err.message, "found 'aaa?', expected b");
    error_wrap(&err, "%.2s|", "\u00e9\u00e9");
    assert_string_equal(err.message, "\u00e9|: found 'aaa?', expected b");
    error_wrap(&err, "%.3s", "\u00e9\u00e9");
    assert_string_equal(err.message, "\u00e9?: \u00e9|: found 'aaa?', expected b");
}

static void bytes_that_are_no_utf8_become_question_marks(void **state)
{
    (void)state;
    struct error err = {0};
    error_set(&err, ERROR_INVALID, "%s", "caf\xe9.yaml: \xff\xfe\x80 \xed\xa0\x80 \U0001f600\xc3");
    assert_string_equal(err.message, "caf?.yaml: ? ? \U0001f600?");
}

static void every_code_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(error_code_name(ERROR_NONE), "none");
    assert_string_equal(error_code_name(ERROR_INVALID), "invalid");
    assert_string_equal(error_code_name(ERROR_RANGE), "out-of-range");
    assert_string_equal(error_code_name(ERROR_NOT_FOUND), "not-found");
    assert_string_equal(error_code_name(ERROR_CONFLICT), "conflict");
    assert_string_equal(error_code_name(ERROR_UNAVAILABLE), "unavailable");
    assert_string_equal(error_code_name(ERROR_NO_MEMORY), "no-memory");
    assert_string_equal(error_code_name((enum error_code)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_fills_code_and_message_and_is_false),
        cmocka_unit_test(wrapping_leads_with_the_context_and_keeps_the_code),
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(a_long_message_ends_in_dots),
        cmocka_unit_test(a_long_wrapped_message_ends_in_dots),
        cmocka_unit_test(no_character_is_cut_in_two),
        cmocka_unit_test(a_value_cut_by_a_precision_leaves_valid_utf8),
        cmocka_unit_test(bytes_that_are_no_utf8_become_question_marks),
        cmocka_unit_test(every_code_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
