/* One line an event on standard error: a constant message and key/value pairs, as text (logfmt) or
 * JSON. Values are escaped, and what kube_utf8_is_visible does not let pass, so that nobody's input
 * can forge a line or hide in it. Secrets never come here. */
#ifndef WEBHOOK_LOG_H
#define WEBHOOK_LOG_H

enum webhook_log_format { WEBHOOK_LOG_TEXT, WEBHOOK_LOG_JSON };
enum webhook_log_level { WEBHOOK_LOG_INFO, WEBHOOK_LOG_WARNING, WEBHOOK_LOG_ERROR };

struct webhook_log {
    enum webhook_log_format format;
    int fd; /* each line is one write, so that lines of several threads do not mix */
};

/* MESSAGE, then pairs of key and value (const char *) up to a NULL key; pairs whose value is NULL
 * are left out. Values are cut off with "…" behind 256 bytes as written, those of "error", "reason"
 * and "warning" behind 1024, and sooner where a line would exceed 4096 bytes; bytes that are no
 * UTF-8 become U+FFFD. Never waits for whoever reads the log, but for 10 ms at most: a line that
 * does not go through is dropped, and the next one that does says so by "dropped". */
void webhook_log(const struct webhook_log *log, enum webhook_log_level level, const char *message,
                 ...) __attribute__((sentinel));

/* The lines that this process has dropped since it started. */
unsigned long long webhook_log_dropped(void);

#endif
