/* One watch of one kind: lists it in pages, then follows the events, and starts over where it broke
 * off. Driven by the thread of a live source; only what is said to be guarded is seen by others. */
#ifndef KUBE_WATCH_H
#define KUBE_WATCH_H

#include "kube/cache.h"
#include "kube/http.h"

#include <stdatomic.h>

/* What the watches of a source share. */
struct kube_hub {
    struct kube_live_options
        options; /* with the defaults filled in; the watches in it are not used */
    struct kube_cache cache;
    CURLM *multi;          /* the thread's */
    pthread_mutex_t mutex; /* guards what is said below */
    atomic_uint_fast64_t requests[KUBE_VERBS][KUBE_RESULTS];
};

enum kube_watch_phase { KUBE_WATCH_WAITING, KUBE_WATCH_LISTING, KUBE_WATCH_WATCHING };

struct kube_watch {
    struct kube_hub *hub;
    enum kube_kind kind;
    char *name;
    char **keep;
    bool sparse;
    unsigned number; /* as the owner in the cache */
    char what[320];  /* for messages: "secrets 'etcd-backup'" */
    struct kube_http http;
    enum kube_watch_phase phase;
    bool in_multi;
    char *resume;     /* the resourceVersion to watch from; NULL: a list is needed */
    char *page;       /* the token of the next page; NULL: the first */
    unsigned limit;   /* of objects a page */
    bool is_answered; /* the server took the watch */
    bool has_listed;  /* the kind was installed when it was listed last */
    bool must_list;   /* an event said that `resume` is too old */
    int64_t due;      /* when the next request begins */
    int64_t started;  /* when this one did */
    int64_t heard;    /* when the last line of it came */
    int64_t missing;  /* since when the server does not know the kind, though it did; 0: it does */
    int64_t delay;    /* the last one after a failure; 0: all is well */
    /* Guarded by the hub's mutex. */
    bool in_step;     /* no list is under way: VERSION says what the cache has */
    uint64_t version; /* all events up to this resourceVersion are in the cache */
    uint64_t list;    /* the number of the last list that began */
    int64_t good;     /* when the server was heard last; 0: never */
    char failure[sizeof((struct error *)0)->message]; /* since then; "": none */
    struct kube_live_watch_stats stats;
};

/* Copies SPEC. */
bool kube_watch_init(struct kube_watch *watch, struct kube_hub *hub, unsigned number,
                     const struct kube_live_watch *spec, struct error *err);
void kube_watch_free(struct kube_watch *watch);

/* Does what is due at NOW: begins a request, or ends one that is silent. Gives the time of the next
 * such moment. Times are nanoseconds of a monotonic clock. */
int64_t kube_watch_tick(struct kube_watch *watch, int64_t now);

/* The request, already removed from the hub's multi handle, ended with CODE. */
void kube_watch_done(struct kube_watch *watch, CURLcode code, int64_t now);

/* OBJECT (lent), which somebody got from the server, goes into the cache unless the watch knows
 * better. Safe from any thread. */
void kube_watch_offer(struct kube_watch *watch, struct kube_object *object);

/* Namespace, name and resourceVersion of a tree. ERROR_INVALID: it lacks one. */
bool kube_watch_identify(struct json_object *tree, enum kube_kind kind, struct kube_cache_key *key,
                         uint64_t *version, struct error *err);

/* Takes one event, LENGTH bytes with its newline. */
bool kube_watch_take_line(struct kube_watch *watch, const char *line, size_t length,
                          struct error *err);

/* Takes the page of a list that is in the body, and says whether it was the last one, and the
 * list's resourceVersion. */
bool kube_watch_take_page(struct kube_watch *watch, uint64_t *version, bool *is_last,
                          struct error *err);

/* The server was heard, and the cache is as it says. */
void kube_watch_set_good(struct kube_watch *watch);

void kube_watch_say(const struct kube_watch *watch, enum kube_live_level level, const char *message,
                    const char *detail);

/* The monotonic clock, in nanoseconds. */
int64_t kube_watch_clock(void);

#endif
