#include "webhook/state.h"

#include "kube/cleanup.h"

static void free_snapshot(const struct webhook_state *state, struct webhook_snapshot *snapshot)
{
    if (!snapshot)
        return;
    if (snapshot->source != state->live)
        kube_source_free(snapshot->source);
    webhook_config_free(&snapshot->config);
    free(snapshot);
}

static bool read_objects(const struct webhook_state *state, struct kube_source **out,
                         struct error *err)
{
    if (state->live) {
        *out = state->live;
        return true;
    }
    struct kube_files *files = kube_files_new(state->warn, state->warn_context);
    if (!files)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < state->object_path_count; i++) {
        if (!kube_files_add(files, state->object_paths[i], err)) {
            kube_files_free(files);
            return false;
        }
    }
    *out = kube_files_source(files);
    return true;
}

bool webhook_state_reload(struct webhook_state *state, struct error *err)
{
    struct webhook_snapshot *fresh = calloc(1, sizeof *fresh);
    if (!fresh)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    fresh->references = 1;
    if (!webhook_config_load(state->config_file, &fresh->config, err) ||
        !read_objects(state, &fresh->source, err)) {
        free_snapshot(state, fresh);
        return false;
    }
    pthread_mutex_lock(&state->mutex);
    struct webhook_snapshot *old = state->current;
    state->current = fresh;
    pthread_mutex_unlock(&state->mutex);
    if (old)
        webhook_state_release(state, old);
    return true;
}

struct webhook_snapshot *webhook_state_acquire(struct webhook_state *state)
{
    pthread_mutex_lock(&state->mutex);
    struct webhook_snapshot *snapshot = state->current;
    snapshot->references++;
    pthread_mutex_unlock(&state->mutex);
    return snapshot;
}

void webhook_state_release(struct webhook_state *state, struct webhook_snapshot *snapshot)
{
    pthread_mutex_lock(&state->mutex);
    bool last = --snapshot->references == 0;
    pthread_mutex_unlock(&state->mutex);
    if (last)
        free_snapshot(state, snapshot);
}

void webhook_state_free(struct webhook_state *state)
{
    free_snapshot(state, TAKE(state->current));
    kube_source_free(TAKE(state->live));
}
