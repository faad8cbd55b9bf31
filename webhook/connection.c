#include "webhook/connection.h"

#include "kube/cleanup.h"

#include <sys/socket.h>
#include <time.h>

static long long now_milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void webhook_connection_enter(struct webhook_connection *connection, enum webhook_phase phase)
{
    connection->since = now_milliseconds();
    connection->phase = (int)phase;
    if (phase >= PHASE_HEADERS)
        connection->asked = true;
}

struct webhook_connection *webhook_connection_of(struct MHD_Connection *handle)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* Called for the Finished messages of both sides; the client's ends the handshake. */
static int on_finished(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                       const gnutls_datum_t *message)
{
    struct webhook_connection *connection = gnutls_session_get_ptr(session);
    (void)type, (void)when, (void)message;
    if (incoming && connection->phase == PHASE_HANDSHAKE)
        webhook_connection_enter(connection, PHASE_IDLE);
    return 0;
}

int webhook_connection_certificate(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                                   gnutls_pcert_st **certs, unsigned *certs_length,
                                   gnutls_ocsp_data_st **ocsp, unsigned *ocsp_length,
                                   gnutls_privkey_t *privkey, unsigned *flags)
{
    const struct webhook_connection *connection = gnutls_session_get_ptr(session);
    (void)info;
    if (!connection)
        return -1;
    *certs = connection->pair->certs;
    *certs_length = connection->pair->count;
    *privkey = connection->pair->key;
    *ocsp = NULL;
    *ocsp_length = 0;
    *flags = 0; /* GnuTLS frees nothing: the connection holds the pair */
    return 0;
}

/* What is libmicrohttpd's in SESSION becomes ours, also where CONNECTION is NULL: the handshake
 * fails then. */
static void join_session(gnutls_session_t session, struct webhook_connection *connection)
{
    gnutls_session_set_ptr(session, connection);
    if (!connection)
        return;
    connection->session = session;
    connection->pair = webhook_tls_acquire(connection->list->tls);
    /* The names of client CAs would be those of the time at which the server started. */
    gnutls_certificate_send_x509_rdn_sequence(session, 1);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST,
                                       on_finished);
}

static void append(struct webhook_connections *list, struct webhook_connection *connection)
{
    pthread_mutex_lock(&list->mutex);
    connection->previous = list->newest;
    if (list->newest)
        list->newest->next = connection;
    else
        list->oldest = connection;
    list->newest = connection;
    list->count++;
    pthread_mutex_unlock(&list->mutex);
}

static void open_connection(struct webhook_connections *list, struct MHD_Connection *handle,
                            void **context)
{
    struct webhook_connection *connection = calloc(1, sizeof *connection);
    if (connection)
        connection->list = list;
    if (list->tls)
        join_session(
            MHD_get_connection_info(handle, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session,
            connection);
    if (!connection)
        return;
    connection->fd = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    webhook_connection_enter(connection, PHASE_HANDSHAKE);
    append(list, connection);
    if (list->open)
        ++*list->open;
    *context = connection;
}

/* Off the list before libmicrohttpd closes the descriptor, so that it is never cut when it is
 * already another's. */
static void close_connection(struct webhook_connections *list,
                             struct webhook_connection *connection)
{
    pthread_mutex_lock(&list->mutex);
    if (connection->next)
        connection->next->previous = connection->previous;
    else
        list->newest = connection->previous;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        list->oldest = connection->next;
    list->count--;
    pthread_mutex_unlock(&list->mutex);
    if (list->open)
        --*list->open;
    if (connection->pair)
        webhook_tls_release(list->tls, connection->pair);
    free(connection);
}

void webhook_connection_notify(void *connections, struct MHD_Connection *handle, void **context,
                               enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        open_connection(connections, handle, context);
    else if (*context)
        close_connection(connections, TAKE(*context));
}

unsigned webhook_connections_reap(struct webhook_connections *connections, bool all)
{
    enum { FRESH_MILLISECONDS = 1000 };
    unsigned at_work = 0;
    unsigned most = connections->cap - connections->cap / 8;
    long long now = now_milliseconds();
    pthread_mutex_lock(&connections->mutex);
    unsigned excess = connections->count > most ? connections->count - most : 0;
    for (struct webhook_connection *c = connections->oldest; c; c = c->next) {
        enum webhook_phase phase = (enum webhook_phase)c->phase;
        long long age = now - c->since;
        bool working = phase != PHASE_IDLE && phase != PHASE_HANDSHAKE;
        bool late = age > connections->seconds[phase] * 1000LL;
        bool in_the_way = excess && !c->asked && age > FRESH_MILLISECONDS;
        at_work += working && !c->cut;
        if ((late || in_the_way || all) && !c->cut) {
            c->cut = true;
            shutdown(c->fd, SHUT_RDWR);
        }
        if (c->cut && excess)
            excess--;
    }
    pthread_mutex_unlock(&connections->mutex);
    return at_work;
}
