/* Judges a request by its request line and headers, before anything of its body is read. Two
 * readers of one connection, a proxy and this server, must not disagree about where a request ends:
 * libmicrohttpd (0.9.75) is lenient there. */
#ifndef WEBHOOK_HEADERS_H
#define WEBHOOK_HEADERS_H

#include "kube/error.h"

#include <microhttpd.h>
#include <stddef.h>

/* Headers that are looked at, and may be given once. */
enum webhook_header {
    WEBHOOK_HOST,
    WEBHOOK_CONTENT_LENGTH,
    WEBHOOK_TRANSFER_ENCODING,
    WEBHOOK_CONTENT_TYPE,
    WEBHOOK_CONTENT_ENCODING,
    WEBHOOK_EXPECT,
    WEBHOOK_HEADERS,
};

/* The request line; all strings are lent by libmicrohttpd for as long as the request lasts. */
struct webhook_request_line {
    const char *method;
    const char *path; /* decoded, without the query */
    const char *version;
    size_t path_length;   /* as it was sent */
    size_t target_length; /* likewise, with the query */
};

struct webhook_headers {
    const char *values[WEBHOOK_HEADERS]; /* lent; NULL: not given */
    /* The request is HTTP/1.1 with a plain length, and every byte before the body is accounted for:
     * its end is beyond doubt, and another request may follow on the connection. */
    bool certain;
};

/* Reads the headers of HANDLE. ERROR_INVALID: they are malformed or contradict each other, so that
 * nobody can say where the request ends. */
bool webhook_headers_read(struct MHD_Connection *handle, const struct webhook_request_line *line,
                          struct webhook_headers *out, struct error *err);

/* The HTTP status that refuses the body of a POST with HEADERS, with a constant *MESSAGE; 0: none.
 */
unsigned webhook_headers_refusal(const struct webhook_headers *headers, const char **message);

#endif
