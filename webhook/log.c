#include "webhook/log.h"

#include "kube/time.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct line {
    char text[4096];
    size_t used;
};

static void put(struct line *line, const char *bytes, size_t length)
{
    size_t room = sizeof line->text - 2 - line->used; /* a brace and the newline always fit */
    if (length > room)
        length = room;
    memcpy(line->text + line->used, bytes, length);
    line->used += length;
}

static void put_quoted(struct line *line, const char *value)
{
    put(line, "\"", 1);
    for (const char *c = value; *c; c++) {
        char escaped[8];
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            put(line, escaped,
                (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned char)*c));
        else if (*c == '"' || *c == '\\')
            put(line, (const char[]){'\\', *c}, 2);
        else
            put(line, c, 1);
    }
    put(line, "\"", 1);
}

static bool needs_quotes(const char *value)
{
    if (*value == '\0')
        return true;
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("\"\\=", *c))
            return true;
    return false;
}

static void put_pair(struct line *line, enum webhook_log_format format, const char *key,
                     const char *value)
{
    if (format == WEBHOOK_LOG_JSON) {
        put(line, line->used ? "," : "{", 1);
        put_quoted(line, key);
        put(line, ":", 1);
        put_quoted(line, value);
        return;
    }
    if (line->used)
        put(line, " ", 1);
    put(line, key, strlen(key));
    put(line, "=", 1);
    if (needs_quotes(value))
        put_quoted(line, value);
    else
        put(line, value, strlen(value));
}

void webhook_log(const struct webhook_log *log, enum webhook_log_level level, const char *message,
                 ...)
{
    static const char *const levels[] = {"info", "warning", "error"};
    struct line line = {.used = 0};
    char now[KUBE_TIME_SIZE];
    kube_time_format(time(NULL), now);
    put_pair(&line, log->format, "time", now);
    put_pair(&line, log->format, "level", levels[level]);
    put_pair(&line, log->format, "msg", message);
    va_list args;
    va_start(args, message);
    for (const char *key = va_arg(args, const char *); key; key = va_arg(args, const char *)) {
        const char *value = va_arg(args, const char *);
        if (value)
            put_pair(&line, log->format, key, value);
    }
    va_end(args);
    if (log->format == WEBHOOK_LOG_JSON)
        line.text[line.used++] = '}';
    line.text[line.used++] = '\n';
    ssize_t written = write(log->fd, line.text, line.used);
    (void)written; /* there is nobody left to tell */
}
