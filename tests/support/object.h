/* Objects for tests: read from texts and files, patched, and served by a source. All of these abort
 * the test with a message when they cannot do it. */
#ifndef TESTS_SUPPORT_OBJECT_H
#define TESTS_SUPPORT_OBJECT_H

#include "kube/files.h"

/* TEXT as JSON, with ' for " so that it reads well in C. The caller frees it. */
struct json_object *test_json(const char *text);

/* FILE's only document, YAML or JSON. The caller frees it. */
struct json_object *test_read(const char *file);

/* The bytes of FILE, NUL-terminated; the caller frees them. */
char *test_read_bytes(const char *file, size_t *length);

/* A source with the documents of YAML. */
struct kube_source *test_source(const char *yaml);

/* OBJECT with the JSON Patch OPERATIONS applied (RFC 6902: add, remove, replace), as a new tree. */
struct json_object *test_patched(struct json_object *object, struct json_object *operations);

/* TEXT (taken) with the pairs of PAIRS, what and by what up to a NULL, replaced wherever they
 * stand. The caller frees it. Aborts where one does not occur. */
char *test_replaced(char *text, const char *const *pairs);

/* VALUE at POINTER of OBJECT is changed to VALUE (taken), for tests that break one field of a good
 * object; NULL removes it. */
void test_change(struct json_object *object, const char *pointer, struct json_object *value);

/* The folder of shared data if it is there, else NULL: then what needs it is skipped. */
const char *test_shared(void);

#endif
