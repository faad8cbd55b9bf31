/* Scaling through the subresource statefulsets/scale. The object is then a Scale, which shows
 * neither labels nor owners of its StatefulSet: what the guard goes by comes from the source. */
#include "patches/internal.h"

#include "kube/cleanup.h"

#define IN_HANDOVER                                                                                \
    "the phase of its namespace is handover: it is being handed to etcd-druid and its replicas "   \
    "are "                                                                                         \
    "frozen; to scale it, set " PATCH_PHASE_KEY " to legacy on the Namespace, or change the "      \
    "StatefulSet itself, whose own phase counts there"

/* Whether the source has the StatefulSet and an Etcd controls it. Where the source may not read
 * StatefulSets nothing is known, which is no reason to refuse. */
static bool is_known_to_be_owned(struct patch_plan *plan)
{
    AUTO_OBJECT struct kube_object *stateful_set = NULL;
    const struct patch_request *request = plan->request;
    return patch_find(plan->source, KUBE_STATEFUL_SET, request->namespace, request->name,
                      &stateful_set, NULL) &&
           patch_controlling_etcd(request->work, kube_object_tree(stateful_set));
}

static bool freeze_by_namespace(struct patch_plan *plan, struct error *err)
{
    struct patch_declared phase;
    if (!patch_namespace_phase(plan, &phase, err))
        return false;
    bool is_readable = phase.error.code == ERROR_NONE;
    if (is_readable && (!phase.any || phase.phase != PATCH_HANDOVER))
        return true;
    plan->result->stage = patch_phase_name(PATCH_HANDOVER);
    return patch_freeze(plan, is_readable ? IN_HANDOVER : phase.error.message, err);
}

static bool decide(struct patch_plan *plan, struct error *err)
{
    bool is_there = false;
    bool is_reconciled = false;
    if (!patch_find_etcd(plan, &is_there, &is_reconciled, err))
        return false;
    /* The question about the owner may cost a request to the API server: only where it matters. */
    if (is_reconciled || (is_there && is_known_to_be_owned(plan)))
        return patch_guard_master(plan, err);
    return freeze_by_namespace(plan, err);
}

bool patch_scale(const struct patch_request *request, const struct patch_settings *settings,
                 struct kube_source *source, struct patch_result *result, struct error *err)
{
    AUTO_PLAN struct patch_plan plan;
    return patch_plan_open(&plan, request, settings, source, result, err) &&
           ((decide(&plan, err) && kube_work_check(request->work, err)) ||
            error_wrap(err, "StatefulSet %s/%s", request->namespace, patch_called(request)));
}
