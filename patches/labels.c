/* The phase prepare: pods that carry druid's labels before druid comes are adopted by its
 * StatefulSet and found by its Services. Source: etcd-druid v0.37.1,
 * api/core/v1alpha1/constants.go. */
#include "patches/internal.h"

#include "kube/cleanup.h"

#include <string.h>

static struct json_object *new_labels(const char *name)
{
    return kube_json_object("app.kubernetes.io/managed-by", kube_json_string("etcd-druid"),
                            "app.kubernetes.io/part-of", kube_json_string(name),
                            "app.kubernetes.io/component", kube_json_string("etcd-statefulset"),
                            NULL);
}

/* A label that the selector fixes otherwise cannot be given to the pods: the API server would
 * refuse a template that its own selector does not match. */
static bool drop_what_is_fixed(struct patch_plan *plan, struct json_object *labels,
                               struct error *err)
{
    struct json_object *fixed;
    if (!kube_json_get_object(plan->request->object, "/spec/selector/matchLabels", &fixed, err))
        return false;
    if (!fixed)
        return true;
    json_object_object_foreach(fixed, key, value)
    {
        if (!kube_work_goes_on(plan->request->work))
            break;
        const char *wanted = kube_json_as_text(kube_json_child(labels, key));
        const char *found = kube_json_as_text(value);
        if (!wanted || (found && strcmp(wanted, found) == 0))
            continue;
        if (!patch_warn(plan, err,
                        "prepare: the selector fixes %s, so druid cannot adopt the pods; use join",
                        key))
            return false;
        json_object_object_del(labels, key);
    }
    return kube_work_check(plan->request->work, err);
}

bool patch_plan_labels(struct patch_plan *plan, struct error *err)
{
    AUTO_JSON struct json_object *labels = new_labels(plan->request->name);
    if (!labels)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    return drop_what_is_fixed(plan, labels, err) &&
           kube_patch_members(&plan->result->patch, "/spec/template/metadata/labels", TAKE(labels),
                              err);
}
