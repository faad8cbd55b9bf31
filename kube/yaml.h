/* YAML to and from JSON trees, as Kubernetes reads and writes it. Reading takes YAML 1.1 as kubectl
 * does (yes/no/on/off are booleans, 0644 is octal, timestamps are strings) and JSON as the subset
 * of it; writing gives block style that readers of YAML 1.1 and 1.2 understand alike. */
#ifndef KUBE_YAML_H
#define KUBE_YAML_H

#include "kube/json.h"

/* Called with each document of a text in turn: its tree (lent; copy or kube_json_* to keep) and the
 * line (from 1) on which it begins. Empty documents are passed over. Returning false stops the
 * reading, which then fails with the error that was set. */
typedef bool kube_yaml_document(void *context, struct json_object *document, unsigned line,
                                struct error *err);

/* Reads every document of TEXT. A text whose first character is '{' or '[' is read as strict JSON
 * (kube_json_parse), also several values after one another; everything else as YAML. Bounded: at
 * most KUBE_JSON_DEPTH deep, at most 64 directives before a document, and aliases may multiply
 * nodes only in proportion to the length of TEXT. ERROR_INVALID: names the line, what was found,
 * and duplicate keys; never quotes a value. */
bool kube_yaml_read(const char *text, size_t length, kube_yaml_document *each, void *context,
                    struct error *err);

/* The same for a text of which little is expected: its aliases weigh at most ALIASES in all, where
 * a node counts 256 and its keys and texts their bytes. */
bool kube_yaml_read_bounded(const char *text, size_t length, size_t aliases,
                            kube_yaml_document *each, void *context, struct error *err);

/* The line (from 1) on which VALUE, or the key before it, stood in the text that kube_yaml_read
 * read as YAML; 0 where it is not known (JSON, null, fractions, copies). KEY_LINE knows it for
 * every key of MAP, whatever its value, as long as no key was added or removed. */
unsigned kube_yaml_line(struct json_object *value);
unsigned kube_yaml_key_line(struct json_object *map, const char *key);

/* VALUE as YAML documents a person would write: block style, two spaces, quotes only where a
 * YAML 1.1 or 1.2 reader would misread the plain word, the order of keys as in the tree, empty maps
 * and lists as
 * {} and [], texts of several lines as literal blocks; ends with a newline. The caller frees it.
 * NULL: no memory. */
char *kube_yaml_write(struct json_object *value);

#endif
