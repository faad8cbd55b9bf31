/* Output of commands: what was written has to arrive, and what a person gets can be seen. */
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

/* Writes TEXT (LENGTH bytes) for a person, each character as kube_utf8_show has it. */
void kube_stream_show(FILE *out, const char *text, size_t length);

/* A line for a person: LEAD as it is, TEXT shown. */
void kube_stream_say(FILE *out, const char *lead, const char *text);

#endif
