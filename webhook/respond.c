/* The second half of a request: its answer, from the route's handler to the connection. */
#include "webhook/request.h"

#include "kube/cleanup.h"
#include "webhook/mutate.h"
#include "webhook/translate.h"

#include <malloc.h>
#include <string.h>

typedef struct webhook_answer handler(struct webhook_call *call);

/* What a route takes besides the body and its tree, in times the length of the body: a patch and
 * its answer may have its size, each of their forms once or twice while it grows. What a
 * translation takes beyond that it takes itself. */
static const struct {
    const char *url;
    handler *handler;
    long long texts;
} routes[WEBHOOK_PATHS] = {
    [WEBHOOK_PATH_MUTATE] = {"/mutate", webhook_mutate, 6},
    [WEBHOOK_PATH_TRANSLATE] = {"/translate", webhook_translate, 0},
};

enum webhook_path webhook_route_find(const char *path)
{
    enum webhook_path route = 0;
    while (route < WEBHOOK_PATH_OTHER && strcmp(path, routes[route].url) != 0)
        route++;
    return route;
}

/* --- to the connection --- */

/* Whether the connection is of no use any more: it ends with a refusal, so that nobody holds one by
 * asking for what there is not. A caller that was told to try again keeps it. */
static bool closes(const struct webhook_request *request, unsigned status)
{
    bool refused = status >= 400 && status < 500 && status != MHD_HTTP_TOO_MANY_REQUESTS;
    return refused || request->last || request->server->closing;
}

static struct MHD_Response *new_response(const struct webhook_request *request, unsigned status,
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
    if (closes(request, status))
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    return response;
}

enum MHD_Result webhook_request_send(struct webhook_request *request)
{
    struct webhook_server *server = request->server;
    AUTO_FREE char *body = TAKE(request->answer.body);
    unsigned status = body ? request->answer.status : MHD_HTTP_INTERNAL_SERVER_ERROR;
    webhook_request_drop_body(request);
    /* It is held until the caller has read it. */
    webhook_call_keep(&request->call, body ? (long long)strlen(body) : 0);
    struct MHD_Response *response = new_response(request, status, body);
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

/* A body beyond that goes to the slow lane unread. */
enum { LARGE_BODY = 256 << 10 };

static long long needed_bytes(const struct webhook_request *request)
{
    const char *body = request->body ? request->body : "";
    return webhook_tree_bytes(body, request->length) +
           routes[request->path].texts * (long long)request->length;
}

static struct webhook_answer too_large(const struct webhook_request *request, long long bytes)
{
    struct error err = {0};
    error_set(&err, ERROR_RANGE,
              "answering this request may take %lld MiB of memory, and one request may take %lld "
              "MiB (--request-memory)%s",
              bytes >> 20, webhook_budget_most(&request->server->memory) >> 20,
              request->path == WEBHOOK_PATH_TRANSLATE ? "; a List can be sent in parts" : "");
    return webhook_status(MHD_HTTP_CONTENT_TOO_LARGE, err.message);
}

/* Asks the route's handler, where there is the memory that it is going to take. */
static struct webhook_answer handle_request(struct webhook_request *request, long long bytes)
{
    struct webhook_call *call = &request->call;
    if (call->held + bytes > webhook_budget_most(&request->server->memory))
        return too_large(request, call->held + bytes);
    if (!webhook_call_take(call, bytes))
        return webhook_status(MHD_HTTP_TOO_MANY_REQUESTS, webhook_too_many);
    call->body = request->body ? request->body : "";
    call->length = request->length;
    return routes[request->path].handler(call);
}

static void answer(struct webhook_request *request, long long bytes)
{
    request->answer = handle_request(request, bytes);
    bool large = request->call.held > WEBHOOK_SMALL || request->length > LARGE_BODY;
    webhook_request_drop_body(request);
    /* What was a large tree is small pieces now, which would stay with the process. */
    if (large)
        malloc_trim(0);
}

static void run_job(struct webhook_job *job)
{
    struct webhook_request *request = (struct webhook_request *)job;
    answer(request, needed_bytes(request));
    request->answered = true;
    MHD_resume_connection(request->handle);
}

/* libmicrohttpd looks at the connection again once the slow lane has an answer. */
static enum MHD_Result finish_later(struct webhook_request *request)
{
    request->job.run = run_job;
    MHD_suspend_connection(request->handle);
    if (webhook_lane_add(&request->server->lane, &request->job))
        return MHD_YES;
    request->answer = webhook_status(MHD_HTTP_TOO_MANY_REQUESTS, webhook_too_many);
    request->answered = true;
    MHD_resume_connection(request->handle);
    return MHD_YES;
}

enum MHD_Result webhook_request_finish(struct webhook_request *request)
{
    webhook_connection_enter(request->connection, PHASE_ANSWER);
    if (request->refusal) {
        request->answer = webhook_status(request->refusal, request->message);
        return webhook_request_send(request);
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
    return webhook_request_send(request);
}
