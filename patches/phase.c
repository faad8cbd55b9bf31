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

static const char *const places[] = {"/metadata/labels/druid-bridge~1phase",
                                     "/metadata/annotations/druid-bridge~1phase"};

/* The one text of label and annotation; *said NULL: neither is there. */
static bool find(struct json_object *object, const char **said, struct error *err)
{
    const char *label;
    const char *annotation;
    if (!kube_json_get_string(object, places[0], &label, err) ||
        !kube_json_get_string(object, places[1], &annotation, err))
        return false;
    if (label && annotation && strcmp(label, annotation) != 0)
        return error_set(err, ERROR_INVALID,
                         "the label says '%.64s', the annotation '%.64s'; remove one of them",
                         label, annotation);
    *said = label ? label : annotation;
    return true;
}

struct patch_declared patch_declared_by(struct json_object *object)
{
    struct patch_declared declared = {.phase = PATCH_LEGACY};
    const char *said = NULL;
    if (find(object, &said, &declared.error) && said)
        declared.any = patch_phase_parse(said, &declared.phase, &declared.error);
    return declared;
}

bool patch_declares_alike(struct json_object *a, struct json_object *b)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *of_a = kube_json_text(a, places[i]);
        const char *of_b = kube_json_text(b, places[i]);
        if (of_a && of_b ? strcmp(of_a, of_b) != 0 : of_a != of_b)
            return false;
    }
    return true;
}
