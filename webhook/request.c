#include "webhook/request.h"

#include "kube/cleanup.h"
#include "kube/duration.h"

#include <string.h>
#include <time.h>

void webhook_request_drop_body(struct webhook_request *request)
{
    free(TAKE(request->body));
    request->length = request->capacity = 0;
}

/* The caller can read the answer only when the whole body was taken: so it is taken, and thrown
 * away. */
static void refuse(struct webhook_request *request, unsigned status, const char *message)
{
    request->refusal = status;
    request->message = message;
    webhook_request_drop_body(request);
    webhook_call_keep(&request->call, 0);
}

/* --- the headers --- */

/* A path that was sent with escapes is none of ours. */
static enum webhook_path find_path(const struct webhook_request_line *line)
{
    return strlen(line->path) == line->path_length ? webhook_route_find(line->path)
                                                   : WEBHOOK_PATH_OTHER;
}

static bool peer_is_known(struct webhook_request *request)
{
    struct webhook_connection *connection = request->connection;
    if (!connection->peer_checked)
        connection->peer_checked = webhook_tls_check_peer(request->server->tls, connection->session,
                                                          time(NULL), &request->error);
    return connection->peer_checked;
}

/* /translate reads what an etcd mounts with the server's own rights: it is closed unless the
 * operator has said who may call. */
static bool may_call(struct webhook_request *request)
{
    const struct webhook_server *server = request->server;
    bool translate = request->path == WEBHOOK_PATH_TRANSLATE;
    if (translate && server->options.open_translate)
        return true;
    if (translate && !server->tls->client_ca_file)
        return error_set(&request->error, ERROR_CONFLICT,
                         "/translate answers only callers with a client certificate: start "
                         "druid-bridge with --client-ca FILE, or with --open-translate to let "
                         "everyone translate who reaches this port");
    return peer_is_known(request);
}

/* Once a second at most, so that nobody fills the log. */
static void log_refused_caller(const struct webhook_request *request)
{
    static _Atomic long long last = -1000;
    long long now = webhook_clock();
    long long before = last;
    if (now - before >= 1000 && atomic_compare_exchange_strong(&last, &before, now))
        webhook_log(request->server->log, WEBHOOK_LOG_WARNING, "caller refused", "reason",
                    request->error.message, NULL);
}

/* What can be said of a request by its headers. */
static void judge_headers(struct webhook_request *request, const struct webhook_headers *headers)
{
    const char *length = headers->values[WEBHOOK_CONTENT_LENGTH];
    const char *message = NULL;
    unsigned status = 0;
    if (!may_call(request)) {
        log_refused_caller(request);
        refuse(request, MHD_HTTP_FORBIDDEN, request->error.message);
    } else if (request->path == WEBHOOK_PATH_OTHER)
        refuse(request, MHD_HTTP_NOT_FOUND, "there are only POST /mutate and POST /translate");
    else if (strcmp(request->line.method, MHD_HTTP_METHOD_POST) != 0)
        refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, "the method must be POST");
    else if ((status = webhook_headers_refusal(headers, &message)))
        refuse(request, status, message);
    else if (length && strtoull(length, NULL, 10) > WEBHOOK_BODY_LIMIT)
        refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than 7 MiB");
}

/* An API server says in ?timeout= how long it waits. */
static void read_timeout(struct webhook_request *request)
{
    const char *text =
        MHD_lookup_connection_value(request->handle, MHD_GET_ARGUMENT_KIND, "timeout");
    int64_t timeout;
    if (!text)
        return;
    if (!kube_duration_parse(text, &timeout, &request->error) || timeout <= 0) {
        error_set(&request->error, ERROR_INVALID,
                  "?timeout=%.32s: expected a duration above zero, such as 10s", text);
        refuse(request, MHD_HTTP_BAD_REQUEST, request->error.message);
        return;
    }
    request->call.deadline = webhook_clock() + timeout / KUBE_MILLISECOND;
}

static void check_headers(struct webhook_request *request)
{
    struct webhook_headers headers = {0};
    request->path = find_path(&request->line);
    if (webhook_headers_read(request->handle, &request->line, &headers, &request->error)) {
        judge_headers(request, &headers);
        /* Who waits for our word before sending the body can be told at once. */
        request->at_once = headers.values[WEBHOOK_EXPECT] != NULL;
    } else {
        refuse(request, MHD_HTTP_BAD_REQUEST, request->error.message);
        request->at_once = true; /* there is no telling what belongs to its body */
    }
    if (!request->refusal)
        read_timeout(request);
    request->last = request->refusal || !headers.certain;
}

/* --- the body --- */

/* Room for NEEDED bytes, at most WEBHOOK_BODY_LIMIT. False: there is no memory, or no more is
 * allowed for all requests together. */
static bool reserve(struct webhook_request *request, size_t needed)
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

static void take_body(struct webhook_request *request, const char *data, size_t size)
{
    if (request->refusal)
        return;
    if (request->length + size > WEBHOOK_BODY_LIMIT) {
        refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than 7 MiB");
    } else if (!reserve(request, request->length + size)) {
        refuse(request, MHD_HTTP_TOO_MANY_REQUESTS, webhook_too_many);
    } else {
        memcpy(request->body + request->length, data, size);
        request->length += size;
    }
}

/* --- libmicrohttpd's callbacks --- */

/* The request line was read: the request begins here and ends in webhook_request_end. */
void *webhook_request_begin(void *context, const char *uri, struct MHD_Connection *handle)
{
    struct webhook_server *server = context;
    struct webhook_connection *connection = webhook_connection_of(handle);
    struct webhook_request *request = connection ? calloc(1, sizeof *request) : NULL;
    if (!request)
        return NULL;
    request->server = server;
    request->handle = handle;
    request->connection = connection;
    request->line.path_length = strcspn(uri, "?");
    request->line.target_length = strlen(uri);
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

enum MHD_Result webhook_request_receive(void *context, struct MHD_Connection *handle,
                                        const char *url, const char *method, const char *version,
                                        const char *data, size_t *size, void **request_context)
{
    struct webhook_request *request = *request_context;
    (void)context, (void)handle;
    if (!request)
        return MHD_NO;
    if (!request->begun) {
        request->begun = true;
        webhook_connection_enter(request->connection, PHASE_BODY);
        request->line.method = method;
        request->line.path = url;
        request->line.version = version;
        check_headers(request);
        if (request->refusal && request->at_once)
            return webhook_request_finish(request);
        return MHD_YES;
    }
    if (request->answered)
        return webhook_request_send(request);
    if (*size == 0)
        return webhook_request_finish(request);
    take_body(request, data, *size);
    *size = 0;
    return MHD_YES;
}

void webhook_request_end(void *context, struct MHD_Connection *handle, void **request_context,
                         enum MHD_RequestTerminationCode why)
{
    struct webhook_server *server = context;
    struct webhook_request *request = TAKE(*request_context);
    (void)handle, (void)why;
    if (!request)
        return;
    webhook_connection_enter(request->connection, PHASE_IDLE);
    webhook_request_drop_body(request);
    free(TAKE(request->answer.body));
    webhook_call_keep(&request->call, 0);
    free(request);
    server->metrics->in_flight--;
}
