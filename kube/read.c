#include "kube/read.h"

#include "kube/wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of what does not tell its size. */
enum { FIRST_ROOM = 64 << 10 };

/* What was read so far. */
struct buffer {
    char *bytes;
    size_t used, room; /* the NUL is not counted */
};

static bool unavailable(const char *label, struct error *err)
{
    return error_set(err, ERROR_UNAVAILABLE, "%s: %s", label, strerror(errno));
}

static bool too_large(const char *label, size_t max, struct error *err)
{
    static const struct {
        unsigned shift;
        const char *unit;
    } units[] = {{30, "GiB"}, {20, "MiB"}, {0, "bytes"}};
    size_t i = 0;
    while (max & (((size_t)1 << units[i].shift) - 1))
        i++;
    return error_set(err, ERROR_RANGE, "%s: more than %zu %s", label, max >> units[i].shift,
                     units[i].unit);
}

/* --- which kind of file --- */

static const char *kind_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "a directory";
    case S_IFIFO:
        return "a pipe";
    case S_IFSOCK:
        return "a socket";
    default:
        return "a device";
    }
}

static bool check_kind(const char *label, mode_t mode, enum kube_read_from from, struct error *err)
{
    if (S_ISREG(mode) || (from == KUBE_READ_STREAM && !S_ISDIR(mode)))
        return true;
    return error_set(
        err, ERROR_UNAVAILABLE, "%s: found %s, expected a regular file; %s", label, kind_of(mode),
        S_ISDIR(mode) ? "name a file in it" : "save what it gives to a file and name that");
}

/* --- bytes --- */

/* Without realloc, which leaves a copy behind where it moves the bytes. */
static bool grow(struct buffer *buffer, size_t room)
{
    char *bytes = malloc(room + 1);
    if (!bytes)
        return false;
    if (buffer->used)
        memcpy(bytes, buffer->bytes, buffer->used);
    kube_wipe_free(buffer->bytes, buffer->used);
    buffer->bytes = bytes;
    buffer->room = room;
    return true;
}

/* Whether a read that failed with errno is to be repeated: a shell's standard input may have been
 * left non-blocking by somebody else. */
static bool again(int fd, enum kube_read_from from)
{
    if (errno == EAGAIN && from == KUBE_READ_STREAM)
        return poll(&(struct pollfd){fd, POLLIN, 0}, 1, -1) == 1 || errno == EINTR;
    return errno == EINTR;
}

static ssize_t read_some(int fd, enum kube_read_from from, char *bytes, size_t size)
{
    ssize_t got;
    do
        got = read(fd, bytes, size);
    while (got < 0 && again(fd, from));
    return got;
}

/* SIZE is what the file says of itself, which may be wrong. One byte more is asked for than MAX, so
 * that too much is noticed. */
static bool read_all(int fd, const char *label, enum kube_read_from from, size_t size, size_t max,
                     struct buffer *buffer, struct error *err)
{
    size_t room = size > 0 ? size + 1 : FIRST_ROOM;
    for (ssize_t got = 1; got > 0; buffer->used += (size_t)got) {
        if (buffer->used == buffer->room) {
            if (!grow(buffer, room > max ? max + 1 : room))
                return error_set(err, ERROR_NO_MEMORY, "%s: out of memory", label);
            room *= 2;
        }
        got = read_some(fd, from, buffer->bytes + buffer->used, buffer->room - buffer->used);
        if (got < 0)
            return unavailable(label, err);
        if (buffer->used + (size_t)got > max) {
            buffer->used += (size_t)got;
            return too_large(label, max, err);
        }
    }
    return true;
}

bool kube_read_descriptor(int fd, const char *label, enum kube_read_from from, size_t max,
                          char **out, size_t *length, struct error *err)
{
    struct stat status;
    struct buffer buffer = {0};
    if (fstat(fd, &status) != 0)
        return unavailable(label, err);
    if (!check_kind(label, status.st_mode, from, err))
        return false;
    size_t size = S_ISREG(status.st_mode) ? (size_t)status.st_size : 0;
    if (size > max)
        return too_large(label, max, err);
    if (!read_all(fd, label, from, size, max, &buffer, err)) {
        kube_wipe_free(buffer.bytes, buffer.used);
        return false;
    }
    buffer.bytes[buffer.used] = '\0';
    *out = buffer.bytes;
    *length = buffer.used;
    return true;
}

/* --- paths --- */

int kube_read_open(int dirfd, const char *name, enum kube_read_from from)
{
    /* A FIFO without a writer is waited for, unless told not to. */
    int wait = from == KUBE_READ_STREAM ? 0 : O_NONBLOCK;
    int fd;
    do
        fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | wait);
    while (fd < 0 && errno == EINTR);
    return fd;
}

bool kube_read(const char *path, enum kube_read_from from, size_t max, char **out, size_t *length,
               struct error *err)
{
    struct stat status;
    int fd = kube_read_open(AT_FDCWD, path, from);
    if (fd < 0) {
        /* A socket, or a device that is not there: the system's message names neither. */
        bool is_special = errno == ENXIO && stat(path, &status) == 0;
        return is_special ? check_kind(path, status.st_mode, KUBE_READ_FILE, err)
                          : unavailable(path, err);
    }
    bool done = kube_read_descriptor(fd, path, from, max, out, length, err);
    close(fd);
    return done;
}
