/* The infrastructure providers and their object stores, as data: adding one is adding a row. */
#ifndef PATCHES_PROVIDER_H
#define PATCHES_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>

/* An environment variable of the backup sidecar: a key of the Secret etcd-backup, or a fixed value.
 */
struct provider_variable {
    const char *name;       /* "AWS_REGION"; NULL ends a list */
    const char *secret_key; /* "region"; NULL: `value` counts */
    const char *value;
};

/* Source: the legacy webhooks of gardener-extensions before 533a9297 (January 2020), and the stores
 * that etcd-backup-restore knows. */
struct provider {
    const char *name;  /* as in the namespace's labels and an Etcd's store: "aws" */
    const char *store; /* what the sidecar's --storage-provider takes: "S3"; "" has no backups */
    bool sidecar;      /* the legacy path adds the backup sidecar */
    bool storage;      /* the legacy path sets class and capacity */
    const struct provider_variable *variables; /* NULL: none */
    const char *credentials_mount; /* where the Secret is mounted as files; NULL: it is not */
    const char *events_capacity;   /* of etcd-events' volume */
};

/* The row whose name is NAME, or NULL. */
const struct provider *provider_by_name(const char *name);

/* The row whose store is STORE ("S3"; compared exactly, as the sidecar does), or NULL; "" is no
 * store. */
const struct provider *provider_by_store(const char *store);

/* The names of all rows that the legacy path serves, "alicloud, aws, …", for messages. */
extern const char provider_names[];

#endif
