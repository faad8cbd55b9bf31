/* Objects by kind, namespace and name, each owned by the watch that keeps it up to date. Safe to
 * use from several threads; a lookup costs the same however many objects there are. */
#ifndef KUBE_CACHE_H
#define KUBE_CACHE_H

#include "kube/source.h"

#include <pthread.h>

struct kube_cache_key {
    enum kube_kind kind;
    const char *namespace; /* "" for kinds without one */
    const char *name;
};

struct kube_cache_entry;

/* Absences that are remembered; a new one may push out another. */
enum { KUBE_CACHE_ABSENCES = 256 };

struct kube_cache {
    pthread_mutex_t mutex;
    struct kube_cache_entry **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
    uint64_t seed; /* so that nobody can choose names that meet in one bucket */
    struct {
        uint64_t hash;
        int64_t until;
    } absences[KUBE_CACHE_ABSENCES];
};

/* What a watch puts into the cache: OWNER is a number of its own, LIST one that grows with each
 * list, VERSION the object's resourceVersion. */
struct kube_cache_mark {
    unsigned owner;
    uint64_t list;
    uint64_t version;
};

bool kube_cache_init(struct kube_cache *cache, struct error *err);
void kube_cache_free(struct kube_cache *cache);

/* A reference of the caller's; NULL: it is not there. */
struct kube_object *kube_cache_get(struct kube_cache *cache, const struct kube_cache_key *key);

/* Takes OBJECT, in place of one that is there. UNLESS_NEWER: one of the same or a later version
 * stays. *ADDED: it is one more. False: no memory. */
bool kube_cache_put(struct kube_cache *cache, const struct kube_cache_key *key,
                    const struct kube_cache_mark *mark, bool unless_newer,
                    struct kube_object *object, bool *added);

/* Removes it, unless what is there is later than VERSION. Whether something was removed. */
bool kube_cache_remove(struct kube_cache *cache, const struct kube_cache_key *key,
                       uint64_t version);

/* Removes what OWNER has from other lists than LIST; how many these were. */
size_t kube_cache_sweep(struct kube_cache *cache, unsigned owner, uint64_t list);

/* Absences: the server said that it has no such object, which is believed until the time UNTIL. */
void kube_cache_set_absent(struct kube_cache *cache, const struct kube_cache_key *key,
                           int64_t until);
bool kube_cache_is_absent(struct kube_cache *cache, const struct kube_cache_key *key, int64_t now);

#endif
