/* UTF-8, as everything that leaves the program has to be, and which characters a person may be
 * shown. Never allocates. */
#ifndef KUBE_UTF8_H
#define KUBE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the UTF-8 sequence at the beginning of BYTES, 1..4; 0: it is none, or LENGTH is 0.
 */
size_t kube_utf8_length(const char *bytes, size_t length);

/* Makes TEXT valid UTF-8, in place: each run of bytes that is none becomes one '?'. */
void kube_utf8_mend(char *text);

/* The code point of a UTF-8 sequence of LENGTH bytes, which kube_utf8_length gave. */
uint32_t kube_utf8_code(const char *sequence, size_t length);

/* Whether the character of such a sequence may be shown to a person as it is: not if it steers a
 * terminal, turns the direction of what follows, ends a line, or is not seen at all. */
bool kube_utf8_is_visible(const char *sequence, size_t length);

/* Room for any character as it is shown, and a NUL. */
enum { KUBE_UTF8_SHOWN = 13 };

/* The first character of TEXT (LENGTH bytes, at least one) as it may be shown: itself, as \uXXXX
 * where it is not visible (beyond U+FFFF two of them, as in JSON), U+FFFD for a byte that is no
 * UTF-8. Returns how many bytes of TEXT that were. */
size_t kube_utf8_show(const char *text, size_t length, char shown[KUBE_UTF8_SHOWN]);

#endif
