#include "webhook/log.h"

#include "kube/cleanup.h"
#include "kube/json.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* A pipe whose reading end does not wait. */
static void open_pipe(int ends[2])
{
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
}

static void close_pipe(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

/* What was logged with VALUE for KEY, as it came out. */
static void log_pair(enum webhook_log_format format, const char *key, const char *value,
                     char text[8192])
{
    int ends[2];
    open_pipe(ends);
    const struct webhook_log log = {format, ends[1]};
    webhook_log(&log, WEBHOOK_LOG_INFO, "test", key, value, "uid", value, "name", value, "last",
                value, NULL);
    ssize_t length = read(ends[0], text, 8191);
    close_pipe(ends);
    assert_true(length > 0);
    assert_in_range(length, 1, 4096);
    text[length] = '\0';
    assert_ptr_equal(strchr(text, '\n'), text + length - 1);
}

/* N times PIECE. */
static char *repeat(const char *piece, size_t n)
{
    size_t length = strlen(piece);
    char *text = calloc(n, length + 1);
    assert_non_null(text);
    for (size_t i = 0; i < n * length; i++)
        text[i] = piece[i % length];
    return text;
}

static struct json_object *parse(const char *line)
{
    struct json_object *tree = NULL;
    struct error err = {0};
    if (!kube_json_parse(line, strlen(line), &tree, &err))
        fail_msg("%s: %s", err.message, line);
    return tree;
}

static void a_line_is_json_however_long_and_odd_its_values_are(void **state)
{
    static const char *const pieces[] = {"u",
                                         "€",
                                         "\"",
                                         "\\",
                                         "\n",
                                         "\xff",
                                         "é\xc3",
                                         "😀\x01",
                                         "\xe2\x80\xae\xe2\x80\xac",
                                         "\xf3\xa0\x81\x81"};
    char line[8192];
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        for (size_t n = 1; n < 6000; n += 1 + n / 7) {
            AUTO_FREE char *value = repeat(pieces[i], n);
            log_pair(WEBHOOK_LOG_JSON, "reason", value, line);
            AUTO_JSON struct json_object *tree = parse(line);
            assert_string_equal(kube_json_text(tree, "/msg"), "test");
            assert_non_null(kube_json_text(tree, "/uid"));
        }
    }
}

static void a_value_is_cut_behind_a_whole_character(void **state)
{
    char line[8192];
    AUTO_FREE char *value = repeat("€", 86); /* 258 bytes */
    AUTO_FREE char *kept = repeat("€", 85);
    AUTO_FREE char *expected = NULL;
    (void)state;
    assert_true(asprintf(&expected, "%s…", kept) > 0);
    log_pair(WEBHOOK_LOG_JSON, "reason", value, line);
    AUTO_JSON struct json_object *tree = parse(line);
    assert_string_equal(kube_json_text(tree, "/uid"), expected);
    assert_string_equal(kube_json_text(tree, "/reason"), value);
}

static void what_fits_is_not_cut(void **state)
{
    char line[8192];
    AUTO_FREE char *value = repeat("u", 256);
    AUTO_FREE char *reason = repeat("r", 1023);
    (void)state;
    log_pair(WEBHOOK_LOG_JSON, "uid", value, line);
    AUTO_JSON struct json_object *tree = parse(line);
    assert_string_equal(kube_json_text(tree, "/last"), value);
    log_pair(WEBHOOK_LOG_JSON, "reason", reason, line);
    AUTO_JSON struct json_object *other = parse(line);
    assert_string_equal(kube_json_text(other, "/reason"), reason);
}

static void bytes_that_are_no_utf8_are_replaced(void **state)
{
    char line[8192];
    (void)state;
    log_pair(WEBHOOK_LOG_JSON, "uid", "a\xff\xe2\x82z", line);
    AUTO_JSON struct json_object *tree = parse(line);
    assert_string_equal(kube_json_text(tree, "/name"), "a���z");
    log_pair(WEBHOOK_LOG_TEXT, "uid", "a\xffz", line);
    assert_non_null(strstr(line, " name=a�z "));
}

