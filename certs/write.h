/* A few files of one directory, all of them or none, and never over one that is there. */
#ifndef CERTS_WRITE_H
#define CERTS_WRITE_H

#include "kube/error.h"

#include <stddef.h>
#include <sys/types.h>

struct cert_file {
    const char *name; /* without a slash */
    mode_t mode;      /* exactly so, whatever the umask */
    const void *bytes;
    size_t length;
};

/* Writes the COUNT FILES to DIR, which is made with mode 0700 if it is absent.
 * They are complete when they appear; on failure those that had appeared, and DIR if it was made
 * here, are removed again. ERROR_CONFLICT: one of the names is taken; then nothing was touched.
 * ERROR_UNAVAILABLE: the system refused. Messages lead with the path. */
bool cert_write_files(const char *dir, const struct cert_file *files, size_t count,
                      struct error *err);

#endif
