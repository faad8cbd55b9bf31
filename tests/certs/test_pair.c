#include "certs/pair.h"

#include "tests/support/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct test_identity *first, *second, *expired, *early, *nameless, *client;

static int make_identities(void **state)
{
    (void)state;
    first = test_identity_new(&(struct test_certificate){
        .common_name = "first", .alternative_names = "DNS:a", .extended_key_usage = "serverAuth"});
    second = test_identity_new(
        &(struct test_certificate){.common_name = "second", .alternative_names = "DNS:a"});
    expired = test_identity_new(&(struct test_certificate){.not_after = TEST_CERT_NOW - 1});
    early = test_identity_new(&(struct test_certificate){.not_before = TEST_CERT_NOW + 1});
    nameless = test_identity_new(&(struct test_certificate){.common_name = "a"});
    client = test_identity_new(&(struct test_certificate){.alternative_names = "DNS:a",
                                                          .extended_key_usage = "clientAuth"});
    return 0;
}

static int free_identities(void **state)
{
    (void)state;
    test_identity_free(first);
    test_identity_free(second);
    test_identity_free(expired);
    test_identity_free(early);
    test_identity_free(nameless);
    test_identity_free(client);
    return 0;
}

/* --- a directory of its own for each test, and the current one, so that paths are short --- */

static char home[] = "/tmp/test_pair.XXXXXX";

