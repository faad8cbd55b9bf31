/* The HTTPS side: connections, their deadlines, bodies within limits, routes. What is asked on a
 * route is answered by webhook/mutate.h; this module knows HTTP and nothing of Kubernetes. */
#ifndef WEBHOOK_SERVER_H
#define WEBHOOK_SERVER_H

#include "webhook/mutate.h"
#include "webhook/tls.h"

#include <stdatomic.h>

/* Objects are at most 3 MiB and an UPDATE carries two of them, beside what the review itself takes.
 * Source: etcd's request limit as kube-apiserver sets it; controller-runtime's limit is the same.
 */
enum { WEBHOOK_BODY_LIMIT = 7 << 20 };

struct webhook_server_options {
    const char *listen;       /* ADDR:PORT; port 0 picks one */
    unsigned max_connections; /* beyond it, callers wait to be accepted */
    long long body_memory;    /* bytes of request bodies held at once; beyond it, 429 */
    int request_timeout;      /* seconds for a handshake, for headers, a body, an answer: each */
    int idle_timeout;         /* seconds a connection may idle between two requests */
};

struct webhook_connection;

struct webhook_server {
    /* Set by the caller, lent. */
    struct webhook_server_options options;
    struct webhook_tls *tls;
    struct webhook_state *state;
    struct webhook_metrics *metrics;
    const struct webhook_log *log;
    /* Its own. */
    struct MHD_Daemon *daemon;
    char address[64];    /* where it listens, "127.0.0.1:8443" */
    atomic_bool closing; /* answers say Connection: close */
    _Atomic long long body_bytes;
    pthread_mutex_t mutex; /* of the list */
    struct webhook_connection *connections;
};

/* Listens and serves with as many event loops as processors. ERROR_UNAVAILABLE: cannot listen. */
bool webhook_server_start(struct webhook_server *server, struct error *err);

/* Cuts off connections that are past a deadline; to be called about every second. */
void webhook_server_tick(struct webhook_server *server);

/* From now on answers close their connections; it still listens. */
void webhook_server_drain(struct webhook_server *server);

/* Listens no more, waits for requests in flight, at most SECONDS, cuts the rest off, and frees all.
 */
void webhook_server_stop(struct webhook_server *server, int seconds);

/* ADDR:PORT ("0.0.0.0:8443", "[::1]:0") as a listening socket, -1 with an error. ADDRESS gets what
 * it is bound to. */
int webhook_listen(const char *listen, char *address, size_t size, struct error *err);

#endif
