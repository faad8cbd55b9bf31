/* JSON Patch (RFC 6902) as a list of edits: say what should be there, and an operation is written
 * only where the object differs. Nothing is copied or compared as a whole, the object is never
 * changed, and an object that is as it should be gives an empty patch. */
#ifndef KUBE_PATCH_H
#define KUBE_PATCH_H

#include "kube/json.h"
#include "kube/work.h"

struct kube_patch {
    struct json_object *object;     /* lent: what the patch is for */
    struct json_object *operations; /* owned: an array of operations */
    struct kube_work *work;         /* lent; NULL: no limit. Once it has ended every function below
                                     * fails with ERROR_STOPPED, and the patch is good for nothing */
};

/* A patch for OBJECT, which must outlive it; the caller may then set its work. */
bool kube_patch_init(struct kube_patch *patch, struct json_object *object, struct error *err);
void kube_patch_free(struct kube_patch *patch);
bool kube_patch_is_empty(const struct kube_patch *patch);

/* VALUE (taken) shall stand at KEY (plain, not escaped) of the map at POINTER. Parents that are
 * absent or null are added as one whole, and only then, so that no sibling is wiped. One call a map
 * that may be absent: give all members of such a map together, with kube_patch_members.
 * ERROR_INVALID: something on the way is not an object. */
bool kube_patch_member(struct kube_patch *patch, const char *pointer, const char *key,
                       struct json_object *value, struct error *err);

/* The same for every member of the object MEMBERS (taken). */
bool kube_patch_members(struct kube_patch *patch, const char *pointer, struct json_object *members,
                        struct error *err);

/* ITEM (taken; an object with a "name") shall be in the list at POINTER, whose items are told apart
 * by the member at NAME_POINTER ("/name", "/metadata/name"): replaced whole where one of that name
 * differs from it by more than the API server's defaults, appended where there is none, nothing
 * done where it is as it should be. One call a list that may be absent. ERROR_INVALID: the list is
 * no list, or an item of it is no object. */
bool kube_patch_item(struct kube_patch *patch, const char *pointer, const char *name_pointer,
                     struct json_object *item, struct error *err);

/* The object as it is after PATCH, as a new tree in *OUT, which the caller frees. ERROR_NO_MEMORY.
 */
bool kube_patch_apply(const struct kube_patch *patch, struct json_object **out, struct error *err);

#endif
