#include "webhook/server.h"

#include "kube/cleanup.h"
#include "kube/duration.h"
#include "webhook/mutate.h"
#include "webhook/operations.h"
#include "webhook/translate.h"

#include <malloc.h>
#include <sched.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* --- one request --- */

struct request {
    struct webhook_job job; /* first: the slow lane gives it back */
    struct webhook_server *server;
    struct MHD_Connection *handle;
    struct webhook_connection *connection;
    enum webhook_path path;
    bool begun;          /* its headers were looked at */
    bool answered;       /* by the slow lane */
    unsigned refusal;    /* HTTP code; 0: so far none. What is left of the body is then discarded */
    const char *message; /* of the refusal, constant */
    struct error error;  /* of the refusal, where its message is not constant */
    char *body;
    size_t length;
    size_t capacity; /* taken of the server's memory */
    struct webhook_call call;
    struct webhook_answer answer;
};

typedef struct webhook_answer handler(struct webhook_call *call);

static const struct {
    const char *url;
    handler *handler;
    long long leaf; /* bytes that each leaf of the body takes besides the tree, as measured */
} routes[WEBHOOK_PATHS] = {
    [WEBHOOK_PATH_MUTATE] = {"/mutate", webhook_mutate, 0},
    [WEBHOOK_PATH_TRANSLATE] = {"/translate", webhook_translate, 16 << 10}, /* its own report */
};

/* The body goes; what it held stays with the call, which gives it back as a whole. */
static void drop_body(struct request *request)
{
    free(TAKE(request->body));
    request->length = request->capacity = 0;
}

/* The caller can read the answer only when the whole body was taken: so it is taken, and thrown
 * away. */
static void refuse(struct webhook_server *server, struct request *request, unsigned status,
                   const char *message)
{
    (void)server;
    request->refusal = status;
    request->message = message;
    drop_body(request);
    webhook_call_keep(&request->call, 0);
}

static const char *header(struct MHD_Connection *handle, const char *name)
{
    return MHD_lookup_connection_value(handle, MHD_HEADER_KIND, name);
}

/* Parameters, as in "application/json; charset=utf-8", are accepted. */
static bool is_json(const char *type)
{
    static const char json[] = "application/json";
    return type && strncasecmp(type, json, sizeof json - 1) == 0 &&
           strchr("; \t", type[sizeof json - 1]);
}

static enum webhook_path find_path(const char *url)
{
    enum webhook_path path = 0;
    while (path < WEBHOOK_PATH_OTHER && strcmp(url, routes[path].url) != 0)
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

/* What can be said of a request by its headers. */
static void check_headers(struct webhook_server *server, struct MHD_Connection *handle,
                          struct request *request, const char *url, const char *method)
{
    const char *length = header(handle, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *encoding = header(handle, MHD_HTTP_HEADER_CONTENT_ENCODING);
    request->path = find_path(url);
    if (!peer_is_known(server, request))
        refuse(server, request, MHD_HTTP_FORBIDDEN, request->error.message);
    else if (request->path == WEBHOOK_PATH_OTHER)
        refuse(server, request, MHD_HTTP_NOT_FOUND,
               "there are only POST /mutate and POST /translate");
    else if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
        refuse(server, request, MHD_HTTP_METHOD_NOT_ALLOWED, "the method must be POST");
    else if (!is_json(header(handle, MHD_HTTP_HEADER_CONTENT_TYPE)))
        refuse(server, request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
               "Content-Type must be application/json");
    else if (encoding && strcasecmp(encoding, "identity") != 0)
        refuse(server, request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
               "Content-Encoding must be absent or identity");
    else if (length && strtoull(length, NULL, 10) > WEBHOOK_BODY_LIMIT)
        refuse(server, request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than 7 MiB");
}

/* An API server says in ?timeout= how long it waits. */
static void read_timeout(struct webhook_server *server, struct MHD_Connection *handle,
                         struct request *request)
{
    const char *text = MHD_lookup_connection_value(handle, MHD_GET_ARGUMENT_KIND, "timeout");
    int64_t timeout;
    if (!text)
        return;
    if (!kube_duration_parse(text, &timeout, &request->error) || timeout <= 0) {
        error_set(&request->error, ERROR_INVALID,
                  "?timeout=%.32s: expected a duration above zero, such as 10s", text);
        refuse(server, request, MHD_HTTP_BAD_REQUEST, request->error.message);
        return;
    }
    request->call.deadline = webhook_clock() + timeout / KUBE_MILLISECOND;
}

static const char too_many[] = "too many requests at once; try again in a second";

/* Room for NEEDED bytes, at most WEBHOOK_BODY_LIMIT. False: there is no memory, or no more is
 * allowed for all requests together. */
static bool reserve(struct request *request, size_t needed)
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
    if (!webhook_call_take(&request->call, more))
        return false;
    char *body = realloc(request->body, capacity);
    if (!body)
        return false; /* the request is refused, which gives back what it holds */
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
    } else if (!reserve(request, request->length + size)) {
        refuse(server, request, MHD_HTTP_TOO_MANY_REQUESTS, too_many);
    } else {
        memcpy(request->body + request->length, data, size);
        request->length += size;
    }
}

/* Whether the connection is of no use any more: it ends with a refusal, so that nobody holds one by
 * asking for what there is not. A caller that was told to try again keeps it. */
static bool closes(const struct webhook_server *server, unsigned status)
{
    bool refused = status >= 400 && status < 500 && status != MHD_HTTP_TOO_MANY_REQUESTS;
    return refused || server->closing;
}

static struct MHD_Response *new_response(const struct webhook_server *server, unsigned status,
                                         char *body)
{
    static char out_of_memory[] = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":"
                                  "\"Failure\",\"message\":\"out of memory\","
                                  "\"reason\":\"InternalError\",\"code\":500}";
    const char *text = body ? body : out_of_memory;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), body ? body : out_of_memory,
                                        body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (!response)
        return NULL;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, MHD_HTTP_METHOD_POST);
    if (status == MHD_HTTP_TOO_MANY_REQUESTS)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (closes(server, status))
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    return response;
}

