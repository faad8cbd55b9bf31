/* UTF-8, as everything that leaves the program has to be. Knows sequences, not characters. Never
 * allocates. */
#ifndef KUBE_UTF8_H
#define KUBE_UTF8_H

#include <stddef.h>

/* The length of the UTF-8 sequence at the beginning of BYTES, 1..4; 0: it is none, or LENGTH is 0.
 */
size_t kube_utf8_length(const char *bytes, size_t length);

/* Makes TEXT valid UTF-8, in place: each run of bytes that is none becomes one '?'. */
void kube_utf8_mend(char *text);

#endif
