/* What answers depend on, the configuration and the object source, swapped as a whole: a request
 * takes a snapshot and keeps it to its end, a reload puts a new one in its place or leaves the old.
 */
#ifndef WEBHOOK_STATE_H
#define WEBHOOK_STATE_H

#include "kube/files.h"
#include "webhook/config.h"

#include <pthread.h>

struct webhook_snapshot {
    struct webhook_config config;
    struct kube_source *source; /* over manifests: owned; else the state's live one */
    unsigned references;        /* guarded by the state's mutex */
};

struct webhook_state {
    pthread_mutex_t mutex;
    struct webhook_snapshot *current;
    /* From where a snapshot is read; lent. */
    struct kube_source *live; /* owned; NULL: manifests are the object source */
    const char *config_file;  /* NULL: defaults */
    const char *const *object_paths;
    size_t object_path_count;
    kube_files_warning *warn;
    void *warn_context;
};

/* Reads everything again. On failure the snapshot in force stays. Errors are those of
 * webhook_config_load and kube_files_add. */
bool webhook_state_reload(struct webhook_state *state, struct error *err);

/* The snapshot in force; give it back with webhook_state_release. Never NULL after a first
 * successful reload. */
struct webhook_snapshot *webhook_state_acquire(struct webhook_state *state);
void webhook_state_release(struct webhook_state *state, struct webhook_snapshot *snapshot);

void webhook_state_free(struct webhook_state *state);

#endif
