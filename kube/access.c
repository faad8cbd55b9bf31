#include "kube/access.h"

#include "kube/cleanup.h"
#include "kube/read.h"
#include "kube/wipe.h"

#include <curl/curl.h>
#include <string.h>

static const char service_account[] = "/var/run/secrets/kubernetes.io/serviceaccount";

/* Of a credential's file; a bundle of many certificates is some 200 KiB. */
enum { FILE_MAX_BYTES = 1 << 20 };

static void free_credentials(struct kube_credentials *credentials)
{
    if (!credentials)
        return;
    for (size_t i = 0; i < KUBE_CREDENTIAL_COUNT; i++)
        kube_wipe_free(credentials->values[i].bytes, credentials->values[i].length);
    free(credentials);
}

static void cleanup_credentials(struct kube_credentials **credentials)
{
    free_credentials(*credentials);
}
#define AUTO_CREDENTIALS __attribute__((cleanup(cleanup_credentials)))

struct kube_access *kube_access_new(void)
{
    struct kube_access *access = calloc(1, sizeof *access);
    struct kube_credentials *credentials = calloc(1, sizeof *credentials);
    if (!access || !credentials) {
        free(access);
        free(credentials);
        return NULL;
    }
    credentials->references = 1;
    access->current = credentials;
    pthread_mutex_init(&access->mutex, NULL);
    return access;
}

void kube_access_free(struct kube_access *access)
{
    if (!access)
        return;
    free_credentials(access->current);
    for (size_t i = 0; i < KUBE_CREDENTIAL_COUNT; i++)
        free(access->files[i]);
    free(access->server);
    free(access->tls_server_name);
    pthread_mutex_destroy(&access->mutex);
    free(access);
}

/* A token goes into a header, where a line break would begin another. */
static bool check_token(const char *token, size_t length, struct error *err)
{
    for (size_t i = 0; i < length; i++)
        if (token[i] <= ' ' || token[i] > '~')
            return error_set(err, ERROR_INVALID,
                             "a token is one word of printable characters, byte %zu is none", i);
    return length > 0 || error_set(err, ERROR_INVALID, "the token is empty");
}

/* VALUE, for a token without the white space around it, as one of CREDENTIALS, in place of which
 * there is nothing yet. */
static bool store(struct kube_credentials *credentials, enum kube_credential credential,
                  const char *value, size_t length, struct error *err)
{
    if (credential == KUBE_CREDENTIAL_TOKEN) {
        for (; length > 0 && strchr(" \t\r\n", *value); value++)
            length--;
        while (length > 0 && strchr(" \t\r\n", value[length - 1]))
            length--;
        if (!check_token(value, length, err))
            return false;
    }
    char *bytes = malloc(length + 1);
    if (!bytes)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    memcpy(bytes, value, length);
    bytes[length] = '\0';
    credentials->values[credential].bytes = bytes;
    credentials->values[credential].length = length;
    return true;
}

bool kube_access_set(struct kube_access *access, enum kube_credential credential, const char *value,
                     size_t length, struct error *err)
{
    struct kube_credentials stored = {0};
    if (!store(&stored, credential, value, length, err))
        return false;
    struct kube_credentials *current = access->current;
    kube_wipe_free(current->values[credential].bytes, current->values[credential].length);
    current->values[credential] = stored.values[credential];
    return true;
}

static bool is_absent(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool absent = curl_url_get(url, part, &text, 0) != CURLUE_OK;
    curl_free(text);
    return absent;
}

static bool check_server(CURLU *url, const char *text, struct error *err)
{
    char *scheme = NULL;
    CURLUcode status = curl_url_set(url, CURLUPART_URL, text, 0);
    if (status != CURLUE_OK)
        return error_set(err, ERROR_INVALID, "server: the URL is malformed: %s",
                         curl_url_strerror(status));
    bool is_https = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                    strcmp(scheme, "https") == 0;
    curl_free(scheme);
    if (!is_https)
        return error_set(err, ERROR_INVALID, "server: the URL must begin with https://");
    if (!is_absent(url, CURLUPART_USER) || !is_absent(url, CURLUPART_PASSWORD) ||
        !is_absent(url, CURLUPART_QUERY) || !is_absent(url, CURLUPART_FRAGMENT))
        return error_set(err, ERROR_INVALID,
                         "server: the URL has more than a host, a port and a path");
    return true;
}

