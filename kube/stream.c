#include "kube/stream.h"

#include "kube/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* REASON is an errno, 0: it is not known any more, for something failed earlier. */
static bool fail(const char *name, int reason, struct error *err)
{
    if (!name)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    return error_set(err, ERROR_UNAVAILABLE, "%s: cannot be written: %s", name,
                     reason ? strerror(reason) : "a part of it is missing");
}

bool kube_stream_flush(FILE *stream, const char *name, struct error *err)
{
    if (fflush(stream) != 0)
        return fail(name, errno, err);
    return !ferror(stream) || fail(name, 0, err);
}

bool kube_stream_close(FILE *stream, const char *name, struct error *err)
{
    bool complete = kube_stream_flush(stream, name, err);
    if (fclose(stream) == 0)
        return complete;
    return complete ? fail(name, errno, err) : false;
}

bool kube_stream_reserve(struct error *err)
{
    for (int wanted = STDIN_FILENO; wanted <= STDERR_FILENO; wanted++) {
        if (fcntl(wanted, F_GETFD) >= 0)
            continue;
        /* The lowest that is free, which is WANTED; for programs that are started as well. */
        int fd = open("/dev/null", O_RDONLY | O_NOCTTY); // NOLINT(android-cloexec-open)
        if (fd < 0)
            return error_set(err, ERROR_UNAVAILABLE, "/dev/null: %s", strerror(errno));
    }
    return true;
}

/* In few writes: standard error has no buffer. */
void kube_stream_show(FILE *out, const char *text, size_t length)
{
    size_t begin = 0;
    for (size_t at = 0, step; at < length; at += step) {
        char shown[KUBE_UTF8_SHOWN];
        step = kube_utf8_show(text + at, length - at, shown);
        if (memcmp(shown, text + at, step) == 0)
            continue;
        fwrite(text + begin, 1, at - begin, out);
        fputs(shown, out);
        begin = at + step;
    }
    fwrite(text + begin, 1, length - begin, out);
}

void kube_stream_say(FILE *out, const char *lead, const char *text)
{
    fputs(lead, out);
    kube_stream_show(out, text, strlen(text));
    fputc('\n', out);
}
