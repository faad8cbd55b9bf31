#include "webhook/log.h"

#include "kube/time.h"
#include "kube/utf8.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char ellipsis[] = "…";

/* What a line always has room for: an ellipsis, a quote, how many were dropped, a brace and the
 * newline. */
enum { VALUE_LENGTH = 256, PROSE_LENGTH = 1024, DROPPED_LENGTH = 40 };
enum { CLOSING = sizeof ellipsis - 1 + DROPPED_LENGTH + 3 };

struct line {
    char text[PIPE_BUF]; /* what a pipe takes in one piece */
    size_t used;
};

static bool fits(const struct line *line, size_t length)
{
    return line->used + length + CLOSING <= sizeof line->text;
}

/* Without a look at the room, for what fits. */
static void put(struct line *line, const char *bytes, size_t length)
{
    memcpy(line->text + line->used, bytes, length);
    line->used += length;
}

/* The character at AT as the log has it; returns its length there and sets *STEP to its length at
 * AT. */
static size_t escape(const char *at, size_t left, char escaped[KUBE_UTF8_SHOWN], size_t *step)
{
    *step = kube_utf8_show(at, left, escaped);
    if (*at == '"' || *at == '\\')
        return (size_t)snprintf(escaped, KUBE_UTF8_SHOWN, "\\%c", *at);
    return strlen(escaped);
}

/* VALUE in at most LIMIT bytes, as far as there is room. */
static void put_value(struct line *line, const char *value, size_t limit)
{
    size_t length = strlen(value);
    size_t begin = line->used;
    for (size_t at = 0, step; at < length; at += step) {
        char escaped[KUBE_UTF8_SHOWN];
        size_t size = escape(value + at, length - at, escaped, &step);
        if (line->used - begin + size > limit || !fits(line, size)) {
            put(line, ellipsis, sizeof ellipsis - 1);
            return;
        }
        put(line, escaped, size);
    }
}

static bool needs_quotes(const char *value)
{
    size_t length = strlen(value);
    for (size_t at = 0, step; at < length; at += step ? step : 1) {
        step = kube_utf8_length(value + at, length - at);
        if (strchr(" \"\\=", value[at]) || (step && !kube_utf8_is_visible(value + at, step)))
            return true;
    }
    return length == 0;
}

/* Sentences of the program need more room than values that callers choose. */
static size_t limit_of(const char *key)
{
    bool prose =
        strcmp(key, "error") == 0 || strcmp(key, "reason") == 0 || strcmp(key, "warning") == 0;
    return prose ? PROSE_LENGTH : VALUE_LENGTH;
}

static void put_pair(struct line *line, enum webhook_log_format format, const char *key,
                     const char *value)
{
    bool json = format == WEBHOOK_LOG_JSON;
    bool quoted = json || needs_quotes(value);
    const char *quote = quoted ? "\"" : "";
    char lead[64];
    int length = json ? snprintf(lead, sizeof lead, "%c\"%s\":\"", line->used ? ',' : '{', key)
                      : snprintf(lead, sizeof lead, "%s%s=%s", line->used ? " " : "", key, quote);
    if (length >= (int)sizeof lead || !fits(line, (size_t)length))
        return;
    put(line, lead, (size_t)length);
    put_value(line, value, limit_of(key));
    put(line, quote, strlen(quote));
}

/* --- lines that nobody takes --- */

enum { PATIENCE_MILLISECONDS = 10 };

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER; /* no other line between look and write */
static _Atomic unsigned long long dropped;
static unsigned long long unsaid; /* of these, guarded by TURN */

static bool takes_a_line(int fd)
{
    struct pollfd descriptor = {fd, POLLOUT, 0};
    /* Where the last line did not go through, this one does not wait either. */
    return poll(&descriptor, 1, unsaid ? 0 : PATIENCE_MILLISECONDS) == 1 &&
           descriptor.revents & POLLOUT;
}

static void end_line(struct line *line, enum webhook_log_format format)
{
    bool json = format == WEBHOOK_LOG_JSON;
    char text[DROPPED_LENGTH];
    int length =
        snprintf(text, sizeof text, json ? ",\"dropped\":\"%llu\"" : " dropped=%llu", unsaid);
    if (unsaid)
        put(line, text, (size_t)length);
    if (json)
        put(line, "}", 1);
    put(line, "\n", 1);
}

static void write_line(const struct webhook_log *log, struct line *line)
{
    pthread_mutex_lock(&turn);
    bool written = false;
    if (takes_a_line(log->fd)) {
        end_line(line, log->format);
        written = write(log->fd, line->text, line->used) == (ssize_t)line->used;
    }
    if (!written)
        dropped++;
    unsaid = written ? 0 : unsaid + 1;
    pthread_mutex_unlock(&turn);
}

unsigned long long webhook_log_dropped(void)
{
    return dropped;
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
    write_line(log, &line);
}
