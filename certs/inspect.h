/* Reading and judging certificates that somebody else made. Pure: PEM bytes in, facts or a verdict
 * out; key material and the bytes themselves never appear in messages. */
#ifndef CERTS_INSPECT_H
#define CERTS_INSPECT_H

#include "kube/error.h"

#include <stddef.h>
#include <stdint.h>

/* Input beyond either is ERROR_RANGE. */
enum { CERT_PEM_MAX = 1 << 20, CERT_CHAIN_MAX = 64 };

enum { CERT_FINGERPRINT_SIZE = 65 };

struct cert_facts {
    int64_t not_before; /* seconds since 1970; the first second in which it is valid */
    int64_t not_after;  /* the last one */
    char **names;       /* subject alternative names: first DNS names, then IP addresses as text */
    size_t name_count;
    size_t dns_count;  /* how many of them are DNS names */
    bool server_auth;  /* its extended key usage permits it, or there is none */
    bool client_auth;  /* likewise */
    bool is_ca;        /* basic constraints say CA:TRUE */
    char subject[256]; /* "CN=etcd-server,O=…", printable; cut off if longer */
    char fingerprint[CERT_FINGERPRINT_SIZE]; /* SHA-256 of the DER form, hex */
};

/* The facts of the first certificate in PEM (LENGTH bytes, no NUL needed); what stands around the
 * blocks is passed over. *OUT is filled only on success and freed by cert_facts_free.
 * ERROR_INVALID: there is none, or it cannot be read. ERROR_RANGE: too large. */
bool cert_facts_read(const char *pem, size_t length, struct cert_facts *out, struct error *err);
void cert_facts_free(struct cert_facts *facts);
#define AUTO_CERT_FACTS __attribute__((cleanup(cert_facts_free)))

/* Whether the certificate is good for HOST, a DNS name or an IP address: letter case does not
 * count,
 * "*" stands for exactly one whole label, the leftmost, an IP address matches only IP addresses,
 * the common name never counts. Source: Go, crypto/x509 VerifyHostname (what etcd, druid and API
 * servers use); RFC 6125. */
bool cert_facts_cover(const struct cert_facts *facts, const char *host);

/* ERROR_RANGE: NOW (seconds since 1970) is before not_before or behind not_after; the message has
 * the date. */
bool cert_facts_valid_at(const struct cert_facts *facts, int64_t now, struct error *err);

enum cert_purpose { CERT_FOR_ANYTHING, CERT_FOR_SERVER, CERT_FOR_CLIENT };

/* Whether the first certificate of LEAF_PEM is trusted for PURPOSE at NOW by who trusts every
 * certificate of CA_PEM; the others in LEAF_PEM may stand in between. As in Go, a certificate of
 * CA_PEM need not be self-signed, and signatures by SHA-1 or MD5 do not count. ERROR_RANGE: one on
 * the way is expired or not yet valid (or the input is too large). ERROR_CONFLICT: not signed by
 * any of the CAs, or not for this purpose. ERROR_INVALID: one of the two cannot be read. The
 * message says which. */
bool cert_chain_check(const char *leaf_pem, size_t leaf_length, const char *ca_pem,
                      size_t ca_length, int64_t now, enum cert_purpose purpose, struct error *err);

/* Whether the first certificate of PEM goes by one of the COUNT names of NAMES: by its common name,
 * letter for letter, or by a DNS name among its alternative names, in any case of letters. No
 * wildcards on either side; a name with a NUL is nobody's, and of two common names neither counts,
 * since readers disagree about which one does. ERROR_CONFLICT: it does not; the message lists the
 * names that it has, escaped, and no more than a few. ERROR_INVALID, ERROR_RANGE: it cannot be
 * read. */
bool cert_goes_by(const char *pem, size_t length, const char *const *names, size_t count,
                  struct error *err);

/* Whether KEY_PEM is the private key of the first certificate of CERT_PEM.
 * ERROR_CONFLICT: it is another's. ERROR_INVALID: one of the two cannot be read, or the key is
 * encrypted (nobody is ever asked for a passphrase). ERROR_RANGE: too large. */
bool cert_key_matches(const char *cert_pem, size_t cert_length, const char *key_pem,
                      size_t key_length, struct error *err);

#endif
