/* One call of the legacy path with the fixtures of tests/fixtures/patches, varied by the tests. */
#ifndef TESTS_PATCHES_SUPPORT_H
#define TESTS_PATCHES_SUPPORT_H

#include "kube/cleanup.h"
#include "patches/patches.h"
#include "tests/support/object.h"

#define FIXTURES "tests/fixtures/patches/"

struct call {
    struct json_object *object;
    struct json_object *old_object; /* NULL: CREATE */
    struct kube_source *source;
    struct patch_settings settings;
    const char *user;
    struct kube_work *work;
    struct patch_result result;
    struct error error;
};

/* A CREATE of FILE ("etcd-main.yaml") with the cluster of PROVIDER. The text of the cluster goes
 * through EDIT (NULL: none), pairs of what is replaced and by what, up to a NULL. */
static inline struct call new_call(const char *file, const char *provider, const char *const *edit)
{
    static const struct patch_storage storages[] = {
        {"aws", "gp3", "25Gi"}, {"gcp", NULL, "30Gi"}, {"azure", "premium", NULL}};
    char path[256];
    size_t length;
    snprintf(path, sizeof path, FIXTURES "%s", file);
    struct call call = {
        .object = test_read(path),
        .settings = {.sidecar_image = "example.com/etcdbrctl:1",
                     .storages = storages,
                     .storage_count = 3},
    };
    char *cluster = test_read_bytes(FIXTURES "cluster.yaml", &length);
    const char *const whole[] = {"PROVIDER", provider, NULL};
    cluster = test_replaced(cluster, whole);
    if (edit)
        cluster = test_replaced(cluster, edit);
    call.source = test_source(cluster);
    free(cluster);
    return call;
}

static inline bool run_call(struct call *call)
{
    const char *name = kube_json_text(call->object, "/metadata/name");
    const struct patch_request request = {
        .update = call->old_object != NULL,
        .namespace = "shoot--garden--apple",
        .name = name,
        .user = call->user,
        .object = call->object,
        .old_object = call->old_object,
        .work = call->work,
    };
    patch_result_free(&call->result);
    return patch_stateful_set(&request, &call->settings, call->source, &call->result, &call->error);
}

/* The object as it is after the call. */
static inline struct json_object *result_of(struct call *call)
{
    return test_patched(call->object, call->result.patch.operations);
}

/* A CREATE that was patched, as the stored object of an UPDATE, which begins as the same object. */
static inline struct call stored_call(const char *file, const char *provider,
                                      const char *const *edit)
{
    struct call call = new_call(file, provider, edit);
    if (!run_call(&call)) {
        fprintf(stderr, "%s\n", call.error.message);
        abort();
    }
    struct json_object *stored = result_of(&call);
    json_object_put(call.object);
    call.object = stored;
    call.old_object = kube_json_copy(stored);
    return call;
}

static inline void free_call(struct call *call)
{
    json_object_put(call->object);
    json_object_put(call->old_object);
    patch_result_free(&call->result);
    kube_source_free(call->source);
}

#define AUTO_CALL __attribute__((cleanup(free_call)))

#endif
