/* What the API server fills in by itself does not count as a difference. Knows the defaults of the
 * fragments that this program writes: containers, volumes and volume claim templates. */
#ifndef KUBE_DEFAULTS_H
#define KUBE_DEFAULTS_H

#include "kube/json.h"

/* Whether HAVE, as an API server would store it, says the same as WANT: a member that only one side
 * has must be empty or at its default there; quantities are compared by value.
 * Source of the defaults: Kubernetes API, pkg/apis/{core,apps}/v1/defaults.go. */
bool kube_defaults_match(struct json_object *have, struct json_object *want);

#endif
