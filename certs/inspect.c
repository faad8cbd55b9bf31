#include "certs/inspect.h"

#include "certs/internal.h"
#include "kube/cleanup.h"
#include "kube/time.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* --- facts --- */

static bool read_time(const ASN1_TIME *time, int64_t *out, struct error *err)
{
    struct tm tm;
    if (!ASN1_TIME_to_tm(time, &tm))
        return cert_openssl_error(err, ERROR_INVALID, "validity");
    *out = timegm(&tm);
    return true;
}

/* The one way to write an address, an IPv4 one in IPv6 form as IPv4. */
static bool address_text(const unsigned char *bytes, size_t length, char out[INET6_ADDRSTRLEN])
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (length == 16 && memcmp(bytes, mapped, sizeof mapped) == 0) {
        bytes += 12;
        length = 4;
    }
    return (length == 4 || length == 16) &&
           inet_ntop(length == 4 ? AF_INET : AF_INET6, bytes, out, INET6_ADDRSTRLEN);
}

static bool add_name(struct cert_facts *facts, const char *text, size_t length, struct error *err)
{
    for (size_t i = 0; i < length; i++) {
        if (!isgraph((unsigned char)text[i]))
            return error_set(err, ERROR_INVALID,
                             "subject alternative name %zu: a character that is not printable",
                             facts->name_count + 1);
    }
    char *copy = strndup(text, length);
    if (!copy)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    facts->names[facts->name_count++] = copy;
    return true;
}

static bool add_general_name(struct cert_facts *facts, const GENERAL_NAME *name, int wanted,
                             struct error *err)
{
    int type;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
    if (type != wanted)
        return true;
    const unsigned char *bytes = ASN1_STRING_get0_data(value);
    size_t length = (size_t)ASN1_STRING_length(value);
    if (type == GEN_DNS)
        return add_name(facts, (const char *)bytes, length, err);
    char text[INET6_ADDRSTRLEN];
    if (!address_text(bytes, length, text))
        return error_set(err, ERROR_INVALID, "an IP address of %zu bytes", length);
    return add_name(facts, text, strlen(text), err);
}

static bool add_general_names(struct cert_facts *facts, const GENERAL_NAMES *names,
                              struct error *err)
{
    int count = sk_GENERAL_NAME_num(names);
    facts->names = calloc((size_t)count + 1, sizeof *facts->names);
    if (!facts->names)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    for (int i = 0; i < count; i++) {
        if (!add_general_name(facts, sk_GENERAL_NAME_value(names, i), GEN_DNS, err))
            return false;
    }
    facts->dns_count = facts->name_count;
    for (int i = 0; i < count; i++) {
        if (!add_general_name(facts, sk_GENERAL_NAME_value(names, i), GEN_IPADD, err))
            return false;
    }
    return true;
}

static bool read_names(X509 *cert, struct cert_facts *facts, struct error *err)
{
    int found;
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, &found, NULL);
    if (!names && found != -1) /* -1: it has none */
        return cert_openssl_error(err, ERROR_INVALID, "subject alternative names");
    bool ok = !names || add_general_names(facts, names, err);
    GENERAL_NAMES_free(names);
    return ok;
}

static bool read_subject(X509 *cert, struct cert_facts *facts, struct error *err)
{
    AUTO_BIO BIO *bio = BIO_new(BIO_s_mem());
    if (!bio || X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253) < 0)
        return cert_openssl_error(err, ERROR_INVALID, "subject");
    int used = BIO_read(bio, facts->subject, sizeof facts->subject - 1);
    facts->subject[used > 0 ? used : 0] = '\0';
    return true;
}

