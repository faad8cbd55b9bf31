/* What was written has to arrive: streams whose end is checked. */
#ifndef KUBE_STREAM_H
#define KUBE_STREAM_H

#include "kube/error.h"

#include <stdio.h>

/* Whether all that was ever written to STREAM could be written, what it has in its buffer too.
 * ERROR_UNAVAILABLE: "NAME: cannot be written: …". */
bool kube_stream_flush(FILE *stream, const char *name, struct error *err);

/* The same, and STREAM is closed in any case. NAME is NULL for a stream in memory: then
 * ERROR_NO_MEMORY. */
bool kube_stream_close(FILE *stream, const char *name, struct error *err);

/* For the beginning of a program: makes descriptors 0 to 2 that are closed ones that cannot be
 * written, else the first file that is opened would get one of them, and what is printed with it.
 */
bool kube_stream_reserve(struct error *err);

#endif