static int enter_directory(void **state)
{
    (void)state;
    memcpy(home + strlen(home) - 6, "XXXXXX", 6);
    return mkdtemp(home) && chdir(home) == 0 && mkdir("tls", 0700) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void put_bytes(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void put(const char *path, const char *text)
{
    put_bytes(path, text, strlen(text));
}

static void put_pair(const char *dir, const char *cert, const char *key)
{
    char path[128];
    snprintf(path, sizeof path, "%s/tls.crt", dir);
    put(path, cert);
    snprintf(path, sizeof path, "%s/tls.key", dir);
    put(path, key);
}

/* Makes GENERATION of IDENTITY and points tls/..data at it, as kubelet does. */
static void swap_to(const char *generation, const struct test_identity *identity)
{
    char path[128];
    snprintf(path, sizeof path, "tls/%s", generation);
    assert_int_equal(mkdir(path, 0700), 0);
    put_pair(path, identity->cert, identity->key);
    assert_int_equal(symlink(generation, "tls/..data_tmp"), 0);
    assert_int_equal(rename("tls/..data_tmp", "tls/..data"), 0);
}

static void mount_first(void)
{
    swap_to("..1", first);
    assert_int_equal(symlink("..data/tls.crt", "tls/tls.crt"), 0);
    assert_int_equal(symlink("..data/tls.key", "tls/tls.key"), 0);
}

static void load(struct cert_pair *pair)
{
    struct error err = {0};
    if (!cert_pair_load("tls", TEST_CERT_NOW, pair, &err))
        fail_msg("%s", err.message);
}

static void refuse(enum error_code code, const char *message)
{
    struct cert_pair pair = {.key_length = 77};
    struct error err = {0};
    assert_false(cert_pair_load("tls", TEST_CERT_NOW, &pair, &err));
    assert_string_equal(err.message, message);
    assert_int_equal(err.code, code);
    assert_int_equal(pair.key_length, 77); /* untouched */
}

/* --- tests --- */

static void a_pair_is_loaded_as_it_is(void **state)
{
    (void)state;
    char *chain = test_concat(first->cert, second->cert, NULL);
    put_pair("tls", chain, first->key);
    struct cert_pair pair;
    load(&pair);
    assert_string_equal(pair.cert_pem, chain);
    assert_int_equal(pair.cert_length, strlen(chain));
    assert_string_equal(pair.key_pem, first->key);
    assert_int_equal(pair.key_length, strlen(first->key));
    assert_int_equal(pair.not_before, TEST_CERT_BEGIN);
    assert_int_equal(pair.not_after, TEST_CERT_END);
    assert_null(pair.weakness);
    struct cert_facts facts;
    assert_true(cert_facts_read(chain, strlen(chain), &facts, NULL));
    assert_string_equal(pair.fingerprint, facts.fingerprint);
    cert_facts_free(&facts);
    cert_pair_free(&pair);
    assert_null(pair.key_pem);
    cert_pair_free(&pair);
    free(chain);
}

struct refuse_row {
    struct test_identity **cert, **key; /* NULL: no such file */
    enum error_code code;
    const char *message;
};

static void refuse_row(void **state)
{
    const struct refuse_row *row = *state;
    if (row->cert)
        put("tls/tls.crt", (*row->cert)->cert);
    if (row->key)
        put("tls/tls.key", (*row->key)->key);
    refuse(row->code, row->message);
}

static void an_absent_directory_is_named(void **state)
{
    (void)state;
    assert_int_equal(rmdir("tls"), 0);
    refuse(ERROR_NOT_FOUND, "tls: No such file or directory");
}

static void a_file_in_the_place_of_the_directory_is_named(void **state)
{
    (void)state;
    assert_int_equal(rmdir("tls"), 0);
    put("tls", "");
    refuse(ERROR_NOT_FOUND, "tls: Not a directory");
}

static void an_encrypted_key_is_an_error_not_a_question(void **state)
{
    (void)state;
    char *key = test_identity_encrypted_key(first);
    put_pair("tls", first->cert, key);
    refuse(ERROR_INVALID, "tls/tls.key: the key is encrypted, expected a plain one");
    free(key);
}

static void broken_files_are_named_and_not_quoted(void **state)
{
    (void)state;
    put_pair("tls", first->cert, "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n");
    refuse(ERROR_INVALID, "tls/tls.key: no private key in PEM form that can be read");
    put_pair("tls", "", first->key);
    refuse(ERROR_INVALID, "tls/tls.crt: no certificate in PEM form");
    put_pair("tls", "-----BEGIN CERTIFICATE-----\nMIIB\n", first->key);
    refuse(ERROR_INVALID, "tls/tls.crt: broken PEM: bad end line");
}

static void a_nul_byte_is_refused(void **state)
{
    (void)state;
    put_pair("tls", first->cert, first->key);
    put_bytes("tls/tls.crt", first->cert, strlen(first->cert) + 1);
    refuse(ERROR_INVALID, "tls/tls.crt: not PEM: a NUL byte");
}

static void huge_files_are_not_read(void **state)
{
    (void)state;
    put_pair("tls", first->cert, first->key);
    assert_int_equal(truncate("tls/tls.key", CERT_PEM_MAX + 1), 0);
    refuse(ERROR_RANGE, "tls/tls.key: more than 1 MiB");
}

static void a_fifo_does_not_hang(void **state)
{
    (void)state;
    put_pair("tls", first->cert, first->key);
    assert_int_equal(unlink("tls/tls.key"), 0);
    assert_int_equal(mkfifo("tls/tls.key", 0600), 0);
    refuse(ERROR_UNAVAILABLE,
           "tls/tls.key: found a pipe, expected a regular file; save what it gives "
           "to a file and name that");
}

static void a_loop_of_links_is_not_absence(void **state)
{
    (void)state;
    assert_int_equal(symlink("tls.crt", "tls/tls.crt"), 0);
    refuse(ERROR_UNAVAILABLE, "tls/tls.crt: Too many levels of symbolic links");
}

static void what_API_servers_refuse_is_said(void **state)
{
    (void)state;
    struct cert_pair pair;
    put_pair("tls", nameless->cert, nameless->key);
    load(&pair);
    assert_string_equal(pair.weakness,
                        "it has no subject alternative name, and the common name does not count");
    cert_pair_free(&pair);
    put_pair("tls", client->cert, client->key);
    load(&pair);
    assert_string_equal(pair.weakness, "its extended key usage does not permit servers");
    cert_pair_free(&pair);
}

static void a_mount_is_followed_when_it_swaps(void **state)
{
    (void)state;
    struct cert_pair before;
    struct cert_pair same;
    struct cert_pair after;
    mount_first();
    load(&before);
    load(&same);
    swap_to("..2", second);
    load(&after);
    assert_string_equal(before.cert_pem, first->cert);
    assert_string_equal(after.cert_pem, second->cert);
    assert_true(cert_pair_equal(&before, &same));
    assert_false(cert_pair_equal(&before, &after));
    cert_pair_free(&before);
    cert_pair_free(&same);
    cert_pair_free(&after);
}

static void a_new_certificate_for_the_old_key_is_a_change(void **state)
{
    (void)state;
    char cert[] = "cert";
    char renewed[] = "tres";
    char key[] = "key";
    char other[] = "yek";
    const struct cert_pair a = {
        .cert_pem = cert, .cert_length = 4, .key_pem = key, .key_length = 3};
    struct cert_pair b = a;
    assert_true(cert_pair_equal(&a, &b));
    b.cert_pem = renewed;
    assert_false(cert_pair_equal(&a, &b));
    b = a;
    b.key_pem = other;
    assert_false(cert_pair_equal(&a, &b));
    b = a;
    b.cert_length = 3;
    assert_false(cert_pair_equal(&a, &b));
}

/* The links in the directory itself lead elsewhere here: only one directory is read. */
static void both_files_are_of_what_data_names(void **state)
{
    (void)state;
    mount_first();
    assert_int_equal(unlink("tls/tls.key"), 0);
    put("tls/tls.key", second->key);
    struct cert_pair pair;
    load(&pair);
    assert_string_equal(pair.key_pem, first->key);
    cert_pair_free(&pair);
}

static void a_mount_without_its_generation_is_named(void **state)
{
    (void)state;
    assert_int_equal(symlink("..gone", "tls/..data"), 0);
    put_pair("tls", first->cert, first->key);
    refuse(ERROR_NOT_FOUND, "tls/..data: No such file or directory");
}

static void *keep_loading(void *failures)
{
    for (int i = 0; i < 300; i++) {
        struct cert_pair pair;
        struct error err = {0};
        if (cert_pair_load("tls", TEST_CERT_NOW, &pair, &err)) {
            cert_pair_free(&pair);
        } else {
            fprintf(stderr, "%s\n", err.message);
            atomic_fetch_add((atomic_int *)failures, 1);
        }
    }
    return NULL;
}

/* Old generations are removed at once, and neighbours have different keys. */
static void swapping_never_gives_half_a_pair(void **state)
{
    (void)state;
    mount_first();
    atomic_int failures = 0;
    pthread_t loader;
    assert_int_equal(pthread_create(&loader, NULL, keep_loading, &failures), 0);
    for (int i = 2; pthread_tryjoin_np(loader, NULL) == EBUSY; i++) {
        char path[64];
        snprintf(path, sizeof path, "..%d", i);
        swap_to(path, i % 2 ? first : second);
        snprintf(path, sizeof path, "tls/..%d/tls.crt", i - 1);
        assert_int_equal(unlink(path), 0);
        snprintf(path, sizeof path, "tls/..%d/tls.key", i - 1);
        assert_int_equal(unlink(path), 0);
        snprintf(path, sizeof path, "tls/..%d", i - 1);
        assert_int_equal(rmdir(path), 0);
        usleep(1000);
    }
    assert_int_equal(failures, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, enter_directory, leave_directory)
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
        TEST(a_pair_is_loaded_as_it_is),
        ROW("an absent certificate is named", refuse_row, NULL, &first, ERROR_NOT_FOUND,
            "tls/tls.crt: No such file or directory"),
        ROW("an absent key is named", refuse_row, &first, NULL, ERROR_NOT_FOUND,
            "tls/tls.key: No such file or directory"),
        ROW("the key of another certificate is refused", refuse_row, &first, &second,
            ERROR_CONFLICT, "tls/tls.key: the key does not belong to the certificate"),
        ROW("an expired certificate is refused", refuse_row, &expired, &expired, ERROR_RANGE,
            "tls/tls.crt: the certificate expired on 2024-12-31T23:59:59Z"),
        ROW("a certificate that is not yet valid is refused", refuse_row, &early, &early,
            ERROR_RANGE, "tls/tls.crt: the certificate is not valid before 2025-01-01T00:00:01Z"),
        TEST(an_absent_directory_is_named),
        TEST(a_file_in_the_place_of_the_directory_is_named),
        TEST(an_encrypted_key_is_an_error_not_a_question),
        TEST(broken_files_are_named_and_not_quoted),
        TEST(a_nul_byte_is_refused),
        TEST(huge_files_are_not_read),
        TEST(a_fifo_does_not_hang),
        TEST(a_loop_of_links_is_not_absence),
        TEST(what_API_servers_refuse_is_said),
        TEST(a_mount_is_followed_when_it_swaps),
        cmocka_unit_test(a_new_certificate_for_the_old_key_is_a_change),
        TEST(both_files_are_of_what_data_names),
        TEST(a_mount_without_its_generation_is_named),
        TEST(swapping_never_gives_half_a_pair),
    };
    return cmocka_run_group_tests(tests, make_identities, free_identities);
}
