#include "webhook/connection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_the_handshake_fails_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
