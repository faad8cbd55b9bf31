#include "kube/internal.h"

#include <string.h>

bool kube_text_wrap(const struct kube_text *text, unsigned line, struct error *err)
{
    return text->name ? error_wrap(err, "%s:%u", text->name, line)
                      : error_wrap(err, "line %u", line);
}

unsigned kube_text_line(const struct kube_text *text, size_t offset)
{
    unsigned line = 1;
    const char *end = text->bytes + offset;
    for (const char *c = text->bytes; (c = memchr(c, '\n', (size_t)(end - c))); c++)
        line++;
    return line;
}
