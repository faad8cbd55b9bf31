/* Standard base64 with padding (RFC 4648), as the values of Secrets and patches are written. */
#ifndef KUBE_BASE64_H
#define KUBE_BASE64_H

#include "kube/error.h"

#include <stddef.h>

/* LENGTH bytes as a NUL-terminated text that the caller frees. NULL: no memory. */
char *kube_base64_encode(const void *bytes, size_t length);

/* TEXT as bytes: *out is owned by the caller, has *length bytes and a NUL behind them. White space
 * at line ends is accepted. ERROR_INVALID: not base64 (the text is not quoted: it may be a secret).
 */
bool kube_base64_decode(const char *text, unsigned char **out, size_t *length, struct error *err);

#endif
