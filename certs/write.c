#include "certs/write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct target {
    const char *dir;
    int dirfd;
    bool made; /* the directory, by us */
};

static bool fail(const struct target *target, const char *name, struct error *err)
{
    return error_set(err, errno == EEXIST ? ERROR_CONFLICT : ERROR_UNAVAILABLE, "%s%s%s: %s",
                     target->dir, *name ? "/" : "", name,
                     errno == EEXIST ? "exists already and is not overwritten" : strerror(errno));
}

static void temporary_name(const char *name, char out[NAME_MAX])
{
    snprintf(out, NAME_MAX, ".%s.%ld.tmp", name, (long)getpid());
}

static bool open_target(const char *dir, struct target *target, struct error *err)
{
    *target = (struct target){.dir = dir, .made = mkdir(dir, 0700) == 0, .dirfd = -1};
    if (target->made || errno == EEXIST)
        target->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return target->dirfd >= 0 || fail(target, "", err);
}

static bool check_free(const struct target *target, const struct cert_file *files, size_t count,
                       struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct stat status;
        if (fstatat(target->dirfd, files[i].name, &status, AT_SYMLINK_NOFOLLOW) == 0)
            errno = EEXIST;
        if (errno != ENOENT)
            return fail(target, files[i].name, err);
    }
    return true;
}

static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t count = write(fd, bytes, length);
        if (count < 0 && errno != EINTR)
            return false;
        if (count > 0) {
            bytes += count;
            length -= (size_t)count;
        }
    }
    return true;
}

static bool write_temporary(const struct target *target, const struct cert_file *file,
                            struct error *err)
{
    char name[NAME_MAX];
    temporary_name(file->name, name);
    int fd = openat(target->dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(target, name, err);
    bool ok =
        write_all(fd, file->bytes, file->length) && fchmod(fd, file->mode) == 0 && fsync(fd) == 0;
    if (!ok)
        fail(target, name, err);
    close(fd);
    return ok;
}

static void remove_temporaries(const struct target *target, const struct cert_file *files,
                               size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[NAME_MAX];
        temporary_name(files[i].name, name);
        unlinkat(target->dirfd, name, 0);
    }
}

/* A link is what gives a file its name only if nobody has it. */
static bool publish(const struct target *target, const struct cert_file *files, size_t count,
                    struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        char name[NAME_MAX];
        temporary_name(files[i].name, name);
        if (linkat(target->dirfd, name, target->dirfd, files[i].name, 0) == 0)
            continue;
        fail(target, files[i].name, err);
        while (i-- > 0)
            unlinkat(target->dirfd, files[i].name, 0);
        return false;
    }
    return true;
}

static bool write_to(const struct target *target, const struct cert_file *files, size_t count,
                     struct error *err)
{
    if (!check_free(target, files, count, err))
        return false;
    bool ok = true;
    size_t written = 0;
    while (ok && written < count)
        ok = write_temporary(target, &files[written++], err);
    ok = ok && publish(target, files, count, err);
    remove_temporaries(target, files, written);
    return ok;
}

bool cert_write_files(const char *dir, const struct cert_file *files, size_t count,
                      struct error *err)
{
    struct target target;
    bool ok = open_target(dir, &target, err) && write_to(&target, files, count, err);
    if (target.dirfd >= 0) {
        fsync(target.dirfd);
        close(target.dirfd);
    }
    if (!ok && target.made)
        rmdir(dir);
    return ok;
}