bool kube_access_set_server(struct kube_access *access, const char *text, struct error *err)
{
    CURLU *url = curl_url();
    char *whole = NULL;
    if (!url)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    bool valid = check_server(url, text, err);
    char *server = NULL;
    if (valid && (curl_url_get(url, CURLUPART_URL, &whole, CURLU_DEFAULT_PORT) != CURLUE_OK ||
                  !(server = strdup(whole))))
        valid = error_set(err, ERROR_NO_MEMORY, "out of memory");
    curl_free(whole);
    curl_url_cleanup(url);
    if (!valid)
        return false;
    for (size_t end = strlen(server); end > 0 && server[end - 1] == '/'; end--)
        server[end - 1] = '\0';
    free(access->server);
    access->server = server;
    return true;
}

/* --- the pod --- */

bool kube_access_in_pod(const char *dir, struct kube_access **out, struct error *err)
{
    const char *host = getenv("KUBERNETES_SERVICE_HOST");
    const char *port = getenv("KUBERNETES_SERVICE_PORT");
    if (!host || !*host || !port || !*port)
        return error_set(err, ERROR_NOT_FOUND,
                         "not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are "
                         "not set");
    AUTO_ACCESS struct kube_access *access = kube_access_new();
    AUTO_FREE char *server = NULL;
    bool is_ipv6 = strchr(host, ':') != NULL;
    if (!access || asprintf(&server, is_ipv6 ? "https://[%s]:%s" : "https://%s:%s", host, port) < 0)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    if (!kube_access_set_server(access, server, err))
        return error_wrap(err, "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT");
    dir = dir ? dir : service_account;
    if (asprintf(&access->files[KUBE_CREDENTIAL_TOKEN], "%s/token", dir) < 0 ||
        asprintf(&access->files[KUBE_CREDENTIAL_CA], "%s/ca.crt", dir) < 0)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    struct kube_credentials *credentials;
    if (!kube_access_credentials(access, &credentials, err))
        return false;
    kube_credentials_release(access, credentials);
    *out = TAKE(access);
    return true;
}

/* --- rotation --- */

static bool read_file(struct kube_credentials *credentials, enum kube_credential credential,
                      const char *file, struct error *err)
{
    char *bytes;
    size_t length;
    if (!kube_read(file, KUBE_READ_FILE, FILE_MAX_BYTES, &bytes, &length, err))
        return false;
    bool stored = store(credentials, credential, bytes, length, err) || error_wrap(err, "%s", file);
    kube_wipe_free(bytes, length);
    return stored;
}

/* All of ACCESS's credentials anew, from its files and what is in force. */
static struct kube_credentials *read_all(const struct kube_access *access, struct error *err)
{
    AUTO_CREDENTIALS struct kube_credentials *fresh = calloc(1, sizeof *fresh);
    const struct kube_credentials *current = access->current;
    if (!fresh) {
        error_set(err, ERROR_NO_MEMORY, "out of memory");
        return NULL;
    }
    fresh->references = 1;
    for (enum kube_credential i = 0; i < KUBE_CREDENTIAL_COUNT; i++) {
        const char *had = current->values[i].bytes;
        if (access->files[i] && read_file(fresh, i, access->files[i], had ? NULL : err))
            continue;
        if (access->files[i] && !had)
            return NULL;
        if (had && !store(fresh, i, had, current->values[i].length, err))
            return NULL;
    }
    return TAKE(fresh);
}

static bool is_same(const struct kube_credentials *a, const struct kube_credentials *b)
{
    for (size_t i = 0; i < KUBE_CREDENTIAL_COUNT; i++) {
        size_t length = a->values[i].length;
        if (length != b->values[i].length)
            return false;
        if (length > 0 && memcmp(a->values[i].bytes, b->values[i].bytes, length) != 0)
            return false;
    }
    return true;
}

static bool reads_files(const struct kube_access *access)
{
    for (size_t i = 0; i < KUBE_CREDENTIAL_COUNT; i++)
        if (access->files[i])
            return true;
    return false;
}

static void release(struct kube_credentials *credentials)
{
    if (--credentials->references == 0)
        free_credentials(credentials);
}

bool kube_access_credentials(struct kube_access *access, struct kube_credentials **out,
                             struct error *err)
{
    pthread_mutex_lock(&access->mutex);
    bool read = true;
    if (reads_files(access)) {
        struct kube_credentials *fresh = read_all(access, err);
        read = fresh != NULL;
        if (fresh && is_same(fresh, access->current)) {
            release(fresh);
        } else if (fresh) {
            release(access->current);
            access->current = fresh;
        }
    }
    if (read) {
        access->current->references++;
        *out = access->current;
    }
    pthread_mutex_unlock(&access->mutex);
    return read;
}

void kube_credentials_release(struct kube_access *access, struct kube_credentials *credentials)
{
    if (!credentials)
        return;
    pthread_mutex_lock(&access->mutex);
    release(credentials);
    pthread_mutex_unlock(&access->mutex);
}
