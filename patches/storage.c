#include "patches/internal.h"

#include "kube/cleanup.h"

#include <string.h>

#define TEMPLATES "/spec/volumeClaimTemplates"
#define STORAGE_LABEL "seed.gardener.cloud/provider"
#define DEFAULT_CAPACITY "10Gi"

static const struct patch_storage *configured_for(const struct patch_settings *settings,
                                                  const struct provider *provider)
{
    static const struct patch_storage none = {0};
    for (size_t i = 0; i < settings->storage_count; i++)
        if (strcmp(settings->storages[i].provider, provider->name) == 0)
            return &settings->storages[i];
    return &none;
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
    for (size_t i = 0; templates && i < json_object_array_length(templates); i++) {
        struct json_object *stored = json_object_array_get_idx(templates, i);
        const char *name = kube_json_text(stored, "/metadata/name");
        if (name && strcmp(name, plan->role->claim_template) == 0)
            return kube_patch_item(&plan->result->patch, TEMPLATES, "/metadata/name",
                                   kube_json_copy(stored), err);
    }
    return true;
}

bool patch_plan_storage(struct patch_plan *plan, struct error *err)
{
    static const char *const pointers[] = {"/spec/seed/spec/provider/type", NULL};
    const struct provider *provider;
    const struct patch_role *role = plan->role;
    if (plan->request->update)
        return keep_stored(plan, err);
    if (!patch_find_provider(plan, STORAGE_LABEL, pointers, &provider, err))
        return false;
    if (!provider)
        return patch_warn(plan, err,
                          "storage unchanged: no namespace label " STORAGE_LABEL
                          ", no Cluster, no defaultProvider names a provider");
    const struct patch_storage *storage = configured_for(plan->settings, provider);
    const char *capacity = storage->capacity ? storage->capacity : DEFAULT_CAPACITY;
    return kube_patch_item(&plan->result->patch, TEMPLATES, "/metadata/name",
                           new_template(role->claim_template,
                                        role->main ? storage->class_name : NULL,
                                        role->main ? capacity : provider->events_capacity),
                           err);
}
