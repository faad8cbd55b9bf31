#include "certs/inspect.h"

#include "tests/support/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Who signs whom: root → intermediate → leaf, and beside them an older root of the same name. */
static struct {
    struct test_identity *root, *old_root, *bare_root, *intermediate, *other, *not_ca, *late;
} who;

static int make(void **state)
{
    (void)state;
    who.root = test_identity_new(&(struct test_certificate){.common_name = "root", .ca = true});
    who.old_root = test_identity_new(&(struct test_certificate){.common_name = "root", .ca = true});
    who.bare_root = test_identity_new(
        &(struct test_certificate){.common_name = "root", .ca = true, .no_key_identifiers = true});
    who.other = test_identity_new(&(struct test_certificate){.common_name = "other", .ca = true});
    who.not_ca = test_identity_new(
        &(struct test_certificate){.common_name = "not a CA", .issuer = who.root});
    who.intermediate = test_identity_new(
        &(struct test_certificate){.common_name = "intermediate", .ca = true, .issuer = who.root});
    who.late = test_identity_new(&(struct test_certificate){
        .common_name = "late", .ca = true, .not_before = TEST_CERT_NOW + 3600, .issuer = who.root});
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    test_identity_free(who.root);
    test_identity_free(who.old_root);
    test_identity_free(who.bare_root);
    test_identity_free(who.other);
    test_identity_free(who.not_ca);
    test_identity_free(who.intermediate);
    test_identity_free(who.late);
    return 0;
}

/* Checks LEAF, with SENT behind it in its file, against the file of the CAs FIRST and SECOND. */
struct chain_row {
    struct test_certificate leaf;
    struct test_identity **issuer, **sent, **first, **second;
    enum cert_purpose purpose;
    int64_t now;
    enum error_code code;
    const char *message;
};

static const char *pem_of(struct test_identity **identity)
{
    return identity ? (*identity)->cert : "";
}

static void chain_row(void **state)
{
    const struct chain_row *row = *state;
    struct test_certificate spec = row->leaf;
    spec.issuer = row->issuer ? *row->issuer : NULL;
    spec.common_name = "leaf";
    struct test_identity *leaf = test_identity_new(&spec);
    char *chain = test_concat(leaf->cert, pem_of(row->sent), NULL);
    char *cas =
        test_concat(row->first ? "" : leaf->cert, pem_of(row->first), pem_of(row->second), NULL);
    struct error err = {0};
    bool ok = cert_chain_check(chain, strlen(chain), cas, strlen(cas),
                               row->now ? row->now : TEST_CERT_NOW, row->purpose, &err);
    if (row->message)
        assert_string_equal(err.message, row->message);
    else if (!ok && row->code == ERROR_NONE)
        fail_msg("%s", err.message);
    assert_int_equal(err.code, row->code);
    assert_int_equal(ok, row->code == ERROR_NONE);
    free(chain);
    free(cas);
    test_identity_free(leaf);
}

