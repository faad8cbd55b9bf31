/* JSON trees from people we do not trust: strict reading, access by JSON Pointer with the type
 * checked, and building. json-c's own accessors convert silently or abort on a wrong type, so the
 * other rooms reach untrusted values only through this module.
 *
 * Ownership is in the verb: kube_json_get_* and kube_json_child lend a reference that dies with the
 * tree; parse, kube_json_object, _array, _string, _copy give one; whatever takes a value takes it
 * even when it fails. Trees are not shared between threads, except for reading by these accessors,
 * none of which touches a reference count. */
#ifndef KUBE_JSON_H
#define KUBE_JSON_H

#include "kube/work.h"

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

/* Nesting that is accepted of any document; the AdmissionReviews of StatefulSets are some 15 deep.
 */
enum { KUBE_JSON_DEPTH = 64 };

/* A JSON Pointer (RFC 6901) as this program builds them; long enough for a path to an annotation.
 */
enum { KUBE_POINTER_SIZE = 1024 };

/* TEXT (LENGTH bytes, no NUL needed) as one JSON value. Strict: RFC 8259 to the letter, valid
 * UTF-8, nothing after the value, at most KUBE_JSON_DEPTH deep, integers of 64 bits, no NUL in a
 * key, in a long text no more than one map or list in 12 bytes. The value null is NULL.
 * ERROR_INVALID names line and column; the text itself, which may be a Secret, is never quoted.
 * ERROR_RANGE: 2 GiB or more. */
bool kube_json_parse(const char *text, size_t length, struct json_object **out, struct error *err);

/* The same as long as WORK goes on. Also ERROR_STOPPED. */
bool kube_json_parse_while(struct kube_work *work, const char *text, size_t length,
                           struct json_object **out, struct error *err);

/* What stands at POINTER below ROOT ("/spec/template/spec", "" is ROOT itself). Absent and null are
 * the same to Kubernetes: *out is then NULL, and that is success. ERROR_INVALID: something on the
 * way, or the value itself, has another type than expected; the message names pointer and types. */
bool kube_json_get(struct json_object *root, const char *pointer, enum json_type type,
                   struct json_object **out, struct error *err);
bool kube_json_get_object(struct json_object *root, const char *pointer, struct json_object **out,
                          struct error *err);
bool kube_json_get_array(struct json_object *root, const char *pointer, struct json_object **out,
                         struct error *err);
/* Also ERROR_INVALID: the string contains a NUL. The string lives as long as the tree. */
bool kube_json_get_string(struct json_object *root, const char *pointer, const char **out,
                          struct error *err);

/* The same, and ERROR_INVALID when it is absent. */
bool kube_json_need_object(struct json_object *root, const char *pointer, struct json_object **out,
                           struct error *err);
bool kube_json_need_array(struct json_object *root, const char *pointer, struct json_object **out,
                          struct error *err);
bool kube_json_need_string(struct json_object *root, const char *pointer, const char **out,
                           struct error *err);

/* Lenient looks, for where a wrong type means "not what is looked for": NULL when it is absent,
 * null, or of another type. CHILD takes a plain key, TEXT a JSON Pointer. */
struct json_object *kube_json_child(struct json_object *object, const char *key);
const char *kube_json_text(struct json_object *root, const char *pointer);

/* The first object of ARRAY (NULL: none) whose "name" is NAME, and its index; NULL if there is
 * none. INDEX may be NULL. Items that are not objects are passed over. */
struct json_object *kube_json_named(struct json_object *array, const char *name, size_t *index);

/* A string as itself; NULL (and every other type) as NULL. */
const char *kube_json_as_text(struct json_object *value);

/* Absent, null, an empty map and an empty list are alike to Kubernetes. */
bool kube_json_is_empty(struct json_object *value);

/* Appends "/SEGMENT" to POINTER with ~ and / escaped. ERROR_RANGE: it does not fit. */
bool kube_pointer_push(char pointer[KUBE_POINTER_SIZE], const char *segment, struct error *err);

/* Builders give NULL when there is no memory, and then have freed what they took; a NULL value is
 * taken for that case, so that calls nest and only the outermost result is looked at.
 *   kube_json_object("name", kube_json_string("etcd"), "ports", kube_json_array(2, a, b), NULL)
 * An empty map is kube_json_object(NULL, NULL). */
struct json_object *kube_json_string(const char *text);
struct json_object *kube_json_stringf(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
struct json_object *kube_json_int(int64_t value);
struct json_object *kube_json_bool(bool value);
struct json_object *kube_json_object(const char *key, ...) __attribute__((sentinel));
struct json_object *kube_json_array(size_t count, ...);

/* Adds VALUE to a tree, taking it in any case; NULL counts as out of memory. TARGET (lent) must be
 * an object, for APPEND an array. False only for want of memory. An existing key keeps its place.
 */
bool kube_json_set(struct json_object *target, const char *key, struct json_object *value);
bool kube_json_append(struct json_object *target, struct json_object *value);

/* A deep copy, without the lines of kube_yaml_line. NULL: no memory (or VALUE was NULL). Use it
 * rather than json_object_deep_copy, which fails on what was read as YAML. */
struct json_object *kube_json_copy(struct json_object *value);

/* VALUE as compact JSON, slashes unescaped; the text lives as long as VALUE, until the next call on
 * it. Not for trees that other threads read. NULL: no memory. */
const char *kube_json_write(struct json_object *value);

#endif
