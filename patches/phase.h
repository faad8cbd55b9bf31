/* Where an etcd is on its way from the legacy path to druid. */
#ifndef PATCHES_PHASE_H
#define PATCHES_PHASE_H

#include "kube/json.h"

/* The label or annotation that declares it, on the StatefulSet or on its Namespace. */
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

/* What one object declares. */
struct patch_declared {
    bool any;               /* PHASE is declared */
    enum patch_phase phase; /* PATCH_LEGACY unless ANY */
    struct error error; /* ERROR_INVALID: a declaration that cannot be read: an unknown phase, or
                         * a label and an annotation that disagree */
};

/* Reads the declaration of OBJECT (NULL: nothing is declared). */
struct patch_declared patch_declared_by(struct json_object *object);

/* Whether A and B have the same label and the same annotation, readable or not. */
bool patch_declares_alike(struct json_object *a, struct json_object *b);

#endif
