/* What became of the settings, variables, volumes and containers that the model was read from. */
#include "migration/internal.h"

#include <string.h>

/* Variables that a start script in the image reads, or that only etcdctl does: nothing of etcd's.
 */
static const char *const of_image[] = {
    "ALLOW_NONE_AUTHENTICATION",
    "BITNAMI_DEBUG",
    "ETCDCTL_API",
    "ETCDCTL_CACERT",
    "ETCDCTL_CERT",
    "ETCDCTL_KEY",
    "ETCDCTL_ENDPOINTS",
    "ETCD_CLUSTER_DOMAIN",
    "ETCD_DISASTER_RECOVERY",
    "ETCD_ON_K8S",
    "ETCD_START_FROM_SNAPSHOT",
    "ETCD_SNAPSHOTS_DIR",
    "ETCD_INIT_SNAPSHOT_FILENAME",
    "ETCD_DISABLE_PRESTOP",
    "ETCD_DISABLE_STORE_MEMBER_ID",
    "ETCD_PREUPGRADE_START_DELAY",
    "ENABLE_ETCD",
    "ETCD_CONF",
};

/* --- settings --- */

static bool is_usual(const struct flag *flag, const struct setting *setting)
{
    int64_t value, usual;
    bool on, usually;
    struct setting other = {.value = flag->usual};
    if (!flag->usual || !setting->value)
        return false;
    if ((flag->type == VALUE_DURATION || flag->type == VALUE_SECONDS) &&
        setting_duration(setting, &value) && setting_duration(&other, &usual))
        return value == usual;
    if (flag->type == VALUE_BOOLEAN && setting_boolean(setting, &on) &&
        setting_boolean(&other, &usually))
        return on == usually;
    return strcmp(setting->value, flag->usual) == 0;
}

static void account_plain(struct translation *t, const struct setting *setting,
                          enum outcome outcome, const char *note)
{
    if (setting->origin == ORIGIN_FILE)
        return;
    account(t, setting->path, outcome, NULL, note);
    if (setting->more)
        account(t, setting->more, outcome, NULL, note);
}

static void missed(struct translation *t, const struct setting *setting, const struct flag *flag)
{
    bool known = flag && setting->value;
    find(t, FINDING_SETTING_WITHOUT_FIELD, setting->path,
         "%s%s%s%s: no field of an Etcd carries it%s%s", setting->where, known ? " is '" : "",
         known ? setting->value : "", known ? "'" : "",
         flag && flag->usual && *flag->usual ? "; under druid it is " : "",
         flag && flag->usual ? flag->usual : "");
    account_plain(t, setting, OUTCOME_DROPPED, "no field of an Etcd carries it");
}

static void account_one(struct translation *t, const struct setting *setting,
                        const struct flag *flags, const char *unheard)
{
    const struct flag *flag = flag_find(flags, setting->name);
    bool is_config = strcmp(setting->name, "config-file") == 0;
    if (!setting->obeyed && !is_config) {
        account_plain(t, setting, OUTCOME_DROPPED, unheard);
        return;
    }
    if (!flag) {
        missed(t, setting, NULL);
        return;
    }
    switch (flag->carry) {
    case CARRY_DRUID:
        account_plain(t, setting, OUTCOME_REPLACED, flag->note);
        break;
    case CARRY_USUAL:
        if (is_usual(flag, setting))
            account_plain(t, setting, OUTCOME_DEFAULTED, "the value that it has under druid, too");
        else
            missed(t, setting, flag);
        break;
    case CARRY_AUTH:
        account_plain(t, setting, OUTCOME_DROPPED, "druid has no basic authentication");
        break;
    case CARRY_MODEL:
        if (!is_claimed(t, setting->path))
            account_plain(t, setting, OUTCOME_REPLACED,
                          flag->note ? flag->note : "druid sets it as the Etcd's sections say");
        break;
    case CARRY_FIELD:
        break;
    }
}

/* FILE: the one that etcd goes by, for people; NULL: none. */
static void account_settings(struct translation *t, const struct settings *settings,
                             const struct flag *flags, const char *file)
{
    const char *unheard = file ? pool_text(&t->pool, "etcd does not obey it: it goes by %s", file)
                               : "another source of the same setting counts";
    for (size_t i = 0; i < settings->count && goes_on(t); i++)
        account_one(t, &settings->items[i], flags, unheard);
}

/* --- variables --- */

static bool is_of_image(const char *name)
{
    for (size_t i = 0; i < sizeof of_image / sizeof *of_image; i++)
        if (strcmp(of_image[i], name) == 0)
            return true;
    return false;
}

