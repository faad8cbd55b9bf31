/* Leaves whose fate is the same for every etcd. Sorted by path (bytewise). */
#include "migration/internal.h"

#include <stdlib.h>
#include <string.h>

#define POD "/spec/template/spec"
#define CONTAINER POD "/containers/*"
#define CLAIM "/spec/volumeClaimTemplates/*"

/* A field of the StatefulSet or its pods that no Etcd has: not missed where it is at USUAL. */
#define UNLESS(path, usual, note)                                                                  \
    {                                                                                              \
        path, OUTCOME_DROPPED, usual, false, NULL, note                                            \
    }
#define MISSED(path, note)                                                                         \
    {                                                                                              \
        path, OUTCOME_DROPPED, NULL, true, NULL, note                                              \
    }
#define DROPPED(path, note)                                                                        \
    {                                                                                              \
        path, OUTCOME_DROPPED, NULL, false, NULL, note                                             \
    }
#define REPLACED(path, note)                                                                       \
    {                                                                                              \
        path, OUTCOME_REPLACED, NULL, false, NULL, note                                            \
    }

static const struct rule rules[] = {
    DROPPED("/metadata/annotations",
            "annotations of the StatefulSet itself: druid's has none of them"),
    MISSED("/spec/minReadySeconds", "an Etcd has no minReadySeconds"),
    MISSED("/spec/ordinals", "druid numbers its pods from 0"),
    UNLESS("/spec/persistentVolumeClaimRetentionPolicy/whenDeleted", "Retain",
           "druid leaves this policy at Retain"),
    UNLESS("/spec/persistentVolumeClaimRetentionPolicy/whenScaled", "Retain",
           "druid leaves this policy at Retain"),
    REPLACED("/spec/podManagementPolicy", "druid's is Parallel"),
    UNLESS("/spec/revisionHistoryLimit", "10", "an Etcd has no revisionHistoryLimit"),
    REPLACED("/spec/selector", "druid selects on app.kubernetes.io/managed-by: etcd-druid and "
                               "app.kubernetes.io/part-of: the Etcd's name"),
    REPLACED("/spec/serviceName", "druid's is the Etcd's name with -peer"),
    DROPPED("/spec/template/metadata/creationTimestamp", "the API server sets it"),
    DROPPED("/spec/template/metadata/generateName", "the StatefulSet controller names the pods"),
    DROPPED("/spec/template/metadata/name", "the StatefulSet controller names the pods"),
    DROPPED("/spec/template/metadata/namespace", "the pods are in the StatefulSet's namespace"),
    MISSED(POD "/activeDeadlineSeconds", "an Etcd has no activeDeadlineSeconds for its pods"),
    DROPPED(POD "/affinity", "nothing is set"),
    UNLESS(POD "/automountServiceAccountToken", "true",
           "an Etcd has no automountServiceAccountToken for its pods"),
    REPLACED(CONTAINER "/args", "druid starts its own images"),
    REPLACED(CONTAINER "/command", "druid starts its own images"),
    DROPPED(CONTAINER "/env", "nothing is set"),
    DROPPED(CONTAINER "/envFrom", "nothing is set"),
    REPLACED(CONTAINER "/image", "druid runs its own images"),
    REPLACED(CONTAINER "/imagePullPolicy", "druid's is IfNotPresent"),
    MISSED(CONTAINER "/lifecycle", "druid's containers have no lifecycle hooks"),
    REPLACED(CONTAINER "/livenessProbe",
             "druid sets no liveness probe; etcd-wrapper ends with etcd"),
    REPLACED(CONTAINER "/name", "druid's containers are etcd and backup-restore"),
    REPLACED(CONTAINER "/ports", "druid's containers open the ports that the Etcd says"),
    REPLACED(CONTAINER "/readinessProbe", "druid probes etcd-wrapper or the sidecar"),
    MISSED(CONTAINER "/resizePolicy", "druid's containers have no resizePolicy"),
    MISSED(CONTAINER "/restartPolicy", "druid's containers have no restartPolicy"),
    REPLACED(CONTAINER "/securityContext", "druid's containers may not escalate privileges, and "
                                           "run as user 65532 or as root with spec.runAsRoot"),
    REPLACED(CONTAINER "/startupProbe", "druid sets no startup probe"),
    UNLESS(CONTAINER "/stdin", "false", "druid's containers have no stdin"),
    UNLESS(CONTAINER "/stdinOnce", "false", "druid's containers have no stdinOnce"),
    UNLESS(CONTAINER "/terminationMessagePath", "/dev/termination-log",
           "druid's containers have no terminationMessagePath"),
    UNLESS(CONTAINER "/terminationMessagePolicy", "File",
           "druid's containers have no terminationMessagePolicy"),
    UNLESS(CONTAINER "/tty", "false", "druid's containers have no tty"),
    MISSED(CONTAINER "/volumeDevices", "druid's containers have no volumeDevices"),
    DROPPED(CONTAINER "/volumeMounts", "nothing is set"),
    MISSED(CONTAINER "/workingDir", "druid's containers have no workingDir"),
    MISSED(POD "/dnsConfig", "an Etcd has no dnsConfig for its pods"),
    UNLESS(POD "/dnsPolicy", "ClusterFirst", "an Etcd has no dnsPolicy for its pods"),
    UNLESS(POD "/enableServiceLinks", "true", "an Etcd has no enableServiceLinks for its pods"),
    DROPPED(POD "/ephemeralContainers", "nothing is set"),
    DROPPED(POD "/hostAliases", "nothing is set"),
    UNLESS(POD "/hostIPC", "false", "an Etcd has no hostIPC for its pods"),
    UNLESS(POD "/hostNetwork", "false", "an Etcd has no hostNetwork for its pods"),
    UNLESS(POD "/hostPID", "false", "an Etcd has no hostPID for its pods"),
    UNLESS(POD "/hostUsers", "true", "an Etcd has no hostUsers for its pods"),
    MISSED(POD "/hostname", "an Etcd has no hostname for its pods"),
    MISSED(POD "/hostnameOverride", "an Etcd has no hostnameOverride for its pods"),
    MISSED(POD "/imagePullSecrets", "an Etcd has no imagePullSecrets for its pods"),
    DROPPED(POD "/initContainers", "nothing is set"),
    MISSED(POD "/nodeName", "an Etcd has no nodeName for its pods"),
    MISSED(POD "/nodeSelector", "an Etcd has no nodeSelector for its pods"),
    MISSED(POD "/os", "an Etcd has no os for its pods"),
    MISSED(POD "/overhead", "an Etcd has no overhead for its pods"),
    UNLESS(POD "/preemptionPolicy", "PreemptLowerPriority",
           "an Etcd has no preemptionPolicy for its pods"),
    DROPPED(POD "/priority", "the API server takes it from the priority class"),
    DROPPED(POD "/priorityClassName", "nothing is set"),
    MISSED(POD "/readinessGates", "an Etcd has no readinessGates for its pods"),
    MISSED(POD "/resourceClaims", "an Etcd has no resourceClaims for its pods"),
    MISSED(POD "/resources", "an Etcd has no resources for its pods"),
    UNLESS(POD "/restartPolicy", "Always", "an Etcd has no restartPolicy for its pods"),
    MISSED(POD "/runtimeClassName", "an Etcd has no runtimeClassName for its pods"),
    UNLESS(POD "/schedulerName", "default-scheduler", "an Etcd has no schedulerName for its pods"),
    MISSED(POD "/schedulingGates", "an Etcd has no schedulingGates for its pods"),
    REPLACED(POD "/securityContext",
             "druid's pods run as user and group 65532, or as root with spec.runAsRoot"),
    MISSED(POD "/securityContext/appArmorProfile", "an Etcd has no appArmorProfile for its pods"),
    MISSED(POD "/securityContext/seccompProfile", "an Etcd has no seccompProfile for its pods"),
    MISSED(POD "/securityContext/supplementalGroups",
           "an Etcd has no supplementalGroups for its pods"),
    MISSED(POD "/securityContext/sysctls", "an Etcd has no sysctls for its pods"),
    REPLACED(POD "/serviceAccount", "druid's pods have a service account of the Etcd's name"),
    REPLACED(POD "/serviceAccountName", "druid's pods have a service account of the Etcd's name"),
    UNLESS(POD "/setHostnameAsFQDN", "false", "an Etcd has no setHostnameAsFQDN for its pods"),
    REPLACED(POD "/shareProcessNamespace", "druid sets it to true"),
    MISSED(POD "/subdomain", "an Etcd has no subdomain for its pods"),
    UNLESS(POD "/terminationGracePeriodSeconds", "30",
           "an Etcd has no terminationGracePeriodSeconds for its pods"),
    MISSED(POD "/tolerations", "an Etcd has no tolerations for its pods"),
    DROPPED(POD "/topologySpreadConstraints", "nothing is set"),
    DROPPED(POD "/volumes", "nothing is set"),
    MISSED(POD "/workloadRef", "an Etcd has no workloadRef for its pods"),
    REPLACED("/spec/updateStrategy", "druid's is RollingUpdate"),
    DROPPED(CLAIM "/apiVersion", "it says nothing"),
    DROPPED(CLAIM "/kind", "it says nothing"),
    DROPPED(CLAIM "/metadata/annotations",
            "claims that are there keep them, new ones do not get them"),
    DROPPED(CLAIM "/metadata/creationTimestamp", "the API server sets it"),
    DROPPED(CLAIM "/metadata/labels", "claims that are there keep them, new ones do not get them"),
    DROPPED(CLAIM "/metadata/namespace", "claims are in the StatefulSet's namespace"),
    REPLACED(CLAIM "/spec/accessModes", "druid's is ReadWriteOnce"),
    MISSED(CLAIM "/spec/dataSource", "an Etcd's claims have no dataSource"),
    MISSED(CLAIM "/spec/dataSourceRef", "an Etcd's claims have no dataSourceRef"),
    MISSED(CLAIM "/spec/resources/claims", "an Etcd's claims have no resources/claims"),
    MISSED(CLAIM "/spec/resources/limits", "an Etcd's claims have no resources/limits"),
    MISSED(CLAIM "/spec/selector", "an Etcd's claims have no selector"),
    MISSED(
        CLAIM "/spec/storageClassName",
        "an empty class cannot be kept: druid leaves it out, and new claims get the default class"),
    MISSED(CLAIM "/spec/volumeAttributesClassName",
           "an Etcd's claims have no volumeAttributesClassName"),
    UNLESS(CLAIM "/spec/volumeMode", "Filesystem", "an Etcd's volumes are file systems"),
    MISSED(CLAIM "/spec/volumeName", "an Etcd's claims have no volumeName"),
    DROPPED(CLAIM "/status", "a claim template has no status"),
};

static int by_path(const void *key, const void *item)
{
    return strcmp(key, ((const struct rule *)item)->path);
}

const struct rule *rule_find(const char *path)
{
    return bsearch(path, rules, sizeof rules / sizeof *rules, sizeof *rules, by_path);
}
