/* Certificates for tests, made on the spot: no key is ever a fixture. Everything aborts the test
 * that calls it when OpenSSL refuses. */
#ifndef TESTS_SUPPORT_CERTIFICATE_H
#define TESTS_SUPPORT_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test_identity {
    char *cert; /* PEM */
    char *key;  /* PEM, PKCS#8 */
    void *x509; /* X509 and EVP_PKEY of the same, for signing others */
    void *pkey;
};

/* What a certificate says; zeros are sensible: a leaf without names that signs itself. */
struct test_certificate {
    const char *common_name;            /* "test" */
    int common_name_length;             /* where it has a NUL; else that of the text */
    bool no_common_name;                /* the subject is empty */
    const char *second_common_name;     /* beside the first one */
    const char *dns_bytes;              /* a DNS name with a NUL, instead of alternative_names */
    int dns_length;                     /* of it */
    const char *alternative_names;      /* "DNS:a,IP:10.0.0.1", as in openssl.cnf */
    const char *extended_key_usage;     /* "serverAuth,clientAuth" */
    const char *digest;                 /* "SHA256" */
    bool ca;                            /* basicConstraints CA:TRUE */
    bool no_key_identifiers;            /* subject and authority key identifiers are left out */
    int64_t not_before;                 /* 2020-01-01 */
    int64_t not_after;                  /* 2030-01-01 */
    const struct test_identity *issuer; /* itself */
};

#define TEST_CERT_BEGIN INT64_C(1577836800) /* 2020-01-01T00:00:00Z */
#define TEST_CERT_NOW INT64_C(1735689600)   /* 2025-01-01T00:00:00Z */
#define TEST_CERT_END INT64_C(1893456000)   /* 2030-01-01T00:00:00Z */

struct test_identity *test_identity_new(const struct test_certificate *spec);
void test_identity_free(struct test_identity *identity);

/* The key of IDENTITY as PEM that needs a passphrase; for the caller to free. */
char *test_identity_encrypted_key(const struct test_identity *identity);

/* The texts up to NULL as one, for the caller to free. */
char *test_concat(const char *first, ...) __attribute__((sentinel));

#endif
