#include "certs/inspect.h"

#include "tests/support/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- facts --- */

static void read_facts(const struct test_identity *identity, struct cert_facts *facts)
{
    struct error err = {0};
    if (!cert_facts_read(identity->cert, strlen(identity->cert), facts, &err))
        fail_msg("%s", err.message);
}

static void facts_of_a_serving_certificate(void **state)
{
    (void)state;
    struct test_identity *identity = test_identity_new(&(struct test_certificate){
        .common_name = "etcd-server",
        .alternative_names =
            "IP:10.0.0.1,DNS:etcd-main-local,DNS:*.etcd-main-peer.ns.svc,IP:fd00::1",
        .extended_key_usage = "serverAuth",
    });
    struct cert_facts facts;
    read_facts(identity, &facts);
    assert_int_equal(facts.not_before, TEST_CERT_BEGIN);
    assert_int_equal(facts.not_after, TEST_CERT_END);
    assert_int_equal(facts.name_count, 4);
    assert_int_equal(facts.dns_count, 2);
    assert_string_equal(facts.names[0], "etcd-main-local");
    assert_string_equal(facts.names[1], "*.etcd-main-peer.ns.svc");
    assert_string_equal(facts.names[2], "10.0.0.1");
    assert_string_equal(facts.names[3], "fd00::1");
    assert_string_equal(facts.subject, "CN=etcd-server");
    assert_true(facts.server_auth);
    assert_false(facts.client_auth);
    assert_false(facts.is_ca);
    assert_int_equal(strlen(facts.fingerprint), 64);
    assert_int_equal(strspn(facts.fingerprint, "0123456789abcdef"), 64);
    cert_facts_free(&facts);
    test_identity_free(identity);
}

struct usage_row {
    const char *extended_key_usage;
    bool ca, server, client;
};

static void usage_row(void **state)
{
    const struct usage_row *row = *state;
    struct test_identity *identity = test_identity_new(
        &(struct test_certificate){.extended_key_usage = row->extended_key_usage, .ca = row->ca});
    struct cert_facts facts;
    read_facts(identity, &facts);
    assert_int_equal(facts.server_auth, row->server);
    assert_int_equal(facts.client_auth, row->client);
    assert_int_equal(facts.is_ca, row->ca);
    assert_int_equal(facts.name_count, 0);
    cert_facts_free(&facts);
    test_identity_free(identity);
}

static void the_first_certificate_of_several_counts(void **state)
{
    (void)state;
    struct test_identity *a = test_identity_new(&(struct test_certificate){.common_name = "a"});
    struct test_identity *b = test_identity_new(&(struct test_certificate){.common_name = "b"});
    char *pem = test_concat("subject=a\n", a->key, "\n", a->cert, "and another\n", b->cert, NULL);
    struct cert_facts facts;
    struct error err = {0};
    assert_true(cert_facts_read(pem, strlen(pem), &facts, &err));
    assert_string_equal(facts.subject, "CN=a");
    cert_facts_free(&facts);
    free(pem);
    test_identity_free(a);
    test_identity_free(b);
}

static void subjects_are_printable_and_cut(void **state)
{
    (void)state;
    struct test_identity *identity =
        test_identity_new(&(struct test_certificate){.common_name = "line\nbreak \xc3\xa4, comma"});
    struct cert_facts facts;
    read_facts(identity, &facts);
    assert_string_equal(facts.subject, "CN=line\\0Abreak \\C3\\A4\\, comma");
    cert_facts_free(&facts);
    test_identity_free(identity);
}

static void dates_include_both_ends(void **state)
{
    (void)state;
    struct cert_facts facts = {.not_before = TEST_CERT_BEGIN, .not_after = TEST_CERT_END};
    struct error err = {0};
    assert_true(cert_facts_valid_at(&facts, TEST_CERT_BEGIN, &err));
    assert_true(cert_facts_valid_at(&facts, TEST_CERT_END, &err));
    assert_false(cert_facts_valid_at(&facts, TEST_CERT_BEGIN - 1, &err));
    assert_int_equal(err.code, ERROR_RANGE);
    assert_string_equal(err.message, "the certificate is not valid before 2020-01-01T00:00:00Z");
    assert_false(cert_facts_valid_at(&facts, TEST_CERT_END + 1, &err));
    assert_int_equal(err.code, ERROR_RANGE);
    assert_string_equal(err.message, "the certificate expired on 2030-01-01T00:00:00Z");
}

/* --- names --- */

struct cover_row {
    const char *host;
    bool covered;
};

static void cover_row(void **state)
{
    const struct cover_row *row = *state;
    char *names[] = {"Etcd-Main-Local",
                     "*.etcd-main-peer.ns.svc",
                     "*",
                     "a.*.example",
                     "x*.example",
                     "10.9.9.9",
                     "under_score.ns",
                     "spa/ced",
                     ".",
                     "",
                     "dotted.example.",
                     "-dash.ns",
                     "10.0.0.1",
                     "fd00::1"};
    const struct cert_facts facts = {.names = names, .name_count = 14, .dns_count = 12};
    assert_int_equal(cert_facts_cover(&facts, row->host), row->covered);
}

