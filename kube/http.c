#include "kube/http.h"

#include "kube/cleanup.h"
#include "kube/wipe.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <string.h>

/* --- memory of libcurl: it had tokens and values of Secrets in it --- */

static void wiping_free(void *bytes)
{
    kube_wipe_free(bytes, bytes ? malloc_usable_size(bytes) : 0);
}

static void *wiping_realloc(void *bytes, size_t size)
{
    void *moved = malloc(size);
    size_t had = bytes ? malloc_usable_size(bytes) : 0;
    if (!moved)
        return NULL;
    if (bytes)
        memcpy(moved, bytes, had < size ? had : size);
    wiping_free(bytes);
    return moved;
}

static void global_init(void)
{
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free, wiping_realloc, strdup, calloc);
}

/* --- bodies --- */

/* A larger buffer is not kept for the events to come. */
enum { KEEP_BYTES = 64 << 10 };

bool kube_body_append(struct kube_body *body, const char *bytes, size_t length, struct error *err)
{
    if (length > KUBE_LIVE_BODY_MAX - body->used)
        return error_set(err, ERROR_RANGE, "more than %d bytes in one piece", KUBE_LIVE_BODY_MAX);
    if (length > body->size - body->used) {
        size_t size = body->size ? body->size : 4096;
        while (size - body->used < length)
            size *= 2;
        char *grown = malloc(size);
        if (!grown)
            return error_set(err, ERROR_NO_MEMORY, "out of memory");
        if (body->used)
            memcpy(grown, body->bytes, body->used);
        kube_wipe_free(body->bytes, body->used);
        body->bytes = grown;
        body->size = size;
    }
    memcpy(body->bytes + body->used, bytes, length);
    body->used += length;
    return true;
}

void kube_body_consume(struct kube_body *body, size_t length)
{
    size_t rest = body->used - length;
    memmove(body->bytes, body->bytes + length, rest);
    OPENSSL_cleanse(body->bytes + rest, length);
    body->used = rest;
    if (rest == 0 && body->size > KEEP_BYTES)
        kube_body_free(body);
}

void kube_body_free(struct kube_body *body)
{
    kube_wipe_free(body->bytes, body->used);
    *body = (struct kube_body){0};
}

bool kube_body_parse(const struct kube_body *body, struct json_object **out, struct error *err)
{
    return kube_json_parse(body->bytes ? body->bytes : "", body->used, out, err);
}

/* --- requests --- */

bool kube_http_init(struct kube_http *http, struct kube_access *access, struct error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, global_init);
    *http = (struct kube_http){.easy = curl_easy_init(), .access = access};
    return http->easy || error_set(err, ERROR_NO_MEMORY, "out of memory");
}

static void forget(struct kube_http *http)
{
    curl_slist_free_all(TAKE(http->headers));
    curl_slist_free_all(TAKE(http->connect_to));
    kube_credentials_release(http->access, TAKE(http->credentials));
    kube_body_free(&http->body);
    http->failure = (struct error){0};
    http->curl_error[0] = '\0';
}

void kube_http_free(struct kube_http *http)
{
    curl_easy_cleanup(TAKE(http->easy));
    forget(http);
}

static size_t on_bytes(char *bytes, size_t one, size_t length, void *context)
{
    struct kube_http *http = context;
    long status = 0;
    (void)one;
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    bool taken = http->take && status == 200
                     ? http->take(http->context, bytes, length, &http->failure)
                     : kube_body_append(&http->body, bytes, length, &http->failure);
    /* libcurl's buffer has the last part of an answer as long as a watch is silent. */
    OPENSSL_cleanse(bytes, length);
    return taken ? length : CURL_WRITEFUNC_ERROR;
}

static size_t on_header(char *line, size_t one, size_t length, void *context)
{
    const struct kube_http *http = context;
    long status = 0;
    (void)one;
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    bool is_last = length == 2 && memcmp(line, "\r\n", 2) == 0;
    if (is_last && status == 200 && http->begun)
        http->begun(http->context);
    return length;
}

/* OpenSSL too keeps what it deciphered until the next record comes. */
static CURLcode on_ssl_context(CURL *easy, void *context, void *unused)
{
    (void)easy, (void)unused;
    SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
    return CURLE_OK;
}

