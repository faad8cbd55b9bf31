#include "patches/phase.h"

#include <string.h>

static const char *const names[PATCH_PHASES] = {
    [PATCH_LEGACY] = "legacy",
    [PATCH_PREPARE] = "prepare",
    [PATCH_HANDOVER] = "handover",
    [PATCH_OFF] = "off",
};

const char *patch_phase_name(enum patch_phase phase)
{
    return names[phase];
}

bool patch_phase_parse(const char *name, enum patch_phase *phase, struct error *err)
{
    for (size_t i = 0; i < PATCH_PHASES; i++) {
        if (strcmp(names[i], name) == 0) {
            *phase = (enum patch_phase)i;
            return true;
        }
    }
    return error_set(err, ERROR_INVALID,
                     "found phase '%.64s', expected legacy, prepare, handover or off", name);
}

/* What OBJECT itself says; *said NULL: nothing. */
static bool find(struct json_object *object, const char **said, struct error *err)
{
    static const char *const places[] = {"/metadata/labels/druid-bridge~1phase",
                                         "/metadata/annotations/druid-bridge~1phase"};
    const char *label;
    const char *annotation;
    if (!kube_json_get_string(object, places[0], &label, err) ||
        !kube_json_get_string(object, places[1], &annotation, err))
        return false;
    if (label && annotation && strcmp(label, annotation) != 0)
        return error_set(err, ERROR_INVALID,
                         "the label " PATCH_PHASE_KEY " says '%.64s', the annotation '%.64s'; "
                         "remove one of them",
                         label, annotation);
    *said = label ? label : annotation;
    return true;
}

bool patch_phase_is_said(struct json_object *object, bool *said, struct error *err)
{
    const char *phase = NULL;
    if (!find(object, &phase, err))
        return false;
    *said = phase != NULL;
    return true;
}

bool patch_phase_of(struct json_object *stateful_set, struct json_object *namespace,
                    enum patch_phase fallback, enum patch_phase *phase, struct error *err)
{
    const char *said = NULL;
    if (!find(stateful_set, &said, err))
        return false;
    if (said)
        return patch_phase_parse(said, phase, err) || error_wrap(err, PATCH_PHASE_KEY);
    if (!find(namespace, &said, err) || (said && !patch_phase_parse(said, phase, err)))
        return error_wrap(err, "the Namespace's " PATCH_PHASE_KEY);
    if (!said)
        *phase = fallback;
    return true;
}
