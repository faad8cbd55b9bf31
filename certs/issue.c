#include "certs/issue.h"

#include "certs/internal.h"
#include "certs/write.h"
#include "kube/base64.h"
#include "kube/cleanup.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

/* Clocks of API servers may be behind. */
enum { CLOCK_SKEW_SECONDS = 300 };

enum { SERIAL_BITS = 128 };

struct extension {
    int nid;
    const char *value; /* as in openssl.cnf */
};

struct profile {
    const char *common_name;
    const struct extension *extensions; /* up to a value of NULL */
};

static const struct extension ca_extensions[] = {
    {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_subject_key_identifier, "hash"},
    {0, NULL},
};

static const struct extension serving_extensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "serverAuth"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
    {0, NULL},
};

static const struct profile ca_profile = {"druid-bridge CA", ca_extensions};
static const struct profile serving_profile = {"druid-bridge", serving_extensions};

struct identity {
    X509 *cert;
    EVP_PKEY *key;
};

static void free_identity(struct identity *identity)
{
    X509_free(identity->cert);
    EVP_PKEY_free(identity->key);
}
#define AUTO_IDENTITY __attribute__((cleanup(free_identity)))

/* --- certificates --- */

static bool set_serial(X509 *cert)
{
    BIGNUM *serial = BN_new();
    bool ok = serial && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
              BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert));
    BN_free(serial);
    return ok;
}

static bool set_name(X509 *cert, const char *common_name)
{
    return X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), NID_commonName, MBSTRING_UTF8,
                                      (const unsigned char *)common_name, -1, -1, 0) == 1;
}

static bool add_extensions(X509 *cert, X509 *issuer, const struct extension *extensions)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    for (const struct extension *row = extensions; row->value; row++) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, row->nid, row->value);
        bool ok = extension && X509_add_ext(cert, extension, -1);
        X509_EXTENSION_free(extension);
        if (!ok)
            return false;
    }
    return true;
}

static bool push_name(GENERAL_NAMES *names, const char *text, bool is_address)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value = is_address ? a2i_IPADDRESS(text) : ASN1_IA5STRING_new();
    if (!name || !value || (!is_address && !ASN1_STRING_set(value, text, -1))) {
        ASN1_STRING_free(value);
        GENERAL_NAME_free(name);
        return false;
    }
    GENERAL_NAME_set0_value(name, is_address ? GEN_IPADD : GEN_DNS, value);
    if (sk_GENERAL_NAME_push(names, name))
        return true;
    GENERAL_NAME_free(name);
    return false;
}

static bool add_names(X509 *cert, const char *const *texts, size_t count)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    bool ok = names != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        bool is_address;
        ok = cert_name_check(texts[i], &is_address, NULL) && push_name(names, texts[i], is_address);
    }
    ok = ok && X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
    GENERAL_NAMES_free(names);
    return ok;
}

/* A certificate of PROFILE with a new key; SIGNER NULL: by itself. */
static bool make_identity(const struct profile *profile, const struct identity *signer,
                          int64_t not_before, int64_t not_after, const char *const *names,
                          size_t count, struct identity *out, struct error *err)
{
    AUTO_IDENTITY struct identity made = {X509_new(), EVP_EC_gen("P-256")};
    if (!signer)
        signer = &made;
    bool ok = made.cert && made.key && X509_set_version(made.cert, X509_VERSION_3) &&
              set_serial(made.cert) && set_name(made.cert, profile->common_name) &&
              X509_set_issuer_name(made.cert, X509_get_subject_name(signer->cert)) &&
              ASN1_TIME_set(X509_getm_notBefore(made.cert), not_before) &&
              ASN1_TIME_set(X509_getm_notAfter(made.cert), not_after) &&
              X509_set_pubkey(made.cert, made.key) &&
              add_extensions(made.cert, signer->cert, profile->extensions) &&
              (count == 0 || add_names(made.cert, names, count)) &&
              X509_sign(made.cert, signer->key, EVP_sha256());
    if (!ok)
        return cert_openssl_error(err, ERROR_UNAVAILABLE, profile->common_name);
    *out = made;
    made = (struct identity){0};
    return true;
}

/* --- files --- */

/* The PEM of one identity; the key's is in memory that is wiped when it is freed. */
struct pem {
    BIO *cert;
    BIO *key;
};

