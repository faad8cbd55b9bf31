/* One error value for the whole program: a code that callers branch on, and a message for people.
 * Functions that can fail take `struct error *err` last and return bool: true is success, and the
 * error is then untouched. The caller owns the value; nothing in it needs freeing. */
#ifndef KUBE_ERROR_H
#define KUBE_ERROR_H

#include <stdbool.h>

enum error_code {
    ERROR_NONE,        /* no error was set */
    ERROR_INVALID,     /* what was given is malformed */
    ERROR_RANGE,       /* well-formed, but too large or too small */
    ERROR_NOT_FOUND,   /* an object that is needed is absent */
    ERROR_CONFLICT,    /* something stands in the way: it exists already, or disagrees */
    ERROR_UNAVAILABLE, /* cannot be decided now: a file or server cannot be read */
    ERROR_STOPPED,     /* whoever it was done for does not wait for it any more */
    ERROR_NO_MEMORY,
};

struct error {
    enum error_code code;
    char message[1024]; /* NUL-terminated UTF-8; cut off with "..." when longer */
};

/* Fills *ERR (which may be NULL) and returns false, so that check and report are one statement.
 * Messages lead with the place and quote the value; lower case, no full stop, no secrets. What is
 * no UTF-8, as a character that a precision cut in two, becomes '?'. */
bool error_set(struct error *err, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message that *ERR (which may be NULL) already has; the code stays.
 * Returns false. */
bool error_wrap(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#ifdef __clang_analyzer__
/* The analyzer sees one file at a time and has to be told that both always return false. */
#define error_set(...) ((void)(error_set)(__VA_ARGS__), false)
#define error_wrap(...) ((void)(error_wrap)(__VA_ARGS__), false)
#endif

/* The bare word for CODE as it stands in logs: "invalid", "not-found", … */
const char *error_code_name(enum error_code code);

#endif
