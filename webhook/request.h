/* One HTTP request on its way through the server: headers (request.c), body, answer (respond.c).
 * The functions are libmicrohttpd's callbacks; `context` is the struct webhook_server. */
#ifndef WEBHOOK_REQUEST_H
#define WEBHOOK_REQUEST_H

#include "webhook/answer.h"
#include "webhook/headers.h"
#include "webhook/server.h"

struct webhook_request {
    struct webhook_job job; /* first: the slow lane gives it back */
    struct webhook_server *server;
    struct MHD_Connection *handle;
    struct webhook_connection *connection;
    struct webhook_request_line line;
    enum webhook_path path;
    bool begun;          /* its headers were looked at */
    bool last;           /* the connection ends with its answer */
    bool at_once;        /* a refusal does not wait for the body */
    bool answered;       /* by the slow lane */
    unsigned refusal;    /* HTTP code; 0: so far none. What is left of the body is then discarded */
    const char *message; /* of the refusal, constant */
    struct error error;  /* of the refusal, where its message is not constant */
    char *body;
    size_t length;
    size_t capacity;
    struct webhook_call call; /* holds the memory of all this */
    struct webhook_answer answer;
};

/* The request line was read: a struct webhook_request begins. NULL: no memory. */
void *webhook_request_begin(void *context, const char *uri, struct MHD_Connection *handle);

/* Headers, each part of the body, its end, and once more when the slow lane has an answer. */
enum MHD_Result webhook_request_receive(void *context, struct MHD_Connection *handle,
                                        const char *url, const char *method, const char *version,
                                        const char *data, size_t *size, void **request_context);

/* The answer was sent, or the connection is gone. */
void webhook_request_end(void *context, struct MHD_Connection *handle, void **request_context,
                         enum MHD_RequestTerminationCode why);

/* Which route PATH is. */
enum webhook_path webhook_route_find(const char *path);

/* The whole request is there: answers it, at once or in the slow lane. */
enum MHD_Result webhook_request_finish(struct webhook_request *request);

/* Queues the answer of REQUEST. */
enum MHD_Result webhook_request_send(struct webhook_request *request);

/* The body goes; what it held stays with the call, which gives it back as a whole. */
void webhook_request_drop_body(struct webhook_request *request);

#endif
