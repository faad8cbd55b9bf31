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

bool patch_plan_open(struct patch_plan *plan, const struct patch_request *request,
                     const struct patch_settings *settings, struct kube_source *source,
                     struct patch_result *result, struct error *err)
{
    *result = (struct patch_result){.warnings = json_object_new_array()};
    *plan = (struct patch_plan){
        .request = request,
        .settings = settings,
        .source = source,
        .role = find_role(request->name),
        .result = result,
    };
    if (!kube_patch_init(&result->patch, request->object, err))
        return false;
    result->patch.work = request->work;
    return (result->warnings || error_set(err, ERROR_NO_MEMORY, "out of memory")) &&
           kube_work_check(request->work, err);
}

void patch_plan_close(struct patch_plan *plan)
{
    kube_object_unref(TAKE(plan->namespace_entry));
    kube_object_unref(TAKE(plan->cluster_entry));
}

const char *patch_called(const struct patch_request *request)
{
    const char *beginning = kube_json_text(request->object, "/metadata/generateName");
    return request->name ? request->name : beginning ? beginning : "";
}

bool patch_is_being_deleted(const struct patch_request *request)
{
    return request->update && kube_json_text(request->old_object, "/metadata/deletionTimestamp");
}

bool patch_find(struct kube_source *source, enum kube_kind kind, const char *namespace,
                const char *name, struct kube_object **out, struct error *err)
{
    struct error why = {0};
    if (kube_source_get(source, kind, namespace, name, out, &why) || why.code == ERROR_NOT_FOUND)
        return true;
    return error_set(err, why.code, "%s", why.message);
}

bool patch_plan_namespace(struct patch_plan *plan, struct error *err)
{
    if (!patch_find(plan->source, KUBE_NAMESPACE, "", plan->request->namespace,
                    &plan->namespace_entry, err))
        return false;
    plan->namespace = kube_object_tree(plan->namespace_entry);
    return true;
}

bool patch_plan_cluster(struct patch_plan *plan, struct error *err)
{
    if (!patch_find(plan->source, KUBE_CLUSTER, "", plan->request->namespace, &plan->cluster_entry,
                    err))
        return false;
    plan->cluster = kube_object_tree(plan->cluster_entry);
    return true;
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

/* Where a half of the legacy path finds its provider. */
struct origin {
    const char *label;       /* of the Namespace */
    const char *pointers[2]; /* below the Cluster; the first that is there counts */
};

/* The name that ORIGIN gives; *name NULL: none. */
static bool name_provider(struct patch_plan *plan, const struct origin *origin, const char **name,
                          struct error *err)
{
    struct json_object *labels = NULL;
    if (!kube_json_get_object(plan->namespace, "/metadata/labels", &labels, err))
        return error_wrap(err, "Namespace %s", plan->request->namespace);
    *name = kube_json_as_text(kube_json_child(labels, origin->label));
    for (size_t i = 0; !*name && i < 2 && origin->pointers[i]; i++)
        if (!kube_json_get_string(plan->cluster, origin->pointers[i], name, err))
            return error_wrap(err, "Cluster %s", plan->request->namespace);
    if (!*name)
        *name = plan->settings->default_provider;
    return true;
}

static bool find_provider(struct patch_plan *plan, const struct origin *origin, const char *what,
                          const struct provider **out, struct error *err)
{
    const char *name = NULL;
    if (!name_provider(plan, origin, &name, err))
        return false;
    const struct provider *provider = name ? provider_by_name(name) : NULL;
    *out = provider && provider->storage ? provider : NULL;
    if (*out)
        return true;
    if (name)
        return patch_warn(plan, err, "%s: provider '%.64s' is none of %s", what, name,
                          provider_names);
    if (!plan->namespace && !plan->cluster)
        return patch_warn(plan, err,
                          "%s: neither Namespace nor Cluster %s is known here, no defaultProvider",
                          what, plan->request->namespace);
    return patch_warn(
        plan, err,
        "%s: no namespace label %s, no provider of the Cluster's Seed, no defaultProvider", what,
        origin->label);
}

bool patch_backup_provider(struct patch_plan *plan, const char *what, const struct provider **out,
                           struct error *err)
{
    static const struct origin origin = {
        "backup.gardener.cloud/provider",
        {"/spec/seed/spec/backup/provider", "/spec/seed/spec/provider/type"},
    };
    return find_provider(plan, &origin, what, out, err);
}

bool patch_storage_provider(struct patch_plan *plan, const char *what, const struct provider **out,
                            struct error *err)
{
    static const struct origin origin = {
        "seed.gardener.cloud/provider",
        {"/spec/seed/spec/provider/type", NULL},
    };
    return find_provider(plan, &origin, what, out, err);
}

bool patch_need_cluster(struct patch_plan *plan, const char *what, struct error *err)
{
    return plan->cluster ||
           error_set(err, ERROR_NOT_FOUND,
                     "Cluster %s not found: %s needs it for the Seed's backup and the Shoot's "
                     "schedule; create it (extensions.gardener.cloud/v1alpha1, named like the "
                     "namespace)",
                     plan->request->namespace, what);
}

bool patch_seed_has_backup(struct patch_plan *plan, bool *has, struct error *err)
{
    struct json_object *backup;
    if (!kube_json_get_object(plan->cluster, "/spec/seed/spec/backup", &backup, err))
        return error_wrap(err, "Cluster %s", plan->request->namespace);
    *has = backup != NULL;
    return true;
}

bool patch_shoot_id(struct patch_plan *plan, char out[PATCH_PREFIX_SIZE], struct error *err)
{
    const char *id;
    const char *uid;
    if (!kube_json_need_string(plan->cluster, "/spec/shoot/status/technicalID", &id, err) ||
        !kube_json_need_string(plan->cluster, "/spec/shoot/status/uid", &uid, err))
        return error_wrap(err, "Cluster %s", plan->request->namespace);
    return snprintf(out, PATCH_PREFIX_SIZE, "%s--%s", id, uid) < PATCH_PREFIX_SIZE ||
           error_set(err, ERROR_RANGE,
                     "Cluster %s: /spec/shoot/status: technicalID and uid are too long",
                     plan->request->namespace);
}
