/* Reading YAML takes time in proportion to the text, whatever its aliases and directives multiply.
 */
#include "kube/cleanup.h"
#include "kube/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool pass_over(void *context, struct json_object *document, unsigned line, struct error *err)
{
    (void)context, (void)document, (void)line, (void)err;
    return true;
}

/* A text that is written piece by piece. */
struct text {
    char *bytes;
    size_t length;
    FILE *stream;
};

static void begin(struct text *text)
{
    text->stream = open_memstream(&text->bytes, &text->length);
}

static bool read_text(struct text *text, struct error *err)
{
    fclose(text->stream);
    bool read = kube_yaml_read(text->bytes, text->length, pass_over, NULL, err);
    free(text->bytes);
    return read;
}

/* COUNT aliases of a list of COUNT items, behind a comment of COMMENT characters. */
static bool read_aliases(int count, int comment)
{
    struct text text;
    struct error err = {0};
    begin(&text);
    fprintf(text.stream, "#%0*d\n- &a [", comment, 0);
    for (int i = 0; i < count; i++)
        fputs("1,", text.stream);
    fputs("]\n", text.stream);
    for (int i = 0; i < count; i++)
        fputs("- *a\n", text.stream);
    return read_text(&text, &err);
}

static void a_short_text_may_multiply_little(void **state)
{
    (void)state;
    assert_true(read_aliases(50, 1));
    assert_false(read_aliases(100, 1));
}

static void a_long_text_may_multiply_more(void **state)
{
    (void)state;
    assert_true(read_aliases(100, 100000));
    assert_false(read_aliases(1000, 100000));
}

/* COUNT directives, each ended by END, then a document. */
static bool read_directives(int count, const char *end, struct error *err)
{
    struct text text;
    begin(&text);
    for (int i = 0; i < count; i++)
        fprintf(text.stream, "%%TAG !%d! t:%s", i, end);
    fputs("---\na: 1\n", text.stream);
    return read_text(&text, err);
}

static void directives_of_a_document_are_limited(void **state)
{
    (void)state;
    static const char *const ends[] = {
        "\n",           "\r", "\r\n", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9", "\n# comment\n\n",
        "\n \xc2\x85\n"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct error err = {0};
        if (!read_directives(64, ends[i], &err))
            fail_msg("row %zu: %s", i, err.message);
        if (read_directives(65, ends[i], &err))
            fail_msg("row %zu is read", i);
        assert_non_null(strstr(err.message, "more than 64 directives before a document"));
    }
}

static void documents_with_a_directive_each_are_not_limited(void **state)
{
    (void)state;
    struct text text;
    struct error err = {0};
    begin(&text);
    for (int i = 0; i < 1000; i++)
        fprintf(text.stream, "%%YAML 1.1\n---\na: %d\n...\n", i);
    if (!read_text(&text, &err))
        fail_msg("%s", err.message);
}

static void percent_signs_in_a_text_are_no_directives(void **state)
{
    (void)state;
    struct text text;
    struct error err = {0};
    begin(&text);
    fputs("a: |\n", text.stream);
    for (int i = 0; i < 1000; i++)
        fputs("  % of it\n", text.stream);
    if (!read_text(&text, &err))
        fail_msg("%s", err.message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_text_may_multiply_little),
        cmocka_unit_test(a_long_text_may_multiply_more),
        cmocka_unit_test(directives_of_a_document_are_limited),
        cmocka_unit_test(documents_with_a_directive_each_are_not_limited),
        cmocka_unit_test(percent_signs_in_a_text_are_no_directives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
