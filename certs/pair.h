/* The serving certificate and its key as files of one directory, the way Kubernetes mounts a Secret
 * of type kubernetes.io/tls. Loads both or nothing; whoever watches the directory calls it again.
 */
#ifndef CERTS_PAIR_H
#define CERTS_PAIR_H

#include "certs/inspect.h"

struct cert_pair {
    char *cert_pem; /* tls.crt, NUL-terminated: the leaf first, intermediates may follow */
    size_t cert_length;
    char *key_pem; /* tls.key, NUL-terminated */
    size_t key_length;
    int64_t not_before; /* of the leaf, seconds since 1970 */
    int64_t not_after;
    char fingerprint[CERT_FINGERPRINT_SIZE]; /* of the leaf: SHA-256, hex */
    /* Why an API server would refuse it although it can be served ("it has no subject alternative
     * name"), for a warning; NULL: nothing. */
    const char *weakness;
};

/* tls.crt and tls.key of DIR, both of one generation: with a link DIR/..data, as kubelet makes it,
 * both are read below the directory that it named when the call began. *OUT is filled only on
 * success. NOW: seconds since 1970. ERROR_NOT_FOUND: a file, or DIR, is not there.
 * ERROR_UNAVAILABLE: cannot be read. ERROR_INVALID: not PEM, or an encrypted key. ERROR_CONFLICT:
 * the key belongs to another certificate. ERROR_RANGE: expired, not yet valid, or a file of more
 * than CERT_PEM_MAX bytes. Messages lead with the file. */
bool cert_pair_load(const char *dir, int64_t now, struct cert_pair *out, struct error *err);

/* Whether both have the same files; then there is nothing to reload. */
bool cert_pair_equal(const struct cert_pair *a, const struct cert_pair *b);

/* Wipes the key. A pair of zeros is fine, and is what it leaves. */
void cert_pair_free(struct cert_pair *pair);
#define AUTO_CERT_PAIR __attribute__((cleanup(cert_pair_free)))

#endif
