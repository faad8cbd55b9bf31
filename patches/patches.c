#include "patches/internal.h"

#include "kube/cleanup.h"

/* The two halves of the legacy path. */
static bool plan_legacy(struct patch_plan *plan, struct error *err)
{
    if (!plan->role)
        return true;
    return patch_plan_cluster(plan, err) && patch_plan_sidecar(plan, err) &&
           patch_plan_storage(plan, err);
}

static bool plan_prepare(struct patch_plan *plan, struct error *err)
{
    plan->result->prepared = true;
    return plan_legacy(plan, err) && patch_plan_labels(plan, err);
}

/* Nothing is patched but the claim template, which cannot change in any case: so a deployer that
 * writes its manifest again is not refused on its account. */
static bool plan_handover(struct patch_plan *plan, struct error *err)
{
    if (!patch_freeze(plan,
                      "its phase is handover: it is being handed to etcd-druid and its spec is "
                      "frozen; to change it, set " PATCH_PHASE_KEY
                      " to legacy on the StatefulSet or its Namespace",
                      err))
        return false;
    return !(plan->role && plan->request->update) || patch_plan_storage(plan, err);
}

static bool plan_off(struct patch_plan *plan, struct error *err)
{
    (void)plan, (void)err;
    return true;
}

/* Whether the stored object was in handover by its own word and the request says nothing: a
 * manifest that does not know of phases and replaces the object does not end a handover. */
static bool is_silent_in_handover(const struct patch_request *request)
{
    enum patch_phase phase = PATCH_LEGACY;
    bool said;
    return request->update && patch_phase_is_said(request->object, &said, NULL) && !said &&
           patch_phase_of(request->old_object, NULL, PATCH_LEGACY, &phase, NULL) &&
           phase == PATCH_HANDOVER;
}

/* StatefulSets of other names take part only where they say it themselves: what a Namespace or the
 * configuration says is meant for its etcds. */
static bool find_phase(struct patch_plan *plan, bool *has, enum patch_phase *phase,
                       struct error *err)
{
    if (is_silent_in_handover(plan->request)) {
        *has = true;
        *phase = PATCH_HANDOVER;
        return true;
    }
    if (!plan->role) {
        if (!patch_phase_is_said(plan->request->object, has, err))
            return false;
        if (!*has)
            return true;
        return patch_phase_of(plan->request->object, NULL, PATCH_LEGACY, phase, err);
    }
    *has = true;
    return patch_plan_namespace(plan, err) &&
           patch_phase_of(plan->request->object, plan->namespace, plan->settings->default_phase,
                          phase, err);
}

static bool decide(struct patch_plan *plan, struct error *err)
{
    static bool (*const phases[PATCH_PHASES])(struct patch_plan *, struct error *) = {
        [PATCH_LEGACY] = plan_legacy,
        [PATCH_PREPARE] = plan_prepare,
        [PATCH_HANDOVER] = plan_handover,
        [PATCH_OFF] = plan_off,
    };
    bool has_master;
    bool has_phase = false;
    enum patch_phase phase = PATCH_LEGACY;
    if (!patch_has_master(plan, &has_master, err))
        return false;
    if (has_master)
        return patch_guard_master(plan, err);
    if (!find_phase(plan, &has_phase, &phase, err))
        return false;
    if (!has_phase)
        return true;
    plan->result->stage = patch_phase_name(phase);
    return phases[phase](plan, err);
}

bool patch_stateful_set(const struct patch_request *request, const struct patch_settings *settings,
                        struct kube_source *source, struct patch_result *result, struct error *err)
{
    AUTO_PLAN struct patch_plan plan;
    if (!patch_plan_open(&plan, request, settings, source, result, err))
        return false;
    if (!request->name || kube_json_text(request->object, "/metadata/deletionTimestamp"))
        return true;
    return decide(&plan, err) ||
           error_wrap(err, "StatefulSet %s/%s", request->namespace, request->name);
}

void patch_result_free(struct patch_result *result)
{
    kube_patch_free(&result->patch);
    json_object_put(TAKE(result->warnings));
}
