#include "kube/utf8.h"

#include <stdio.h>
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

uint32_t kube_utf8_code(const char *sequence, size_t length)
{
    static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07}; /* by LENGTH */
    const unsigned char *c = (const unsigned char *)sequence;
    uint32_t code = c[0] & first_bits[length];
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (c[i] & 0x3f);
    return code;
}

bool kube_utf8_is_visible(const char *sequence, size_t length)
{
    /* Source: Unicode 15, the general category Cc and the property Default_Ignorable_Code_Point,
     * besides them U+2028, U+2029 and the annotations U+FFF9 to U+FFFB. In order. */
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},
        {0x061c, 0x061c},   {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
        {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
        {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
        {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
    };
    uint32_t code = kube_utf8_code(sequence, length);
    size_t i = 0;
    while (i < sizeof hidden / sizeof *hidden && hidden[i].last < code)
        i++;
    return i == sizeof hidden / sizeof *hidden || code < hidden[i].first;
}

size_t kube_utf8_show(const char *text, size_t length, char shown[KUBE_UTF8_SHOWN])
{
    size_t step = kube_utf8_length(text, length);
    if (step == 0) {
        memcpy(shown, "\xef\xbf\xbd", 4);
        return 1;
    }
    if (kube_utf8_is_visible(text, step)) {
        memcpy(shown, text, step);
        shown[step] = '\0';
        return step;
    }
    uint32_t code = kube_utf8_code(text, step);
    if (code <= 0xffff)
        snprintf(shown, KUBE_UTF8_SHOWN, "\\u%04x", (unsigned)code);
    else
        snprintf(shown, KUBE_UTF8_SHOWN, "\\u%04x\\u%04x",
                 (unsigned)(0xd800 | ((code - 0x10000) >> 10 & 0x3ff)),
                 (unsigned)(0xdc00 | (code & 0x3ff)));
    return step;
}
