#include "certs/issue.h"

#include "certs/inspect.h"
#include "certs/pair.h"
#include "certs/write.h"
#include "kube/base64.h"
#include "kube/cleanup.h"
#include "tests/support/certificate.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { HOUR = 3600 };

static const char *const names[] = {"druid-bridge.druid-bridge.svc", "*.Example.org", "127.0.0.1",
                                    "fd00::1"};

/* --- a directory of its own for each test, and the current one, so that paths are short --- */

static char home[] = "/tmp/test_issue.XXXXXX";

static int enter_directory(void **state)
{
    (void)state;
    memcpy(home + strlen(home) - 6, "XXXXXX", 6);
    umask(077);
    return mkdtemp(home) && chdir(home) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static char *read_text(const char *path)
{
    AUTO_FILE FILE *file = fopen(path, "re");
    assert_non_null(file);
    char *text = calloc(1, 65536);
    assert_non_null(text);
    assert_int_not_equal(fread(text, 1, 65535, file), 0);
    return text;
}

static void assert_mode(const char *path, mode_t mode)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, mode);
}

static int files_in(const char *path)
{
    DIR *dir = opendir(path);
    assert_non_null(dir);
    int count = -2; /* . and .. */
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static void issue(const char *dir, struct cert_issued *issued)
{
    struct error err = {0};
    if (!cert_issue(dir, names, 4, 24 * HOUR, TEST_CERT_NOW, issued, &err))
        fail_msg("%s", err.message);
}

/* --- tests --- */

static void the_pair_can_be_served(void **state)
{
    (void)state;
    struct cert_issued issued;
    issue("certs", &issued);
    assert_int_equal(issued.not_after, TEST_CERT_NOW + 24 * HOUR);
    struct cert_pair pair;
    struct error err = {0};
    if (!cert_pair_load("certs", TEST_CERT_NOW, &pair, &err))
        fail_msg("%s", err.message);
    assert_null(pair.weakness);
    assert_int_equal(pair.not_before, TEST_CERT_NOW - 300);
    assert_int_equal(pair.not_after, TEST_CERT_NOW + 24 * HOUR);
    struct cert_facts facts;
    assert_true(cert_facts_read(pair.cert_pem, pair.cert_length, &facts, &err));
    assert_int_equal(facts.name_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(facts.names[i], names[i]);
    assert_int_equal(facts.dns_count, 2);
    assert_true(facts.server_auth);
    assert_false(facts.client_auth);
    assert_false(facts.is_ca);
    cert_facts_free(&facts);
    cert_pair_free(&pair);
    cert_issued_free(&issued);
}

static void the_CA_signed_it(void **state)
{
    (void)state;
    struct cert_issued issued;
    issue("certs", &issued);
    AUTO_FREE char *cert = read_text("certs/tls.crt");
    AUTO_FREE char *key = read_text("certs/ca.key");
    struct error err = {0};
    size_t ca_length = strlen(issued.ca_pem);
    if (!cert_chain_check(cert, strlen(cert), issued.ca_pem, ca_length, TEST_CERT_NOW,
                          CERT_FOR_SERVER, &err))
        fail_msg("%s", err.message);
    assert_true(cert_key_matches(issued.ca_pem, ca_length, key, strlen(key), &err));
    struct cert_facts facts;
    assert_true(cert_facts_read(issued.ca_pem, ca_length, &facts, &err));
    assert_string_equal(facts.subject, "CN=druid-bridge CA");
    assert_true(facts.is_ca);
    cert_facts_free(&facts);
    cert_issued_free(&issued);
}

static void what_was_written_is_told(void **state)
{
    (void)state;
    struct cert_issued issued;
    issue("certs", &issued);
    AUTO_FREE char *ca = read_text("certs/ca.crt");
    assert_string_equal(ca, issued.ca_pem);
    AUTO_FREE char *base64 = kube_base64_encode(ca, strlen(ca));
    assert_string_equal(base64, issued.ca_base64);
    assert_string_equal(issued.paths[0], "certs/ca.crt");
    assert_string_equal(issued.paths[1], "certs/ca.key");
    assert_string_equal(issued.paths[2], "certs/tls.crt");
    assert_string_equal(issued.paths[3], "certs/tls.key");
    assert_int_equal(files_in("certs"), 4);
    cert_issued_free(&issued);
}

static void only_the_owner_reads_keys(void **state)
{
    (void)state;
    struct cert_issued issued;
    issue("certs", &issued);
    assert_mode("certs", 0700);
    assert_mode("certs/ca.crt", 0644);
    assert_mode("certs/ca.key", 0600);
    assert_mode("certs/tls.crt", 0644);
    assert_mode("certs/tls.key", 0600);
    cert_issued_free(&issued);
}

static void every_issue_is_new(void **state)
{
    (void)state;
    struct cert_issued a;
    struct cert_issued b;
    issue("a", &a);
    issue("b", &b);
    AUTO_FREE char *cert = read_text("a/tls.crt");
    struct error err = {0};
    assert_false(cert_chain_check(cert, strlen(cert), b.ca_pem, strlen(b.ca_pem), TEST_CERT_NOW,
                                  CERT_FOR_SERVER, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    /* While certificates are renewed both CAs are trusted, in either order. */
    AUTO_FREE char *both = test_concat(b.ca_pem, a.ca_pem, NULL);
    assert_true(cert_chain_check(cert, strlen(cert), both, strlen(both), TEST_CERT_NOW,
                                 CERT_FOR_SERVER, &err));
    cert_issued_free(&a);
    cert_issued_free(&b);
}

static void refuse(const char *const *dns_names, size_t count, int64_t validity,
                   enum error_code code, const char *message)
{
    struct cert_issued issued = {.not_after = 77};
    struct error err = {0};
    assert_false(cert_issue("certs", dns_names, count, validity, TEST_CERT_NOW, &issued, &err));
    assert_string_equal(err.message, message);
    assert_int_equal(err.code, code);
    assert_int_equal(issued.not_after, 77); /* untouched */
}

static void an_existing_file_is_kept(void **state)
{
    const char *name = *state;
    char path[64];
    char message[128];
    snprintf(path, sizeof path, "certs/%s", name);
    snprintf(message, sizeof message, "%s: exists already and is not overwritten", path);
    assert_int_equal(mkdir("certs", 0755), 0);
    assert_int_equal(chmod("certs", 0755), 0);
    assert_int_equal(symlink("nowhere", path), 0); /* also one that leads nowhere */
    refuse(names, 1, HOUR, ERROR_CONFLICT, message);
    assert_int_equal(files_in("certs"), 1);
    assert_mode("certs", 0755);
}

static void an_empty_directory_is_used(void **state)
{
    (void)state;
    assert_int_equal(mkdir("certs", 0755), 0);
    assert_int_equal(chmod("certs", 0755), 0);
    struct cert_issued issued;
    issue("certs/", &issued);
    assert_int_equal(files_in("certs"), 4);
    cert_issued_free(&issued);
}

static void a_directory_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    struct error err = {0};
    struct cert_issued issued;
    assert_false(cert_issue("no/certs", names, 1, HOUR, TEST_CERT_NOW, &issued, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    assert_string_equal(err.message, "no/certs: No such file or directory");
    assert_int_equal(symlink("/dev/null", "certs"), 0);
    refuse(names, 1, HOUR, ERROR_UNAVAILABLE, "certs: Not a directory");
}

static void a_full_disk_leaves_nothing_behind(void **state)
{
    (void)state;
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit none = {.rlim_cur = 100, .rlim_max = old.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    struct cert_issued issued;
    struct error err = {0};
    bool ok = cert_issue("certs", names, 1, HOUR, TEST_CERT_NOW, &issued, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_false(ok);
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    assert_non_null(strstr(err.message, "File too large"));
    assert_int_equal(files_in("."), 0);
}

/* The second name is that of the first one's temporary file: free when looked at, taken when the
 * links are made. */
static void a_name_that_is_taken_meanwhile_undoes_the_others(void **state)
{
    (void)state;
    char temporary[64];
    snprintf(temporary, sizeof temporary, ".a.%ld.tmp", (long)getpid());
    const struct cert_file files[] = {{"a", 0644, "a", 1}, {temporary, 0644, "b", 1}};
    struct error err = {0};
    assert_false(cert_write_files("files", files, 2, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    assert_int_equal(files_in("."), 0);
    assert_true(cert_write_files("files", files, 1, &err));
    assert_int_equal(files_in("files"), 1);
}

struct name_row {
    const char *name;
    bool valid;
};

static void name_row(void **state)
{
    const struct name_row *row = *state;
    struct cert_issued issued = {0};
    struct error err = {0};
    bool ok = cert_issue("certs", &row->name, 1, HOUR, TEST_CERT_NOW, &issued, &err);
    assert_int_equal(ok, row->valid);
    if (!row->valid) {
        char message[256];
        snprintf(message, sizeof message,
                 "DNS name 1: '%.80s' is neither a DNS name (such as "
                 "'druid-bridge.druid-bridge.svc') nor an IP address",
                 row->name);
        assert_string_equal(err.message, message);
        assert_int_equal(err.code, ERROR_INVALID);
        assert_int_equal(files_in("."), 0);
    }
    cert_issued_free(&issued);
}

#define LABEL63 "a23456789-123456789-123456789-123456789-123456789-123456789-123"
#define NAME253                                                                                    \
    LABEL63 "." LABEL63 "." LABEL63 ".a23456789-123456789-123456789-123456789-123456789-"          \
            "123456789-1"

static void the_second_name_is_checked_too(void **state)
{
    (void)state;
    const char *const two[] = {"good", "not good"};
    refuse(two, 2, HOUR, ERROR_INVALID,
           "DNS name 2: 'not good' is neither a DNS name (such as "
           "'druid-bridge.druid-bridge.svc') nor an IP address");
    refuse(two, 0, HOUR, ERROR_INVALID, "no DNS name, expected at least one");
}

static void validity_has_bounds(void **state)
{
    (void)state;
    const int64_t bad[] = {0, -1, CERT_VALIDITY_MAX + 1, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char message[128];
        snprintf(message, sizeof message,
                 "a validity of %lld seconds, expected 1 second to ten years (87600h)",
                 (long long)bad[i]);
        refuse(names, 1, bad[i], ERROR_RANGE, message);
    }
    struct cert_issued issued;
    assert_true(cert_issue("short", names, 1, 1, TEST_CERT_NOW, &issued, NULL));
    cert_issued_free(&issued);
    /* Beyond 2049 X.509 writes years in another form. */
    assert_true(
        cert_issue("long", names, 1, CERT_VALIDITY_MAX, INT64_C(2500000000), &issued, NULL));
    struct cert_pair pair;
    assert_true(cert_pair_load("long", INT64_C(2500000000) + CERT_VALIDITY_MAX, &pair, NULL));
    cert_pair_free(&pair);
    cert_issued_free(&issued);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, enter_directory, leave_directory)
#define EXISTS(name)                                                                               \
    {                                                                                              \
        "an existing " name " is kept, and nothing is written", an_existing_file_is_kept,          \
            enter_directory, leave_directory, name                                                 \
    }
/* A test of its own for a row of FUNCTION's table. */
#define ROW(name, function, ...)                                                                   \
    {                                                                                              \
        name, function, enter_directory, leave_directory, &(struct function)                       \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_pair_can_be_served),
        TEST(the_CA_signed_it),
        TEST(what_was_written_is_told),
        TEST(only_the_owner_reads_keys),
        TEST(every_issue_is_new),
        EXISTS("ca.crt"),
        EXISTS("ca.key"),
        EXISTS("tls.crt"),
        EXISTS("tls.key"),
        TEST(an_empty_directory_is_used),
        TEST(a_directory_that_cannot_be_made_is_named),
        TEST(a_full_disk_leaves_nothing_behind),
        TEST(a_name_that_is_taken_meanwhile_undoes_the_others),
        ROW("a single label is a name", name_row, "localhost", true),
        ROW("a label may begin with a digit", name_row, "0.a", true),
        ROW("a label has at most 63 characters", name_row, LABEL63 ".svc", true),
        ROW("a label of 64 characters is refused", name_row, LABEL63 "4.svc", false),
        ROW("a name of 253 characters is a name", name_row, NAME253, true),
        ROW("a name of 254 characters is refused", name_row, NAME253 "2", false),
        ROW("the first label may be a wildcard", name_row, "*.druid-bridge.svc", true),
        ROW("a wildcard alone is refused", name_row, "*", false),
        ROW("a wildcard before nothing is refused", name_row, "*.", false),
        ROW("a wildcard in the second label is refused", name_row, "a.*.svc", false),
        ROW("a part of a label is no wildcard", name_row, "a*.svc", false),
        ROW("an empty name is refused", name_row, "", false),
        ROW("an empty label is refused", name_row, "a..svc", false),
        ROW("a final dot is refused", name_row, "a.svc.", false),
        ROW("a dash at the begin is refused", name_row, "-a.svc", false),
        ROW("a dash at the end is refused", name_row, "a-.svc", false),
        ROW("an underscore is refused", name_row, "a_b.svc", false),
        ROW("a space is refused", name_row, "a b", false),
        ROW("a list in one name is refused", name_row, "a,DNS:b", false),
        ROW("a port is refused", name_row, "a:8443", false),
        ROW("a URL is refused", name_row, "https://a", false),
        ROW("other letters than ASCII's are refused", name_row, "\xc3\xa4.svc", false),
        ROW("an address is taken", name_row, "10.0.0.1", true),
        ROW("an IPv6 address is taken", name_row, "::1", true),
        ROW("a mistyped address is refused", name_row, "10.0.0.256", false),
        TEST(the_second_name_is_checked_too),
        TEST(validity_has_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
