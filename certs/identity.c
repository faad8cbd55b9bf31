#include "certs/internal.h"
#include "kube/cleanup.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <strings.h>

/* Of the names that a certificate has, so many are listed in a message, and so much of each. */
enum { NAMES_LISTED = 8, BYTES_LISTED = 64 };

struct search {
    const char *const *names;
    size_t count;
    bool found;
    FILE *list; /* of the names seen */
    unsigned listed;
};

typedef bool comparison(const char *a, const char *b, size_t length);

static bool same_letters(const char *a, const char *b, size_t length)
{
    return memcmp(a, b, length) == 0;
}

static bool same_in_any_case(const char *a, const char *b, size_t length)
{
    return strncasecmp(a, b, length) == 0;
}

/* --- the list for the message --- */

/* Nothing in it can end the quotation or the line, or be taken for something else by a terminal. */
static void write_quoted(FILE *out, const char *bytes, size_t length)
{
    fputc('\'', out);
    for (size_t i = 0; i < length && i < BYTES_LISTED; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c < 0x80 && isprint(c) && c != '\'' && c != '\\')
            fputc(c, out);
        else
            fprintf(out, "\\x%02x", c);
    }
    fputs(length > BYTES_LISTED ? "...'" : "'", out);
}

static void begin_item(struct search *search)
{
    if (search->listed++)
        fputs(", ", search->list);
}

static void list(struct search *search, const char *kind, const char *bytes, size_t length)
{
    if (search->listed > NAMES_LISTED)
        return;
    begin_item(search);
    if (search->listed > NAMES_LISTED) {
        fputs("and more", search->list);
        return;
    }
    fprintf(search->list, "%s ", kind);
    write_quoted(search->list, bytes, length);
}

/* --- the search --- */

static void consider(struct search *search, const char *kind, const char *bytes, size_t length,
                     comparison *same)
{
    list(search, kind, bytes, length);
    if (memchr(bytes, '\0', length))
        return;
    for (size_t i = 0; i < search->count; i++)
        if (length > 0 && strlen(search->names[i]) == length &&
            same(search->names[i], bytes, length))
            search->found = true;
}

static bool consider_common_name(struct search *search, X509 *cert, struct error *err)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0)
        return true;
    if (X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) {
        begin_item(search);
        fputs("more than one common name", search->list);
        return true;
    }
    unsigned char *text = NULL;
    int length =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (length < 0)
        return cert_openssl_error(err, ERROR_INVALID, "common name");
    consider(search, "common name", (const char *)text, (size_t)length, same_letters);
    OPENSSL_free(text);
    return true;
}

static bool consider_dns_names(struct search *search, X509 *cert, struct error *err)
{
    int how;
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, &how, NULL);
    if (!names && how != -1) /* -1: it has none */
        return cert_openssl_error(err, ERROR_INVALID, "subject alternative names");
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
        if (type == GEN_DNS)
            consider(search, "DNS name", (const char *)ASN1_STRING_get0_data(value),
                     (size_t)ASN1_STRING_length(value), same_in_any_case);
    }
    GENERAL_NAMES_free(names);
    return true;
}

bool cert_goes_by(const char *pem, size_t length, const char *const *names, size_t count,
                  struct error *err)
{
    AUTO_CHAIN STACK_OF(X509) *chain = NULL;
    if (!cert_chain_read(pem, length, &chain, err))
        return false;
    AUTO_FREE char *text = NULL;
    size_t size = 0;
    struct search search = {.names = names, .count = count, .list = open_memstream(&text, &size)};
    if (!search.list)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    X509 *cert = sk_X509_value(chain, 0);
    ERR_clear_error();
    bool read = consider_common_name(&search, cert, err) && consider_dns_names(&search, cert, err);
    if (fclose(search.list) != 0)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    if (!read || search.found)
        return read;
    return error_set(err, ERROR_CONFLICT, "%s", search.listed ? text : "none");
}
