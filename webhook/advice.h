/* What the translation says of an etcd that is about to be handed over, as admission warnings. */
#ifndef WEBHOOK_ADVICE_H
#define WEBHOOK_ADVICE_H

#include "patches/patches.h"
#include "webhook/call.h"

/* Translates the object as it is after RESULT's patch, for the strategy adopt, and adds blockers
 * and warnings, the worst first, to RESULT's warnings. Takes the memory for that from CALL's
 * budget. NOW is in seconds since 1970. The report's item, which the caller frees; NULL: it was not
 * translated, and a warning says why. */
struct json_object *webhook_advise(struct webhook_call *call, struct patch_result *result,
                                   struct kube_source *source, int64_t now);

#endif
