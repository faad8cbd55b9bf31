#include "webhook/server.h"

#include "kube/cleanup.h"
#include "webhook/headers.h"
#include "webhook/operations.h"
#include "webhook/translate.h"

#include <malloc.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* --- one request --- */

struct request {
    struct webhook_connection *connection;
    struct webhook_request_line line;
    enum webhook_path path;
    bool begun;          /* its headers were looked at */
    bool last;           /* the connection ends with its answer */
    bool at_once;        /* a refusal does not wait for the body */
    unsigned refusal;    /* HTTP code; 0: so far none. What is left of the body is then discarded */
    const char *message; /* of the refusal, constant */
    struct error error;  /* of the refusal, where its message is not constant */
    char *body;
    size_t length;
    size_t capacity; /* taken of the server's budget */
};

typedef struct webhook_answer handler(struct webhook_state *state, struct webhook_metrics *metrics,
                                      const struct webhook_log *log, const char *body,
                                      size_t length);

static const struct {
    const char *url;
    handler *handler;
    long long leaf; /* bytes that each leaf of the body takes besides the tree, as measured */
} routes[WEBHOOK_PATHS] = {
    [WEBHOOK_PATH_MUTATE] = {"/mutate", webhook_mutate, 0},
    [WEBHOOK_PATH_TRANSLATE] = {"/translate", webhook_translate, 16 << 10}, /* its own report */
};

static void drop_body(struct webhook_server *server, struct request *request)
{
    webhook_budget_give(&server->bodies, (long long)request->capacity);
    free(TAKE(request->body));
    request->length = request->capacity = 0;
}

/* The caller can read the answer only when the whole body was taken: so it is taken, and thrown
 * away. */
static void refuse(struct webhook_server *server, struct request *request, unsigned status,
                   const char *message)
{
    request->refusal = status;
    request->message = message;
    drop_body(server, request);
}

/* A path that was sent with escapes is none of ours. */
static enum webhook_path find_path(const struct webhook_request_line *line)
{
    enum webhook_path path = 0;
    if (strlen(line->path) != line->path_length)
        return WEBHOOK_PATH_OTHER;
    while (path < WEBHOOK_PATH_OTHER && strcmp(line->path, routes[path].url) != 0)
        path++;
    return path;
}

static bool peer_is_known(struct webhook_server *server, struct request *request)
{
    struct webhook_connection *connection = request->connection;
    if (!connection->peer_checked)
        connection->peer_checked =
            webhook_tls_check_peer(server->tls, connection->session, time(NULL), &request->error);
    return connection->peer_checked;
}

/* /translate reads what an etcd mounts with the server's own rights: it is closed unless the
 * operator has said who may call. */
static bool may_call(struct webhook_server *server, struct request *request)
{
    bool translate = request->path == WEBHOOK_PATH_TRANSLATE;
    if (translate && server->options.open_translate)
        return true;
    if (translate && !server->tls->client_ca_file)
        return error_set(&request->error, ERROR_CONFLICT,
                         "/translate answers only callers with a client certificate: start "
                         "druid-bridge with --client-ca FILE, or with --open-translate to let "
                         "everyone translate who reaches this port");
    return peer_is_known(server, request);
}

