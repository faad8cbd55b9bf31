/* Requests to an API server: one at a time a handle, over HTTP/1.1 and TLS. Everything that libcurl
 * and OpenSSL keep of an answer is wiped when it has been handed on. */
#ifndef KUBE_HTTP_H
#define KUBE_HTTP_H

#include "kube/live.h"

#include <curl/curl.h>

/* Bytes that came in; wiped when they go. */
struct kube_body {
    char *bytes;
    size_t used;
    size_t size;
};

/* ERROR_RANGE: more than KUBE_LIVE_BODY_MAX in all. */
bool kube_body_append(struct kube_body *body, const char *bytes, size_t length, struct error *err);
/* Forgets the first LENGTH bytes. */
void kube_body_consume(struct kube_body *body, size_t length);
void kube_body_free(struct kube_body *body);
/* As kube_json_parse. */
bool kube_body_parse(const struct kube_body *body, struct json_object **out, struct error *err);

struct kube_http {
    CURL *easy;
    struct kube_access *access;           /* lent */
    struct kube_credentials *credentials; /* that this request was made with */
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    char curl_error[CURL_ERROR_SIZE];
    struct kube_body body; /* of an answer that is not handed on as it comes, or is no success */
    struct error failure;  /* of the body, or of whoever takes it */
    /* Takes a part of a successful answer; NULL: it goes to the body. */
    bool (*take)(void *context, const char *bytes, size_t length, struct error *err);
    void (*begun)(void *context); /* a successful answer begins; may be NULL */
    void *context;
};

/* Connects nothing yet. ACCESS must outlive it. */
bool kube_http_init(struct kube_http *http, struct kube_access *access, struct error *err);
void kube_http_free(struct kube_http *http);

/* Makes HTTP->easy ready to GET PATH (with query) of the server, with the credentials as they are
 * now. Timeouts in milliseconds, 0: none. */
bool kube_http_prepare(struct kube_http *http, const char *path, int64_t connect_timeout,
                       int64_t timeout, struct error *err);

/* What became of the request, which ended with CODE. Other than KUBE_RESULT_OK sets the error,
 * whose message says what could not be done: VERB WHAT ("list secrets"). Quotes of the answer only
 * the message of a Status. */
enum kube_result kube_http_result(const struct kube_http *http, CURLcode code, enum kube_verb verb,
                                  const char *what, struct error *err);

/* Whether the answer is a Status, and so an API server's. */
bool kube_http_has_status(const struct kube_http *http);

/* Seconds that the server asked to wait for, 0 when it did not. */
int64_t kube_http_retry_after(const struct kube_http *http);

/* The path of a collection: "/api/v1/secrets", with NAMESPACE and NAME (may be NULL or "") those of
 * one object. The caller frees it; both must have been found valid. NULL: no memory. */
char *kube_http_path(enum kube_kind kind, const char *namespace, const char *name);

/* Whether TEXT can be the name of an object of the kinds known here: a DNS name, which is as well a
 * segment of a URL that needs no escaping and is no "..". Source: Kubernetes, RFC 1123 subdomains.
 */
bool kube_http_is_name(const char *text);

#endif
