/* What the modules of certs/ share: PEM to OpenSSL's objects and OpenSSL's errors to ours. */
#ifndef CERTS_INTERNAL_H
#define CERTS_INTERNAL_H

#include "certs/inspect.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* The certificates of PEM in their order, at least one; the caller frees them with cert_chain_free.
 * Blocks of other kinds, and what stands between blocks, are passed over.
 * ERROR_INVALID, ERROR_RANGE as in certs/inspect.h. */
bool cert_chain_read(const char *pem, size_t length, STACK_OF(X509) * *out, struct error *err);
void cert_chain_free(STACK_OF(X509) * chain); /* NULL is fine */

/* The first private key of PEM. Never asks for a passphrase: an encrypted key is ERROR_INVALID. */
bool cert_key_read(const char *pem, size_t length, EVP_PKEY **out, struct error *err);

/* The facts of CERT, as cert_facts_read gives them. */
bool cert_facts_of(X509 *cert, struct cert_facts *out, struct error *err);

/* Whether a certificate can be issued for NAME: an IP address, or a DNS name (RFC 1123) whose first
 * label may be "*". ERROR_INVALID: it is neither. */
bool cert_name_check(const char *name, bool *is_address, struct error *err);

/* Sets *ERR to "WHAT: " and the reason that OpenSSL gave last on this thread, and forgets that.
 * Returns false. */
bool cert_openssl_error(struct error *err, enum error_code code, const char *what);

static inline void cert_cleanup_chain(STACK_OF(X509) * *chain)
{
    cert_chain_free(*chain);
}

static inline void cert_cleanup_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static inline void cert_cleanup_bio(BIO **bio)
{
    BIO_free_all(*bio);
}

static inline void cert_cleanup_x509(X509 **cert)
{
    X509_free(*cert);
}

#define AUTO_CHAIN __attribute__((cleanup(cert_cleanup_chain)))
#define AUTO_KEY __attribute__((cleanup(cert_cleanup_key)))
#define AUTO_BIO __attribute__((cleanup(cert_cleanup_bio)))
#define AUTO_X509 __attribute__((cleanup(cert_cleanup_x509)))

#endif
