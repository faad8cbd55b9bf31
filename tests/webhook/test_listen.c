#include "webhook/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void any_free_port_is_port_0(void **state)
{
    (void)state;
    char address[64];
    struct error err = {0};
    const char *const texts[] = {"127.0.0.1:0", "127.0.0.1:00000"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int fd = webhook_listen(texts[i], address, sizeof address, &err);
        if (fd < 0)
            fail_msg("%s", err.message);
        assert_int_equal(strncmp(address, "127.0.0.1:", 10), 0);
        assert_string_not_equal(address, "127.0.0.1:0");
        close(fd);
    }
}

/* What is free may be taken between the two calls, though hardly ever. */
static void the_port_is_the_one_that_is_named(void **state)
{
    (void)state;
    char any[64], address[64];
    struct error err = {0};
    int fd = webhook_listen("127.0.0.1:0", any, sizeof any, &err);
    close(fd);
    fd = webhook_listen(any, address, sizeof address, &err);
    if (fd < 0)
        fail_msg("%s", err.message);
    assert_string_equal(address, any);
    close(fd);
}

struct refused_row {
    const char *listen;
    const char *message;
};

static void refused_row(void **state)
{
    const struct refused_row *row = *state;
    char address[64] = "";
    struct error err = {0};
    int fd = webhook_listen(row->listen, address, sizeof address, &err);
    if (fd >= 0)
        fail_msg("'%s' is %s", row->listen, address);
    assert_int_equal(err.code, ERROR_INVALID);
    assert_string_equal(err.message, row->message);
}

#define ROW(sentence, ...)                                                                         \
    {                                                                                              \
        sentence, refused_row, NULL, NULL, &(struct refused_row)                                   \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define NO_PORT(text)                                                                              \
    "127.0.0.1:" text, "'127.0.0.1:" text "': expected a port from 0 to 65535, found '" text "'"

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_free_port_is_port_0),
        cmocka_unit_test(the_port_is_the_one_that_is_named),
        ROW("a port is at most 65535", NO_PORT("65536")),
        ROW("a port is not cut off", NO_PORT("99999")),
        ROW("a port does not wrap", NO_PORT("18446744073709551617")),
        ROW("a port is not negative", NO_PORT("-1")),
        ROW("a port has no sign", NO_PORT("+80")),
        ROW("a port has no space before it", NO_PORT(" 80")),
        ROW("a port has no space behind it", NO_PORT("80 ")),
        ROW("a port is not hexadecimal", NO_PORT("0x50")),
        ROW("a port is no name", NO_PORT("http")),
        ROW("an address needs a port", "127.0.0.1", "'127.0.0.1' is not ADDR:PORT"),
        ROW("a port is not empty", "127.0.0.1:", "'127.0.0.1:' is not ADDR:PORT"),
        ROW("an address is no name", "localhost:80",
            "'localhost:80' is not ADDR:PORT with an IP address: Name or service not known"),
    };
    return cmocka_run_group_tests_name("webhook/listen", tests, NULL, NULL);
}
