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
    *certs = connection->pair->certs;
    *certs_length = connection->pair->count;
    *privkey = connection->pair->key;
    *ocsp = NULL;
    *ocsp_length = 0;
    *flags = 0; /* GnuTLS frees nothing: the connection holds the pair */
    return 0;
}

static void open_connection(struct webhook_server *server, struct MHD_Connection *handle,
                            void **context)
{
    struct webhook_connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        return; /* without it no certificate is found and the handshake fails */
    connection->server = server;
    connection->pair = webhook_tls_acquire(server->tls);
    connection->fd = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    connection->session =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
    gnutls_session_set_ptr(connection->session, connection);
    /* The names of client CAs would be those of the time at which the server started. */
    gnutls_certificate_send_x509_rdn_sequence(connection->session, 1);
    gnutls_handshake_set_hook_function(connection->session, GNUTLS_HANDSHAKE_FINISHED,
                                       GNUTLS_HOOK_POST, on_finished);
    webhook_connection_enter(connection, PHASE_HANDSHAKE);
    pthread_mutex_lock(&server->mutex);
    connection->next = server->connections;
    if (connection->next)
        connection->next->previous = connection;
    server->connections = connection;
    pthread_mutex_unlock(&server->mutex);
    server->metrics->connections++;
    *context = connection;
}

/* Off the list before libmicrohttpd closes the descriptor, so that it is never cut when it is
 * already another's. */
static void close_connection(struct webhook_server *server, struct webhook_connection *connection)
{
    pthread_mutex_lock(&server->mutex);
    if (connection->next)
        connection->next->previous = connection->previous;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        server->connections = connection->next;
    pthread_mutex_unlock(&server->mutex);
    server->metrics->connections--;
    webhook_tls_release(server->tls, connection->pair);
    free(connection);
}

void webhook_connection_notify(void *server, struct MHD_Connection *handle, void **context,
                               enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        open_connection(server, handle, context);
    else if (*context)
        close_connection(server, TAKE(*context));
}

/* Seconds that PHASE may take. A first line that trickles in looks like idling, so idling has an
 * end of its own, a little behind libmicrohttpd's. */
static long long limit_of(const struct webhook_server *server, enum webhook_phase phase)
{
    int request = server->options.request_timeout;
    return phase == PHASE_IDLE ? server->options.idle_timeout + request : request;
}

unsigned webhook_connections_reap(struct webhook_server *server, bool all)
{
    unsigned at_work = 0;
    long long now = now_milliseconds();
    pthread_mutex_lock(&server->mutex);
    for (struct webhook_connection *c = server->connections; c; c = c->next) {
        enum webhook_phase phase = (enum webhook_phase)c->phase;
        bool working = phase != PHASE_IDLE && phase != PHASE_HANDSHAKE;
        bool late = now - c->since > limit_of(server, phase) * 1000;
        at_work += working && !c->cut;
        if ((late || (all && working)) && !c->cut) {
            c->cut = true;
            shutdown(c->fd, SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&server->mutex);
    return at_work;
}
