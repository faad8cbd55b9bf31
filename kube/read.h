/* Whole files as bytes. */
#ifndef KUBE_READ_H
#define KUBE_READ_H

#include "kube/error.h"

#include <stddef.h>

/* What a path may name. */
enum kube_read_from {
    KUBE_READ_FILE,   /* a regular file only: reading it never waits for somebody */
    KUBE_READ_STREAM, /* also a pipe, a device or a socket, which is waited for until its end */
};

/* The bytes of PATH, MAX at most, and a NUL behind them; the caller frees them. No other copy of
 * them is left in memory, so kube_wipe_free is enough for a secret. ERROR_UNAVAILABLE: cannot be
 * read, or is no file of that kind. ERROR_RANGE: more than MAX. Messages lead with PATH. */
bool kube_read(const char *path, enum kube_read_from from, size_t max, char **out, size_t *length,
               struct error *err);

/* The two steps of kube_read, for paths below a directory that is open already, and for standard
 * input. OPEN: NAME below DIRFD, or -1 with errno. DESCRIPTOR: FD, which stays open, to its end;
 * messages lead with LABEL. */
int kube_read_open(int dirfd, const char *name, enum kube_read_from from);
bool kube_read_descriptor(int fd, const char *label, enum kube_read_from from, size_t max,
                          char **out, size_t *length, struct error *err);

#endif
