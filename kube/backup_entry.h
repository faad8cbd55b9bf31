/* What a BackupEntry (extensions.gardener.cloud/v1alpha1) says of the backups of a control plane.
 */
#ifndef KUBE_BACKUP_ENTRY_H
#define KUBE_BACKUP_ENTRY_H

#include "kube/json.h"

/* The name of the Secret with the store's credentials, lent from ENTRY: the first Secret of
 * status.resources[].resourceRef. NULL: it names none. Ends early when WORK (NULL: no limit) does.
 * Source: Gardener, pkg/apis/extensions/v1alpha1, DefaultStatus and NamedResourceReference. */
const char *kube_backup_entry_secret(struct json_object *entry, struct kube_work *work);

#endif
