/* The phase that a write is judged by. The stored object decides first: a write cannot leave a
 * handover and change the spec at once. */
#include "patches/internal.h"

/* The declarations that bear on one request. Where the object of a role declares nothing, REST
 * counts: the Namespace's phase, else the default one. StatefulSets of other names take part only
 * where they declare it themselves, since Namespace and configuration speak of a shoot's etcds. */
struct declarations {
    struct patch_declared object;
    struct patch_declared stored; /* nothing on CREATE */
    struct patch_declared rest;   /* nothing for other names */
};

static bool is_readable(const struct patch_declared *declared)
{
    return declared->error.code == ERROR_NONE;
}

static bool is_handover(const struct patch_declared *declared)
{
    return declared->any && declared->phase == PATCH_HANDOVER;
}

static const struct patch_declared *effective(const struct patch_declared *own,
                                              const struct patch_declared *rest)
{
    return own->any || !is_readable(own) ? own : rest;
}

static struct patch_declared read_own(struct json_object *object)
{
    struct patch_declared own = patch_declared_by(object);
    if (!is_readable(&own))
        error_wrap(&own.error, PATCH_PHASE_KEY);
    return own;
}

bool patch_namespace_phase(struct patch_plan *plan, struct patch_declared *rest, struct error *err)
{
    *rest = (struct patch_declared){.phase = PATCH_LEGACY};
    if (!plan->role)
        return true;
    if (!patch_plan_namespace(plan, err))
        return false;
    *rest = patch_declared_by(plan->namespace);
    if (!is_readable(rest))
        error_wrap(&rest->error, "the Namespace's " PATCH_PHASE_KEY);
    else if (!rest->any)
        *rest = (struct patch_declared){.any = true, .phase = plan->settings->default_phase};
    return true;
}

/* Nothing is stored yet, so nobody has opted out of a handover of the whole namespace: it wins over
 * the object. */
static const struct patch_declared *judge_create(const struct declarations *declared)
{
    const struct patch_declared *own = effective(&declared->object, &declared->rest);
    bool rest_wins = !is_readable(&declared->rest) || is_handover(&declared->rest);
    return is_readable(own) && rest_wins ? &declared->rest : own;
}

/* Refuses others' changes of the spec where what is stored is in handover. A phase that cannot be
 * read may mean handover. */
static bool freeze_stored(struct patch_plan *plan, const struct patch_declared *stored,
                          struct error *err)
{
    struct error why = {.message = PATCH_IN_HANDOVER};
    if (is_readable(stored) && !is_handover(stored))
        return true;
    if (!is_readable(stored))
        error_set(
            &why, ERROR_CONFLICT,
            "the phase of the stored object cannot be read, so its spec is frozen; correct it "
            "in a write of its own first: %s",
            stored->error.message);
    if (patch_freeze(plan, why.message, err))
        return true;
    plan->result->stage = patch_phase_name(PATCH_HANDOVER);
    return false;
}

/* Whether a phase that cannot be read is nothing that this write brings: metadata of such an object
 * may still be written, so that finalizers and owners can go. */
static bool is_old_damage(struct patch_plan *plan, const struct declarations *declared)
{
    return !is_readable(effective(&declared->stored, &declared->rest)) &&
           patch_declares_alike(plan->request->object, plan->request->old_object) &&
           (!is_readable(&declared->stored) || patch_is_being_deleted(plan->request));
}

static bool judge_update(struct patch_plan *plan, const struct declarations *declared,
                         struct patch_declared *judged, struct error *err)
{
    const struct patch_declared *wanted = effective(&declared->object, &declared->rest);
    if (!freeze_stored(plan, effective(&declared->stored, &declared->rest), err))
        return false;
    /* A manifest that does not know of phases and replaces the object does not end a handover. */
    if (is_readable(&declared->object) && !declared->object.any && is_handover(&declared->stored))
        wanted = &declared->stored;
    *judged = *wanted;
    if (is_readable(wanted) || !is_old_damage(plan, declared))
        return true;
    *judged = (struct patch_declared){.any = true, .phase = PATCH_HANDOVER};
    return patch_warn(plan, err, "the spec is frozen until its phase can be read: %.160s",
                      wanted->error.message);
}

bool patch_effective_phase(struct patch_plan *plan, struct patch_declared *judged,
                           struct error *err)
{
    const struct patch_request *request = plan->request;
    struct declarations declared = {.object = read_own(request->object)};
    if (request->update)
        declared.stored = read_own(request->old_object);
    if (!patch_namespace_phase(plan, &declared.rest, err))
        return false;
    if (!request->update)
        *judged = *judge_create(&declared);
    else if (!judge_update(plan, &declared, judged, err))
        return false;
    return is_readable(judged) || error_set(err, judged->error.code, "%s", judged->error.message);
}
