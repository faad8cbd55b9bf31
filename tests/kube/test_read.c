#include "kube/read.h"

#include "kube/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX = 1 << 20 };

static char home[64];

static int enter_directory(void **state)
{
    (void)state;
    snprintf(home, sizeof home, "/tmp/test_read.XXXXXX");
    alarm(60); /* what this is about is that nothing waits */
    return mkdtemp(home) ? chdir(home) : -1;
}

static int leave_directory(void **state)
{
    char command[80];
    (void)state;
    alarm(0);
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void put(const char *name, const char *text)
{
    AUTO_FILE FILE *file = fopen(name, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
}

static void assert_read(const char *path, enum kube_read_from from, const char *text)
{
    AUTO_FREE char *bytes = NULL;
    size_t length = 0;
    struct error err = {0};
    if (!kube_read(path, from, MAX, &bytes, &length, &err))
        fail_msg("%s", err.message);
    assert_int_equal(length, strlen(text));
    assert_string_equal(bytes, text);
}

static void assert_refused(const char *path, enum kube_read_from from, enum error_code code,
                           const char *message)
{
    char *bytes = NULL;
    size_t length = 7;
    struct error err = {0};
    assert_false(kube_read(path, from, MAX, &bytes, &length, &err));
    assert_int_equal(err.code, code);
    assert_string_equal(err.message, message);
    assert_null(bytes);
    assert_int_equal(length, 7);
}

/* --- regular files --- */

static void a_file_is_read_with_a_nul_behind_it(void **state)
{
    (void)state;
    put("text", "hello");
    put("empty", "");
    for (int from = KUBE_READ_FILE; from <= KUBE_READ_STREAM; from++) {
        assert_read("text", (enum kube_read_from)from, "hello");
        assert_read("empty", (enum kube_read_from)from, "");
    }
}

static void a_file_that_hides_its_size_is_read(void **state)
{
    (void)state;
    AUTO_FREE char *bytes = NULL;
    size_t length = 0;
    assert_true(kube_read("/proc/self/status", KUBE_READ_FILE, MAX, &bytes, &length, NULL));
    assert_int_equal(length, strlen(bytes));
    assert_non_null(strstr(bytes, "VmRSS:"));
}

static void the_limit_is_what_is_read_just_so(void **state)
{
    (void)state;
    AUTO_FREE char *bytes = NULL;
    size_t length = 0;
    struct error err = {0};
    put("five", "12345");
    assert_true(kube_read("five", KUBE_READ_FILE, 5, &bytes, &length, &err));
    assert_int_equal(length, 5);
    assert_false(kube_read("five", KUBE_READ_FILE, 4, &bytes, &length, &err));
    assert_int_equal(err.code, ERROR_RANGE);
    assert_string_equal(err.message, "five: more than 4 bytes");
    assert_false(kube_read("/proc/self/status", KUBE_READ_FILE, 8, &bytes, &length, &err));
    assert_string_equal(err.message, "/proc/self/status: more than 8 bytes");
    assert_int_equal(truncate("five", MAX + 1), 0);
    assert_refused("five", KUBE_READ_FILE, ERROR_RANGE, "five: more than 1 MiB");
}

static void an_absent_file_is_named(void **state)
{
    (void)state;
    assert_refused("none", KUBE_READ_FILE, ERROR_UNAVAILABLE, "none: No such file or directory");
}

/* --- others --- */

#define NO_FILE "expected a regular file; save what it gives to a file and name that"

static void what_is_no_file_is_not_waited_for(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(symlink("fifo", "link"), 0);
    assert_refused("fifo", KUBE_READ_FILE, ERROR_UNAVAILABLE, "fifo: found a pipe, " NO_FILE);
    assert_refused("link", KUBE_READ_FILE, ERROR_UNAVAILABLE, "link: found a pipe, " NO_FILE);
    assert_refused("socket", KUBE_READ_FILE, ERROR_UNAVAILABLE, "socket: found a socket, " NO_FILE);
    assert_refused("/dev/zero", KUBE_READ_FILE, ERROR_UNAVAILABLE,
                   "/dev/zero: found a device, " NO_FILE);
    close(listener);
}

static void a_directory_is_no_file_and_no_stream(void **state)
{
    (void)state;
    for (int from = KUBE_READ_FILE; from <= KUBE_READ_STREAM; from++)
        assert_refused("/etc", (enum kube_read_from)from, ERROR_UNAVAILABLE,
                       "/etc: found a directory, expected a regular file; name a file in it");
}

static void a_stream_without_end_is_cut_off(void **state)
{
    (void)state;
    assert_refused("/dev/zero", KUBE_READ_STREAM, ERROR_RANGE, "/dev/zero: more than 1 MiB");
    assert_read("/dev/null", KUBE_READ_STREAM, "");
}

static void nap(void)
{
    nanosleep(&(struct timespec){0, 50000000}, NULL);
}

static void on_signal(int number)
{
    (void)number;
}

/* Opens the FIFO late, writes in pieces, and interrupts the reader at each. */
static void *feed(void *context)
{
    pthread_t reader = *(pthread_t *)context;
    nap();
    pthread_kill(reader, SIGUSR1);
    nap();
    int fd = open("fifo", O_WRONLY | O_CLOEXEC);
    for (int i = 0; i < 4; i++) {
        nap();
        pthread_kill(reader, SIGUSR1);
        nap();
        if (write(fd, "piece", 5) != 5)
            break;
    }
    close(fd);
    return NULL;
}

static void a_fifo_is_waited_for_where_streams_may_be(void **state)
{
    (void)state;
    pthread_t self = pthread_self();
    pthread_t writer;
    const struct sigaction interrupt = {.sa_handler = on_signal}; /* without SA_RESTART */
    assert_int_equal(sigaction(SIGUSR1, &interrupt, NULL), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(pthread_create(&writer, NULL, feed, &self), 0);
    assert_read("fifo", KUBE_READ_STREAM, "piecepiecepiecepiece");
    pthread_join(writer, NULL);
}

static void *pour(void *context)
{
    static char block[4096];
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 100; i++)
        if (write(*(int *)context, block, sizeof block) != sizeof block)
            break;
    close(*(int *)context);
    return NULL;
}

static void read_pipe(int flags)
{
    int ends[2];
    pthread_t writer;
    AUTO_FREE char *bytes = NULL;
    size_t length = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, flags), 0);
    assert_int_equal(pthread_create(&writer, NULL, pour, &ends[1]), 0);
    assert_true(
        kube_read_descriptor(ends[0], "pipe", KUBE_READ_STREAM, MAX, &bytes, &length, NULL));
    pthread_join(writer, NULL);
    assert_int_equal(length, 409600);
    assert_int_equal(strspn(bytes, "x"), 409600);
    assert_int_equal(close(ends[0]), 0);
}

static void a_descriptor_is_read_to_its_end_and_stays_open(void **state)
{
    (void)state;
    read_pipe(0);
}

static void a_descriptor_that_does_not_block_is_waited_for(void **state)
{
    (void)state;
    read_pipe(O_NONBLOCK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_directory, leave_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_read_with_a_nul_behind_it),
        TEST(a_file_that_hides_its_size_is_read),
        TEST(the_limit_is_what_is_read_just_so),
        TEST(an_absent_file_is_named),
        TEST(what_is_no_file_is_not_waited_for),
        TEST(a_directory_is_no_file_and_no_stream),
        TEST(a_stream_without_end_is_cut_off),
        TEST(a_fifo_is_waited_for_where_streams_may_be),
        TEST(a_descriptor_is_read_to_its_end_and_stays_open),
        TEST(a_descriptor_that_does_not_block_is_waited_for),
    };
    return cmocka_run_group_tests_name("kube/read", tests, NULL, NULL);
}
