#include "certs/inspect.h"

#include "tests/support/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MANY                                                                                       \
    "DNS:a.example,DNS:b.example,DNS:c.example,DNS:d.example,DNS:e.example,DNS:f.example,"         \
    "DNS:g.example,DNS:h.example,DNS:i.example"
#define LONG "0123456789012345678901234567890123456789012345678901234567890123"

/* Whether the certificate goes by NAMES; MESSAGE is what is said where it does not. */
struct identity_row {
    struct test_certificate certificate;
    const char *names[3];
    const char *message;
};

static void identity_row(void **state)
{
    const struct identity_row *row = *state;
    struct test_identity *identity = test_identity_new(&row->certificate);
    struct error err = {0};
    size_t count = 0;
    while (count < 3 && row->names[count])
        count++;
    bool ok = cert_goes_by(identity->cert, strlen(identity->cert), row->names, count, &err);
    assert_string_equal(err.message, row->message ? row->message : "");
    assert_int_equal(err.code, row->message ? ERROR_CONFLICT : ERROR_NONE);
    assert_int_equal(ok, !row->message);
    test_identity_free(identity);
}

static void only_the_first_certificate_counts(void **state)
{
    (void)state;
    const char *const names[] = {"api"};
    struct test_identity *other = test_identity_new(&(struct test_certificate){0});
    struct test_identity *api = test_identity_new(&(struct test_certificate){.common_name = "api"});
    char *chain = test_concat(other->cert, api->cert, NULL);
    struct error err = {0};
    assert_false(cert_goes_by(chain, strlen(chain), names, 1, &err));
    assert_string_equal(err.message, "common name 'test'");
    free(chain);
    test_identity_free(other);
    test_identity_free(api);
}

static void what_is_no_certificate_is_an_error(void **state)
{
    (void)state;
    const char *const names[] = {"api"};
    struct error err = {0};
    assert_false(cert_goes_by("nothing", 7, names, 1, &err));
    assert_int_equal(err.code, ERROR_INVALID);
}

#define ROW(sentence, ...)                                                                         \
    {                                                                                              \
        sentence, identity_row, NULL, NULL, (void *)&(struct identity_row)                         \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("a common name counts", {.common_name = "system:api"}, {"other", "system:api"}, NULL),
        ROW("a common name counts letter for letter", {.common_name = "Api"}, {"api", "API"},
            "common name 'Api'"),
        ROW("a part of a common name does not count", {.common_name = "api"}, {"ap", "apis", ""},
            "common name 'api'"),
        ROW("a DNS name counts", {.alternative_names = "DNS:a.example,DNS:b.example"},
            {"b.example"}, NULL),
        ROW("a DNS name counts in any case of letters", {.alternative_names = "DNS:API.Example"},
            {"api.exAMPLE"}, NULL),
        ROW("a wildcard in the certificate is no wildcard", {.alternative_names = "DNS:*.example"},
            {"api.example"}, "common name 'test', DNS name '*.example'"),
        ROW("a wildcard that is asked for is no wildcard", {.alternative_names = "DNS:api.example"},
            {"*.example", "*", "*.*"}, "common name 'test', DNS name 'api.example'"),
        ROW("a dot at the end is another name", {.alternative_names = "DNS:api.example"},
            {"api.example."}, "common name 'test', DNS name 'api.example'"),
        ROW("an IP address, an e-mail address and a URI do not count",
            {.alternative_names = "IP:10.0.0.1,email:a@b.example,URI:spiffe://api"},
            {"10.0.0.1", "a@b.example", "spiffe://api"}, "common name 'test'"),
        ROW("a common name with a NUL is nobody's",
            {.common_name = "api\0.evil", .common_name_length = 9}, {"api"},
            "common name 'api\\x00.evil'"),
        ROW("a DNS name with a NUL is nobody's",
            {.dns_bytes = "api.example\0.evil", .dns_length = 17}, {"api.example"},
            "common name 'test', DNS name 'api.example\\x00.evil'"),
        ROW("a DNS name with a NUL at its end is nobody's",
            {.dns_bytes = "api.example", .dns_length = 12}, {"api.example"},
            "common name 'test', DNS name 'api.example\\x00'"),
        ROW("of two common names neither counts",
            {.common_name = "api", .second_common_name = "other"}, {"api", "other"},
            "more than one common name"),
        ROW("beside two common names a DNS name counts",
            {.common_name = "api", .second_common_name = "other", .alternative_names = "DNS:x.y"},
            {"x.y"}, NULL),
        ROW("a certificate without names goes by none", {.no_common_name = true}, {"api", ""},
            "none"),
        ROW("no name at all is nobody", {.common_name = "api"}, {NULL}, "common name 'api'"),
        ROW("what could forge a line is escaped",
            {.common_name = "a'\n\\\x1b[2J\xe2\x80\x8b\xc3\xa4"}, {"api"},
            "common name 'a\\x27\\x0a\\x5c\\x1b[2J\\xe2\\x80\\x8b\\xc3\\xa4'"),
        ROW("a common name counts in UTF-8", {.common_name = "\xc3\xa4pi"}, {"\xc3\xa4pi"}, NULL),
        ROW("of many names a few are listed", {.alternative_names = MANY}, {"api"},
            "common name 'test', DNS name 'a.example', DNS name 'b.example', DNS name 'c.example', "
            "DNS name 'd.example', DNS name 'e.example', DNS name 'f.example', "
            "DNS name 'g.example', and more"),
        ROW("the last of many names counts", {.alternative_names = MANY}, {"i.example"}, NULL),
        ROW("a long name is cut where it is listed", {.common_name = LONG}, {"api"},
            "common name '" LONG "'"),
        ROW("a longer one more so", {.alternative_names = "DNS:" LONG "x"}, {"api"},
            "common name 'test', DNS name '" LONG "...'"),
        cmocka_unit_test(only_the_first_certificate_counts),
        cmocka_unit_test(what_is_no_certificate_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
