#include "patches/internal.h"

#include "kube/cleanup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct patch_role roles[] = {
    {"etcd-main", "main-etcd", true},
    {"etcd-events", "etcd-events", false},
};

static const struct patch_role *find_role(const char *name)
{
    for (size_t i = 0; name && i < sizeof roles / sizeof *roles; i++)
        if (strcmp(roles[i].name, name) == 0)
            return &roles[i];
    return NULL;
}

/* Whether druid already runs the StatefulSet: then it has one master, and that is not us. */
static bool is_controlled_by_etcd(struct json_object *object)
{
    struct json_object *owners;
    if (!kube_json_get_array(object, "/metadata/ownerReferences", &owners, NULL) || !owners)
        return false;
    for (size_t i = 0; i < json_object_array_length(owners); i++) {
        struct json_object *owner = json_object_array_get_idx(owners, i);
        const char *kind = kube_json_text(owner, "/kind");
        const char *version = kube_json_text(owner, "/apiVersion");
        if (kind && strcmp(kind, "Etcd") == 0 && version &&
            strncmp(version, "druid.gardener.cloud/", strlen("druid.gardener.cloud/")) == 0 &&
            json_object_get_boolean(kube_json_child(owner, "controller")))
            return true;
    }
    return false;
}

bool patch_warn(struct patch_plan *plan, struct error *err, const char *format, ...)
{
    char text[256]; /* what an API server keeps of a warning */
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return kube_json_append(plan->result->warnings, kube_json_string(text)) ||
           error_set(err, ERROR_NO_MEMORY, "out of memory");
}

bool patch_find_provider(struct patch_plan *plan, const char *label, const char *const pointers[2],
                         const struct provider **out, struct error *err)
{
    char origin[KUBE_POINTER_SIZE];
    struct json_object *labels = NULL;
    if (!kube_json_get_object(plan->namespace, "/metadata/labels", &labels, err))
        return error_wrap(err, "Namespace %s", plan->request->namespace);
    const char *name = kube_json_as_text(kube_json_child(labels, label));
    snprintf(origin, sizeof origin, "label %s of Namespace %s", label, plan->request->namespace);
    for (size_t i = 0; !name && i < 2 && pointers[i]; i++) {
        if (!kube_json_get_string(plan->cluster, pointers[i], &name, err))
            return error_wrap(err, "Cluster %s", plan->request->namespace);
        snprintf(origin, sizeof origin, "Cluster %s: %s", plan->request->namespace, pointers[i]);
    }
    if (!name) {
        name = plan->settings->default_provider;
        snprintf(origin, sizeof origin, "defaultProvider of the configuration");
    }
    const struct provider *provider = name ? provider_by_name(name) : NULL;
    if (name && !(provider && provider->storage))
        return error_set(err, ERROR_INVALID, "%s: found provider '%s', expected one of %s", origin,
                         name, provider_names);
    *out = provider;
    return true;
}

/* Asks the source for an object that may be absent; *out is then NULL. */
static bool get_if_there(struct kube_source *source, enum kube_kind kind, const char *name,
                         struct kube_object **out, struct error *err)
{
    struct error why = {0};
    if (kube_source_get(source, kind, "", name, out, &why) || why.code == ERROR_NOT_FOUND)
        return true;
    return error_set(err, why.code, "%s", why.message);
}

static bool plan_all(struct patch_plan *plan, struct error *err)
{
    AUTO_OBJECT struct kube_object *namespace = NULL;
    AUTO_OBJECT struct kube_object *cluster = NULL;
    const char *name = plan->request->namespace;
    if (!get_if_there(plan->source, KUBE_NAMESPACE, name, &namespace, err) ||
        !get_if_there(plan->source, KUBE_CLUSTER, name, &cluster, err))
        return false;
    plan->namespace = kube_object_tree(namespace);
    plan->cluster = kube_object_tree(cluster);
    return patch_plan_sidecar(plan, err) && patch_plan_storage(plan, err);
}

bool patch_stateful_set(const struct patch_request *request, const struct patch_settings *settings,
                        struct kube_source *source, struct patch_result *result, struct error *err)
{
    *result = (struct patch_result){.warnings = json_object_new_array()};
    if (!kube_patch_init(&result->patch, request->object, err))
        return false;
    if (!result->warnings)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    struct patch_plan plan = {
        .request = request,
        .settings = settings,
        .source = source,
        .role = find_role(request->name),
        .result = result,
    };
    const char *deleted = kube_json_text(request->object, "/metadata/deletionTimestamp");
    if (!plan.role || deleted || is_controlled_by_etcd(request->object)) {
        result->ignored = true;
        return true;
    }
    return plan_all(&plan, err) ||
           error_wrap(err, "StatefulSet %s/%s", request->namespace, request->name);
}

void patch_result_free(struct patch_result *result)
{
    kube_patch_free(&result->patch);
    json_object_put(TAKE(result->warnings));
}
