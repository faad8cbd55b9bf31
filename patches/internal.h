/* What the modules of patches/ share. */
#ifndef PATCHES_INTERNAL_H
#define PATCHES_INTERNAL_H

#include "patches/patches.h"

enum { PATCH_SCHEDULE_SIZE = 64, PATCH_CHECKSUM_SIZE = 65 };

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
    const struct patch_role *role;
    struct json_object *namespace; /* NULL: the source has none */
    struct json_object *cluster;   /* NULL: the source has none */
    struct patch_result *result;
};

/* Adds a warning for the person at kubectl. */
bool patch_warn(struct patch_plan *plan, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The provider's row of one half of the legacy path: from the namespace's LABEL, else from the Seed
 * (the first of the two pointers below the Cluster that is there; POINTERS[1] may be NULL), else
 * the default one. *out is NULL where nothing says. ERROR_INVALID: a provider that is not known. */
bool patch_find_provider(struct patch_plan *plan, const char *label, const char *const pointers[2],
                         const struct provider **out, struct error *err);

/* Plans the container backup-restore, its volume, and the checksum of its Secret. */
bool patch_plan_sidecar(struct patch_plan *plan, struct error *err);

/* Plans the volume claim template: set on CREATE, kept as it is stored on UPDATE. */
bool patch_plan_storage(struct patch_plan *plan, struct error *err);

/* The schedule of full snapshots: CONFIGURED, else that of SIDECAR's --schedule= flag (SIDECAR may
 * be NULL), else 1 h 15 min before the Shoot's maintenance window begins plus crc32(uid) mod 60
 * minutes, else the time of day at which the Shoot was created. ERROR_INVALID: the Cluster's Shoot
 * lacks what that takes. */
bool patch_schedule(const char *configured, struct json_object *sidecar,
                    struct json_object *cluster, char out[PATCH_SCHEDULE_SIZE], struct error *err);

/* The SHA-256 (hex) of SECRET's data as Go's encoding/json writes a map[string][]byte.
 * ERROR_INVALID: data that is no map of strings (no value is quoted). */
bool patch_checksum(struct json_object *secret, char out[PATCH_CHECKSUM_SIZE], struct error *err);

#endif
