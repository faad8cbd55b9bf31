#include "tests/support/certificate.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void need(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "test certificate: %s\n", what);
        abort();
    }
}

static char *text_of(BIO *bio)
{
    char *bytes;
    long length = BIO_get_mem_data(bio, &bytes);
    char *text = strndup(bytes, (size_t)length);
    need(text, "memory");
    BIO_free(bio);
    return text;
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    if (!value)
        return;
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    need(extension && X509_add_ext(cert, extension, -1), value);
    X509_EXTENSION_free(extension);
}

static void add_raw_dns_name(X509 *cert, const char *bytes, int length)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    need(names && name && text && ASN1_STRING_set(text, bytes, length), "memory");
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
    need(sk_GENERAL_NAME_push(names, name) &&
             X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT),
         "subject alternative name");
    GENERAL_NAMES_free(names);
}

static void add_common_name(X509 *cert, const char *name, int length)
{
    need(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                                    (const unsigned char *)name, length, -1, 0),
         name);
}

static void add_names(X509 *cert, const struct test_certificate *spec)
{
    int length = spec->common_name_length ? spec->common_name_length : -1;
    if (!spec->no_common_name)
        add_common_name(cert, spec->common_name ? spec->common_name : "test", length);
    if (spec->second_common_name)
        add_common_name(cert, spec->second_common_name, -1);
    if (spec->dns_bytes)
        add_raw_dns_name(cert, spec->dns_bytes, spec->dns_length);
}

static void fill(X509 *cert, EVP_PKEY *key, X509 *issuer, const struct test_certificate *spec)
{
    static long serial;
    add_names(cert, spec);
    need(X509_set_version(cert, X509_VERSION_3) &&
             ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial) &&
             X509_set_issuer_name(cert, X509_get_subject_name(issuer)) &&
             ASN1_TIME_set(X509_getm_notBefore(cert),
                           spec->not_before ? spec->not_before : TEST_CERT_BEGIN) &&
             ASN1_TIME_set(X509_getm_notAfter(cert),
                           spec->not_after ? spec->not_after : TEST_CERT_END) &&
             X509_set_pubkey(cert, key),
         "certificate");
    add_extension(cert, issuer, NID_basic_constraints, spec->ca ? "critical,CA:TRUE" : NULL);
    add_extension(cert, issuer, NID_subject_alt_name, spec->alternative_names);
    add_extension(cert, issuer, NID_ext_key_usage, spec->extended_key_usage);
    if (!spec->no_key_identifiers) {
        add_extension(cert, issuer, NID_subject_key_identifier, "hash");
        add_extension(cert, issuer, NID_authority_key_identifier, "keyid");
    }
}

struct test_identity *test_identity_new(const struct test_certificate *spec)
{
    X509 *cert = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct test_identity *identity = calloc(1, sizeof *identity);
    need(cert && key && identity, "memory");
    fill(cert, key, spec->issuer ? spec->issuer->x509 : cert, spec);
    const EVP_MD *digest = EVP_get_digestbyname(spec->digest ? spec->digest : "SHA256");
    need(digest && X509_sign(cert, spec->issuer ? spec->issuer->pkey : key, digest), "signature");
    BIO *cert_bio = BIO_new(BIO_s_mem());
    BIO *key_bio = BIO_new(BIO_s_mem());
    need(cert_bio && key_bio && PEM_write_bio_X509(cert_bio, cert) &&
             PEM_write_bio_PKCS8PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL),
         "PEM");
    *identity = (struct test_identity){text_of(cert_bio), text_of(key_bio), cert, key};
    return identity;
}

void test_identity_free(struct test_identity *identity)
{
    if (!identity)
        return;
    X509_free(identity->x509);
    EVP_PKEY_free(identity->pkey);
    free(identity->cert);
    free(identity->key);
    free(identity);
}

char *test_identity_encrypted_key(const struct test_identity *identity)
{
    char passphrase[] = "open sesame";
    BIO *bio = BIO_new(BIO_s_mem());
    need(bio && PEM_write_bio_PKCS8PrivateKey(bio, identity->pkey, EVP_aes_128_cbc(), passphrase,
                                              (int)strlen(passphrase), NULL, NULL),
         "encrypted key");
    return text_of(bio);
}

char *test_concat(const char *first, ...)
{
    char *bytes = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&bytes, &length);
    need(stream, "memory");
    va_list args;
    va_start(args, first);
    for (const char *text = first; text; text = va_arg(args, const char *))
        fputs(text, stream);
    va_end(args);
    fclose(stream);
    return bytes;
}
