/* The life of a connection and of a request on it, for the deadlines that libmicrohttpd does not
 * have: its only one restarts with every byte, so a caller that sends a byte now and then stays
 * forever. */
#ifndef WEBHOOK_CONNECTION_H
#define WEBHOOK_CONNECTION_H

#include "webhook/server.h"

enum webhook_phase { PHASE_HANDSHAKE, PHASE_IDLE, PHASE_HEADERS, PHASE_BODY, PHASE_ANSWER, PHASES };

struct webhook_connection {
    struct webhook_connection *next, *previous;
    struct webhook_server *server;
    struct webhook_pair *pair; /* what it shows in its handshake */
    gnutls_session_t session;
    int fd;
    atomic_int phase;
    _Atomic long long since; /* when the phase began, in milliseconds of the monotonic clock */
    bool peer_checked;
    bool cut; /* guarded by the server's mutex */
};

void webhook_connection_enter(struct webhook_connection *connection, enum webhook_phase phase);

/* libmicrohttpd's callback for connections that come and go. */
void webhook_connection_notify(void *server, struct MHD_Connection *handle, void **context,
                               enum MHD_ConnectionNotificationCode what);

/* GnuTLS's callback for the certificate of a handshake. */
gnutls_certificate_retrieve_function3 webhook_connection_certificate;

/* The connection behind HANDLE. */
struct webhook_connection *webhook_connection_of(struct MHD_Connection *handle);

/* Cuts off those that are past the deadline of their phase; with ALL, those with a request too.
 * Says how many have a request at work. */
unsigned webhook_connections_reap(struct webhook_server *server, bool all);

#endif