static void unreadable_input_says_which(void **state)
{
    (void)state;
    struct error err = {0};
    const char *good = who.root->cert;
    assert_false(
        cert_chain_check("x", 1, good, strlen(good), TEST_CERT_NOW, CERT_FOR_ANYTHING, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    assert_string_equal(err.message, "certificate: no certificate in PEM form");
    assert_false(
        cert_chain_check(good, strlen(good), "", 0, TEST_CERT_NOW, CERT_FOR_ANYTHING, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    assert_string_equal(err.message, "CA: no certificate in PEM form");
}

/* A test of its own for a row of FUNCTION's table. */
#define ROW(name, function, ...)                                                                   \
    {                                                                                              \
        name, function, NULL, NULL, &(struct function)                                             \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define UNTRUSTED "'CN=leaf': no CA that is trusted signed it"

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("a CA vouches for what it signed", chain_row, .issuer = &who.root, .first = &who.root),
        ROW("another CA does not", chain_row, .issuer = &who.root, .first = &who.other,
            .code = ERROR_CONFLICT, .message = UNTRUSTED),
        ROW("a CA of the same name and another key does not", chain_row, .issuer = &who.root,
            .first = &who.old_root, .code = ERROR_CONFLICT, .message = UNTRUSTED),
        ROW("one of several CAs is enough", chain_row, .issuer = &who.root, .first = &who.other,
            .second = &who.root),
        ROW("of two CAs of one name the second is tried too", chain_row, .issuer = &who.bare_root,
            .leaf = {.no_key_identifiers = true}, .first = &who.old_root, .second = &who.bare_root),
        ROW("an intermediate that is sent along leads to the root", chain_row,
            .issuer = &who.intermediate, .sent = &who.intermediate, .first = &who.root),
        ROW("an intermediate that is not sent is missed", chain_row, .issuer = &who.intermediate,
            .first = &who.root, .code = ERROR_CONFLICT, .message = UNTRUSTED),
        ROW("an intermediate can be the trusted CA itself", chain_row, .issuer = &who.intermediate,
            .first = &who.intermediate),
        ROW("a certificate that is no CA cannot sign", chain_row, .issuer = &who.not_ca,
            .sent = &who.not_ca, .first = &who.root, .code = ERROR_CONFLICT),
        ROW("a self-signed certificate trusts itself when it is listed", chain_row),
        ROW("a self-signed certificate is untrusted otherwise", chain_row, .first = &who.root,
            .code = ERROR_CONFLICT, .message = UNTRUSTED),
        ROW("an expired certificate is told from an untrusted one", chain_row, .issuer = &who.root,
            .leaf = {.not_after = TEST_CERT_NOW - 1}, .first = &who.root, .code = ERROR_RANGE,
            .message = "'CN=leaf': the certificate expired on 2024-12-31T23:59:59Z"),
        ROW("the date is told also when another CA does not know it", chain_row,
            .issuer = &who.root, .leaf = {.not_after = TEST_CERT_NOW - 1}, .first = &who.other,
            .second = &who.root, .code = ERROR_RANGE),
        ROW("expired and untrusted is untrusted", chain_row, .issuer = &who.other,
            .leaf = {.not_after = TEST_CERT_NOW - 1}, .first = &who.root, .code = ERROR_CONFLICT),
        ROW("a certificate that is not yet valid says from when on", chain_row, .issuer = &who.root,
            .leaf = {.not_before = TEST_CERT_NOW + 1}, .first = &who.root, .code = ERROR_RANGE,
            .message = "'CN=leaf': the certificate is not valid before 2025-01-01T00:00:01Z"),
        ROW("an intermediate that is not yet valid is named", chain_row, .issuer = &who.late,
            .sent = &who.late, .first = &who.root, .code = ERROR_RANGE,
            .message = "'CN=late': the certificate is not valid before 2025-01-01T01:00:00Z"),
        ROW("an expired root is named", chain_row, .issuer = &who.root,
            .leaf = {.not_after = TEST_CERT_END + 9000}, .first = &who.root,
            .now = TEST_CERT_END + 1, .code = ERROR_RANGE,
            .message = "'CN=root': the certificate expired on 2030-01-01T00:00:00Z"),
        ROW("the last second is an error with a reason", chain_row, .issuer = &who.root,
            .first = &who.root, .now = TEST_CERT_END, .code = ERROR_RANGE,
            .message = "'CN=root': the certificate expires in this second"),
        ROW("a server's certificate serves", chain_row, .issuer = &who.root,
            .leaf = {.extended_key_usage = "serverAuth"}, .first = &who.root,
            .purpose = CERT_FOR_SERVER),
        ROW("a server's certificate is not a client's", chain_row, .issuer = &who.root,
            .leaf = {.extended_key_usage = "serverAuth"}, .first = &who.root,
            .purpose = CERT_FOR_CLIENT, .code = ERROR_CONFLICT),
        ROW("a client's certificate is not a server's", chain_row, .issuer = &who.root,
            .leaf = {.extended_key_usage = "clientAuth"}, .first = &who.root,
            .purpose = CERT_FOR_SERVER, .code = ERROR_CONFLICT),
        ROW("without a purpose either will do", chain_row, .issuer = &who.root,
            .leaf = {.extended_key_usage = "clientAuth"}, .first = &who.root),
        ROW("without extended key usage every purpose is fine", chain_row, .issuer = &who.root,
            .first = &who.root, .purpose = CERT_FOR_CLIENT),
        ROW("SHA-1 does not count", chain_row, .issuer = &who.root, .leaf = {.digest = "SHA1"},
            .first = &who.root, .code = ERROR_CONFLICT),
        cmocka_unit_test(unreadable_input_says_which),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
