/* The life of a connection and of a request on it, for the deadlines that libmicrohttpd does not
 * have: its only one restarts with every byte, so a caller that sends a byte now and then stays
 * forever. */
#ifndef WEBHOOK_CONNECTION_H
#define WEBHOOK_CONNECTION_H

#include "webhook/tls.h"

#include <microhttpd.h>
#include <stdatomic.h>

enum webhook_phase { PHASE_HANDSHAKE, PHASE_IDLE, PHASE_HEADERS, PHASE_BODY, PHASE_ANSWER, PHASES };

/* Which idle connections go first when there is no room for more. */
enum webhook_worth {
    WORTH_NOTHING,  /* it never asked */
    WORTH_REQUEST,  /* its last request was no review, or was refused */
    WORTH_REVIEWED, /* its last request was a review that was answered */
};

struct webhook_connections;

struct webhook_connection {
    struct webhook_connection *next, *previous;
    struct webhook_connections *list;
    struct webhook_pair *pair; /* what it shows in its handshake; NULL: plain HTTP */
    gnutls_session_t session;
    int fd;
    atomic_int phase;
    atomic_int worth;        /* enum webhook_worth, while it is idle */
    _Atomic long long since; /* when the phase began, in milliseconds of the monotonic clock */
    bool peer_checked;
    bool cut; /* guarded by the mutex of the list */
};

/* Those of one port. */
struct webhook_connections {
    /* Set by the owner, lent. */
    struct webhook_tls
        *tls;            /* NULL: plain HTTP, and a connection's first phase is HANDSHAKE still */
    unsigned cap;        /* as many as libmicrohttpd lets in */
    int seconds[PHASES]; /* that a phase may take */
    atomic_long *open;   /* counts them; NULL: nobody wants to know */
    /* Its own: zero, and a mutex that is initialised. */
    pthread_mutex_t mutex;
    struct webhook_connection *oldest, *newest;
    unsigned count;
};

/* PHASE begins. With HEADERS a request does, which is worth no more than any other so far. */
void webhook_connection_enter(struct webhook_connection *connection, enum webhook_phase phase);

/* The request at hand is a review, and it is being answered. */
void webhook_connection_reviewed(struct webhook_connection *connection);

/* libmicrohttpd's callback for connections that come and go; CONNECTIONS is a list. */
void webhook_connection_notify(void *connections, struct MHD_Connection *handle, void **context,
                               enum MHD_ConnectionNotificationCode what);

/* GnuTLS's callback for the certificate of a handshake. */
gnutls_certificate_retrieve_function3 webhook_connection_certificate;

/* The connection behind HANDLE; NULL where there was no memory for it. */
struct webhook_connection *webhook_connection_of(struct MHD_Connection *handle);

/* Cuts off those that are past the deadline of their phase. Where more than seven eighths of the
 * cap are open, also others, so that there is room for those that ask now: idle ones after half a
 * second, those that are slow with their headers after one, with their body after two; those of the
 * least worth first, of these those whose phase lasts longest. */
void webhook_connections_reap(struct webhook_connections *connections);

/* The same once nothing new is accepted. Says how many have, or may be about to have, a request:
 * those at work, those with bytes that are not read yet, and new ones, for half a second. */
unsigned webhook_connections_drain(struct webhook_connections *connections);

/* Cuts off every one. */
void webhook_connections_cut(struct webhook_connections *connections);

#endif
