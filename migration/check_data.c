/* Whose the data is, and which etcd wrote it. */
#include "migration/internal.h"

#include <string.h>

/* etcd's log elsewhere than in the data directory. */
static void check_wal(struct translation *t)
{
    const struct model *model = &t->model;
    const struct setting *wal = model->wal_setting;
    if (!wal || text_is(wal->value, ""))
        return;
    const char *usual =
        pool_text(&t->pool, "%s/member/wal", model->data.inside ? model->data.inside : "");
    if (model->wal.volume && model->wal.volume == model->data.volume &&
        strcmp(model->wal.inside, usual) == 0)
        return;
    find(
        t, FINDING_DATA_DIR_MISMATCH, wal->path,
        "%s is '%s': druid's etcd looks for its log in member/wal of the data directory, and would "
        "start without today's",
        wal->where, wal->value ? wal->value : "not known");
}

static void check_ordinals(struct translation *t)
{
    struct json_object *start = NULL;
    kube_json_get(t->sts, "/spec/ordinals/start", json_type_int, &start, NULL);
    if (start && json_object_get_int64(start) != 0)
        find(t, FINDING_DATA_DIR_MISMATCH, "/spec/ordinals/start",
             "the pods are numbered from %lld, druid's from 0: their claims have other names, and "
             "druid's etcd would start empty",
             (long long)json_object_get_int64(start));
}

static bool pods_are_non_root(struct translation *t)
{
    const char *own = pool_text(&t->pool, "%s/securityContext/runAsNonRoot", t->model.etcd.path);
    const char *pointers[] = {own, "/spec/template/spec/securityContext/runAsNonRoot"};
    for (size_t i = 0; i < 2; i++) {
        struct json_object *value = NULL;
        if (kube_json_get(t->sts, pointers[i], json_type_boolean, &value, NULL) && value)
            return json_object_get_boolean(value);
    }
    return false;
}

bool runs_as_root(struct translation *t, const char **path)
{
    int64_t user = security_number(t, "runAsUser", path);
    return user == 0 || (user < 0 && !pods_are_non_root(t));
}

static void check_owner(struct translation *t)
{
    const char *path;
    int64_t user = security_number(t, "runAsUser", &path);
    if (runs_as_root(t, &path)) {
        find(t, FINDING_RUNS_AS_ROOT, path,
             "today's etcd runs as root%s, and the data is root's: spec.runAsRoot: true was "
             "written, "
             "since user 65532 could not read it",
             user < 0 ? " (nothing says otherwise)" : "");
    } else if (user != 65532) {
        find(t, FINDING_FS_GROUP_CHANGE, path,
             "the data is of user %s; druid's pods run as user 65532 with fsGroup 65532, and the "
             "volume "
             "is handed over to that group when it is mounted",
             user < 0 ? "of the image (not root)" : pool_text(&t->pool, "%lld", (long long)user));
    }
}

/* Claims that go with their StatefulSet, or with its pods: adopting deletes the one, the other
 * strategies end by scaling to 0. */
static void check_claims(struct translation *t)
{
    static const char base[] = "/spec/persistentVolumeClaimRetentionPolicy";
    bool adopt = t->strategy == MIGRATE_ADOPT;
    const char *when = adopt ? "whenDeleted" : "whenScaled";
    const char *path = pool_text(&t->pool, "%s/%s", base, when);
    if (!text_is(kube_json_text(t->sts, path), "Delete"))
        return;
    find_as(t, FINDING_CLAIMS_AT_RISK, SEVERITY_NONE,
            pool_text(
                &t->pool,
                "kubectl -n %s patch statefulset %s --type merge -p "
                "'{\"spec\":{\"persistentVolumeClaimRetentionPolicy\":{\"%s\":\"Retain\"}}}', and "
                "translate again",
                t->model.namespace, t->model.name, when),
            path, "%s is 'Delete': %s, and the claims with the data could go with %s", when,
            adopt ? "druid deletes the StatefulSet"
                  : "the old StatefulSet is scaled to 0 in the end",
            adopt ? "it" : "its pods");
}