static void text_is_quoted_where_it_must_be_and_ends_in_a_quote(void **state)
{
    char line[8192];
    AUTO_FREE char *value = repeat("a \n", 3000);
    (void)state;
    log_pair(WEBHOOK_LOG_TEXT, "uid", value, line);
    assert_non_null(strstr(line, "uid=\"a \\u000aa \\u000a"));
    assert_string_equal(line + strlen(line) - strlen("…\"\n"), "…\"\n");
}

/* Nothing turns the direction of a line, ends it, or hides in it. */
static void what_could_mislead_is_escaped(void **state)
{
    static const struct {
        const char *value;
        const char *shown;
    } rows[] = {
        {"a\xc2\x9bz", "a\\u009bz"},
        {"a\xe2\x80\xaez\xe2\x80\xac", "a\\u202ez\\u202c"},
        {"a\xe2\x80\xa8z", "a\\u2028z"},
        {"a\xe2\x80\x8bz", "a\\u200bz"},
        {"a\xf3\xa0\x81\x81z", "a\\udb40\\udc41z"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[8192], expected[64];
        log_pair(WEBHOOK_LOG_TEXT, "reason", rows[i].value, line);
        snprintf(expected, sizeof expected, " reason=\"%s\" uid=\"%s\" ", rows[i].shown,
                 rows[i].shown);
        if (!strstr(line, expected))
            fail_msg("'%s' is not in: %s", expected, line);
        log_pair(WEBHOOK_LOG_JSON, "reason", rows[i].value, line);
        assert_non_null(strstr(line, rows[i].shown));
        AUTO_JSON struct json_object *tree = parse(line);
        assert_string_equal(kube_json_text(tree, "/uid"), rows[i].value);
    }
}

static long long milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void empty_pipe(int fd, char *last, size_t size)
{
    char bytes[4096];
    for (ssize_t got = read(fd, bytes, sizeof bytes); got > 0; got = read(fd, bytes, sizeof bytes))
        snprintf(last, size, "%.*s", (int)got, bytes);
}

/* Would it wait, the test would hang: the alarm ends it. */
static void a_pipe_that_nobody_reads_costs_lines_and_not_time(void **state)
{
    const enum webhook_log_format formats[] = {WEBHOOK_LOG_TEXT, WEBHOOK_LOG_JSON};
    (void)state;
    alarm(60);
    for (size_t i = 0; i < 2; i++) {
        int ends[2];
        char line[8192] = "";
        open_pipe(ends);
        const struct webhook_log log = {formats[i], ends[1]};
        AUTO_FREE char *value = repeat("\n", 5000);
        unsigned long long before = webhook_log_dropped();
        long long begin = milliseconds();
        for (int n = 0; n < 3000; n++)
            webhook_log(&log, WEBHOOK_LOG_INFO, "test", "number", "x", NULL);
        assert_in_range(milliseconds() - begin, 0, 5000);
        unsigned long long lost = webhook_log_dropped() - before;
        assert_in_range(lost, 1, 2999);
        empty_pipe(ends[0], line, sizeof line);
        webhook_log(&log, WEBHOOK_LOG_INFO, "test", "reason", value, "uid", value, NULL);
        empty_pipe(ends[0], line, sizeof line);
        char expected[64];
        snprintf(expected, sizeof expected, i ? ",\"dropped\":\"%llu\"}\n" : " dropped=%llu\n",
                 lost);
        assert_non_null(strstr(line, expected));
        assert_int_equal(webhook_log_dropped() - before, lost);
        webhook_log(&log, WEBHOOK_LOG_INFO, "test", NULL);
        empty_pipe(ends[0], line, sizeof line);
        assert_null(strstr(line, "dropped"));
        close_pipe(ends);
    }
    alarm(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_json_however_long_and_odd_its_values_are),
        cmocka_unit_test(a_value_is_cut_behind_a_whole_character),
        cmocka_unit_test(what_fits_is_not_cut),
        cmocka_unit_test(bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(text_is_quoted_where_it_must_be_and_ends_in_a_quote),
        cmocka_unit_test(what_could_mislead_is_escaped),
        cmocka_unit_test(a_pipe_that_nobody_reads_costs_lines_and_not_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
