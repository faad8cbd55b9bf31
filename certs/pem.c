#include "certs/internal.h"
#include "kube/cleanup.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

bool cert_openssl_error(struct error *err, enum error_code code, const char *what)
{
    unsigned long last = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(last);
    if (ERR_GET_REASON(last) == ERR_R_MALLOC_FAILURE)
        code = ERROR_NO_MEMORY;
    error_set(err, code, "%s: %s", what, reason ? reason : "unknown reason");
    ERR_clear_error();
    return false;
}

static bool open_pem(const char *what, const char *pem, size_t length, BIO **out, struct error *err)
{
    if (length > CERT_PEM_MAX)
        return error_set(err, ERROR_RANGE, "%zu bytes of %s, at most %d are read", length, what,
                         CERT_PEM_MAX);
    ERR_clear_error();
    *out = BIO_new_mem_buf(pem, (int)length);
    return *out || cert_openssl_error(err, ERROR_NO_MEMORY, what);
}

/* --- certificates --- */

/* As Go does, bytes behind the certificate are an error. */
static bool decode(const unsigned char *der, long length, int index, X509 **out, struct error *err)
{
    const unsigned char *end = der;
    X509 *cert = d2i_X509(NULL, &end, length);
    if (!cert) {
        cert_openssl_error(err, ERROR_INVALID, "not X.509");
        return error_wrap(err, "certificate %d", index);
    }
    if (end != der + length) {
        X509_free(cert);
        return error_set(err, ERROR_INVALID, "certificate %d: bytes behind its end", index);
    }
    *out = cert;
    return true;
}

static bool append(STACK_OF(X509) * chain, const unsigned char *der, long length, struct error *err)
{
    int index = sk_X509_num(chain) + 1;
    if (index > CERT_CHAIN_MAX)
        return error_set(err, ERROR_RANGE, "more than %d certificates", CERT_CHAIN_MAX);
    AUTO_X509 X509 *cert = NULL;
    if (!decode(der, length, index, &cert, err))
        return false;
    if (!sk_X509_push(chain, cert))
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    cert = NULL;
    return true;
}

/* Reads one block; *MORE becomes false at the end of the input. */
static bool next_block(BIO *bio, STACK_OF(X509) * chain, bool *more, struct error *err)
{
    char *name = NULL;
    char *header = NULL;
    unsigned char *data = NULL;
    long length = 0;
    if (!PEM_read_bio(bio, &name, &header, &data, &length)) {
        *more = false;
        if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
            ERR_clear_error();
            return true;
        }
        return cert_openssl_error(err, ERROR_INVALID, "broken PEM");
    }
    bool ok = strcmp(name, PEM_STRING_X509) != 0 || append(chain, data, length, err);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, (size_t)length); /* may be a key that stands in the same file */
    return ok;
}

bool cert_chain_read(const char *pem, size_t length, STACK_OF(X509) * *out, struct error *err)
{
    AUTO_BIO BIO *bio = NULL;
    if (!open_pem("certificates", pem, length, &bio, err))
        return false;
    AUTO_CHAIN STACK_OF(X509) *chain = sk_X509_new_null();
    if (!chain)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    for (bool more = true; more;) {
        if (!next_block(bio, chain, &more, err))
            return false;
    }
    if (sk_X509_num(chain) == 0)
        return error_set(err, ERROR_INVALID, "no certificate in PEM form");
    *out = TAKE(chain);
    return true;
}

void cert_chain_free(STACK_OF(X509) * chain)
{
    sk_X509_pop_free(chain, X509_free);
}

/* --- keys --- */

/* Answers for the person at the terminal, whom OpenSSL would ask otherwise. */
static int no_passphrase(char *buffer, int size, int writing, void *asked)
{
    (void)writing;
    *(bool *)asked = true;
    if (size > 0)
        buffer[0] = '\0';
    return -1;
}

bool cert_key_read(const char *pem, size_t length, EVP_PKEY **out, struct error *err)
{
    AUTO_BIO BIO *bio = NULL;
    if (!open_pem("a key", pem, length, &bio, err))
        return false;
    bool asked = false;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &asked);
    if (!key) {
        ERR_clear_error();
        return error_set(err, ERROR_INVALID,
                         asked ? "the key is encrypted, expected a plain one"
                               : "no private key in PEM form that can be read");
    }
    *out = key;
    return true;
}
