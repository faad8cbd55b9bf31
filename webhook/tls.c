#include "webhook/tls.h"

#include "kube/cleanup.h"
#include "kube/read.h"
#include "kube/stream.h"

#include <string.h>

static void free_pair(struct webhook_pair *pair)
{
    if (!pair)
        return;
    for (unsigned i = 0; i < pair->count; i++)
        gnutls_pcert_deinit(&pair->certs[i]);
    if (pair->key)
        gnutls_privkey_deinit(pair->key);
    free(pair);
}

static gnutls_datum_t datum_of(char *text, size_t length)
{
    return (gnutls_datum_t){(unsigned char *)text, (unsigned)length};
}

static struct webhook_pair *new_pair(const struct cert_pair *loaded, struct error *err)
{
    struct webhook_pair *pair = calloc(1, sizeof *pair);
    if (!pair) {
        error_set(err, ERROR_NO_MEMORY, "out of memory");
        return NULL;
    }
    gnutls_datum_t cert = datum_of(loaded->cert_pem, loaded->cert_length);
    gnutls_datum_t key = datum_of(loaded->key_pem, loaded->key_length);
    unsigned count = CERT_CHAIN_MAX;
    int status =
        gnutls_pcert_list_import_x509_raw(pair->certs, &count, &cert, GNUTLS_X509_FMT_PEM, 0);
    if (status == 0) {
        pair->count = count;
        status = gnutls_privkey_init(&pair->key);
    }
    if (status == 0)
        status = gnutls_privkey_import_x509_raw(pair->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (status != 0) {
        free_pair(pair);
        error_set(err, ERROR_INVALID, "tls.crt and tls.key: %s", gnutls_strerror(status));
        return NULL;
    }
    pair->references = 1;
    return pair;
}

/* --- the two halves, each on its own: neither keeps the other from being renewed --- */

static bool reload_pair(struct webhook_tls *tls, int64_t now, bool *changed, struct error *err)
{
    AUTO_CERT_PAIR struct cert_pair loaded = {0};
    if (!cert_pair_load(tls->dir, now, &loaded, err))
        return false;
    if (tls->current && cert_pair_equal(&tls->loaded, &loaded))
        return true;
    struct webhook_pair *pair = new_pair(&loaded, err);
    if (!pair)
        return false;
    pthread_mutex_lock(&tls->mutex);
    struct webhook_pair *old_pair = tls->current;
    struct cert_pair old_loaded = tls->loaded;
    tls->current = pair;
    tls->loaded = loaded;
    pthread_mutex_unlock(&tls->mutex);
    loaded = old_loaded; /* freed on the way out */
    if (old_pair)
        webhook_tls_release(tls, old_pair);
    *changed = true;
    return true;
}

/* FILE as text that the caller frees. Dates do not count here: in a bundle of an old and a new CA,
 * one may have expired. */
static bool read_client_ca(const char *file, char **out, size_t *length, struct error *err)
{
    AUTO_FREE char *text = NULL;
    AUTO_CERT_FACTS struct cert_facts facts = {0};
    size_t read;
    if (!kube_read(file, KUBE_READ_FILE, CERT_PEM_MAX, &text, &read, err))
        return false;
    /* It is handed on as a string, which a NUL would cut. */
    if (memchr(text, '\0', read))
        return error_set(err, ERROR_INVALID, "%s: not PEM: a NUL byte", file);
    if (!cert_facts_read(text, read, &facts, err))
        return error_wrap(err, "%s", file);
    *out = TAKE(text);
    *length = read;
    return true;
}

static bool reload_client_ca(struct webhook_tls *tls, bool *changed, struct error *err)
{
    AUTO_FREE char *client_ca = NULL;
    size_t length = 0;
    if (!tls->client_ca_file)
        return true;
    if (!read_client_ca(tls->client_ca_file, &client_ca, &length, err))
        return false;
    if (tls->client_ca && tls->client_ca_length == length &&
        memcmp(tls->client_ca, client_ca, length) == 0)
        return true;
    pthread_mutex_lock(&tls->mutex);
    char *old = tls->client_ca;
    tls->client_ca = client_ca;
    tls->client_ca_length = length;
    pthread_mutex_unlock(&tls->mutex);
    client_ca = old; /* freed on the way out */
    *changed = true;
    return true;
}

bool webhook_tls_reload(struct webhook_tls *tls, int64_t now, bool *changed, struct error *err)
{
    bool any = false;
    bool pair = reload_pair(tls, now, &any, err);
    bool client_ca = reload_client_ca(tls, &any, err);
    if (changed)
        *changed = any;
    return pair && client_ca;
}

void webhook_tls_free(struct webhook_tls *tls)
{
    free_pair(TAKE(tls->current));
    free(TAKE(tls->client_ca));
    cert_pair_free(&tls->loaded);
}

int64_t webhook_tls_expiry(struct webhook_tls *tls)
{
    pthread_mutex_lock(&tls->mutex);
    int64_t expiry = tls->loaded.not_after;
    pthread_mutex_unlock(&tls->mutex);
    return expiry;
}

struct webhook_pair *webhook_tls_acquire(struct webhook_tls *tls)
{
    pthread_mutex_lock(&tls->mutex);
    struct webhook_pair *pair = tls->current;
    pair->references++;
    pthread_mutex_unlock(&tls->mutex);
    return pair;
}

void webhook_tls_release(struct webhook_tls *tls, struct webhook_pair *pair)
{
    pthread_mutex_lock(&tls->mutex);
    bool last = --pair->references == 0;
    pthread_mutex_unlock(&tls->mutex);
    if (last)
        free_pair(pair);
}

/* The certificates that the peer of SESSION sent, as PEM that the caller frees. */
static bool peer_chain(gnutls_session_t session, char **out, size_t *length, struct error *err)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    AUTO_FREE char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    for (unsigned i = 0; chain && i < count && i < CERT_CHAIN_MAX; i++) {
        gnutls_datum_t pem = {0};
        if (gnutls_pem_base64_encode2("CERTIFICATE", &chain[i], &pem) == 0)
            fwrite(pem.data, 1, pem.size, stream);
        gnutls_free(pem.data);
    }
    if (!kube_stream_close(stream, NULL, err))
        return false;
    if (size == 0)
        return error_set(err, ERROR_INVALID, "no client certificate was presented");
    *out = TAKE(text);
    *length = size;
    return true;
}

bool webhook_tls_check_peer(struct webhook_tls *tls, gnutls_session_t session, int64_t now,
                            struct error *err)
{
    AUTO_FREE char *chain = NULL;
    AUTO_FREE char *client_ca = NULL;
    size_t length = 0;
    if (!tls->client_ca_file)
        return true;
    if (!peer_chain(session, &chain, &length, err))
        return false;
    pthread_mutex_lock(&tls->mutex);
    size_t ca_length = tls->client_ca_length;
    client_ca = strndup(tls->client_ca, ca_length);
    pthread_mutex_unlock(&tls->mutex);
    if (!client_ca)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    return cert_chain_check(chain, length, client_ca, ca_length, now, CERT_FOR_CLIENT, err) ||
           error_wrap(err, "the client certificate");
}
