/* Where an etcd is on its way from the legacy path to druid. */
#ifndef PATCHES_PHASE_H
#define PATCHES_PHASE_H

#include "kube/json.h"

/* The label or annotation that says it, on the StatefulSet or on its Namespace. */
#define PATCH_PHASE_KEY "druid-bridge/phase"

enum patch_phase {
    PATCH_LEGACY,   /* patched as ever */
    PATCH_PREPARE,  /* also gets druid's labels, so that a later takeover adopts its pods */
    PATCH_HANDOVER, /* frozen: nobody but druid changes its spec */
    PATCH_OFF,      /* left alone */
    PATCH_PHASES,
};

const char *patch_phase_name(enum patch_phase phase);

/* The phase called NAME. ERROR_INVALID: there is none of that name. */
bool patch_phase_parse(const char *name, enum patch_phase *phase, struct error *err);

/* Whether OBJECT itself says a phase. ERROR_INVALID as below. */
bool patch_phase_is_said(struct json_object *object, bool *said, struct error *err);

/* What STATEFUL_SET says, else NAMESPACE (NULL: it is not known), else FALLBACK. ERROR_INVALID: an
 * unknown phase, or a label and an annotation of one object that disagree. */
bool patch_phase_of(struct json_object *stateful_set, struct json_object *namespace,
                    enum patch_phase fallback, enum patch_phase *phase, struct error *err);

#endif
