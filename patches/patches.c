#include "patches/internal.h"

#include "kube/cleanup.h"

/* The two halves of the legacy path. */
static bool plan_legacy(struct patch_plan *plan, struct error *err)
{
    if (!plan->role)
        return true;
    return patch_plan_cluster(plan, err) && patch_plan_sidecar(plan, err) &&
           kube_work_check(plan->request->work, err) && patch_plan_storage(plan, err);
}

static bool plan_prepare(struct patch_plan *plan, struct error *err)
{
    if (!plan->request->name)
        return patch_warn(plan, err,
                          "prepare: druid's labels cannot be added before the generated name is "
                          "known; the next update adds them");
    plan->result->prepared = true;
    return plan_legacy(plan, err) && kube_work_check(plan->request->work, err) &&
           patch_plan_labels(plan, err);
}

/* Nothing is patched but the claim template, which cannot change in any case: so a deployer that
 * writes its manifest again is not refused on its account. */
static bool plan_handover(struct patch_plan *plan, struct error *err)
{
    static const char no_creation[] =
        "its phase is handover: it is being handed to etcd-druid, and nobody else creates it; to "
        "create it, set " PATCH_PHASE_KEY " to legacy on its Namespace, and declare no handover";
    if (!patch_freeze(plan, plan->request->update ? PATCH_IN_HANDOVER : no_creation, err))
        return false;
    return !(plan->role && plan->request->update) || patch_is_being_deleted(plan->request) ||
           patch_plan_storage(plan, err);
}

static bool plan_nothing(struct patch_plan *plan, struct error *err)
{
    (void)plan, (void)err;
    return true;
}

static bool decide(struct patch_plan *plan, struct error *err)
{
    typedef bool plan_phase(struct patch_plan *, struct error *);
    static plan_phase *const living[PATCH_PHASES] = {
        [PATCH_LEGACY] = plan_legacy,
        [PATCH_PREPARE] = plan_prepare,
        [PATCH_HANDOVER] = plan_handover,
        [PATCH_OFF] = plan_nothing,
    };
    /* What is being deleted needs no sidecar, and must not wait for what a sidecar needs. */
    static plan_phase *const being_deleted[PATCH_PHASES] = {
        [PATCH_LEGACY] = plan_nothing,
        [PATCH_PREPARE] = plan_nothing,
        [PATCH_HANDOVER] = plan_handover,
        [PATCH_OFF] = plan_nothing,
    };
    plan_phase *const *phases = patch_is_being_deleted(plan->request) ? being_deleted : living;
    struct patch_declared judged;
    bool has_master;
    if (!patch_check_owner(plan, err) || !patch_has_master(plan, &has_master, err))
        return false;
    if (has_master)
        return patch_guard_master(plan, err);
    if (!patch_effective_phase(plan, &judged, err))
        return false;
    if (!judged.any)
        return true;
    plan->result->stage = patch_phase_name(judged.phase);
    return phases[judged.phase](plan, err);
}

bool patch_stateful_set(const struct patch_request *request, const struct patch_settings *settings,
                        struct kube_source *source, struct patch_result *result, struct error *err)
{
    AUTO_PLAN struct patch_plan plan;
    return patch_plan_open(&plan, request, settings, source, result, err) &&
           ((decide(&plan, err) && kube_work_check(request->work, err)) ||
            error_wrap(err, "StatefulSet %s/%s", request->namespace, patch_called(request)));
}

void patch_result_free(struct patch_result *result)
{
    kube_patch_free(&result->patch);
    json_object_put(TAKE(result->warnings));
}
