/* The object source over an API server: a cache that watches feed, and a question to the server for
 * what the cache does not have. One thread runs all watches; whoever asks is answered from the
 * cache without waiting for it, also while the server is away. */
#ifndef KUBE_LIVE_H
#define KUBE_LIVE_H

#include "kube/access.h"
#include "kube/source.h"

/* Of watches; Secrets take one a name. */
enum { KUBE_LIVE_WATCHES_MAX = 64 };

/* What one line, event, object or page may have; more is an error of the watch. Pages of lists that
 * are larger are asked for again with fewer objects. */
enum { KUBE_LIVE_BODY_MAX = 8 << 20 };

/* What is watched, in all namespaces. RBAC: list and watch of the kind (with a name: of that
 * resourceName), and get of whatever is asked for. */
struct kube_live_watch {
    enum kube_kind kind;
    const char *name; /* only objects of this name; NULL: all */
    /* JSON Pointers (of maps, not into lists), up to a NULL, of what is kept; NULL: everything.
     * apiVersion, kind and of the metadata name, namespace, uid and resourceVersion always stay,
     * managedFields and kubectl's last-applied-configuration never. Reading finds the rest absent.
     */
    const char *const *keep;
    bool sparse; /* most that is asked for is rightly absent: once in step, the watch is believed */
};

enum kube_live_level { KUBE_LIVE_INFO, KUBE_LIVE_WARNING };

/* A constant MESSAGE, and what it is about, or NULL; called from several threads. Failures are told
 * once, not at each attempt. Nothing in it is secret. */
typedef void kube_live_log(void *context, enum kube_live_level level, const char *message,
                           const char *resource, const char *detail);

struct kube_live_options {
    struct kube_access *access;            /* taken, also by a start that fails */
    const struct kube_live_watch *watches; /* copied; no two may overlap */
    size_t watch_count;
    kube_live_log *log; /* may be NULL */
    void *log_context;
    /* Nanoseconds, 0: the default. */
    int64_t miss_timeout; /* of a question to the server, all in all: 2 s */
    int64_t retry_first;  /* after a failure: 0.5 s, then twice that and so on, with jitter, */
    int64_t retry_last;   /* up to 30 s */
    int64_t absent_retry; /* whether a kind is installed by now: 45 s */
    int64_t idle_timeout; /* a watch that is silent is begun anew: 120 s */
};

/* Starts the thread and returns at once. ERROR_INVALID: a name, or two watches that overlap.
 * ERROR_RANGE: too many watches. Of the source:
 *
 * - get answers from the cache. What is watched and not there is asked for once (it may have been
 *   created just now), and what the server does not have is not asked for again for a second; where
 *   the kind is not installed, or the watch is sparse, it is absent without a question. What is not
 *   watched is asked for each time and not kept.
 * - ERROR_NOT_FOUND: the server says so; also for a name that no object can have.
 * - ERROR_UNAVAILABLE: the server cannot be reached in time, RBAC does not allow it, or the answer
 *   is too large or makes no sense. Besides these two only ERROR_NO_MEMORY.
 * - ready once every watch has been in step, for ever after: see kube_live_age.
 * - kube_source_free ends the thread promptly; nobody may be asking then. */
bool kube_live_start(const struct kube_live_options *options, struct kube_source **out,
                     struct error *err);

/* Seconds since the watch that was silent for longest heard from the server: a list, an event or a
 * bookmark. -1: one has never. While all is well it goes up to two minutes. */
int64_t kube_live_age(struct kube_source *source);

enum kube_verb { KUBE_VERB_LIST, KUBE_VERB_WATCH, KUBE_VERB_GET, KUBE_VERBS };

enum kube_result {
    KUBE_RESULT_OK,
    KUBE_RESULT_NOT_FOUND,    /* 404: the object, or the kind */
    KUBE_RESULT_GONE,         /* 410: what was asked to go on from is no longer known */
    KUBE_RESULT_UNAUTHORIZED, /* 401 */
    KUBE_RESULT_FORBIDDEN,    /* 403 */
    KUBE_RESULT_THROTTLED,    /* 429 */
    KUBE_RESULT_FAILED,       /* another status, or an answer that makes no sense */
    KUBE_RESULT_UNREACHABLE,  /* no answer, or not in time */
    KUBE_RESULTS,
};

/* "list", "not-found", …: for labels. */
const char *kube_verb_name(enum kube_verb verb);
const char *kube_result_name(enum kube_result result);

struct kube_live_watch_stats {
    enum kube_kind kind;
    const char *name; /* as in the options; lent, dies with the source */
    bool synced;      /* has been in step once */
    bool installed;   /* the server knows the kind */
    uint64_t objects; /* in the cache */
    uint64_t lists;   /* complete ones */
    uint64_t starts;  /* of watching, the first included */
    int64_t age;      /* as kube_live_age */
};

struct kube_live_stats {
    int64_t age;
    uint64_t requests[KUBE_VERBS][KUBE_RESULTS]; /* that ended so */
    uint64_t hits;                               /* that the cache answered */
    uint64_t misses;                             /* that it did not */
    size_t watch_count;
    struct kube_live_watch_stats watches[KUBE_LIVE_WATCHES_MAX];
};

void kube_live_stats(struct kube_source *source, struct kube_live_stats *out);

#endif
