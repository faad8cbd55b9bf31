#include "kube/base64.h"

#include "kube/cleanup.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

/* EVP_EncodeBlock and EVP_DecodeBlock count in int; longer input goes through them in pieces. */
enum { PIECE = 3 << 20 };

char *kube_base64_encode(const void *bytes, size_t length)
{
    char *out = malloc((length / 3 + 1) * 4 + 1);
    if (!out)
        return NULL;
    const unsigned char *from = bytes;
    char *to = out;
    *to = '\0';
    while (length > 0) {
        size_t piece = length < PIECE ? length : PIECE;
        to += EVP_EncodeBlock((unsigned char *)to, from, (int)piece);
        from += piece;
        length -= piece;
    }
    return out;
}

/* TEXT without line ends and the blanks before them; NULL: no memory. */
static char *join_lines(const char *text, size_t *length)
{
    char *out = malloc(strlen(text) + 1);
    size_t used = 0;
    while (out && *text) {
        size_t line = strcspn(text, "\r\n");
        size_t trimmed = line;
        while (trimmed > 0 && (text[trimmed - 1] == ' ' || text[trimmed - 1] == '\t'))
            trimmed--;
        memcpy(out + used, text, trimmed);
        used += trimmed;
        text += line + (text[line] != '\0');
    }
    if (out)
        out[used] = '\0';
    *length = used;
    return out;
}

/* EVP_DecodeBlock takes '=' in any place as a zero; only one or two at the end are padding. */
static bool is_base64(const char *text, size_t length, size_t *padding)
{
    size_t digits =
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    *padding = strspn(text + digits, "=");
    return digits + *padding == length && *padding <= 2 && length % 4 == 0;
}

bool kube_base64_decode(const char *text, unsigned char **out, size_t *length, struct error *err)
{
    size_t text_length, padding;
    AUTO_FREE char *joined = join_lines(text, &text_length);
    AUTO_FREE unsigned char *bytes = joined ? malloc(text_length / 4 * 3 + 1) : NULL;
    if (!bytes)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    if (!is_base64(joined, text_length, &padding))
        return error_set(err, ERROR_INVALID, "not base64");
    size_t used = 0;
    for (size_t at = 0; at < text_length; at += PIECE / 3 * 4) {
        size_t piece = text_length - at < PIECE / 3 * 4 ? text_length - at : PIECE / 3 * 4;
        int decoded = EVP_DecodeBlock(bytes + used, (unsigned char *)joined + at, (int)piece);
        if (decoded < 0)
            return error_set(err, ERROR_INVALID, "not base64");
        used += (size_t)decoded;
    }
    used -= padding;
    bytes[used] = '\0';
    *out = TAKE(bytes);
    *length = used;
    return true;
}
