/* Two masters of one StatefulSet fight: druid's is guarded against all others' writes. */
#include "patches/internal.h"

#include <string.h>

/* Who may always write: the garbage collector strikes out owners, the StatefulSet controller writes
 * status and revisions. Without credentials of their own both are the controller manager. */
static bool is_kubernetes(const char *user)
{
    static const char *const users[] = {
        "system:serviceaccount:kube-system:generic-garbage-collector",
        "system:serviceaccount:kube-system:statefulset-controller",
        "system:kube-controller-manager",
    };
    for (size_t i = 0; i < sizeof users / sizeof *users; i++)
        if (strcmp(users[i], user) == 0)
            return true;
    return false;
}

static const char *user_of(const struct patch_plan *plan)
{
    return plan->request->user ? plan->request->user : "";
}

bool patch_is_druid(const struct patch_plan *plan)
{
    static const char prefix[] = "system:serviceaccount:";
    const struct patch_settings *settings = plan->settings;
    const char *user = user_of(plan);
    if (strncmp(user, prefix, sizeof prefix - 1) != 0)
        return false;
    const char *account = user + sizeof prefix - 1;
    for (size_t i = 0; i < settings->druid_account_count; i++) {
        /* "namespace/name" here, "namespace:name" there */
        const char *known = settings->druid_accounts[i];
        size_t namespace_length = strcspn(known, "/");
        if (strlen(known) == strlen(account) && account[namespace_length] == ':' &&
            strncmp(known, account, namespace_length) == 0 &&
            strcmp(known + namespace_length + 1, account + namespace_length + 1) == 0)
            return true;
    }
    return false;
}

/* Whether a member of A's spec, but for the claim templates, is not the same in B's. */
static bool members_differ(struct kube_work *work, struct json_object *a, struct json_object *b)
{
    if (!a)
        return false;
    json_object_object_foreach(a, key, value)
    {
        if (!kube_work_goes_on(work))
            return true;
        if (strcmp(key, "volumeClaimTemplates") != 0 &&
            !json_object_equal(value, kube_json_child(b, key)))
            return true;
    }
    return false;
}

/* Whether the request changes the spec. Claim templates are left out: the API server refuses any
 * change of them, and the deployer's own, which this program keeps as it is stored, is none. */
static bool changes_spec(const struct patch_request *request, bool *changes, struct error *err)
{
    struct json_object *spec;
    struct json_object *old_spec = NULL;
    if (!kube_json_get_object(request->object, "/spec", &spec, err))
        return false;
    if (!kube_json_get_object(request->old_object, "/spec", &old_spec, err))
        return error_wrap(err, "oldObject");
    *changes = !request->update || members_differ(request->work, spec, old_spec) ||
               members_differ(request->work, old_spec, spec);
    return kube_work_check(request->work, err);
}

/* Whether the request is one to hold against its user. */
static bool is_intrusion(struct patch_plan *plan, bool *intrusion, struct error *err)
{
    if (!changes_spec(plan->request, intrusion, err))
        return false;
    *intrusion = *intrusion && !is_kubernetes(user_of(plan)) && !patch_is_druid(plan);
    return true;
}

bool patch_freeze(struct patch_plan *plan, const char *why, struct error *err)
{
    bool intrusion = false;
    if (!is_intrusion(plan, &intrusion, err))
        return false;
    return !intrusion || error_set(err, ERROR_CONFLICT, "%s", why);
}

bool patch_guard_master(struct patch_plan *plan, struct error *err)
{
    bool intrusion = false;
    plan->result->stage = PATCH_STAGE_DRUID;
    if (plan->settings->guard == PATCH_GUARD_OFF)
        return true;
    if (!is_intrusion(plan, &intrusion, err))
        return false;
    if (!intrusion)
        return true;
    if (plan->settings->guard == PATCH_GUARD_WARN)
        return patch_warn(plan, err,
                          "etcd-druid runs this StatefulSet and will undo the change; change the "
                          "Etcd %s instead",
                          patch_called(plan->request));
    return error_set(
        err, ERROR_CONFLICT,
        "etcd-druid runs it for the Etcd %s/%s, and two masters would fight; change "
        "the Etcd instead, or take it from druid first (annotate the Etcd with "
        "druid.gardener.cloud/suspend-etcd-spec-reconcile and remove the Etcd as its "
        "controller); user '%.128s' is none of druid's (migration.druidServiceAccounts)",
        plan->request->namespace, patch_called(plan->request), user_of(plan));
}