static enum MHD_Result send_answer(struct request *request)
{
    struct webhook_server *server = request->server;
    AUTO_FREE char *body = TAKE(request->answer.body);
    unsigned status = body ? request->answer.status : MHD_HTTP_INTERNAL_SERVER_ERROR;
    /* It is held until the caller has read it. */
    webhook_call_keep(&request->call, body ? (long long)strlen(body) : 0);
    struct MHD_Response *response = new_response(server, status, body);
    if (!response)
        return MHD_NO;
    body = NULL; /* the response's now */
    webhook_metrics_request(server->metrics, request->path, status);
    if (status == MHD_HTTP_OK && request->path == WEBHOOK_PATH_MUTATE)
        webhook_connection_reviewed(request->connection);
    enum MHD_Result result = MHD_queue_response(request->handle, status, response);
    MHD_destroy_response(response);
    return result;
}

/* --- answering, in an event loop or in the slow lane --- */

/* What an answer takes besides its tree: the patch, its base64, the answer around it, each once or
 * twice while it grows. */
enum { ANSWER_TIMES = 6, LARGE_BODY = 256 << 10 };

static long long needed_bytes(const struct request *request)
{
    const char *body = request->body ? request->body : "";
    return webhook_tree_bytes(body, request->length, routes[request->path].leaf) +
           ANSWER_TIMES * (long long)request->length;
}

static struct webhook_answer too_large(const struct request *request, long long bytes)
{
    struct error err = {0};
    error_set(&err, ERROR_RANGE,
              "reading this body takes %lld MiB of memory, and one request may take %lld MiB "
              "(--request-memory); a List can be sent in parts",
              bytes >> 20, webhook_budget_most(&request->server->memory) >> 20);
    return webhook_status(MHD_HTTP_CONTENT_TOO_LARGE, err.message);
}

/* Asks the route's handler, where there is the memory that it is going to take. */
static struct webhook_answer handle_request(struct request *request, long long bytes)
{
    struct webhook_call *call = &request->call;
    if (call->held + bytes > webhook_budget_most(&request->server->memory))
        return too_large(request, call->held + bytes);
    if (!webhook_call_take(call, bytes))
        return webhook_status(MHD_HTTP_TOO_MANY_REQUESTS, too_many);
    call->body = request->body ? request->body : "";
    call->length = request->length;
    return routes[request->path].handler(call);
}

static void answer(struct request *request, long long bytes)
{
    request->answer = handle_request(request, bytes);
    bool large = bytes > WEBHOOK_SMALL || request->length > LARGE_BODY;
    drop_body(request);
    /* What was a large tree is small pieces now, which would stay with the process. */
    if (large)
        malloc_trim(0);
}

