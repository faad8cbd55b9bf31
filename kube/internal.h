/* What the modules of kube/ share among themselves: texts that know their name, and reading them.
 */
#ifndef KUBE_INTERNAL_H
#define KUBE_INTERNAL_H

#include "kube/read.h"
#include "kube/utf8.h"
#include "kube/yaml.h"

/* A text that is read, and what messages call it: "NAME:LINE: …", without a name "line LINE: …". */
struct kube_text {
    const char *name;
    const char *bytes;
    size_t length;
};

/* Puts the place, LINE of TEXT (from 1), before the message of ERR. Returns false. */
bool kube_text_wrap(const struct kube_text *text, unsigned line, struct error *err);

/* The line (from 1) of OFFSET. */
unsigned kube_text_line(const struct kube_text *text, size_t offset);

/* The strict JSON value that BEGIN..END of TEXT is; otherwise as kube_json_parse. */
bool kube_json_parse_part(const struct kube_text *text, size_t begin, size_t end,
                          struct json_object **out, struct error *err);

/* Whether TEXT is to be read as JSON, and kube_yaml_read for such a text. */
bool kube_json_is_likely(const struct kube_text *text);
bool kube_json_read_text(const struct kube_text *text, kube_yaml_document *each, void *context,
                         struct error *err);

/* kube_yaml_read with messages that name TEXT. */
bool kube_yaml_read_text(const struct kube_text *text, kube_yaml_document *each, void *context,
                         struct error *err);

/* A YAML scalar as JSON. TAG is the full tag or NULL; PLAIN: without quotes and tag. *OUT is owned
 * by the caller, NULL for null. ERROR_INVALID: no such value; it is not quoted. */
bool kube_yaml_scalar(const char *value, size_t length, const char *tag, bool plain,
                      struct json_object **out, struct error *err);

/* Whether TEXT, which a NUL follows, can stand in YAML without quotes, in one line. */
bool kube_yaml_is_plain(const char *text, size_t length);

/* Whether the character of LENGTH bytes (0: none) can stand in YAML unescaped: YAML lets it, and it
 * misleads nobody; a line end and a tab too. */
bool kube_yaml_is_printable(const char *character, size_t length);

/* For the YAML reader: a map that keeps the lines of its keys (NULL: no memory), the line of a key
 * that was added to it just now, and the line of a value, which must not be of another origin. */
struct json_object *kube_line_new_map(void);
bool kube_line_add_key(struct json_object *map, unsigned line);
void kube_line_set(struct json_object *value, unsigned line);

/* Files OBJECT (lent), which stood in line LINE of FILE, a name that kube_files_remember gave
 * (NULL: no memory). An unknown kind is a warning. */
struct kube_files;
bool kube_files_put(struct kube_files *files, struct json_object *object, const char *file,
                    unsigned line, struct error *err);
const char *kube_files_remember(struct kube_files *files, const char *file);

/* What a path that is added to FILES may name. */
enum kube_read_from kube_files_reads(const struct kube_files *files);

#endif
