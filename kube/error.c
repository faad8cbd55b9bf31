#include "kube/error.h"

#include "kube/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef error_set
#undef error_wrap

/* Marks a message that did not fit, so that nobody takes the cut for the end. */
static void mark_cut(struct error *err, int wanted)
{
    if (wanted < (int)sizeof err->message)
        return;
    size_t cut = sizeof err->message - sizeof "...";
    while (cut > 0 && ((unsigned char)err->message[cut] & 0xc0) == 0x80)
        cut--;
    memcpy(err->message + cut, "...", sizeof "...");
}

/* Messages go into JSON, and a precision ("%.64s") may have cut a character in two. */
static void finish(struct error *err, int wanted)
{
    mark_cut(err, wanted);
    kube_utf8_mend(err->message);
}

bool error_set(struct error *err, enum error_code code, const char *format, ...)
{
    if (!err)
        return false;
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    finish(err, wanted);
    err->code = code;
    return false;
}

bool error_wrap(struct error *err, const char *format, ...)
{
    if (!err)
        return false;
    struct error cause = *err;
    va_list args;
    va_start(args, format);
    int used = vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof err->message)
        used += snprintf(err->message + used, sizeof err->message - (size_t)used, ": %s",
                         cause.message);
    finish(err, used);
    return false;
}

const char *error_code_name(enum error_code code)
{
    static const char *const names[] = {
        [ERROR_NONE] = "none",          [ERROR_INVALID] = "invalid",
        [ERROR_RANGE] = "out-of-range", [ERROR_NOT_FOUND] = "not-found",
        [ERROR_CONFLICT] = "conflict",  [ERROR_UNAVAILABLE] = "unavailable",
        [ERROR_STOPPED] = "stopped",    [ERROR_NO_MEMORY] = "no-memory",
    };
    return code < sizeof names / sizeof *names ? names[code] : "unknown";
}