static bool read_fingerprint(X509 *cert, struct cert_facts *facts, struct error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length;
    if (!X509_digest(cert, EVP_sha256(), digest, &length))
        return cert_openssl_error(err, ERROR_NO_MEMORY, "fingerprint");
    for (size_t i = 0; i < length && 2 * i + 2 < sizeof facts->fingerprint; i++) {
        facts->fingerprint[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        facts->fingerprint[2 * i + 1] = "0123456789abcdef"[digest[i] & 0xf];
    }
    return true;
}

static bool read_usage(X509 *cert, struct cert_facts *facts, struct error *err)
{
    uint32_t flags = X509_get_extension_flags(cert);
    ERR_clear_error();
    if (flags & EXFLAG_INVALID)
        return error_set(err, ERROR_INVALID, "one of its extensions is malformed");
    /* All bits are set where there is no extended key usage. */
    uint32_t usage = X509_get_extended_key_usage(cert);
    facts->server_auth = (usage & (XKU_SSL_SERVER | XKU_ANYEKU)) != 0;
    facts->client_auth = (usage & (XKU_SSL_CLIENT | XKU_ANYEKU)) != 0;
    facts->is_ca = (flags & EXFLAG_CA) != 0;
    return true;
}

bool cert_facts_of(X509 *cert, struct cert_facts *out, struct error *err)
{
    AUTO_CERT_FACTS struct cert_facts facts = {0};
    ERR_clear_error();
    if (!read_time(X509_get0_notBefore(cert), &facts.not_before, err) ||
        !read_time(X509_get0_notAfter(cert), &facts.not_after, err) ||
        !read_names(cert, &facts, err) || !read_usage(cert, &facts, err) ||
        !read_subject(cert, &facts, err) || !read_fingerprint(cert, &facts, err))
        return false;
    *out = facts;
    facts = (struct cert_facts){0};
    return true;
}

bool cert_facts_read(const char *pem, size_t length, struct cert_facts *out, struct error *err)
{
    AUTO_CHAIN STACK_OF(X509) *chain = NULL;
    return cert_chain_read(pem, length, &chain, err) &&
           cert_facts_of(sk_X509_value(chain, 0), out, err);
}

void cert_facts_free(struct cert_facts *facts)
{
    for (size_t i = 0; i < facts->name_count; i++)
        free(facts->names[i]);
    free(facts->names);
    *facts = (struct cert_facts){0};
}

bool cert_facts_valid_at(const struct cert_facts *facts, int64_t now, struct error *err)
{
    char date[KUBE_TIME_SIZE];
    if (now < facts->not_before) {
        kube_time_format(facts->not_before, date);
        return error_set(err, ERROR_RANGE, "the certificate is not valid before %s", date);
    }
    if (now > facts->not_after) {
        kube_time_format(facts->not_after, date);
        return error_set(err, ERROR_RANGE, "the certificate expired on %s", date);
    }
    return true;
}

/* --- names --- */

/* One label: letters, digits, "-" (not first) and "_" up to a dot or END. */
static bool valid_label(const char *label, const char *end)
{
    for (const char *c = label; c < end; c++) {
        if (!isalnum((unsigned char)*c) && *c != '_' && (*c != '-' || c == label))
            return false;
    }
    return label < end;
}

/* Whether NAME is a host's name; as PATTERN its first label may be "*", unless it is the only one.
 */
static bool valid_name(const char *name, size_t length, bool pattern)
{
    const char *end = name + length;
    const char *label = name;
    if (pattern && strncmp(name, "*.", 2) == 0)
        label = name + 2;
    for (;;) {
        const char *dot = memchr(label, '.', (size_t)(end - label));
        if (!valid_label(label, dot ? dot : end))
            return false;
        if (!dot)
            return true;
        label = dot + 1;
    }
}

static bool same(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length == b_length && strncasecmp(a, b, a_length) == 0;
}

static bool match(const char *pattern, const char *host)
{
    size_t pattern_length = strlen(pattern);
    size_t host_length = strlen(host);
    if (pattern_length == 0)
        return false;
    size_t trimmed = host_length - (host_length > 0 && host[host_length - 1] == '.');
    /* What is no host's name can still stand in both, letter for letter. */
    if (!valid_name(pattern, pattern_length, true) || !valid_name(host, trimmed, false))
        return strcmp(pattern, ".") != 0 && same(pattern, pattern_length, host, host_length);
    if (pattern[0] != '*')
        return same(pattern, pattern_length, host, trimmed);
    const char *dot = memchr(host, '.', trimmed);
    return dot && same(pattern + 1, pattern_length - 1, dot, (size_t)(host + trimmed - dot));
}

bool cert_facts_cover(const struct cert_facts *facts, const char *host)
{
    unsigned char address[16];
    char text[INET6_ADDRSTRLEN];
    bool v4 = inet_pton(AF_INET, host, address) == 1;
    if (v4 || inet_pton(AF_INET6, host, address) == 1) {
        if (!address_text(address, v4 ? 4 : 16, text))
            return false;
        for (size_t i = facts->dns_count; i < facts->name_count; i++) {
            if (strcmp(facts->names[i], text) == 0)
                return true;
        }
        return false;
    }
    for (size_t i = 0; i < facts->dns_count; i++) {
        if (match(facts->names[i], host))
            return true;
    }
    return false;
}

/* --- keys --- */

bool cert_key_matches(const char *cert_pem, size_t cert_length, const char *key_pem,
                      size_t key_length, struct error *err)
{
    AUTO_CHAIN STACK_OF(X509) *chain = NULL;
    AUTO_KEY EVP_PKEY *key = NULL;
    if (!cert_chain_read(cert_pem, cert_length, &chain, err))
        return error_wrap(err, "certificate");
    if (!cert_key_read(key_pem, key_length, &key, err))
        return false;
    bool ok = X509_check_private_key(sk_X509_value(chain, 0), key) == 1;
    ERR_clear_error();
    return ok || error_set(err, ERROR_CONFLICT, "the key does not belong to the certificate");
}
