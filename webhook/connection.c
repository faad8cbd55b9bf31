#include "webhook/connection.h"

#include "kube/cleanup.h"
#include "webhook/call.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

void webhook_connection_enter(struct webhook_connection *connection, enum webhook_phase phase)
{
    connection->since = webhook_clock();
    connection->phase = (int)phase;
    if (phase == PHASE_HEADERS)
        connection->worth = WORTH_REQUEST;
}

void webhook_connection_reviewed(struct webhook_connection *connection)
{
    connection->worth = WORTH_REVIEWED;
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

/* --- which have to go --- */

enum { FRESH_MILLISECONDS = 500 };

/* How long a phase may take where there is no room for more connections; 0: as long as ever. */
static const int crowded_milliseconds[PHASES] = {
    [PHASE_HANDSHAKE] = FRESH_MILLISECONDS,
    [PHASE_IDLE] = FRESH_MILLISECONDS,
    [PHASE_HEADERS] = 1000,
    [PHASE_BODY] = 2000,
};

static bool is_idle(const struct webhook_connection *connection)
{
    return connection->phase == PHASE_IDLE || connection->phase == PHASE_HANDSHAKE;
}

static void cut(struct webhook_connection *connection)
{
    connection->cut = true;
    shutdown(connection->fd, SHUT_RDWR);
}

/* The phase is read first: what it began with is never older than that. */
static void cut_late(struct webhook_connections *connections, long long now)
{
    for (struct webhook_connection *c = connections->oldest; c; c = c->next) {
        int phase = c->phase;
        if (!c->cut && now - c->since > connections->seconds[phase] * 1000LL)
            cut(c);
    }
}

/* One that could go, as it is at the moment of the choice. */
struct candidate {
    struct webhook_connection *connection;
    int worth;
    long long since;
};

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *one = a;
    const struct candidate *other = b;
    if (one->worth != other->worth)
        return one->worth < other->worth ? -1 : 1;
    return one->since < other->since ? -1 : one->since > other->since;
}

static bool has_bytes(int fd)
{
    int count = 0;
    return ioctl(fd, FIONREAD, &count) == 0 && count > 0;
}

/* Whether CONNECTION may go. Who is slow with a request is worth no more than who never asked. */
static bool is_candidate(struct webhook_connection *connection, long long now,
                         struct candidate *out)
{
    int phase = connection->phase;
    bool idle = phase == PHASE_IDLE || phase == PHASE_HANDSHAKE;
    *out =
        (struct candidate){connection, idle ? connection->worth : WORTH_NOTHING, connection->since};
    return !connection->cut && crowded_milliseconds[phase] &&
           now - out->since > crowded_milliseconds[phase] && !(idle && has_bytes(connection->fd));
}

/* Cuts COUNT of those that may go; without memory for the choice, none this time. */
static void cut_some(struct webhook_connections *connections, long long now, unsigned count)
{
    AUTO_FREE struct candidate *candidates = calloc(connections->count, sizeof *candidates);
    unsigned found = 0;
    if (!candidates)
        return;
    for (struct webhook_connection *c = connections->oldest; c; c = c->next)
        found += is_candidate(c, now, &candidates[found]);
    qsort(candidates, found, sizeof *candidates, compare_candidates);
    for (unsigned i = 0; i < found && i < count; i++) {
        /* A request may have come meanwhile. */
        struct candidate again;
        if (is_candidate(candidates[i].connection, now, &again))
            cut(again.connection);
    }
}

static unsigned count_cut(const struct webhook_connections *connections)
{
    unsigned count = 0;
    for (const struct webhook_connection *c = connections->oldest; c; c = c->next)
        count += c->cut;
    return count;
}

void webhook_connections_reap(struct webhook_connections *connections)
{
    long long now = webhook_clock();
    unsigned most = connections->cap - connections->cap / 8;
    pthread_mutex_lock(&connections->mutex);
    cut_late(connections, now);
    if (connections->count > most) {
        unsigned left = connections->count - count_cut(connections);
        if (left > most)
            cut_some(connections, now, left - most);
    }
    pthread_mutex_unlock(&connections->mutex);
}

unsigned webhook_connections_drain(struct webhook_connections *connections)
{
    long long now = webhook_clock();
    unsigned busy = 0;
    pthread_mutex_lock(&connections->mutex);
    cut_late(connections, now);
    for (struct webhook_connection *c = connections->oldest; c; c = c->next) {
        bool fresh = c->worth == WORTH_NOTHING && now - c->since <= FRESH_MILLISECONDS;
        busy += !c->cut && (!is_idle(c) || fresh || has_bytes(c->fd));
    }
    pthread_mutex_unlock(&connections->mutex);
    return busy;
}

void webhook_connections_cut(struct webhook_connections *connections)
{
    pthread_mutex_lock(&connections->mutex);
    for (struct webhook_connection *c = connections->oldest; c; c = c->next)
        if (!c->cut)
            cut(c);
    pthread_mutex_unlock(&connections->mutex);
}
