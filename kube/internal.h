/* What the modules of kube/ share among themselves: texts that know their name, and reading them.
 */
#ifndef KUBE_INTERNAL_H
#define KUBE_INTERNAL_H

#include "kube/json.h"

#include <stddef.h>

/* A text that is read, and what messages call it: "NAME:LINE: …", without a name "line LINE: …". */
struct kube_text {
    const char *name;
    const char *bytes;
    size_t length;
};

/* Sets ERROR_INVALID with the place, LINE of TEXT (from 1), before the message. */
bool kube_text_fail(const struct kube_text *text, unsigned line, struct error *err,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The line (from 1) of OFFSET. */
unsigned kube_text_line(const struct kube_text *text, size_t offset);

/* The strict JSON value that BEGIN..END of TEXT is; otherwise as kube_json_parse. */
bool kube_json_parse_part(const struct kube_text *text, size_t begin, size_t end,
                          struct json_object **out, struct error *err);

#endif
