/* The TLS volume mounts by which druid tells whether a StatefulSet is as it would make it. Source:
 * etcd-druid v0.37.1, internal/component/statefulset and internal/utils/kubernetes. */
#include "migration/internal.h"

struct tls_mount {
    const char *volume, *path;
};

enum mount_of { OF_CLIENT, OF_PEER, OF_BACKUP };

static const struct {
    struct tls_mount mount;
    enum mount_of of;
    bool in_etcd, in_sidecar;
} druids_mounts[] = {
    {{"etcd-ca", "/var/etcd/ssl/ca"}, OF_CLIENT, true, true},
    {{"etcd-server-tls", "/var/etcd/ssl/server"}, OF_CLIENT, true, false},
    {{"etcd-client-tls", "/var/etcd/ssl/client"}, OF_CLIENT, true, true},
    {{"etcd-peer-ca", "/var/etcd/ssl/peer/ca"}, OF_PEER, true, false},
    {{"etcd-peer-server-tls", "/var/etcd/ssl/peer/server"}, OF_PEER, true, false},
    {{"backup-restore-ca", "/var/etcdbr/ssl/ca"}, OF_BACKUP, true, false},
    {{"backup-restore-server-tls", "/var/etcdbr/ssl/server"}, OF_BACKUP, false, true},
};

static bool is_wanted(const struct model *model, enum mount_of of)
{
    return of == OF_CLIENT ? model->client.enabled
           : of == OF_PEER ? model->peer.enabled
                           : model->backup.enabled;
}

bool tls_mounts_differ(struct translation *t, const char *name, bool is_etcd, bool peer_only)
{
    struct json_object *containers = NULL;
    kube_json_get_array(t->sts, "/spec/template/spec/containers", &containers, NULL);
    struct json_object *container = kube_json_named(containers, name, NULL);
    struct json_object *mounts = kube_json_child(container, "volumeMounts");
    for (size_t i = 0; i < sizeof druids_mounts / sizeof *druids_mounts; i++) {
        const struct tls_mount *mount = &druids_mounts[i].mount;
        if (!(is_etcd ? druids_mounts[i].in_etcd : druids_mounts[i].in_sidecar) ||
            (peer_only && druids_mounts[i].of != OF_PEER))
            continue;
        size_t present = 0, equal = 0;
        for (size_t m = 0; m < list_length(mounts) && goes_on(t); m++) {
            if (!text_is(kube_json_text(list_item(mounts, m), "/name"), mount->volume))
                continue;
            present++;
            equal += text_is(kube_json_text(list_item(mounts, m), "/mountPath"), mount->path);
        }
        bool wanted = is_wanted(&t->model, druids_mounts[i].of);
        if (wanted ? present != 1 || equal != 1 : present != 0)
            return true;
    }
    return false;
}
