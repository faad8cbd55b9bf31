#include "patches/internal.h"

#include "kube/cleanup.h"

#include <string.h>

#define TEMPLATES "/spec/volumeClaimTemplates"
#define DEFAULT_CAPACITY "10Gi"

struct patch_storage patch_storage_of(const struct patch_plan *plan,
                                      const struct provider *provider)
{
    struct patch_storage storage = {provider->name, NULL, DEFAULT_CAPACITY};
    if (!plan->role->main) {
        storage.capacity = provider->events_capacity;
        return storage;
    }
    for (size_t i = 0; i < plan->settings->storage_count; i++) {
        const struct patch_storage *configured = &plan->settings->storages[i];
        if (strcmp(configured->provider, provider->name) != 0)
            continue;
        storage.class_name = configured->class_name;
        if (configured->capacity)
            storage.capacity = configured->capacity;
    }
    return storage;
}

static struct json_object *new_template(const char *name, const char *class_name,
                                        const char *capacity)
{
    AUTO_JSON struct json_object *spec = kube_json_object(
        "accessModes", kube_json_array(1, kube_json_string("ReadWriteOnce")), "resources",
        kube_json_object("requests", kube_json_object("storage", kube_json_string(capacity), NULL),
                         NULL),
        NULL);
    if (class_name && !kube_json_set(spec, "storageClassName", kube_json_string(class_name)))
        return NULL;
    return kube_json_object("metadata", kube_json_object("name", kube_json_string(name), NULL),
                            "spec", TAKE(spec), NULL);
}

/* Volume claim templates are immutable: whatever the deployer writes, what is stored stays, and the
 * update is not refused on its account. */
static bool keep_stored(struct patch_plan *plan, struct error *err)
{
    struct json_object *templates;
    if (!kube_json_get_array(plan->request->old_object, TEMPLATES, &templates, err))
        return error_wrap(err, "oldObject");
    struct kube_work *work = plan->request->work;
    for (size_t i = 0;
         templates && i < json_object_array_length(templates) && kube_work_goes_on(work); i++) {
        struct json_object *stored = json_object_array_get_idx(templates, i);
        const char *name = kube_json_text(stored, "/metadata/name");
        if (name && strcmp(name, plan->role->claim_template) == 0)
            return kube_patch_item(&plan->result->patch, TEMPLATES, "/metadata/name",
                                   json_object_get(stored), err);
    }
    return kube_work_check(work, err);
}

bool patch_plan_storage(struct patch_plan *plan, struct error *err)
{
    const struct provider *provider;
    if (plan->request->update)
        return keep_stored(plan, err);
    if (!patch_storage_provider(plan, "storage unchanged", &provider, err))
        return false;
    if (!provider)
        return true;
    struct patch_storage storage = patch_storage_of(plan, provider);
    return kube_patch_item(
        &plan->result->patch, TEMPLATES, "/metadata/name",
        new_template(plan->role->claim_template, storage.class_name, storage.capacity), err);
}