static void run_job(struct webhook_job *job)
{
    struct request *request = (struct request *)job;
    answer(request, needed_bytes(request));
    request->answered = true;
    MHD_resume_connection(request->handle);
}

/* libmicrohttpd looks at the connection again once the slow lane has an answer. */
static enum MHD_Result finish_later(struct request *request)
{
    request->job.run = run_job;
    MHD_suspend_connection(request->handle);
    if (webhook_lane_add(&request->server->lane, &request->job))
        return MHD_YES;
    request->answer = webhook_status(MHD_HTTP_TOO_MANY_REQUESTS, too_many);
    request->answered = true;
    MHD_resume_connection(request->handle);
    return MHD_YES;
}

static enum MHD_Result finish(struct request *request)
{
    webhook_connection_enter(request->connection, PHASE_ANSWER);
    if (request->refusal) {
        request->answer = webhook_status(request->refusal, request->message);
        return send_answer(request);
    }
    long long longest = webhook_clock() + request->server->options.request_timeout * 1000LL;
    if (!request->call.deadline || request->call.deadline > longest)
        request->call.deadline = longest;
    if (request->length > LARGE_BODY || request->path == WEBHOOK_PATH_TRANSLATE)
        return finish_later(request);
    long long bytes = needed_bytes(request);
    if (bytes > WEBHOOK_SMALL)
        return finish_later(request);
    answer(request, bytes);
    return send_answer(request);
}

/* --- libmicrohttpd's callbacks --- */

/* The request line was read: the request begins here and ends in on_completed. */
static void *on_uri(void *context, const char *uri, struct MHD_Connection *handle)
{
    struct webhook_server *server = context;
    struct webhook_connection *connection = webhook_connection_of(handle);
    struct request *request = connection ? calloc(1, sizeof *request) : NULL;
    (void)uri;
    if (!request)
        return NULL;
    request->server = server;
    request->handle = handle;
    request->connection = connection;
    request->path = WEBHOOK_PATH_OTHER;
    request->call = (struct webhook_call){
        .state = server->state,
        .metrics = server->metrics,
        .log = server->log,
        .budget = &server->memory,
        .fd = connection->fd,
    };
    webhook_call_begin(&request->call);
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
    (void)version;
    if (!request)
        return MHD_NO;
    if (!request->begun) {
        request->begun = true;
        webhook_connection_enter(request->connection, PHASE_BODY);
        check_headers(server, handle, request, url, method);
        if (!request->refusal)
            read_timeout(server, handle, request);
        /* Who waits for our word before sending the body can be told at once. */
        if (request->refusal && header(handle, MHD_HTTP_HEADER_EXPECT))
            return finish(request);
        return MHD_YES;
    }
    if (request->answered)
        return send_answer(request);
    if (*size == 0)
        return finish(request);
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
    drop_body(request);
    free(TAKE(request->answer.body));
    webhook_call_keep(&request->call, 0);
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
        NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
        loops > 1 ? loops : 0, MHD_OPTION_CONNECTION_LIMIT, connections,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)server->options.idle_timeout,
        MHD_OPTION_NOTIFY_CONNECTION, webhook_connection_notify, &server->connections,
        MHD_OPTION_URI_LOG_CALLBACK, on_uri, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        server, MHD_OPTION_HTTPS_CERT_CALLBACK2, webhook_connection_certificate,
        MHD_OPTION_HTTPS_PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", MHD_OPTION_ARRAY,
        more, MHD_OPTION_END);
    if (server->daemon)
        return true;
    close(fd);
    webhook_lane_stop(&server->lane);
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

void webhook_server_stop(struct webhook_server *server, int seconds)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    server->closing = true;
    long long end = webhook_clock() + seconds * 1000LL;
    int fd = MHD_quiesce_daemon(server->daemon);
    if (fd != MHD_INVALID_SOCKET) {
        accept_rest(server, fd);
        close(fd);
    }
    while (webhook_connections_drain(&server->connections) && webhook_clock() < end)
        nanosleep(&pause, NULL);
    /* An event loop that is full does not hear that it shall end (libmicrohttpd 0.9.75) before one
     * of its connections goes; what the slow lane is at stops when its connection is cut. */
    webhook_connections_cut(&server->connections);
    webhook_lane_stop(&server->lane);
    MHD_stop_daemon(TAKE(server->daemon));
}
