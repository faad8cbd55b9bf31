#include "webhook/connection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* --- no memory, when it is asked for --- */

static _Thread_local bool no_memory;
static union MHD_ConnectionInfo session_info;

/* In place of the C library's, for the whole program; valgrind puts its own in place of this. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (no_memory || __builtin_mul_overflow(count, size, &bytes))
        return NULL;
    void *block = malloc(bytes);
    if (block)
        explicit_bzero(block, bytes); /* memset would make a calloc of it */
    return block;
}

/* In place of libmicrohttpd's: every connection has the session of the test. */
const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *handle,
                                                        enum MHD_ConnectionInfoType what, ...)
{
    (void)handle, (void)what;
    return &session_info;
}

static void without_memory_the_handshake_fails_and_nothing_else(void **state)
{
    struct webhook_tls tls = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct webhook_connections list = {.tls = &tls, .mutex = PTHREAD_MUTEX_INITIALIZER};
    gnutls_session_t session = NULL;
    gnutls_pcert_st *certs = NULL;
    gnutls_ocsp_data_st *ocsp = NULL;
    gnutls_privkey_t key = NULL;
    unsigned count = 0;
    unsigned ocsp_count = 0;
    unsigned flags = 0;
    void *context = NULL;
    (void)state;
    void *(*volatile allocate)(size_t, size_t) = calloc;
    no_memory = true;
    void *block = allocate(1, 1);
    no_memory = false;
    free(block);
    if (block)
        skip();
    assert_int_equal(gnutls_init(&session, GNUTLS_SERVER), 0);
    gnutls_session_set_ptr(session, &tls); /* as libmicrohttpd leaves one of its own there */
    session_info.tls_session = session;
    no_memory = true;
    webhook_connection_notify(&list, NULL, &context, MHD_CONNECTION_NOTIFY_STARTED);
    no_memory = false;
    assert_null(context);
    assert_int_equal(list.count, 0);
    assert_null(gnutls_session_get_ptr(session));
    assert_int_equal(webhook_connection_certificate(session, NULL, &certs, &count, &ocsp,
                                                    &ocsp_count, &key, &flags),
                     -1);
    webhook_connection_notify(&list, NULL, &context, MHD_CONNECTION_NOTIFY_CLOSED);
    gnutls_deinit(session);
}

/* --- which have to go --- */

enum { CAP = 8, LIMIT_SECONDS = 10 };

struct crowd {
    struct webhook_connections list;
    struct webhook_connection *members[CAP];
    int far_ends[CAP];
};

/* CAP connections, the first of them idle longest, each for a second more than the next. */
static void open_crowd(struct crowd *crowd)
{
    crowd->list = (struct webhook_connections){.cap = CAP, .mutex = PTHREAD_MUTEX_INITIALIZER};
    for (int i = 0; i < PHASES; i++)
        crowd->list.seconds[i] = LIMIT_SECONDS;
    for (int i = 0; i < CAP; i++) {
        int ends[2];
        void *context = NULL;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        session_info.connect_fd = ends[0];
        crowd->far_ends[i] = ends[1];
        webhook_connection_notify(&crowd->list, NULL, &context, MHD_CONNECTION_NOTIFY_STARTED);
        crowd->members[i] = context;
        webhook_connection_enter(context, PHASE_HEADERS);
        webhook_connection_reviewed(context);
        webhook_connection_enter(context, PHASE_IDLE);
        crowd->members[i]->since -= (CAP - i) * 1000;
    }
}

static bool is_cut(const struct crowd *crowd, int i)
{
    char byte;
    return recv(crowd->far_ends[i], &byte, 1, MSG_DONTWAIT) == 0;
}

/* Reaps and tells which are cut, a digit each. */
static const char *reaped(struct crowd *crowd)
{
    static char digits[CAP + 1];
    size_t used = 0;
    webhook_connections_reap(&crowd->list);
    for (int i = 0; i < CAP; i++)
        if (is_cut(crowd, i))
            digits[used++] = (char)('0' + i);
    digits[used] = '\0';
    return digits;
}

static void close_crowd(struct crowd *crowd)
{
    for (int i = 0; i < CAP; i++) {
        void *context = crowd->members[i];
        close(crowd->far_ends[i]);
        close(crowd->members[i]->fd);
        webhook_connection_notify(&crowd->list, NULL, &context, MHD_CONNECTION_NOTIFY_CLOSED);
    }
}

