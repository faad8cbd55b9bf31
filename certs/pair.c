#include "certs/pair.h"

#include "kube/cleanup.h"
#include "kube/read.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A generation can be replaced and removed while it is read; the next one is then read instead. */
enum { ATTEMPTS = 3 };

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
#define AUTO_FD __attribute__((cleanup(close_fd)))

static bool fail(const char *dir, const char *name, struct error *err)
{
    bool absent = errno == ENOENT || errno == ENOTDIR;
    return error_set(err, absent ? ERROR_NOT_FOUND : ERROR_UNAVAILABLE, "%s%s%s: %s", dir,
                     *name ? "/" : "", name, strerror(errno));
}

/* The directory that holds the files of the present generation: what DIR/..data names, else DIR. */
static int open_generation(const char *dir, struct error *err)
{
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    AUTO_FD int mount = open(dir, flags);
    if (mount < 0) {
        fail(dir, "", err);
        return -1;
    }
    const char *name = "..data";
    struct stat link;
    if (fstatat(mount, name, &link, AT_SYMLINK_NOFOLLOW) != 0)
        name = ".";
    int generation = openat(mount, name, flags);
    if (generation < 0)
        fail(dir, name, err);
    return generation;
}

/* NAME as text with a NUL behind it. *OUT and *LENGTH are set, and for the caller to free, also
 * where this fails after all: a key is wiped then. */
static bool read_file(int dirfd, const char *dir, const char *name, char **out, size_t *length,
                      struct error *err)
{
    char label[sizeof err->message];
    AUTO_FD int fd = kube_read_open(dirfd, name, KUBE_READ_FILE);
    if (fd < 0)
        return fail(dir, name, err);
    snprintf(label, sizeof label, "%s/%s", dir, name);
    if (!kube_read_descriptor(fd, label, KUBE_READ_FILE, CERT_PEM_MAX, out, length, err))
        return false;
    /* The server takes them as strings: what stands behind a NUL would be checked, but not served.
     */
    if (memchr(*out, '\0', *length))
        return error_set(err, ERROR_INVALID, "%s/%s: not PEM: a NUL byte", dir, name);
    return true;
}

static bool read_pair(const char *dir, struct cert_pair *pair, struct error *err)
{
    AUTO_FD int generation = open_generation(dir, err);
    return generation >= 0 &&
           read_file(generation, dir, "tls.crt", &pair->cert_pem, &pair->cert_length, err) &&
           read_file(generation, dir, "tls.key", &pair->key_pem, &pair->key_length, err);
}

static const char *weakness_of(const struct cert_facts *facts)
{
    if (facts->name_count == 0)
        return "it has no subject alternative name, and the common name does not count";
    if (!facts->server_auth)
        return "its extended key usage does not permit servers";
    return NULL;
}

static bool check_pair(const char *dir, struct cert_pair *pair, int64_t now, struct error *err)
{
    AUTO_CERT_FACTS struct cert_facts facts = {0};
    if (!cert_facts_read(pair->cert_pem, pair->cert_length, &facts, err) ||
        !cert_facts_valid_at(&facts, now, err))
        return error_wrap(err, "%s/tls.crt", dir);
    if (!cert_key_matches(pair->cert_pem, pair->cert_length, pair->key_pem, pair->key_length, err))
        return error_wrap(err, "%s/tls.key", dir);
    pair->not_before = facts.not_before;
    pair->not_after = facts.not_after;
    pair->weakness = weakness_of(&facts);
    memcpy(pair->fingerprint, facts.fingerprint, sizeof pair->fingerprint);
    return true;
}

bool cert_pair_load(const char *dir, int64_t now, struct cert_pair *out, struct error *err)
{
    AUTO_CERT_PAIR struct cert_pair pair = {0};
    struct error reason;
    for (int attempt = 1; !read_pair(dir, &pair, &reason); attempt++) {
        cert_pair_free(&pair);
        if (reason.code != ERROR_NOT_FOUND || attempt == ATTEMPTS)
            return error_set(err, reason.code, "%s", reason.message);
    }
    if (!check_pair(dir, &pair, now, err))
        return false;
    *out = pair;
    pair = (struct cert_pair){0};
    return true;
}

bool cert_pair_equal(const struct cert_pair *a, const struct cert_pair *b)
{
    return a->cert_length == b->cert_length && a->key_length == b->key_length &&
           memcmp(a->cert_pem, b->cert_pem, a->cert_length) == 0 &&
           CRYPTO_memcmp(a->key_pem, b->key_pem, a->key_length) == 0;
}

void cert_pair_free(struct cert_pair *pair)
{
    if (pair->key_pem)
        OPENSSL_cleanse(pair->key_pem, pair->key_length);
    free(pair->key_pem);
    free(pair->cert_pem);
    *pair = (struct cert_pair){0};
}