/* The request goes to SERVER, but asks for, and checks, the certificate of another name. */
static bool set_server_name(struct kube_http *http, CURLU *url, const char *name)
{
    char *host = NULL, *port = NULL;
    AUTO_FREE char *redirect = NULL;
    bool set = curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
               curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
               asprintf(&redirect, "%s:%s:%s:%s", name, port, host, port) >= 0 &&
               (http->connect_to = curl_slist_append(NULL, redirect)) &&
               curl_url_set(url, CURLUPART_HOST, name, 0) == CURLUE_OK;
    curl_free(host);
    curl_free(port);
    return set && curl_easy_setopt(http->easy, CURLOPT_CONNECT_TO, http->connect_to) == CURLE_OK;
}

static bool set_url(struct kube_http *http, const char *path)
{
    AUTO_FREE char *text = NULL;
    char *whole = NULL;
    CURLU *url = curl_url();
    bool set = url && asprintf(&text, "%s%s", http->access->server, path) >= 0 &&
               curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
               (!http->access->tls_server_name ||
                set_server_name(http, url, http->access->tls_server_name)) &&
               curl_url_get(url, CURLUPART_URL, &whole, 0) == CURLUE_OK &&
               curl_easy_setopt(http->easy, CURLOPT_URL, whole) == CURLE_OK;
    curl_free(whole);
    curl_url_cleanup(url);
    return set;
}

/* Without asprintf, which leaves copies behind where its buffer grows. */
static char *bearer_header(const char *token)
{
    static const char begin[] = "Authorization: Bearer ";
    size_t length = strlen(token);
    char *header = malloc(sizeof begin + length);
    if (!header)
        return NULL;
    memcpy(header, begin, sizeof begin - 1);
    memcpy(header + sizeof begin - 1, token, length + 1);
    return header;
}

static bool set_headers(struct kube_http *http, const char *token)
{
    http->headers = curl_slist_append(NULL, "Accept: application/json");
    if (!http->headers)
        return false;
    if (token) {
        char *header = bearer_header(token);
        struct curl_slist *longer = header ? curl_slist_append(http->headers, header) : NULL;
        kube_wipe_free(header, header ? strlen(header) : 0);
        if (!longer)
            return false;
        http->headers = longer;
    }
    return curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, http->headers) == CURLE_OK;
}

/* The credentials are lent to libcurl: http->credentials keeps them until the next request. */
static bool set_tls(struct kube_http *http)
{
    static const struct {
        enum kube_credential credential;
        CURLoption option;
    } rows[] = {
        {KUBE_CREDENTIAL_CA, CURLOPT_CAINFO_BLOB},
        {KUBE_CREDENTIAL_CERTIFICATE, CURLOPT_SSLCERT_BLOB},
        {KUBE_CREDENTIAL_KEY, CURLOPT_SSLKEY_BLOB},
    };
    CURL *easy = http->easy;
    bool set = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct curl_blob blob = {http->credentials->values[rows[i].credential].bytes,
                                 http->credentials->values[rows[i].credential].length,
                                 CURL_BLOB_NOCOPY};
        if (blob.data)
            set = set && curl_easy_setopt(easy, rows[i].option, &blob) == CURLE_OK;
        /* libcurl would trust the system's certificates as well. */
        if (blob.data && rows[i].credential == KUBE_CREDENTIAL_CA)
            set = set && curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
    }
    return set &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context) == CURLE_OK;
}

static bool set_options(struct kube_http *http, int64_t connect_timeout, int64_t timeout)
{
    const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_QUICK_EXIT, 1}, /* a name that is being resolved holds up no deadline */
        /* One connection a watch: when it dies, only that one does. */
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
        {CURLOPT_TCP_KEEPALIVE, 1},
        {CURLOPT_TCP_KEEPIDLE, 30},
        {CURLOPT_TCP_KEEPINTVL, 10},
        {CURLOPT_CONNECTTIMEOUT_MS, (long)connect_timeout},
        {CURLOPT_TIMEOUT_MS, (long)timeout},
    };
    CURL *easy = http->easy;
    bool set = true;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        set = set && curl_easy_setopt(easy, numbers[i].option, numbers[i].value) == CURLE_OK;
    return set && curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "druid-bridge/" DRUID_BRIDGE_VERSION) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->curl_error) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, http) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, http) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, http->context) == CURLE_OK;
}

