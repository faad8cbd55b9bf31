/* The HTTPS side: connections, their deadlines, bodies within limits, routes. What is asked on a
 * route is answered by webhook/mutate.h; this module knows HTTP and nothing of Kubernetes. */
#ifndef WEBHOOK_SERVER_H
#define WEBHOOK_SERVER_H

#include "webhook/call.h"
#include "webhook/connection.h"
#include "webhook/lane.h"

/* Objects are at most 3 MiB and an UPDATE carries two of them, beside what the review itself takes.
 * Source: etcd's request limit as kube-apiserver sets it; controller-runtime's limit is the same.
 */
enum { WEBHOOK_BODY_LIMIT = 7 << 20 };

struct webhook_server_options {
    const char *listen;       /* ADDR:PORT; port 0 picks one */
    unsigned max_connections; /* beyond it, callers wait to be accepted; fewer where the hard limit
                               * of open files does not allow so many, which is logged */
    long long request_memory; /* bytes that all requests may hold: bodies, what is made of them,
                               * answers; beyond it, 429. One may hold seven eighths of it; what
                               * could never fit is 413 */
    int request_timeout;      /* seconds for a handshake, for headers, a body, an answer: each */
    int idle_timeout;         /* seconds a connection may idle between two requests */
    bool open_translate;      /* /translate answers callers without a client certificate */
};

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
    struct webhook_budget memory;
    struct webhook_lane lane;
    struct webhook_connections connections;
};

/* Listens and serves with as many event loops as processors. ERROR_UNAVAILABLE: cannot listen. */
bool webhook_server_start(struct webhook_server *server, struct error *err);

/* Cuts off connections that are past a deadline, and idle ones where there is no room for more; to
 * be called several times a second. */
void webhook_server_tick(struct webhook_server *server);

/* From now on answers close their connections; it still listens. */
void webhook_server_drain(struct webhook_server *server);

/* Listens no more, waits for requests in flight, at most SECONDS, cuts the rest off, and frees all.
 */
void webhook_server_stop(struct webhook_server *server, int seconds);

/* ADDR:PORT ("0.0.0.0:8443", "[::1]:0") as a listening socket, -1 with an error. ADDRESS gets what
 * it is bound to. */
int webhook_listen(const char *listen, char *address, size_t size, struct error *err);

/* Raises the soft limit of open files to WANTED, as far as the hard limit allows; returns how many
 * may be open then, at most WANTED. */
unsigned webhook_allow_files(unsigned wanted);

#endif
