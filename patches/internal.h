/* What the modules of patches/ share. */
#ifndef PATCHES_INTERNAL_H
#define PATCHES_INTERNAL_H

#include "patches/patches.h"

enum { PATCH_SCHEDULE_SIZE = 256, PATCH_CHECKSUM_SIZE = 65, PATCH_PREFIX_SIZE = 512 };

/* Why the spec of what is stored in handover does not change. */
#define PATCH_IN_HANDOVER                                                                          \
    "its phase is handover: it is being handed to etcd-druid and its spec is frozen; to change "   \
    "it, "                                                                                         \
    "first set " PATCH_PHASE_KEY                                                                   \
    " to legacy on the StatefulSet or its Namespace, in a write of its "                           \
    "own"

/* The stage of what druid runs. */
#define PATCH_STAGE_DRUID "druid"

#define PATCH_BACKUP_SECRET "etcd-backup"
#define PATCH_SIDECAR "backup-restore"

/* The two etcds of a shoot. */
struct patch_role {
    const char *name;           /* of the StatefulSet */
    const char *claim_template; /* that holds the data directory */
    bool main;                  /* the one that is backed up, and whose volume is configured */
};

/* One plan at work. */
struct patch_plan {
    const struct patch_request *request;
    const struct patch_settings *settings;
    struct kube_source *source;
    const struct patch_role *role;       /* NULL: neither of the two */
    struct kube_object *namespace_entry; /* owned; with patch_plan_open, freed by _close */
    struct kube_object *cluster_entry;
    struct json_object *namespace; /* NULL: the source has none */
    struct json_object *cluster;   /* NULL: the source has none */
    struct patch_result *result;
};

/* Begins RESULT and a plan for it; the caller closes the plan in any case. */
bool patch_plan_open(struct patch_plan *plan, const struct patch_request *request,
                     const struct patch_settings *settings, struct kube_source *source,
                     struct patch_result *result, struct error *err);
void patch_plan_close(struct patch_plan *plan);
#define AUTO_PLAN __attribute__((cleanup(patch_plan_close)))

/* Asks the source for the Namespace, and for the Cluster; either may be absent. */
bool patch_plan_namespace(struct patch_plan *plan, struct error *err);
bool patch_plan_cluster(struct patch_plan *plan, struct error *err);

/* Asks SOURCE for an object that may be absent: *out is then NULL. */
bool patch_find(struct kube_source *source, enum kube_kind kind, const char *namespace,
                const char *name, struct kube_object **out, struct error *err);

/* Adds a warning for the person at kubectl. */
bool patch_warn(struct patch_plan *plan, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The provider's row of the backups, and of the storage: from the namespace's label, else from the
 * Cluster's Seed, else the default one. *out is NULL where nothing says it, or where it is not
 * known here; then a warning that begins with WHAT says so: another provider's extension may see to
 * it. */
bool patch_backup_provider(struct patch_plan *plan, const char *what, const struct provider **out,
                           struct error *err);
bool patch_storage_provider(struct patch_plan *plan, const char *what, const struct provider **out,
                            struct error *err);

/* ERROR_NOT_FOUND where the source has no Cluster; WHAT needs it. */
bool patch_need_cluster(struct patch_plan *plan, const char *what, struct error *err);

/* Whether the Cluster's Seed has a place for backups. */
bool patch_seed_has_backup(struct patch_plan *plan, bool *has, struct error *err);

/* Technical ID and uid of the Cluster's Shoot, "ID--UID": what its backups are told apart by, so
 * that a shoot that is created anew under an old name never meets the old one's. */
bool patch_shoot_id(struct patch_plan *plan, char out[PATCH_PREFIX_SIZE], struct error *err);

/* Class (NULL: none) and capacity of the role's volume with PROVIDER. */
struct patch_storage patch_storage_of(const struct patch_plan *plan,
                                      const struct provider *provider);

/* Plans the container backup-restore, its volume, and the checksum of its Secret. */
bool patch_plan_sidecar(struct patch_plan *plan, struct error *err);

/* Plans the volume claim template: set on CREATE, kept as it is stored on UPDATE. */
bool patch_plan_storage(struct patch_plan *plan, struct error *err);

/* What messages call REQUEST's object: its name, else what its name will begin with. */
const char *patch_called(const struct patch_request *request);

/* Whether the stored object is on its way out. What a write says of that does not count: on CREATE
 * anybody can say it, on UPDATE nobody can change it. */
bool patch_is_being_deleted(const struct patch_request *request);

/* The phase that the request is judged by; nothing (any: false) where the StatefulSet takes no
 * part. Refuses changes of a spec whose stored phase is handover or cannot be read: ERROR_CONFLICT.
 * ERROR_INVALID: a phase that counts cannot be read. */
bool patch_effective_phase(struct patch_plan *plan, struct patch_declared *judged,
                           struct error *err);

/* What the Namespace, else the configuration declares; nothing for others than the two roles. What
 * cannot be read stands in its error. */
bool patch_namespace_phase(struct patch_plan *plan, struct patch_declared *rest, struct error *err);

/* The owner reference of OBJECT to an Etcd that controls it; NULL: none, or WORK was stopped. */
struct json_object *patch_controlling_etcd(struct kube_work *work, struct json_object *object);

/* Whether there is an Etcd of the StatefulSet's name, and whether druid reconciles it. */
bool patch_find_etcd(struct patch_plan *plan, bool *is_there, bool *is_reconciled,
                     struct error *err);

/* Whether druid runs the StatefulSet: an Etcd controls it, or has its name and is reconciled. */
bool patch_has_master(struct patch_plan *plan, bool *has, struct error *err);

/* Gives an Etcd that somebody other than druid makes the controller what the guard has for it. */
bool patch_check_owner(struct patch_plan *plan, struct error *err);

/* Whether one of druid's service accounts asks. */
bool patch_is_druid(const struct patch_plan *plan);

/* Lets the spec be changed by druid and by Kubernetes' own controllers only. ERROR_CONFLICT says
 * WHY (a sentence that also says how to get out) to everybody else. */
bool patch_freeze(struct patch_plan *plan, const char *why, struct error *err);

/* Gives others' writes to what druid runs what the guard has for them. */
bool patch_guard_master(struct patch_plan *plan, struct error *err);

/* Plans druid's labels of the pod template. */
bool patch_plan_labels(struct patch_plan *plan, struct error *err);

/* The schedule of full snapshots: CONFIGURED, else that of SIDECAR's --schedule= flag (SIDECAR may
 * be NULL), else 1 h 15 min before the Shoot's maintenance window begins plus crc32(uid) mod 60
 * minutes, else the time of day at which the Shoot was created. ERROR_INVALID: the Cluster's Shoot
 * lacks what that takes. */
bool patch_schedule(struct kube_work *work, const char *configured, struct json_object *sidecar,
                    struct json_object *cluster, char out[PATCH_SCHEDULE_SIZE], struct error *err);

/* The SHA-256 (hex) of SECRET's data as Go's encoding/json writes a map[string][]byte.
 * ERROR_INVALID: data that is no map of strings (no value is quoted). */
bool patch_checksum(struct json_object *secret, char out[PATCH_CHECKSUM_SIZE], struct error *err);

#endif