bool kube_http_prepare(struct kube_http *http, const char *path, int64_t connect_timeout,
                       int64_t timeout, struct error *err)
{
    curl_easy_reset(http->easy);
    forget(http);
    if (!kube_access_credentials(http->access, &http->credentials, err))
        return false;
    const char *token = http->credentials->values[KUBE_CREDENTIAL_TOKEN].bytes;
    return (set_options(http, connect_timeout, timeout) && set_url(http, path) &&
            set_headers(http, token) && set_tls(http)) ||
           error_set(err, ERROR_NO_MEMORY, "out of memory");
}

/* --- answers --- */

/* The message of the Status that the body is, if it is one: for the caller to free. */
static char *status_message(const struct kube_http *http)
{
    AUTO_JSON struct json_object *status = NULL;
    if (!kube_body_parse(&http->body, &status, NULL))
        return NULL;
    const char *kind = kube_json_as_text(kube_json_child(status, "kind"));
    const char *message = kube_json_as_text(kube_json_child(status, "message"));
    return kind && message && strcmp(kind, "Status") == 0 ? strdup(message) : NULL;
}

bool kube_http_has_status(const struct kube_http *http)
{
    AUTO_FREE char *message = status_message(http);
    return message != NULL;
}

static const struct {
    long status;
    enum kube_result result;
    enum error_code code;
    const char *reason;
} answers[] = {
    {401, KUBE_RESULT_UNAUTHORIZED, ERROR_UNAVAILABLE,
     "the API server does not accept the credentials (401)"},
    {403, KUBE_RESULT_FORBIDDEN, ERROR_UNAVAILABLE, "RBAC does not allow it (403)"},
    {404, KUBE_RESULT_NOT_FOUND, ERROR_NOT_FOUND, "the API server does not have it (404)"},
    {410, KUBE_RESULT_GONE, ERROR_UNAVAILABLE, "the resource version is no longer known (410)"},
    {429, KUBE_RESULT_THROTTLED, ERROR_UNAVAILABLE, "the API server is too busy (429)"},
};

enum kube_result kube_http_result(const struct kube_http *http, CURLcode code, enum kube_verb verb,
                                  const char *what, struct error *err)
{
    long status = 0;
    const char *name = kube_verb_name(verb);
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    if (http->failure.code != ERROR_NONE) {
        error_set(err, http->failure.code, "%s %s: %s", name, what, http->failure.message);
        return KUBE_RESULT_FAILED;
    }
    if (code != CURLE_OK) {
        error_set(err, ERROR_UNAVAILABLE, "%s %s: %s", name, what,
                  *http->curl_error ? http->curl_error : curl_easy_strerror(code));
        return KUBE_RESULT_UNREACHABLE;
    }
    if (status == 200)
        return KUBE_RESULT_OK;
    AUTO_FREE char *message = status_message(http);
    const char *colon = message ? ": " : "";
    const char *text = message ? message : "";
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (answers[i].status != status)
            continue;
        error_set(err, answers[i].code, "%s %s: %s%s%s", name, what, answers[i].reason, colon,
                  text);
        return answers[i].result;
    }
    error_set(err, ERROR_UNAVAILABLE, "%s %s: the API server answered %ld%s%s", name, what, status,
              colon, text);
    return KUBE_RESULT_FAILED;
}

int64_t kube_http_retry_after(const struct kube_http *http)
{
    curl_off_t seconds = 0;
    curl_easy_getinfo(http->easy, CURLINFO_RETRY_AFTER, &seconds);
    return seconds;
}

/* --- names --- */

char *kube_http_path(enum kube_kind kind, const char *namespace, const char *name)
{
    const struct kube_kind_info *info = kube_kind_info(kind);
    bool has_namespace = namespace && *namespace;
    bool has_name = name && *name;
    char *path = NULL;
    int length =
        asprintf(&path, "%s%s/%s%s%s/%s%s%s", *info->group ? "/apis/" : "/api", info->group,
                 info->version, has_namespace ? "/namespaces/" : "", has_namespace ? namespace : "",
                 info->resource, has_name ? "/" : "", has_name ? name : "");
    return length < 0 ? NULL : path;
}

bool kube_http_is_name(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    size_t length = strlen(text);
    if (length == 0 || length > 253 || !strchr(letters, *text) ||
        !strchr(letters, text[length - 1]))
        return false;
    for (const char *c = text; *c; c++)
        if (!strchr(letters, *c) && *c != '-' && *c != '.')
            return false;
    return true;
}