static void the_one_that_is_idle_longest_goes_first(void **state)
{
    struct crowd crowd;
    (void)state;
    open_crowd(&crowd);
    crowd.members[5]->since -= 1000000;
    crowd.list.seconds[PHASE_IDLE] = 10000;
    assert_string_equal(reaped(&crowd), "5");
    assert_string_equal(reaped(&crowd), "5"); /* the one that is cut makes room as it is */
    close_crowd(&crowd);
}

static void who_never_asked_goes_before_who_was_not_reviewed_and_reviewed_ones_last(void **state)
{
    struct crowd crowd;
    (void)state;
    open_crowd(&crowd);
    crowd.list.cap = CAP - 1; /* so that two have to go */
    webhook_connection_enter(crowd.members[6], PHASE_HEADERS);
    webhook_connection_enter(crowd.members[6], PHASE_IDLE);
    crowd.members[6]->since -= 600;
    crowd.members[7]->worth = WORTH_NOTHING;
    assert_string_equal(reaped(&crowd), "7");
    crowd.list.cap = CAP - 2;
    assert_string_equal(reaped(&crowd), "67");
    crowd.list.cap = CAP - 3;
    assert_string_equal(reaped(&crowd), "067");
    close_crowd(&crowd);
}

static void who_is_at_work_or_fresh_stays(void **state)
{
    struct crowd crowd;
    (void)state;
    open_crowd(&crowd);
    for (int i = 0; i < CAP; i++) {
        webhook_connection_enter(crowd.members[i], i % 2 ? PHASE_ANSWER : PHASE_IDLE);
        crowd.members[i]->since -= i % 2 ? 5000 : 100;
    }
    assert_string_equal(reaped(&crowd), "");
    crowd.members[3]->since -= LIMIT_SECONDS * 1000;
    assert_string_equal(reaped(&crowd), "3");
    close_crowd(&crowd);
}

static void where_there_is_no_room_who_is_slow_with_a_request_goes_too(void **state)
{
    struct crowd crowd;
    (void)state;
    open_crowd(&crowd);
    for (int i = 0; i < CAP; i++) {
        webhook_connection_enter(crowd.members[i], i < 4 ? PHASE_HEADERS : PHASE_BODY);
        crowd.members[i]->since -= i == 3 ? 1100 : i == 6 ? 2100 : 900;
    }
    assert_string_equal(reaped(&crowd), "6");
    crowd.list.cap = CAP - 2;
    assert_string_equal(reaped(&crowd), "36");
    crowd.list.cap = CAP - 3;
    assert_string_equal(reaped(&crowd), "36");
    close_crowd(&crowd);
}

static void whose_request_has_arrived_stays(void **state)
{
    struct crowd crowd;
    (void)state;
    open_crowd(&crowd);
    assert_int_equal(write(crowd.far_ends[0], "POST", 4), 4);
    assert_string_equal(reaped(&crowd), "1");
    close_crowd(&crowd);
}

static void where_there_is_room_only_the_late_go(void **state)
{
    struct crowd crowd;
    (void)state;
    open_crowd(&crowd);
    crowd.list.cap = 2 * CAP;
    crowd.members[2]->since -= LIMIT_SECONDS * 1000;
    assert_string_equal(reaped(&crowd), "2");
    close_crowd(&crowd);
}

static void a_drain_waits_for_work_unread_bytes_and_new_connections(void **state)
{
    struct crowd crowd;
    (void)state;
    open_crowd(&crowd);
    assert_int_equal(webhook_connections_drain(&crowd.list), 0);
    webhook_connection_enter(crowd.members[0], PHASE_BODY);
    assert_int_equal(write(crowd.far_ends[1], "x", 1), 1);
    crowd.members[2]->worth = WORTH_NOTHING;
    crowd.members[2]->since = crowd.members[7]->since + 900;
    assert_int_equal(webhook_connections_drain(&crowd.list), 3);
    crowd.members[2]->since -= 1000;
    assert_int_equal(webhook_connections_drain(&crowd.list), 2);
    webhook_connections_cut(&crowd.list);
    assert_int_equal(webhook_connections_drain(&crowd.list), 0);
    close_crowd(&crowd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_the_handshake_fails_and_nothing_else),
        cmocka_unit_test(the_one_that_is_idle_longest_goes_first),
        cmocka_unit_test(who_never_asked_goes_before_who_was_not_reviewed_and_reviewed_ones_last),
        cmocka_unit_test(who_is_at_work_or_fresh_stays),
        cmocka_unit_test(where_there_is_no_room_who_is_slow_with_a_request_goes_too),
        cmocka_unit_test(whose_request_has_arrived_stays),
        cmocka_unit_test(where_there_is_room_only_the_late_go),
        cmocka_unit_test(a_drain_waits_for_work_unread_bytes_and_new_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