static void free_pem(struct pem *pem)
{
    BIO_free_all(pem->cert);
    BIO_free_all(pem->key);
}
#define AUTO_PEM __attribute__((cleanup(free_pem)))

static bool make_pem(const struct identity *identity, struct pem *pem, struct error *err)
{
    pem->cert = BIO_new(BIO_s_mem());
    pem->key = BIO_new(BIO_s_secmem());
    return (pem->cert && pem->key && PEM_write_bio_X509(pem->cert, identity->cert) &&
            PEM_write_bio_PKCS8PrivateKey(pem->key, identity->key, NULL, NULL, 0, NULL, NULL)) ||
           cert_openssl_error(err, ERROR_NO_MEMORY, "PEM");
}

static struct cert_file file_of(const char *name, mode_t mode, BIO *bio)
{
    char *bytes = NULL;
    long length = BIO_get_mem_data(bio, &bytes);
    return (struct cert_file){name, mode, bytes, (size_t)length};
}

static bool describe(const char *dir, const struct cert_file files[CERT_FILES],
                     struct cert_issued *out)
{
    out->ca_pem = strndup(files[0].bytes, files[0].length);
    out->ca_base64 = kube_base64_encode(files[0].bytes, files[0].length);
    bool ok = out->ca_pem && out->ca_base64;
    for (size_t i = 0; i < CERT_FILES; i++) {
        if (asprintf(&out->paths[i], "%s/%s", dir, files[i].name) < 0)
            out->paths[i] = NULL;
        ok = ok && out->paths[i];
    }
    return ok;
}

static bool write_identities(const char *dir, const struct identity *ca,
                             const struct identity *serving, struct cert_issued *issued,
                             struct error *err)
{
    AUTO_PEM struct pem ca_pem = {0};
    AUTO_PEM struct pem serving_pem = {0};
    if (!make_pem(ca, &ca_pem, err) || !make_pem(serving, &serving_pem, err))
        return false;
    const struct cert_file files[CERT_FILES] = {
        file_of("ca.crt", 0644, ca_pem.cert),
        file_of("ca.key", 0600, ca_pem.key),
        file_of("tls.crt", 0644, serving_pem.cert),
        file_of("tls.key", 0600, serving_pem.key),
    };
    if (!describe(dir, files, issued))
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    return cert_write_files(dir, files, CERT_FILES, err);
}

/* --- the whole --- */

static bool check_arguments(const char *const *dns_names, size_t count, int64_t validity_seconds,
                            struct error *err)
{
    if (count == 0)
        return error_set(err, ERROR_INVALID, "no DNS name, expected at least one");
    for (size_t i = 0; i < count; i++) {
        bool is_address;
        if (!cert_name_check(dns_names[i], &is_address, err))
            return error_wrap(err, "DNS name %zu", i + 1);
    }
    if (validity_seconds < 1 || validity_seconds > CERT_VALIDITY_MAX)
        return error_set(err, ERROR_RANGE,
                         "a validity of %lld seconds, expected 1 second to ten years (%lldh)",
                         (long long)validity_seconds, (long long)(CERT_VALIDITY_MAX / 3600));
    return true;
}

bool cert_issue(const char *dir, const char *const *dns_names, size_t count,
                int64_t validity_seconds, int64_t now, struct cert_issued *out, struct error *err)
{
    if (!check_arguments(dns_names, count, validity_seconds, err))
        return false;
    ERR_clear_error();
    int64_t not_before = now - CLOCK_SKEW_SECONDS;
    int64_t not_after = now + validity_seconds;
    AUTO_IDENTITY struct identity ca = {0};
    AUTO_IDENTITY struct identity serving = {0};
    AUTO_CERT_ISSUED struct cert_issued issued = {.not_after = not_after};
    if (!make_identity(&ca_profile, NULL, not_before, not_after, NULL, 0, &ca, err) ||
        !make_identity(&serving_profile, &ca, not_before, not_after, dns_names, count, &serving,
                       err) ||
        !write_identities(dir, &ca, &serving, &issued, err))
        return false;
    *out = issued;
    issued = (struct cert_issued){0};
    return true;
}

void cert_issued_free(struct cert_issued *issued)
{
    free(issued->ca_pem);
    free(issued->ca_base64);
    for (size_t i = 0; i < CERT_FILES; i++)
        free(issued->paths[i]);
    *issued = (struct cert_issued){0};
}
