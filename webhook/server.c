#include "webhook/server.h"

#include "kube/cleanup.h"
#include "webhook/operations.h"
#include "webhook/request.h"

#include <sched.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static unsigned processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/* Trust is decided by webhook_tls_check_peer; this only makes the server ask for a certificate. */
static struct MHD_OptionItem ask_for_client_certificate(const struct webhook_tls *tls)
{
    struct MHD_OptionItem item = {MHD_OPTION_END, 0, NULL};
    if (tls->client_ca)
        item = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, tls->client_ca};
    return item;
}

/* How many connections the limit of open files has room for beside all else that is opened: the
 * operations port, files that are read, the descriptors of each event loop. */
static unsigned fit_connections(const struct webhook_server *server, unsigned loops)
{
    unsigned others = WEBHOOK_OPERATIONS_CONNECTIONS + 64 + 4 * loops;
    unsigned asked = server->options.max_connections;
    unsigned files = webhook_allow_files(asked + others);
    if (files >= asked + others)
        return asked;
    unsigned fit = files > 2 * others ? files - others : files / 2;
    if (fit > asked)
        return asked;
    char wanted[16];
    char given[16];
    snprintf(wanted, sizeof wanted, "%u", asked);
    snprintf(given, sizeof given, "%u", fit);
    webhook_log(server->log, WEBHOOK_LOG_WARNING,
                "fewer connections than asked for; the hard limit of open files is too low",
                "asked", wanted, "connections", given, NULL);
    return fit;
}

/* A first line that trickles in looks like idling, so idling has an end of its own, a little behind
 * libmicrohttpd's. */
static void prepare(struct webhook_server *server, unsigned connections)
{
    int request = server->options.request_timeout;
    server->memory.limit = server->options.request_memory;
    server->connections = (struct webhook_connections){
        .tls = server->tls,
        .cap = connections,
        .seconds = {request, server->options.idle_timeout + request, request, request, request},
        .open = &server->metrics->connections,
        .mutex = PTHREAD_MUTEX_INITIALIZER,
    };
}

bool webhook_server_start(struct webhook_server *server, struct error *err)
{
    unsigned loops = processors();
    unsigned connections = fit_connections(server, loops);
    if (loops > connections)
        loops = connections;
    prepare(server, connections);
    int fd = webhook_listen(server->options.listen, server->address, sizeof server->address, err);
    if (fd < 0)
        return false;
    if (!webhook_lane_start(&server->lane, err)) {
        close(fd);
        return false;
    }
    struct MHD_OptionItem more[] = {ask_for_client_certificate(server->tls),
                                    {MHD_OPTION_END, 0, NULL}};
    server->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME, 0,
        NULL, NULL, webhook_request_receive, server, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_THREAD_POOL_SIZE, loops > 1 ? loops : 0, MHD_OPTION_CONNECTION_LIMIT,
        connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)server->options.idle_timeout,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, webhook_connection_notify,
        &server->connections, MHD_OPTION_URI_LOG_CALLBACK, webhook_request_begin, server,
        MHD_OPTION_NOTIFY_COMPLETED, webhook_request_end, server, MHD_OPTION_HTTPS_CERT_CALLBACK2,
        webhook_connection_certificate, MHD_OPTION_HTTPS_PRIORITIES, webhook_tls_priorities,
        MHD_OPTION_ARRAY, more, MHD_OPTION_END);
    if (server->daemon)
        return true;
    close(fd);
    webhook_lane_stop(&server->lane);
    webhook_lane_free(&server->lane);
    return error_set(err, ERROR_UNAVAILABLE, "%s: the HTTPS server does not start",
                     server->options.listen);
}

void webhook_server_tick(struct webhook_server *server)
{
    webhook_connections_reap(&server->connections);
}

void webhook_server_drain(struct webhook_server *server)
{
    server->closing = true;
}

/* Callers whose connection the kernel has made already are served as those before them. */
static void accept_rest(struct webhook_server *server, int fd)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    int accepted;
    while ((accepted = accept4(fd, (struct sockaddr *)&address, &length,
                               SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        MHD_add_connection(server->daemon, accepted, (struct sockaddr *)&address, length);
        length = sizeof address;
    }
}

enum { GRACE_MILLISECONDS = 500 };

void webhook_server_stop(struct webhook_server *server, int seconds)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    server->closing = true;
    long long end = webhook_clock() + seconds * 1000LL;
    int fd = MHD_quiesce_daemon(server->daemon);
    if (fd != MHD_INVALID_SOCKET) {
        accept_rest(server, fd);
        shutdown(fd, SHUT_RDWR); /* an event loop may still have it among its descriptors */
    }
    /* One that was accepted a moment ago may not be among the connections yet. */
    long long soon = webhook_clock() + GRACE_MILLISECONDS;
    while ((webhook_clock() < soon || webhook_connections_drain(&server->connections)) &&
           webhook_clock() < end)
        nanosleep(&pause, NULL);
    /* An event loop that is full does not hear that it shall end (libmicrohttpd 0.9.75) before one
     * of its connections goes; what the slow lane is at stops when its connection is cut. */
    webhook_connections_cut(&server->connections);
    webhook_lane_stop(&server->lane);
    MHD_stop_daemon(TAKE(server->daemon));
    webhook_lane_free(&server->lane);
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
}
