#include "kube/stream.h"

#include "kube/cleanup.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static FILE *full(void)
{
    FILE *stream = fopen("/dev/full", "we");
    assert_non_null(stream);
    return stream;
}

static void assert_unwritten(bool complete, const struct error *err, const char *reason)
{
    assert_false(complete);
    assert_int_equal(err->code, ERROR_UNAVAILABLE);
    assert_string_equal(err->message, reason);
}

static void what_arrived_is_complete(void **state)
{
    (void)state;
    AUTO_FREE char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    fputs("hello", stream);
    assert_true(kube_stream_flush(stream, "memory", NULL));
    assert_int_equal(length, 5);
    fputs(" you", stream);
    assert_true(kube_stream_close(stream, NULL, NULL));
    assert_string_equal(text, "hello you");
}

static void what_is_in_the_buffer_counts(void **state)
{
    (void)state;
    struct error err = {0};
    FILE *stream = full();
    fputs("hello", stream);
    assert_false(ferror(stream));
    assert_unwritten(kube_stream_flush(stream, "out", &err), &err,
                     "out: cannot be written: No space left on device");
    fclose(stream);
    stream = full();
    fputs("hello", stream);
    assert_unwritten(kube_stream_close(stream, "out", &err), &err,
                     "out: cannot be written: No space left on device");
}

static void what_failed_before_is_not_forgotten(void **state)
{
    (void)state;
    struct error err = {0};
    FILE *stream = full();
    setvbuf(stream, NULL, _IONBF, 0);
    fputs("hello", stream);
    assert_unwritten(kube_stream_flush(stream, "out", &err), &err,
                     "out: cannot be written: a part of it is missing");
    assert_unwritten(kube_stream_close(stream, "out", &err), &err,
                     "out: cannot be written: a part of it is missing");
}

static ssize_t refuse(void *context, const char *bytes, size_t size)
{
    (void)context, (void)bytes, (void)size;
    return 0;
}

static void a_stream_in_memory_fails_for_want_of_it(void **state)
{
    (void)state;
    struct error err = {0};
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = refuse});
    fputs("hello", stream);
    assert_false(kube_stream_close(stream, NULL, &err));
    assert_int_equal(err.code, ERROR_NO_MEMORY);
}

static void what_a_person_gets_can_be_seen(void **state)
{
    (void)state;
    AUTO_FREE char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    kube_stream_say(stream, "say: ", "\033[31mred\nline\xff \xc3\xa4\\u");
    kube_stream_say(stream, "", "");
    kube_stream_show(stream, "plain text", 5);
    assert_true(kube_stream_close(stream, NULL, NULL));
    assert_string_equal(text, "say: \\u001b[31mred\\u000aline\xef\xbf\xbd \xc3\xa4\\u\n\nplain");
}

/* In a process of its own; its status says which step went wrong. */
static int without_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        close(fd);
    if (!kube_stream_reserve(NULL))
        return 1;
    int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (next <= STDERR_FILENO)
        return 2;
    char byte;
    if (read(STDIN_FILENO, &byte, 1) != 0)
        return 3;
    return write(STDOUT_FILENO, "x", 1) < 0 && write(STDERR_FILENO, "x", 1) < 0 ? 0 : 4;
}

static void closed_descriptors_are_reserved(void **state)
{
    (void)state;
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(without_descriptors());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void open_descriptors_are_left_alone(void **state)
{
    (void)state;
    int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(before);
    assert_true(kube_stream_reserve(NULL));
    int after = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(before, after);
    close(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_arrived_is_complete),
        cmocka_unit_test(what_is_in_the_buffer_counts),
        cmocka_unit_test(what_failed_before_is_not_forgotten),
        cmocka_unit_test(a_stream_in_memory_fails_for_want_of_it),
        cmocka_unit_test(what_a_person_gets_can_be_seen),
        cmocka_unit_test(closed_descriptors_are_reserved),
        cmocka_unit_test(open_descriptors_are_left_alone),
    };
    return cmocka_run_group_tests_name("kube/stream", tests, NULL, NULL);
}
