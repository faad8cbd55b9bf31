#include "webhook/operations.h"

#include "kube/cleanup.h"
#include "kube/live.h"
#include "kube/stream.h"
#include "webhook/cluster.h"
#include "webhook/server.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TIMEOUT_SECONDS = 5 };

bool webhook_operations_ready(struct webhook_operations *operations, struct error *err)
{
    if (operations->stopping)
        return error_set(err, ERROR_UNAVAILABLE, "stopping");
    if (webhook_tls_expiry(operations->tls) < time(NULL))
        return error_set(err, ERROR_UNAVAILABLE, "the serving certificate has expired");
    struct webhook_snapshot *snapshot = webhook_state_acquire(operations->state);
    bool ready = kube_source_ready(snapshot->source, err);
    webhook_state_release(operations->state, snapshot);
    return ready;
}

/* Each page writes its text and says the code. */
typedef unsigned page(struct webhook_operations *operations, FILE *out);

static unsigned page_healthz(struct webhook_operations *operations, FILE *out)
{
    (void)operations;
    fputs("ok\n", out);
    return MHD_HTTP_OK;
}

static unsigned page_readyz(struct webhook_operations *operations, FILE *out)
{
    struct error err = {0};
    bool ready = webhook_operations_ready(operations, &err);
    kube_stream_say(out, "", ready ? "ok" : err.message);
    if (operations->state->live)
        fprintf(out, "object source: heard from the API server %lld s ago\n",
                (long long)kube_live_age(operations->state->live));
    return ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static unsigned page_metrics(struct webhook_operations *operations, FILE *out)
{
    webhook_metrics_write(operations->metrics, out);
    if (operations->state->live)
        webhook_cluster_write(operations->state->live, out);
    return MHD_HTTP_OK;
}

static const struct {
    const char *url;
    page *page;
    const char *type;
} pages[] = {
    {"/healthz", page_healthz, "text/plain; charset=utf-8"},
    {"/readyz", page_readyz, "text/plain; charset=utf-8"},
    {"/metrics", page_metrics, "text/plain; version=0.0.4; charset=utf-8"},
};

/* Takes TEXT. */
static enum MHD_Result send_text(struct MHD_Connection *handle, unsigned status, const char *type,
                                 char *text)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(handle, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *handle, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **request_context)
{
    static char begun;
    (void)version, (void)data;
    if (*request_context != &begun || *size) {
        *request_context = &begun; /* a body, which nobody asked for, is passed over */
        *size = 0;
        return MHD_YES;
    }
    struct webhook_connection *connection = webhook_connection_of(handle);
    if (!connection)
        return MHD_NO;
    webhook_connection_enter(connection, PHASE_ANSWER);
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return send_text(handle, MHD_HTTP_METHOD_NOT_ALLOWED, pages[0].type,
                         strdup("the method must be GET\n"));
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        if (strcmp(url, pages[i].url) != 0)
            continue;
        char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);
        unsigned status = out ? pages[i].page(context, out) : 0;
        if (!out || !kube_stream_close(out, NULL, NULL)) {
            free(text);
            return MHD_NO;
        }
        return send_text(handle, status, pages[i].type, text);
    }
    return send_text(handle, MHD_HTTP_NOT_FOUND, pages[0].type,
                     strdup("there are /healthz, /readyz and /metrics\n"));
}

bool webhook_operations_start(struct webhook_operations *operations, const char *listen,
                              struct error *err)
{
    int fd = webhook_listen(listen, operations->address, sizeof operations->address, err);
    if (fd < 0)
        return false;
    operations->connections = (struct webhook_connections){
        .cap = WEBHOOK_OPERATIONS_CONNECTIONS,
        .seconds = {[PHASE_HANDSHAKE] = TIMEOUT_SECONDS, [PHASE_ANSWER] = TIMEOUT_SECONDS},
        .mutex = PTHREAD_MUTEX_INITIALIZER,
    };
    operations->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, 0, NULL, NULL, on_request,
                         operations, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                         (unsigned)WEBHOOK_OPERATIONS_CONNECTIONS, MHD_OPTION_NOTIFY_CONNECTION,
                         webhook_connection_notify, &operations->connections,
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_SECONDS, MHD_OPTION_END);
    if (operations->daemon)
        return true;
    close(fd);
    return error_set(err, ERROR_UNAVAILABLE, "%s: the HTTP server does not start", listen);
}

void webhook_operations_tick(struct webhook_operations *operations)
{
    webhook_connections_reap(&operations->connections, false);
}

void webhook_operations_stop(struct webhook_operations *operations)
{
    MHD_stop_daemon(TAKE(operations->daemon));
}
