/* What a cache keeps of an object. */
#ifndef KUBE_TRIM_H
#define KUBE_TRIM_H

#include "kube/source.h"

/* OBJECT, one of KIND, with only what KEEP says (as in struct kube_live_watch), as a tree of its
 * own that the caller frees; apiVersion and kind are filled in, as items of lists lack them. OBJECT
 * stays as it is. NULL: no memory. */
struct json_object *kube_trim(struct json_object *object, enum kube_kind kind,
                              const char *const *keep);

#endif