static void account_variable(struct translation *t, const struct container *container,
                             const struct variable *variable)
{
    const struct store *store = &t->model.store;
    bool in_sidecar = container == &t->model.sidecar;
    const char *end = strstr(variable->name, "_APPLICATION_CREDENTIALS");
    if (variable->assigned || is_claimed(t, variable->path))
        return;
    if (variable->used) {
        account(t, variable->path, OUTCOME_REPLACED, NULL, "other values are made of it");
    } else if (in_sidecar && variable->secret && text_is(store->secret, variable->secret) &&
               store_is_written(t)) {
        account(t, variable->path, OUTCOME_TRANSLATED, "/spec/backup/store/secretRef/name",
                "druid mounts the Secret's keys as files");
    } else if (in_sidecar && end) {
        account(t, variable->path, OUTCOME_REPLACED, NULL,
                "druid mounts the Secret with the credentials at a path of its own");
    } else if (strcmp(variable->name, "STORAGE_CONTAINER") == 0) {
        account(t, variable->path, OUTCOME_DROPPED, NULL, "no container is known by it");
    } else if (strcmp(variable->name, "POD_NAME") == 0 ||
               strcmp(variable->name, "POD_NAMESPACE") == 0) {
        account(t, variable->path, OUTCOME_DEFAULTED, NULL, "druid sets it where it is needed");
    } else if (is_of_image(variable->name)) {
        account(t, variable->path, OUTCOME_DROPPED, NULL,
                "a start script of today's image, or etcdctl, reads it: not etcd");
    } else {
        find(t, FINDING_SETTING_WITHOUT_FIELD, variable->path,
             "variable %s of container %s: an Etcd has no variables for its containers",
             variable->name, container->name);
        account(t, variable->path, OUTCOME_DROPPED, NULL,
                "an Etcd has no variables for its containers");
    }
}

static void account_variables(struct translation *t, const struct container *container,
                              const struct variables *variables)
{
    for (size_t i = 0; i < variables->count && goes_on(t); i++)
        account_variable(t, container, &variables->items[i]);
    /* A source of variables that has none, or is not in the input. */
    struct json_object *whole = kube_json_child(container->tree, "envFrom");
    for (size_t i = 0; i < list_length(whole) && goes_on(t); i++) {
        const char *path = pool_text(&t->pool, "%s/envFrom/%zu", container->path, i);
        if (is_claimed(t, path))
            continue;
        find(t, FINDING_SETTING_WITHOUT_FIELD, path,
             "the variables of this source of container %s are not known: an Etcd has none for its "
             "containers",
             container->name);
        account(t, path, OUTCOME_DROPPED, NULL, "an Etcd has no variables for its containers");
    }
}

/* --- volumes --- */

static bool names_object(const struct projected_file *file, const char *object)
{
    return text_is(file->object, object);
}

/* Whether druid mounts something instead of VOLUME, because it is understood. */
static bool is_understood(struct translation *t, struct json_object *volume)
{
    const struct model *model = &t->model;
    const struct projected_file *files[] = {
        &model->client.certificate,
        &model->client.key,
        &model->client.ca,
        &model->client.client,
        &model->peer.certificate,
        &model->peer.key,
        &model->peer.ca,
        &model->backup.certificate,
        &model->backup.key,
        &model->backup.ca,
        &model->backup.client,
        &model->etcd_reading.file,
        &model->etcd_reading.script,
        &model->sidecar_script,
    };
    const char *name = kube_json_text(volume, "/name");
    if (text_is(model->store.credentials_volume, name))
        return true;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (files[i]->object && files[i]->place.volume_name &&
            text_is(files[i]->place.volume_name, name))
            return true;
        if (files[i]->object && files[i]->kind == KUBE_CONFIG_MAP &&
            names_object(files[i], kube_json_text(volume, "/configMap/name")))
            return true;
        if (files[i]->object && files[i]->kind == KUBE_SECRET &&
            names_object(files[i], kube_json_text(volume, "/secret/secretName")))
            return true;
    }
    return text_is(model->store.secret, kube_json_text(volume, "/secret/secretName"));
}

static void account_volumes(struct translation *t)
{
    static const char base[] = "/spec/template/spec/volumes";
    struct json_object *volumes = NULL;
    kube_json_get_array(t->sts, base, &volumes, NULL);
    for (size_t i = 0; i < list_length(volumes) && goes_on(t); i++) {
        struct json_object *volume = list_item(volumes, i);
        const char *path = pointer_at(t, base, i);
        const char *name = kube_json_text(volume, "/name");
        if (!name)
            continue;
        if (is_understood(t, volume)) {
            account(t, path, OUTCOME_REPLACED, NULL, "druid mounts a volume of its own for this");
        } else if (text_is(t->model.data.volume_name, name)) {
            account(t, path, OUTCOME_DROPPED, NULL,
                    "druid's data is on a volume of a claim template");
        } else if (is_mounted(&t->model.etcd, name) || is_mounted(&t->model.sidecar, name)) {
            find(t, FINDING_SETTING_WITHOUT_FIELD, path,
                 "volume %s is mounted into etcd or the sidecar: an Etcd has no volumes of this "
                 "kind",
                 name);
            account(t, path, OUTCOME_DROPPED, NULL, "an Etcd has no volumes of this kind");
        } else {
            account(t, path, OUTCOME_DROPPED, NULL, "neither etcd nor the sidecar mounts it");
        }
    }
}

