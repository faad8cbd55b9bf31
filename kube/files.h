/* The object source over manifests: YAML or JSON, many documents, List kinds, files and
 * directories. Everything is read at once and never again; a reload makes a new source. */
#ifndef KUBE_FILES_H
#define KUBE_FILES_H

#include "kube/source.h"

/* Called with what deserves a person's attention but does not make the input unusable: "FILE:LINE:
 * message". Kinds that are not known are reported here and left out. */
typedef void kube_files_warning(void *context, const char *message);

struct kube_files;

/* An empty collection; NULL: no memory. */
struct kube_files *kube_files_new(kube_files_warning *warn, void *context);
void kube_files_free(struct kube_files *files);

/* From now on pipes, devices and standard input are read as well, and waited for: for commands. A
 * server reads regular files only, since it must neither wait nor find a pipe empty at a reload. */
void kube_files_take_streams(struct kube_files *files);

/* Adds what PATH has: a file, "-" for standard input, or a directory, of which every *.yaml, *.yml
 * and *.json is read, in order of name, subdirectories too; names that begin with a dot, and what
 * is no regular file, are passed over. Objects that are kept lose metadata.managedFields and the
 * annotation kubectl.kubernetes.io/last-applied-configuration; a Secret's stringData becomes data;
 * a namespaced object without a namespace gets "default". After a failure the collection is good
 * for nothing but being freed. ERROR_UNAVAILABLE: cannot be read. ERROR_RANGE: a file beyond 1 GiB.
 * ERROR_INVALID: a broken document, an object without kind or name. ERROR_CONFLICT: an object that
 * is there already. All name file and line. */
bool kube_files_add(struct kube_files *files, const char *path, struct error *err);

/* The same for a text in memory that messages call NAME. */
bool kube_files_add_text(struct kube_files *files, const char *name, const char *text,
                         size_t length, struct error *err);

/* Calls EACH with every object of KIND, ordered by namespace and name (bytewise), until it says
 * false. Not for several threads at once; the source is. */
void kube_files_each(struct kube_files *files, enum kube_kind kind,
                     bool (*each)(void *context, struct json_object *object), void *context);

/* The collection as an object source; it belongs to the collection and dies with it
 * (kube_source_free on it frees the collection). */
struct kube_source *kube_files_source(struct kube_files *files);

#endif
