/* Single questions to the API server, asked by whoever waits for the answer: with a deadline, and
 * not more than a few at a time. */
#ifndef KUBE_GETTER_H
#define KUBE_GETTER_H

#include "kube/watch.h"

struct kube_getters;

/* HUB must outlive them. */
bool kube_getters_new(struct kube_hub *hub, struct kube_getters **out, struct error *err);
void kube_getters_free(struct kube_getters *getters); /* NULL is fine */

/* The object of KEY, whose namespace and name are valid, as the server has it; the caller frees
 * *OUT. ERROR_NOT_FOUND: the server says that there is none. ERROR_UNAVAILABLE: no answer in time,
 * or none that can be understood. */
bool kube_getters_get(struct kube_getters *getters, const struct kube_cache_key *key,
                      struct json_object **out, struct error *err);

#endif