/* --- keys --- */

static void a_key_belongs_to_its_certificate_alone(void **state)
{
    (void)state;
    struct test_identity *a = test_identity_new(&(struct test_certificate){0});
    struct test_identity *b = test_identity_new(&(struct test_certificate){0});
    struct error err = {0};
    assert_true(cert_key_matches(a->cert, strlen(a->cert), a->key, strlen(a->key), &err));
    assert_false(cert_key_matches(a->cert, strlen(a->cert), b->key, strlen(b->key), &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    assert_string_equal(err.message, "the key does not belong to the certificate");
    test_identity_free(a);
    test_identity_free(b);
}

static void an_encrypted_key_is_an_error_not_a_question(void **state)
{
    (void)state;
    struct test_identity *a = test_identity_new(&(struct test_certificate){0});
    char *key = test_identity_encrypted_key(a);
    struct error err = {0};
    assert_false(cert_key_matches(a->cert, strlen(a->cert), key, strlen(key), &err));
    assert_int_equal(err.code, ERROR_INVALID);
    assert_string_equal(err.message, "the key is encrypted, expected a plain one");
    free(key);
    test_identity_free(a);
}

static void keys_that_cannot_be_read_are_not_quoted(void **state)
{
    (void)state;
    struct test_identity *a = test_identity_new(&(struct test_certificate){0});
    struct error err = {0};
    /* Line by line shorter: whatever is left of it, nothing of it shows. */
    for (char *end; (end = strrchr(a->key, '\n'));) {
        *end = '\0';
        if (strstr(a->key, "END PRIVATE KEY-----"))
            continue;
        assert_false(cert_key_matches(a->cert, strlen(a->cert), a->key, strlen(a->key), &err));
        assert_int_equal(err.code, ERROR_INVALID);
        assert_string_equal(err.message, "no private key in PEM form that can be read");
    }
    assert_false(cert_key_matches(a->cert, strlen(a->cert), a->cert, strlen(a->cert), &err));
    assert_int_equal(err.code, ERROR_INVALID);
    assert_false(cert_key_matches("", 0, a->cert, strlen(a->cert), &err));
    assert_string_equal(err.message, "certificate: no certificate in PEM form");
    test_identity_free(a);
}

/* --- bad input --- */

static void refuse(const char *pem, size_t length, enum error_code code, const char *message)
{
    struct cert_facts facts = {.name_count = 77};
    struct error err = {0};
    assert_false(cert_facts_read(pem, length, &facts, &err));
    if (message)
        assert_string_equal(err.message, message);
    assert_int_equal(err.code, code);
    assert_int_equal(facts.name_count, 77); /* untouched */
}

static void garbage_is_refused(void **state)
{
    (void)state;
    refuse("", 0, ERROR_INVALID, "no certificate in PEM form");
    refuse("garbage", 7, ERROR_INVALID, "no certificate in PEM form");
    const char bad[] = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
    refuse(bad, strlen(bad), ERROR_INVALID, "broken PEM: bad base64 decode");
    const char not_x509[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    refuse(not_x509, strlen(not_x509), ERROR_INVALID, NULL);
    const char key_only[] = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    refuse(key_only, strlen(key_only), ERROR_INVALID, "no certificate in PEM form");
}

static void truncated_input_is_refused_at_every_length(void **state)
{
    (void)state;
    struct test_identity *identity =
        test_identity_new(&(struct test_certificate){.alternative_names = "DNS:a"});
    size_t whole = strlen(identity->cert) - strlen("\n");
    for (size_t length = 0; length < whole; length++) {
        /* A copy of exactly this size, so that the sanitizer sees a read beyond it. */
        char *part = malloc(length + 1);
        memcpy(part, identity->cert, length);
        char *sized = realloc(part, length ? length : 1);
        refuse(sized, length, ERROR_INVALID, NULL);
        free(sized);
    }
    test_identity_free(identity);
}

/* The same certificate with zeros behind it, by way of the base64 alone. */
static void bytes_behind_the_certificate_are_refused(void **state)
{
    (void)state;
    struct test_identity *identity = test_identity_new(&(struct test_certificate){0});
    char *end = strstr(identity->cert, "-----END");
    bool padded = strchr(identity->cert, '=') != NULL;
    for (char *c = identity->cert; *c; c++) {
        if (*c == '=')
            *c = 'A';
    }
    char *footer = test_concat(padded ? "" : "AAAA\n", end, NULL);
    *end = '\0';
    char *pem = test_concat(identity->cert, footer, NULL);
    refuse(pem, strlen(pem), ERROR_INVALID, "certificate 1: bytes behind its end");
    free(pem);
    free(footer);
    test_identity_free(identity);
}

static void size_and_number_are_capped(void **state)
{
    (void)state;
    struct test_identity *identity = test_identity_new(&(struct test_certificate){0});
    char *huge = malloc(CERT_PEM_MAX + 1);
    memset(huge, '\n', CERT_PEM_MAX + 1);
    refuse(huge, CERT_PEM_MAX + 1, ERROR_RANGE,
           "1048577 bytes of certificates, at most 1048576 are read");
    refuse(huge, CERT_PEM_MAX, ERROR_INVALID, "no certificate in PEM form");
    struct error err = {0};
    assert_false(
        cert_key_matches(identity->cert, strlen(identity->cert), huge, CERT_PEM_MAX + 1, &err));
    assert_int_equal(err.code, ERROR_RANGE);
    assert_string_equal(err.message, "1048577 bytes of a key, at most 1048576 are read");
    free(huge);

    size_t one = strlen(identity->cert);
    char *many = malloc(one * (CERT_CHAIN_MAX + 1));
    for (size_t i = 0; i <= CERT_CHAIN_MAX; i++)
        memcpy(many + i * one, identity->cert, one);
    struct cert_facts facts;
    assert_true(cert_facts_read(many, one * CERT_CHAIN_MAX, &facts, NULL));
    cert_facts_free(&facts);
    refuse(many, one * (CERT_CHAIN_MAX + 1), ERROR_RANGE, "more than 64 certificates");
    free(many);
    test_identity_free(identity);
}

static void names_that_do_not_print_are_refused(void **state)
{
    (void)state;
    struct test_identity *identity =
        test_identity_new(&(struct test_certificate){.alternative_names = "DNS:a b\tc"});
    refuse(identity->cert, strlen(identity->cert), ERROR_INVALID,
           "subject alternative name 1: a character that is not printable");
    test_identity_free(identity);
}

/* A test of its own for a row of FUNCTION's table. */
#define ROW(name, function, ...)                                                                   \
    {                                                                                              \
        name, function, NULL, NULL, &(struct function)                                             \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_of_a_serving_certificate),
        ROW("without extended key usage it is for everything", usage_row, NULL, false, true, true),
        ROW("clientAuth is not for servers", usage_row, "clientAuth", false, false, true),
        ROW("serverAuth and clientAuth are both", usage_row, "serverAuth,clientAuth", false, true,
            true),
        ROW("anyExtendedKeyUsage is both", usage_row, "anyExtendedKeyUsage", false, true, true),
        ROW("another usage is neither", usage_row, "codeSigning", false, false, false),
        ROW("a CA is known as one", usage_row, NULL, true, true, true),
        cmocka_unit_test(the_first_certificate_of_several_counts),
        cmocka_unit_test(subjects_are_printable_and_cut),
        cmocka_unit_test(dates_include_both_ends),
        ROW("a name covers itself", cover_row, "etcd-main-local", true),
        ROW("letter case does not count", cover_row, "ETCD-MAIN-LOCAL", true),
        ROW("a host may end in a dot", cover_row, "etcd-main-local.", true),
        ROW("a prefix is not the name", cover_row, "etcd-main-loca", false),
        ROW("a longer name is another", cover_row, "etcd-main-local.ns", false),
        ROW("a wildcard covers one label", cover_row, "etcd-main-0.etcd-main-peer.ns.svc", true),
        ROW("a wildcard's rest ignores case and final dot", cover_row,
            "etcd-main-0.ETCD-main-peer.NS.svc.", true),
        ROW("a wildcard does not cover two labels", cover_row, "a.b.etcd-main-peer.ns.svc", false),
        ROW("a wildcard does not cover no label", cover_row, "etcd-main-peer.ns.svc", false),
        ROW("a wildcard does not cover an empty label", cover_row, ".etcd-main-peer.ns.svc", false),
        ROW("a dot is not a host", cover_row, ".", false),
        ROW("a wildcard alone covers nothing", cover_row, "single", false),
        ROW("a wildcard further right covers nothing", cover_row, "a.b.example", false),
        ROW("a part of a label is no wildcard", cover_row, "xy.example", false),
        ROW("what is no host's name matches letter for letter", cover_row,
            "*.etcd-main-peer.ns.svc", true),
        ROW("an underscore is fine", cover_row, "under_score.ns", true),
        ROW("odd names match exactly", cover_row, "SPA/ced", true),
        ROW("a final dot in the certificate matches itself only", cover_row, "dotted.example",
            false),
        ROW("an odd name matches itself", cover_row, "-dash.ns", true),
        ROW("an odd name has no final dot to ignore", cover_row, "-dash.ns.", false),
        ROW("an empty host is never covered", cover_row, "", false),
        ROW("an address covers itself", cover_row, "10.0.0.1", true),
        ROW("an address written as a DNS name does not count", cover_row, "10.9.9.9", false),
        ROW("an IPv6 address matches in any spelling", cover_row, "fd00:0:0::0001", true),
        ROW("an IPv4 address in IPv6 form is the same", cover_row, "::ffff:10.0.0.1", true),
        ROW("another address is not covered", cover_row, "10.0.0.2", false),
        cmocka_unit_test(a_key_belongs_to_its_certificate_alone),
        cmocka_unit_test(an_encrypted_key_is_an_error_not_a_question),
        cmocka_unit_test(keys_that_cannot_be_read_are_not_quoted),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(truncated_input_is_refused_at_every_length),
        cmocka_unit_test(bytes_behind_the_certificate_are_refused),
        cmocka_unit_test(size_and_number_are_capped),
        cmocka_unit_test(names_that_do_not_print_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
