#include "kube/utf8.h"

#include <stdbool.h>
#include <string.h>

/* Source: RFC 3629, section 4. */
size_t kube_utf8_length(const char *bytes, size_t length)
{
    static const struct {
        unsigned char first, last; /* of the first byte */
        unsigned char low, high;   /* of the second byte */
        size_t length;
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    const unsigned char *c = (const unsigned char *)bytes;
    size_t form = 0;
    size_t count = sizeof forms / sizeof *forms;
    while (length > 0 && form < count && (*c < forms[form].first || *c > forms[form].last))
        form++;
    if (form == count || length < forms[form].length)
        return 0;
    if (forms[form].length > 1 && (c[1] < forms[form].low || c[1] > forms[form].high))
        return 0;
    for (size_t i = 2; i < forms[form].length; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    return forms[form].length;
}

void kube_utf8_mend(char *text)
{
    size_t length = strlen(text);
    char *end = text;
    bool broken = false;
    for (size_t at = 0, step; at < length; at += step ? step : 1) {
        step = kube_utf8_length(text + at, length - at);
        memmove(end, text + at, step);
        end += step;
        if (!step && !broken)
            *end++ = '?';
        broken = !step;
    }
    *end = '\0';
}
