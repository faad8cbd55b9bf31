/* The API server as the object source of the webhook: what of it is watched, what is kept of that,
 * and what is to be seen of it on /metrics. */
#ifndef WEBHOOK_CLUSTER_H
#define WEBHOOK_CLUSTER_H

#include "kube/source.h"
#include "webhook/log.h"

#include <stdio.h>

/* Starts the source: by KUBECONFIG, or in a pod by its service account where that is NULL. SECRETS
 * are the SECRET_COUNT names of Secrets that are watched in all namespaces. LOG outlives the
 * source. Errors are those of kube_access_from_kubeconfig, kube_access_in_pod and kube_live_start.
 */
bool webhook_cluster_start(const char *kubeconfig, const char *const *secrets, size_t secret_count,
                           const struct webhook_log *log, struct kube_source **out,
                           struct error *err);

/* The same without a cache, for a translation: each object is asked for when it is needed. */
bool webhook_cluster_ask(const char *kubeconfig, struct kube_source **out, struct error *err);

/* Whether this runs in a pod, where the service account is the default. */
bool webhook_cluster_is_here(void);

/* Writes what the live SOURCE counts as metrics. */
void webhook_cluster_write(struct kube_source *source, FILE *out);

#endif