static void account_mounts(struct translation *t, const struct container *container)
{
    struct json_object *mounts = kube_json_child(container->tree, "volumeMounts");
    for (size_t i = 0; i < list_length(mounts) && goes_on(t); i++) {
        const char *path = pool_text(&t->pool, "%s/volumeMounts/%zu", container->path, i);
        account(t, path, OUTCOME_REPLACED, NULL,
                "druid mounts what the Etcd names at paths of its own");
    }
}

static void account_claims(struct translation *t)
{
    static const char base[] = "/spec/volumeClaimTemplates";
    struct json_object *claims = NULL;
    kube_json_get_array(t->sts, base, &claims, NULL);
    if (claims && list_length(claims) == 0)
        account(t, base, OUTCOME_DROPPED, NULL, "nothing is set");
    for (size_t i = 0; i < list_length(claims) && goes_on(t); i++) {
        struct json_object *claim = list_item(claims, i);
        const char *path = pointer_at(t, base, i);
        if (claim == t->model.claim)
            continue;
        find(t, FINDING_SETTING_WITHOUT_FIELD, path,
             "claim template %s: an Etcd has the one with etcd's data only; what is on this volume "
             "stays there, and nobody mounts it",
             kube_json_text(claim, "/metadata/name") ? kube_json_text(claim, "/metadata/name")
                                                     : "");
        account(t, path, OUTCOME_DROPPED, NULL, "an Etcd has one claim template");
    }
}

/* --- containers --- */

static void account_extra(struct translation *t, const char *pointer, const char *what)
{
    struct json_object *list = NULL;
    kube_json_get_array(t->sts, pointer, &list, NULL);
    for (size_t i = 0; i < list_length(list) && goes_on(t); i++) {
        struct json_object *container = list_item(list, i);
        const char *path = pointer_at(t, pointer, i);
        const char *name = kube_json_text(container, "/name");
        if (!name || container == t->model.etcd.tree || container == t->model.sidecar.tree)
            continue;
        find(t, FINDING_SETTING_WITHOUT_FIELD, path,
             "%s %s: an Etcd's pods have etcd and the sidecar only", what, name);
        account(t, path, OUTCOME_DROPPED, NULL, "an Etcd's pods have etcd and the sidecar only");
    }
}

static void account_aliases(struct translation *t)
{
    static const char base[] = "/spec/template/spec/hostAliases";
    struct json_object *list = NULL;
    kube_json_get_array(t->sts, base, &list, NULL);
    const char *local = pool_text(&t->pool, "%s-local", t->model.name);
    for (size_t i = 0; i < list_length(list) && goes_on(t); i++) {
        const char *path = pointer_at(t, base, i);
        struct json_object *names = kube_json_child(list_item(list, i), "hostnames");
        bool own = list_length(names) == 1 &&
                   text_is(kube_json_as_text(list_item(names, 0)), local) &&
                   text_is(kube_json_text(list_item(list, i), "/ip"), "127.0.0.1");
        if (!own)
            find(t, FINDING_SETTING_WITHOUT_FIELD, path,
                 "an Etcd has no host aliases for its pods; druid's is <name>-local for 127.0.0.1");
        account(t, path, own ? OUTCOME_REPLACED : OUTCOME_DROPPED, NULL,
                own ? "druid's alias is the Etcd's name with -local"
                    : "an Etcd has no host aliases for its pods");
    }
}

void account_model(struct translation *t)
{
    const struct model *model = &t->model;
    const struct reading *reading = &model->etcd_reading;
    account_settings(t, &reading->settings, etcd_flags, reading->file_where);
    account_settings(t, &reading->wrapper, wrapper_flags, NULL);
    account_settings(t, &model->sidecar_settings, sidecar_flags, NULL);
    account_variables(t, &model->etcd, &reading->variables);
    account_variables(t, &model->sidecar, &model->sidecar_variables);
    account_volumes(t);
    account_mounts(t, &model->etcd);
    account_mounts(t, &model->sidecar);
    account_claims(t);
    account_extra(t, "/spec/template/spec/containers", "container");
    account_extra(t, "/spec/template/spec/initContainers", "init container");
    account_aliases(t);
}
