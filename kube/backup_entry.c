#include "kube/backup_entry.h"

#include <string.h>

const char *kube_backup_entry_secret(struct json_object *entry, struct kube_work *work)
{
    struct json_object *resources;
    if (!kube_json_get_array(entry, "/status/resources", &resources, NULL) || !resources)
        return NULL;
    for (size_t i = 0; i < json_object_array_length(resources) && kube_work_goes_on(work); i++) {
        struct json_object *resource = json_object_array_get_idx(resources, i);
        const char *kind = kube_json_text(resource, "/resourceRef/kind");
        const char *name = kube_json_text(resource, "/resourceRef/name");
        if (kind && name && strcmp(kind, "Secret") == 0)
            return name;
    }
    return NULL;
}
