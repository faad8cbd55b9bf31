#include "kube/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool kube_text_fail(const struct kube_text *text, unsigned line, struct error *err,
                    const char *format, ...)
{
    char message[sizeof err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (text->name)
        return error_set(err, ERROR_INVALID, "%s:%u: %s", text->name, line, message);
    return error_set(err, ERROR_INVALID, "line %u: %s", line, message);
}

unsigned kube_text_line(const struct kube_text *text, size_t offset)
{
    unsigned line = 1;
    const char *end = text->bytes + offset;
    for (const char *c = text->bytes; (c = memchr(c, '\n', (size_t)(end - c))); c++)
        line++;
    return line;
}
