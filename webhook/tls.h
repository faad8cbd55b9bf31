/* The serving pair and the client CA, as libmicrohttpd's TLS (GnuTLS) takes them. A new pair is put
 * in place for the handshakes to come; connections that are open keep the one they began with, so
 * that a reload costs no request. */
#ifndef WEBHOOK_TLS_H
#define WEBHOOK_TLS_H

#include "certs/pair.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <pthread.h>

/* The TLS that is spoken, in GnuTLS's terms: 1.3 and 1.2, with forward secrecy (ECDHE) and
 * authenticated encryption (AES-GCM, ChaCha20-Poly1305) only. Go's and OpenSSL's clients offer it
 * by default. */
extern const char webhook_tls_priorities[];

/* One pair in GnuTLS's form, counted by its connections. */
struct webhook_pair {
    gnutls_pcert_st certs[CERT_CHAIN_MAX];
    unsigned count;
    gnutls_privkey_t key;
    unsigned references; /* guarded by the mutex of the struct webhook_tls */
};

struct webhook_tls {
    const char *dir;                 /* lent: of tls.crt and tls.key */
    const char *client_ca_file;      /* lent; NULL: no client certificates */
    const char *const *client_names; /* lent; that callers must have one of */
    size_t client_name_count;        /* 0: any name */
    pthread_mutex_t mutex;
    struct cert_pair loaded; /* the files that `current` was made of */
    struct webhook_pair *current;
    char *client_ca; /* PEM */
    size_t client_ca_length;
};

/* Reads the pair and the client CA again; NOW is in seconds since 1970. What cannot be read, or is
 * not good, stays as it is in force, and the other of the two is renewed all the same. *CHANGED
 * (may be NULL) says whether anything did, also on failure. Errors are those of cert_pair_load. */
bool webhook_tls_reload(struct webhook_tls *tls, int64_t now, bool *changed, struct error *err);
void webhook_tls_free(struct webhook_tls *tls);

/* When the pair in force expires, in seconds since 1970. */
int64_t webhook_tls_expiry(struct webhook_tls *tls);

/* The pair in force, for one connection; never NULL after a first successful reload. */
struct webhook_pair *webhook_tls_acquire(struct webhook_tls *tls);
void webhook_tls_release(struct webhook_tls *tls, struct webhook_pair *pair);

/* Whether the peer of SESSION presented a certificate that the client CA signed and that has one of
 * the client names. Always true without a client CA. The message of the error is for the peer. */
bool webhook_tls_check_peer(struct webhook_tls *tls, gnutls_session_t session, int64_t now,
                            struct error *err);

#endif
