/* Settings that contradict one another, that druid does not have, or whose defaults differ. */
#include "migration/internal.h"

#include <string.h>

/* Longer than any duration or truth value is written; one of many values is compared with it. */
static bool is_long(const char *text)
{
    return strnlen(text, LONGEST_VALUE + 1) > LONGEST_VALUE;
}

static bool same_value(const struct flag *flag, const struct setting *a, const struct setting *b)
{
    int64_t one, other;
    bool yes, also;
    if (!a->value || !b->value)
        return !a->value && !b->value && json_object_equal(a->tree, b->tree);
    if (strcmp(a->value, b->value) == 0)
        return true;
    if (is_long(b->value))
        return false;
    if (flag && flag->type == VALUE_BOOLEAN)
        return setting_boolean(a, &yes) && setting_boolean(b, &also) && yes == also;
    return setting_duration(a, &one) && setting_duration(b, &other) && one == other;
}

static void check_agreement(struct translation *t, const struct settings *settings,
                            const struct flag *flags)
{
    for (size_t i = 0; i < settings->count && goes_on(t); i++) {
        const struct setting *setting = &settings->items[i];
        const struct flag *flag = flag_find(flags, setting->name);
        if (setting->obeyed || (flag && (flag->carry == CARRY_DRUID || flag->carry == CARRY_AUTH)))
            continue;
        const struct setting *other = settings_get(settings, setting->name);
        if (other && !same_value(flag, setting, other))
            find(t, FINDING_SOURCES_DISAGREE, setting->path,
                 "%s is '%s', but %s is '%s', which counts", setting->where,
                 setting->value ? setting->value : "a map", other->where,
                 other->value ? quoted(t, other->value, LONGEST_VALUE) : "a map");
    }
}

/* The sidecar's periods have two names. */
static void check_periods(struct translation *t)
{
    static const char *const names[][2] = {
        {"delta-snapshot-period", "delta-snapshot-period-seconds"},
        {"garbage-collection-period", "garbage-collection-period-seconds"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct setting *one = settings_get(&t->model.sidecar_settings, names[i][0]);
        const struct setting *other = settings_get(&t->model.sidecar_settings, names[i][1]);
        if (one && other && !same_value(NULL, one, other))
            find(t, FINDING_SOURCES_DISAGREE, other->path,
                 "%s is '%s', but %s is '%s', which was taken", other->where,
                 other->value ? other->value : "not known", one->where,
                 one->value ? one->value : "not known");
    }
}

static void check_authentication(struct translation *t, const struct settings *settings,
                                 const struct flag *flags)
{
    for (size_t i = 0; i < settings->count && goes_on(t); i++) {
        const struct setting *setting = &settings->items[i];
        const struct flag *flag = flag_find(flags, setting->name);
        if (flag && flag->carry == CARRY_AUTH && !text_is(setting->value, ""))
            find(t, FINDING_BASIC_AUTH, setting->path,
                 "%s: druid has no basic authentication (spec.etcd.authSecretRef is in the schema, "
                 "but "
                 "druid does not act on it)",
                 setting->where);
    }
}

void find_unknown(struct translation *t, const struct setting *setting)
{
    find_as(t, FINDING_SETTING_INVALID, SEVERITY_NONE,
            "add the ConfigMap that has it to the input; or write the value itself, where it comes "
            "from a Secret or from the running pod; and translate again",
            setting->path, "%s is not known%s%s%s", setting->where, setting->written ? ": '" : "",
            setting->written ? setting->written : "", setting->written ? "'" : "");
}

/* Whether of the URLs in TEXT only the hosts are not known, which druid sets by itself. */
static bool only_hosts_unknown(const char *text)
{
    for (const char *c = text; c && (c = strstr(c, "$(")); c++)
        if (c - text < 3 || strncmp(c - 3, "://", 3) != 0)
            return false;
    return text != NULL;
}

/* Values of which something is made; those with a field are found where they are written. */
static void check_known(struct translation *t, const struct settings *settings,
                        const struct flag *flags)
{
    /* With a finding of their own. */
    static const char *const others[] = {"data-dir", "wal-dir", "store-prefix", "store-container"};
    for (size_t i = 0; i < settings->count && goes_on(t); i++) {
        const struct setting *setting = &settings->items[i];
        const struct flag *flag = flag_find(flags, setting->name);
        bool matters = flag && flag->carry == CARRY_MODEL;
        for (size_t o = 0; o < sizeof others / sizeof *others; o++)
            matters = matters && strcmp(setting->name, others[o]) != 0;
        if (strncmp(setting->name, "listen-", 7) == 0 && only_hosts_unknown(setting->written))
            matters = false;
        if (strcmp(setting->name, "name") == 0 && flags == etcd_flags)
            matters = t->strategy == MIGRATE_JOIN;
        if (matters && setting->obeyed && setting_is_unknown(setting))
            find_unknown(t, setting);
    }
}

static void check_defaults(struct translation *t)
{
    const struct model *model = &t->model;
    const struct settings *etcd = &model->etcd_reading.settings;
    const struct version *version = &model->version;
    if (version->known && version->major == 3 && version->minor <= 3 &&
        !settings_get(etcd, "enable-v2") && !model->etcd_reading.opaque)
        find(t, FINDING_DEFAULT_DIFFERS, model->etcd.path,
             "enable-v2 is not set: etcd %s serves the v2 API, druid's etcd does not",
             version->text);
    if (model->sidecar.tree && !model->sidecar_opaque &&
        !settings_get(&model->sidecar_settings, "etcd-connection-timeout"))
        find(t, FINDING_DEFAULT_DIFFERS, model->sidecar.path,
             "etcd-connection-timeout is not set: today's sidecar waits 30s for etcd, druid's 5m");
}

static void check_automatic(struct translation *t, const struct tls *tls, const char *whom)
{
    if (tls->automatic)
        find(t, FINDING_AUTOMATIC_TLS, t->model.etcd.path,
             "etcd makes up its certificate for %s by itself: druid takes it from a Secret only",
             whom);
}

static void check_plain(struct translation *t, const struct tls *tls, const char *listen)
{
    const struct setting *urls = settings_get(&t->model.etcd_reading.settings, listen);
    const char *value = settings_value(&t->model.etcd_reading.settings, listen);
    if (tls->plain)
        find(t, FINDING_SOURCES_DISAGREE, tls->certificate_setting->path,
             "%s is set, but etcd listens without TLS (%s is %s) and makes no use of it: no TLS "
             "section was written",
             tls->certificate_setting->where, urls ? urls->where : listen,
             value ? pool_text(&t->pool, "'%s'", value) : "not set");
}

void check_settings(struct translation *t)
{
    const struct model *model = &t->model;
    check_agreement(t, &model->etcd_reading.settings, etcd_flags);
    check_agreement(t, &model->sidecar_settings, sidecar_flags);
    check_known(t, &model->etcd_reading.settings, etcd_flags);
    check_known(t, &model->etcd_reading.wrapper, wrapper_flags);
    check_known(t, &model->sidecar_settings, sidecar_flags);
    check_periods(t);
    check_authentication(t, &model->etcd_reading.settings, etcd_flags);
    check_authentication(t, &model->sidecar_settings, sidecar_flags);
    check_automatic(t, &model->client, "clients");
    check_automatic(t, &model->peer, "peers");
    check_plain(t, &model->client, "listen-client-urls");
    check_plain(t, &model->peer, "listen-peer-urls");
    check_defaults(t);
}