/* What can be said of a request by its headers. */
static void judge_headers(struct webhook_server *server, struct request *request,
                          const struct webhook_headers *headers)
{
    const char *length = headers->values[WEBHOOK_CONTENT_LENGTH];
    const char *message = NULL;
    unsigned status = 0;
    if (!may_call(server, request))
        refuse(server, request, MHD_HTTP_FORBIDDEN, request->error.message);
    else if (request->path == WEBHOOK_PATH_OTHER)
        refuse(server, request, MHD_HTTP_NOT_FOUND,
               "there are only POST /mutate and POST /translate");
    else if (strcmp(request->line.method, MHD_HTTP_METHOD_POST) != 0)
        refuse(server, request, MHD_HTTP_METHOD_NOT_ALLOWED, "the method must be POST");
    else if ((status = webhook_headers_refusal(headers, &message)))
        refuse(server, request, status, message);
    else if (length && strtoull(length, NULL, 10) > WEBHOOK_BODY_LIMIT)
        refuse(server, request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than 7 MiB");
}

static void check_headers(struct webhook_server *server, struct MHD_Connection *handle,
                          struct request *request)
{
    struct webhook_headers headers = {0};
    request->path = find_path(&request->line);
    if (webhook_headers_read(handle, &request->line, &headers, &request->error)) {
        judge_headers(server, request, &headers);
        /* Who waits for our word before sending the body can be told at once. */
        request->at_once = headers.values[WEBHOOK_EXPECT] != NULL;
    } else {
        refuse(server, request, MHD_HTTP_BAD_REQUEST, request->error.message);
        request->at_once = true; /* there is no telling what belongs to its body */
    }
    request->last = request->refusal || !headers.certain;
}

static const char too_many[] = "too many requests at once; try again in a second";

/* Room for NEEDED bytes, at most WEBHOOK_BODY_LIMIT. False: there is no memory, or no more is
 * allowed for all requests together. */
static bool reserve(struct webhook_server *server, struct request *request, size_t needed)
{
    enum { FIRST = 32 << 10 };
    size_t capacity = request->capacity ? request->capacity : FIRST;
    while (capacity < needed)
        capacity *= 2;
    if (capacity > WEBHOOK_BODY_LIMIT)
        capacity = WEBHOOK_BODY_LIMIT;
    if (capacity == request->capacity)
        return true;
    long long more = (long long)(capacity - request->capacity);
    if (!webhook_budget_take(&server->bodies, more, capacity <= WEBHOOK_SMALL_BODY))
        return false;
    char *body = realloc(request->body, capacity);
    if (!body) {
        webhook_budget_give(&server->bodies, more);
        return false;
    }
    request->body = body;
    request->capacity = capacity;
    return true;
}

static void take_body(struct webhook_server *server, struct request *request, const char *data,
                      size_t size)
{
    if (request->refusal)
        return;
    if (request->length + size > WEBHOOK_BODY_LIMIT) {
        refuse(server, request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than 7 MiB");
    } else if (!reserve(server, request, request->length + size)) {
        refuse(server, request, MHD_HTTP_TOO_MANY_REQUESTS, too_many);
    } else {
        memcpy(request->body + request->length, data, size);
        request->length += size;
    }
}

/* Takes ANSWER's body. */
static enum MHD_Result send_answer(struct webhook_server *server, struct MHD_Connection *handle,
                                   const struct request *request, struct webhook_answer answer)
{
    static char out_of_memory[] = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":"
                                  "\"Failure\",\"message\":\"out of memory\","
                                  "\"reason\":\"InternalError\",\"code\":500}";
    bool whole = answer.body != NULL;
    unsigned status = whole ? answer.status : MHD_HTTP_INTERNAL_SERVER_ERROR;
    char *body = whole ? answer.body : out_of_memory;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(body), body, whole ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (!response) {
        free(answer.body);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, MHD_HTTP_METHOD_POST);
    if (status == MHD_HTTP_TOO_MANY_REQUESTS)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (server->closing || request->last)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    webhook_metrics_request(server->metrics, request->path, status);
    enum MHD_Result result = MHD_queue_response(handle, status, response);
    MHD_destroy_response(response);
    return result;
}

/* Asks the route's handler, where there is the memory that it is going to take. */
static struct webhook_answer handle_request(struct webhook_server *server, struct request *request)
{
    enum { CHEAP = 8 << 20, LARGE_BODY = 1 << 20 };
    const char *body = request->body ? request->body : "";
    long long bytes = webhook_tree_bytes(body, request->length, routes[request->path].leaf);
    if (bytes > WEBHOOK_TREE_LIMIT)
        return webhook_status(MHD_HTTP_CONTENT_TOO_LARGE,
                              "the body has too many values; a List can be sent in parts");
    if (!webhook_budget_take(&server->trees, bytes, bytes <= CHEAP))
        return webhook_status(MHD_HTTP_TOO_MANY_REQUESTS, too_many);
    struct webhook_answer answer = routes[request->path].handler(
        server->state, server->metrics, server->log, body, request->length);
    bool large = bytes > CHEAP || request->length > LARGE_BODY;
    drop_body(server, request);
    /* What was a large tree is small pieces now, which would stay with the process. */
    if (large)
        malloc_trim(0);
    webhook_budget_give(&server->trees, bytes);
    return answer;
}

static enum MHD_Result finish(struct webhook_server *server, struct MHD_Connection *handle,
                              struct request *request)
{
    webhook_connection_enter(request->connection, PHASE_ANSWER);
    struct webhook_answer answer = request->refusal
                                       ? webhook_status(request->refusal, request->message)
                                       : handle_request(server, request);
    drop_body(server, request);
    return send_answer(server, handle, request, answer);
}

/* --- libmicrohttpd's callbacks --- */

/* The request line was read: the request begins here and ends in on_completed. */
static void *on_uri(void *context, const char *uri, struct MHD_Connection *handle)
{
    struct webhook_server *server = context;
    struct webhook_connection *connection = webhook_connection_of(handle);
    struct request *request = connection ? calloc(1, sizeof *request) : NULL;
    if (!request)
        return NULL;
    request->connection = connection;
    request->line.path_length = strcspn(uri, "?");
    request->line.target_length = strlen(uri);
    request->path = WEBHOOK_PATH_OTHER;
    webhook_connection_enter(connection, PHASE_HEADERS);
    server->metrics->in_flight++;
    return request;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *handle, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **request_context)
{
    struct webhook_server *server = context;
    struct request *request = *request_context;
    if (!request)
        return MHD_NO;
    if (!request->begun) {
        request->begun = true;
        webhook_connection_enter(request->connection, PHASE_BODY);
        request->line.method = method;
        request->line.path = url;
        request->line.version = version;
        check_headers(server, handle, request);
        if (request->refusal && request->at_once)
            return finish(server, handle, request);
        return MHD_YES;
    }
    if (*size == 0)
        return finish(server, handle, request);
    take_body(server, request, data, *size);
    *size = 0;
    return MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *handle, void **request_context,
                         enum MHD_RequestTerminationCode why)
{
    struct webhook_server *server = context;
    struct request *request = TAKE(*request_context);
    (void)handle, (void)why;
    if (!request)
        return;
    webhook_connection_enter(request->connection, PHASE_IDLE);
    drop_body(server, request);
    free(request);
    server->metrics->in_flight--;
}

/* --- the server --- */

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
    server->bodies.limit = server->options.body_memory;
    server->trees.limit = WEBHOOK_TREE_MEMORY;
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
    struct MHD_OptionItem more[] = {ask_for_client_certificate(server->tls),
                                    {MHD_OPTION_END, 0, NULL}};
    server->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_TLS, 0, NULL, NULL, on_request,
        server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, loops > 1 ? loops : 0,
        MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)server->options.idle_timeout, MHD_OPTION_NOTIFY_CONNECTION,
        webhook_connection_notify, &server->connections, MHD_OPTION_URI_LOG_CALLBACK, on_uri,
        server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_HTTPS_CERT_CALLBACK2,
        webhook_connection_certificate, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_HTTPS_PRIORITIES, webhook_tls_priorities, MHD_OPTION_ARRAY, more,
        MHD_OPTION_END);
    if (server->daemon)
        return true;
    close(fd);
    return error_set(err, ERROR_UNAVAILABLE, "%s: the HTTPS server does not start",
                     server->options.listen);
}

void webhook_server_tick(struct webhook_server *server)
{
    webhook_connections_reap(&server->connections, false);
}

void webhook_server_drain(struct webhook_server *server)
{
    server->closing = true;
}

void webhook_server_stop(struct webhook_server *server, int seconds)
{
    const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    server->closing = true;
    int fd = MHD_quiesce_daemon(server->daemon);
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
    for (int i = 0; i < seconds * 20 && webhook_connections_reap(&server->connections, false); i++)
        nanosleep(&pause, NULL);
    /* An event loop that is full does not hear that it shall end (libmicrohttpd 0.9.75) before one
     * of its connections goes. */
    webhook_connections_reap(&server->connections, true);
    MHD_stop_daemon(TAKE(server->daemon));
}
