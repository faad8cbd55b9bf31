/* The room kube/: the vocabulary of Kubernetes. Objects as json-c trees and access by path (json),
 * JSON Patch (patch, defaults), quantities, durations, times, base64, YAML in and out, and object
 * sources (source; files; live, with the access that a kubeconfig describes). Uses libraries only;
 * every other room may use it. */
#ifndef KUBE_KUBE_H
#define KUBE_KUBE_H

#include "kube/base64.h"
#include "kube/cleanup.h"
#include "kube/defaults.h"
#include "kube/duration.h"
#include "kube/error.h"
#include "kube/files.h"
#include "kube/json.h"
#include "kube/kubeconfig.h"
#include "kube/live.h"
#include "kube/patch.h"
#include "kube/quantity.h"
#include "kube/source.h"
#include "kube/time.h"
#include "kube/yaml.h"

#endif
