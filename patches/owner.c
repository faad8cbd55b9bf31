/* The Etcd that controls a StatefulSet. Its owner reference counts where it is stored, or where
 * druid itself writes it: anybody may write one into what they create. */
#include "patches/internal.h"

#include "kube/cleanup.h"

#include <string.h>

#define SUSPENDED "/metadata/annotations/druid.gardener.cloud~1suspend-etcd-spec-reconcile"

static bool is_controlling_etcd(struct json_object *owner)
{
    static const char group[] = "druid.gardener.cloud/";
    const char *kind = kube_json_text(owner, "/kind");
    const char *version = kube_json_text(owner, "/apiVersion");
    struct json_object *controller = kube_json_child(owner, "controller");
    return kind && strcmp(kind, "Etcd") == 0 && version &&
           strncmp(version, group, sizeof group - 1) == 0 &&
           json_object_is_type(controller, json_type_boolean) &&
           json_object_get_boolean(controller);
}

struct json_object *patch_controlling_etcd(struct kube_work *work, struct json_object *object)
{
    struct json_object *owners;
    if (!kube_json_get_array(object, "/metadata/ownerReferences", &owners, NULL) || !owners)
        return NULL;
    for (size_t i = 0; i < json_object_array_length(owners) && kube_work_goes_on(work); i++) {
        struct json_object *owner = json_object_array_get_idx(owners, i);
        if (is_controlling_etcd(owner))
            return owner;
    }
    return NULL;
}

/* Whether both refer to one Etcd; its API version may change. */
static bool is_same_owner(struct json_object *a, struct json_object *b)
{
    static const char *const members[] = {"/name", "/uid"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const char *of_a = kube_json_text(a, members[i]);
        const char *of_b = kube_json_text(b, members[i]);
        if (!of_a || !of_b || strcmp(of_a, of_b) != 0)
            return false;
    }
    return true;
}

/* Whether the stored owner reference still means something: it counts unless the source is certain
 * that there is no such Etcd. */
static bool may_exist(struct patch_plan *plan, struct json_object *owner)
{
    AUTO_OBJECT struct kube_object *etcd = NULL;
    const char *namespace = plan->request->namespace;
    const char *name = kube_json_text(owner, "/name");
    return !name || !patch_find(plan->source, KUBE_ETCD, namespace, name, &etcd, NULL) || etcd ||
           !kube_source_covers(plan->source, KUBE_ETCD, namespace);
}

/* Whether druid acts on ETCD: it leaves those alone that are suspended or go away. */
static bool is_reconciled(struct json_object *etcd)
{
    struct json_object *suspended = NULL;
    if (!kube_json_get(etcd, SUSPENDED, json_type_string, &suspended, NULL))
        return true;
    return etcd && !suspended && !kube_json_text(etcd, "/metadata/deletionTimestamp");
}

bool patch_find_etcd(struct patch_plan *plan, bool *is_there, bool *reconciled, struct error *err)
{
    const struct patch_request *request = plan->request;
    AUTO_OBJECT struct kube_object *etcd = NULL;
    *is_there = *reconciled = false;
    /* A generated name ends in five random characters: no Etcd is waiting for it. */
    if (!request->name)
        return true;
    if (!patch_find(plan->source, KUBE_ETCD, request->namespace, request->name, &etcd, err))
        return false;
    *is_there = etcd != NULL;
    *reconciled = is_reconciled(kube_object_tree(etcd));
    return true;
}

/* The Etcd that controls what is written, and the one that controls what is stored; NULL: none. */
static bool find_owners(struct patch_plan *plan, struct json_object **written,
                        struct json_object **stored, struct error *err)
{
    const struct patch_request *request = plan->request;
    *written = patch_controlling_etcd(request->work, request->object);
    *stored = request->update ? patch_controlling_etcd(request->work, request->old_object) : NULL;
    return kube_work_check(request->work, err);
}

bool patch_has_master(struct patch_plan *plan, bool *has, struct error *err)
{
    struct json_object *written;
    struct json_object *stored;
    bool is_there;
    if (!find_owners(plan, &written, &stored, err))
        return false;
    /* The stored one counts: nobody frees a StatefulSet by striking out its owner. */
    *has = (written && patch_is_druid(plan)) || (stored && may_exist(plan, stored));
    return *has || patch_find_etcd(plan, &is_there, has, err);
}

bool patch_check_owner(struct patch_plan *plan, struct error *err)
{
    struct json_object *written;
    struct json_object *stored;
    if (!find_owners(plan, &written, &stored, err))
        return false;
    if (!written || is_same_owner(written, stored) || patch_is_druid(plan) ||
        plan->settings->guard == PATCH_GUARD_OFF)
        return true;
    const char *name = kube_json_text(written, "/name");
    const char *user = plan->request->user;
    if (plan->settings->guard == PATCH_GUARD_WARN)
        return patch_warn(plan, err,
                          "the owner reference to the Etcd %.64s does not count: only etcd-druid "
                          "makes an Etcd the controller of a StatefulSet",
                          name ? name : "");
    plan->result->stage = PATCH_STAGE_DRUID;
    return error_set(
        err, ERROR_CONFLICT,
        "/metadata/ownerReferences: found the Etcd '%.253s' as the controller; only etcd-druid "
        "makes an Etcd the controller of a StatefulSet, and user '%.128s' is none of druid's "
        "(migration.druidServiceAccounts); remove the owner reference",
        name ? name : "", user ? user : "");
}
