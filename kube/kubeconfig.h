/* The way to an API server that a kubeconfig file describes. What needs another program (exec,
 * auth-provider) or weakens TLS is refused with a message that says so. */
#ifndef KUBE_KUBECONFIG_H
#define KUBE_KUBECONFIG_H

#include "kube/access.h"

/* FILE's context CONTEXT (NULL: its current-context). Relative paths are relative to FILE's folder.
 * As for kubectl, data wins over a file, tokenFile wins over token. The caller frees *OUT.
 * ERROR_UNAVAILABLE: FILE, or one that it names, cannot be read. ERROR_NOT_FOUND: no such context,
 * cluster or user. ERROR_INVALID: malformed, or something that is refused.
 * Source: Kubernetes, client-go tools/clientcmd/api/v1. */
bool kube_access_from_kubeconfig(const char *file, const char *context, struct kube_access **out,
                                 struct error *err);

/* The same for a command, which may wait: FILE may also be a pipe. The files that it names may not,
 * for they are read again when credentials rotate. */
bool kube_access_for_command(const char *file, const char *context, struct kube_access **out,
                             struct error *err);

#endif
