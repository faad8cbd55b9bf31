#include "webhook/headers.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    bool framing; /* it says where the body ends */
} known[WEBHOOK_HEADERS] = {
    [WEBHOOK_HOST] = {MHD_HTTP_HEADER_HOST, false},
    [WEBHOOK_CONTENT_LENGTH] = {MHD_HTTP_HEADER_CONTENT_LENGTH, true},
    [WEBHOOK_TRANSFER_ENCODING] = {MHD_HTTP_HEADER_TRANSFER_ENCODING, true},
    [WEBHOOK_CONTENT_TYPE] = {MHD_HTTP_HEADER_CONTENT_TYPE, false},
    [WEBHOOK_CONTENT_ENCODING] = {MHD_HTTP_HEADER_CONTENT_ENCODING, false},
    [WEBHOOK_EXPECT] = {MHD_HTTP_HEADER_EXPECT, false},
};

/* --- one header --- */

/* Source: RFC 9110, 5.6.2. */
static bool is_token(const char *name)
{
    const char *c = name;
    while (isalnum((unsigned char)*c) || (*c && strchr("!#$%&'*+-.^_`|~", *c)))
        c++;
    return c > name && !*c;
}

static bool has_control(const char *value)
{
    for (const unsigned char *c = (const unsigned char *)value; *c; c++)
        if ((*c < ' ' && *c != '\t') || *c == 0x7f)
            return true;
    return false;
}

/* libmicrohttpd appends the second line of a folded header to the header's name. */
static bool is_folded(enum webhook_header header, const char *name)
{
    size_t length = strlen(known[header].name);
    return known[header].framing && strncasecmp(name, known[header].name, length) == 0 &&
           name[length];
}

static bool note(struct webhook_headers *headers, const char *name, const char *value,
                 struct error *err)
{
    for (int i = 0; i < WEBHOOK_HEADERS; i++) {
        if (is_folded(i, name))
            return error_set(err, ERROR_INVALID, "header %s: is folded, or part of another name",
                             known[i].name);
        if (strcasecmp(name, known[i].name) != 0)
            continue;
        if (headers->values[i])
            return error_set(err, ERROR_INVALID, "header %s: is given more than once",
                             known[i].name);
        headers->values[i] = value;
    }
    return true;
}

/* --- all of them --- */

struct reading {
    struct webhook_headers *headers;
    size_t bytes; /* of the headers so far, each as "name: value" and CRLF */
    bool done;
    struct error *err;
};

static bool read_header(struct reading *reading, const char *name, const char *value)
{
    if (!is_token(name))
        return error_set(reading->err, ERROR_INVALID, "header '%.64s': is not a valid name", name);
    if (has_control(value))
        return error_set(reading->err, ERROR_INVALID,
                         "header '%.64s': the value has a control character", name);
    return note(reading->headers, name, value, reading->err);
}

static enum MHD_Result on_header(void *context, enum MHD_ValueKind kind, const char *name,
                                 size_t name_size, const char *value, size_t value_size)
{
    struct reading *reading = context;
    (void)kind;
    reading->bytes += name_size + strlen(": ") + value_size + strlen("\r\n");
    reading->done = read_header(reading, name, value ? value : "");
    return reading->done ? MHD_YES : MHD_NO;
}

static bool check_framing(const struct webhook_headers *headers, const char *version,
                          struct error *err)
{
    const char *encoding = headers->values[WEBHOOK_TRANSFER_ENCODING];
    if (!encoding)
        return true;
    if (headers->values[WEBHOOK_CONTENT_LENGTH])
        return error_set(err, ERROR_INVALID,
                         "headers Content-Length and Transfer-Encoding exclude each other");
    if (strcasecmp(encoding, "chunked") != 0)
        return error_set(err, ERROR_INVALID,
                         "header Transfer-Encoding: found '%.64s', expected chunked", encoding);
    return strcmp(version, MHD_HTTP_VERSION_1_0) != 0 ||
           error_set(err, ERROR_INVALID,
                     "header Transfer-Encoding: HTTP/1.0 has none; give Content-Length");
}

/* Whether LINE, HEADER_BYTES and the empty line are all that was sent before the body. Otherwise
 * there were bytes that libmicrohttpd does not show: line feeds without carriage returns, what
 * stands behind a NUL, folded lines, a line that it took for the empty one, or but spaces. */
static bool is_accounted_for(struct MHD_Connection *handle, const struct webhook_request_line *line,
                             size_t header_bytes)
{
    const union MHD_ConnectionInfo *sent =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    size_t line_bytes = strlen(line->method) + strlen(" ") + line->target_length + strlen(" ") +
                        strlen(line->version) + strlen("\r\n");
    return sent && sent->header_size == line_bytes + header_bytes + strlen("\r\n");
}

bool webhook_headers_read(struct MHD_Connection *handle, const struct webhook_request_line *line,
                          struct webhook_headers *out, struct error *err)
{
    struct webhook_headers headers = {0};
    struct reading reading = {.headers = &headers, .done = true, .err = err};
    MHD_get_connection_values_n(handle, MHD_HEADER_KIND, on_header, &reading);
    if (!reading.done || !check_framing(&headers, line->version, err))
        return false;
    /* Within chunks, libmicrohttpd is as lenient as elsewhere, and it does not show them. */
    headers.certain = strcmp(line->version, MHD_HTTP_VERSION_1_1) == 0 &&
                      !headers.values[WEBHOOK_TRANSFER_ENCODING] &&
                      is_accounted_for(handle, line, reading.bytes);
    *out = headers;
    return true;
}

/* --- the body that they announce --- */

static bool has_length(const struct webhook_headers *headers)
{
    return headers->values[WEBHOOK_CONTENT_LENGTH] || headers->values[WEBHOOK_TRANSFER_ENCODING];
}

static bool expects_continue(const struct webhook_headers *headers)
{
    const char *expect = headers->values[WEBHOOK_EXPECT];
    return !expect || strcasecmp(expect, "100-continue") == 0;
}

/* Parameters, as in "application/json; charset=utf-8", are accepted. */
static bool is_json(const struct webhook_headers *headers)
{
    static const char json[] = "application/json";
    const char *type = headers->values[WEBHOOK_CONTENT_TYPE];
    return type && strncasecmp(type, json, sizeof json - 1) == 0 &&
           strchr("; \t", type[sizeof json - 1]);
}

static bool is_uncompressed(const struct webhook_headers *headers)
{
    const char *encoding = headers->values[WEBHOOK_CONTENT_ENCODING];
    return !encoding || strcasecmp(encoding, "identity") == 0;
}

unsigned webhook_headers_refusal(const struct webhook_headers *headers, const char **message)
{
    static const struct {
        bool (*fits)(const struct webhook_headers *headers);
        unsigned status;
        const char *message;
    } rules[] = {
        {has_length, MHD_HTTP_BAD_REQUEST,
         "a POST needs Content-Length, or Transfer-Encoding: chunked"},
        {expects_continue, MHD_HTTP_EXPECTATION_FAILED, "Expect must be absent or 100-continue"},
        {is_json, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "Content-Type must be application/json"},
        {is_uncompressed, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
         "Content-Encoding must be absent or identity"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (rules[i].fits(headers))
            continue;
        *message = rules[i].message;
        return rules[i].status;
    }
    return 0;
}
