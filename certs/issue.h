/* Makes a CA and a serving pair signed by it, as files: what a webhook needs when there is no
 * cert-manager. The CA's key is written too, but nothing of this program reads it. */
#ifndef CERTS_ISSUE_H
#define CERTS_ISSUE_H

#include "kube/error.h"

#include <stddef.h>
#include <stdint.h>

enum { CERT_FILES = 4 };

/* Ten years of 365 days. */
#define CERT_VALIDITY_MAX (INT64_C(3650) * 24 * 60 * 60)

struct cert_issued {
    char *ca_pem;            /* the CA's certificate */
    char *ca_base64;         /* the same in base64, for clientConfig.caBundle */
    char *paths[CERT_FILES]; /* what was written: DIR/ca.crt, ca.key, tls.crt, tls.key */
    int64_t not_after;       /* of both certificates, seconds since 1970 */
};

/* Writes ca.crt and tls.crt (mode 0644), ca.key and tls.key (mode 0600) to DIR, which is made with
 * mode 0700 if it is absent (its parent must exist). ECDSA P-256; valid from five minutes before
 * NOW (seconds since 1970), for clocks that are behind, until VALIDITY_SECONDS after it. All four
 * files or none.
 *
 * DNS_NAMES are COUNT (at least 1) DNS names, of which the first label may be "*", or IP addresses.
 * ERROR_INVALID: a name that is neither, or none. ERROR_RANGE: a validity not
 * in 1..CERT_VALIDITY_MAX. ERROR_CONFLICT: one of the files exists already. ERROR_UNAVAILABLE:
 * cannot be written. */
bool cert_issue(const char *dir, const char *const *dns_names, size_t count,
                int64_t validity_seconds, int64_t now, struct cert_issued *out, struct error *err);

void cert_issued_free(struct cert_issued *issued);
#define AUTO_CERT_ISSUED __attribute__((cleanup(cert_issued_free)))

#endif