/* A Secret that is mounted into etcd and that nothing read says what for, or NULL. */
static const char *unread_secret(struct translation *t)
{
    const struct model *model = &t->model;
    const struct projected_file *read[] = {
        &model->client.certificate, &model->client.key, &model->client.ca,
        &model->peer.certificate,   &model->peer.key,   &model->peer.ca,
    };
    struct json_object *mounts = kube_json_child(model->etcd.tree, "volumeMounts");
    struct names looked = {0}; /* at these volumes */
    for (size_t i = 0; i < list_length(mounts) && goes_on(t); i++) {
        const char *name = kube_json_text(list_item(mounts, i), "/name"), *path;
        if (!name || !names_add(&t->pool, &looked, name, mounts))
            continue;
        struct json_object *volume = pod_volume(t, name, &path);
        struct json_object *sources =
            kube_json_child(kube_json_child(volume, "projected"), "sources");
        const char *secret = kube_json_text(volume, "/secret/secretName");
        bool is_read = false;
        for (size_t s = 0; s < list_length(sources) && !secret && goes_on(t); s++)
            secret = kube_json_text(list_item(sources, s), "/secret/name");
        for (size_t r = 0; r < sizeof read / sizeof *read; r++)
            is_read = is_read || text_is(read[r]->place.volume_name, name);
        if (secret && !is_read)
            return secret;
    }
    return NULL;
}

static void check_opaque(struct translation *t)
{
    const struct reading *reading = &t->model.etcd_reading;
    const char *secret = unread_secret(t);
    if (secret)
        find_as(t, FINDING_CONFIGURATION_OPAQUE, SEVERITY_BLOCKER, NULL, reading->opaque_path,
                "%s; Secret %s is mounted into it, perhaps for TLS, which this Etcd would not have",
                reading->opaque, secret);
    else
        find(t, FINDING_CONFIGURATION_OPAQUE, reading->opaque_path, "%s", reading->opaque);
}

void check_data(struct translation *t)
{
    const struct model *model = &t->model;
    const struct reading *reading = &model->etcd_reading;
    if (reading->opaque)
        check_opaque(t);
    else if (!model->data_setting)
        find(t, FINDING_DATA_DIR_MISMATCH, model->etcd.path,
             "data-dir is not set: etcd's data is in <name>.etcd in its working directory, where "
             "druid "
             "does not look for it");
    check_places(t);
    if (model->sidecar_opaque)
        find_as(t, FINDING_CONFIGURATION_OPAQUE, SEVERITY_NONE,
                "add the ConfigMaps of the namespace to the input, or let the container start "
                "etcdbrctl with its flags itself, and translate again",
                model->sidecar_opaque_path, "%s", model->sidecar_opaque);
    const struct place *one = &model->data, *other = &model->sidecar_data;
    if (model->data_setting && model->sidecar_data_setting && one->volume && other->volume &&
        (one->volume != other->volume || strcmp(one->inside, other->inside) != 0))
        find(t, FINDING_SOURCES_DISAGREE, model->sidecar_data_setting->path,
             "%s is '%s', but %s is '%s'", model->sidecar_data_setting->where,
             model->sidecar_data_setting->value, model->data_setting->where,
             model->data_setting->value);
    check_wal(t);
    check_ordinals(t);
    check_claims(t);
    check_owner(t);
}

void check_versions(struct translation *t)
{
    const struct version *now = &t->model.version, *target = &t->model.target;
    const char *path = pointer_to(t, t->model.etcd.path, "image");
    if (!now->known) {
        find(t, FINDING_ETCD_VERSION_UNKNOWN, path,
             "the tag '%s' of image '%s' does not say etcd's version; druid's etcd is %d.%d, and "
             "takes "
             "over data of that version or the one before",
             now->text, t->model.etcd.image, target->major, target->minor);
        find(t, FINDING_ETCD_VERSION_DIFFERS, path,
             "the version of today's etcd is not known; both clusters must have the same minor "
             "version, %d.%d",
             target->major, target->minor);
        return;
    }
    int steps = (now->major - target->major) * 1000 + now->minor - target->minor;
    if (steps > 0)
        find(t, FINDING_ETCD_VERSION_TOO_NEW, path,
             "today's etcd is %s, druid's is %d.%d: it cannot read data of a newer version",
             now->text, target->major, target->minor);
    else if (steps < -1)
        find(t, FINDING_ETCD_VERSION_TOO_OLD, path,
             "today's etcd is %s, druid's is %d.%d: etcd is upgraded one minor version at a time",
             now->text, target->major, target->minor);
    if (steps != 0)
        find(
            t, FINDING_ETCD_VERSION_DIFFERS, path,
            "today's etcd is %s, druid's is %d.%d: members of one cluster must have the same minor "
            "version",
            now->text, target->major, target->minor);
}
