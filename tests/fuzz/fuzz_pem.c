/* Certificates and keys as strangers send them: reading, names, chains, keys. */
#include "certs/inspect.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* A moment at which the certificate below is valid. */
#define NOW INT64_C(1900000000)

/* A self-signed certificate with every extension that is read, so that edits of its bytes come
 * further than random ones. Its key exists no more. */
static const char seed[] = "MIIB0TCCAXigAwIBAgIUWd98TavMTthwA7llgVlP2APTbHYwCgYIKoZIzj0EAwIw"
                           "DzENMAsGA1UEAwwEc2VlZDAeFw0yNjExMjIxMzM3MzRaFw0zNjExMTkxMzM3MzRa"
                           "MA8xDTALBgNVBAMMBHNlZWQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARVdt/3"
                           "k2iZEqao5Uzi+tPBeu22s28OI1JUi1lh8TuplbM4UqjH3jN8sRo7Le2fXH5LcJ52"
                           "5qvAr/Z8Kow+ZpLko4GxMIGuMB0GA1UdDgQWBBTFveYmI3q2oiT/4SFoI6HK2645"
                           "MjAfBgNVHSMEGDAWgBTFveYmI3q2oiT/4SFoI6HK2645MjAPBgNVHRMBAf8EBTAD"
                           "AQH/MC8GA1UdEQQoMCaCB2EuYi5zdmOCAyouY4cECgAAAYcQ/QAAAAAAAAAAAAAA"
                           "AAAAATAdBgNVHSUEFjAUBggrBgEFBQcDAQYIKwYBBQUHAwIwCwYDVR0PBAQDAgKE"
                           "MAoGCCqGSM49BAMCA0cAMEQCIBuZX+uiCcCLPx2SWGZzvQBlsYy2tEG14kCTiA6J"
                           "nwJ2AiAU6Xa/ttdVNneamHeWO0iK13YEBaSgOfeblx1wQ8eGWw==";

enum { SEED_SIZE = sizeof seed / 4 * 3 };

static void check(bool ok, const struct error *err)
{
    if (!ok && (err->code == ERROR_NONE || !err->message[0]))
        abort();
}

static void judge(const char *cert, size_t cert_length, const char *other, size_t other_length)
{
    struct error err = {0};
    struct cert_facts facts = {0};
    bool ok = cert_facts_read(cert, cert_length, &facts, &err);
    check(ok, &err);
    for (size_t i = 0; i < facts.name_count; i++)
        cert_facts_cover(&facts, facts.names[i]);
    cert_facts_cover(&facts, "x.c");
    cert_facts_free(&facts);
    err = (struct error){0};
    ok = cert_chain_check(cert, cert_length, other, other_length, NOW, CERT_FOR_SERVER, &err);
    check(ok, &err);
    err = (struct error){0};
    ok = cert_key_matches(cert, cert_length, other, other_length, &err);
    check(ok, &err);
}

/* The seed with EDITS (pairs of bytes: how far on from the last edit, new value), as PEM. */
static void judge_edited(const unsigned char *edits, size_t size)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
    static const char end[] = "\n-----END CERTIFICATE-----\n";
    unsigned char der[SEED_SIZE];
    char pem[sizeof begin + sizeof seed + sizeof end];
    int length = EVP_DecodeBlock(der, (const unsigned char *)seed, sizeof seed - 1);
    for (size_t i = 0, at = 0; i + 1 < size; i += 2) {
        at = (at + edits[i]) % (size_t)length;
        der[at] = edits[i + 1];
    }
    size_t used = sizeof begin - 1;
    memcpy(pem, begin, used);
    /* The padding was decoded to zeros, which the edits may as well stand in. */
    used += (size_t)EVP_EncodeBlock((unsigned char *)pem + used, der, length - 2);
    memcpy(pem + used, end, sizeof end);
    judge(pem, used + sizeof end - 1, pem, used + sizeof end - 1);
}

/* Input that begins with E edits the seed; other input is a file of certificates and, behind a NUL,
 * one of CAs or of a key. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size && data[0] == 'E') {
        judge_edited(data + 1, size - 1);
        return 0;
    }
    const char *cert = (const char *)data;
    const char *nul = size ? memchr(cert, '\0', size) : NULL;
    size_t cert_length = nul ? (size_t)(nul - cert) : size;
    if (nul)
        judge(cert, cert_length, nul + 1, size - cert_length - 1);
    else
        judge(cert, size, cert, size);
    return 0;
}
