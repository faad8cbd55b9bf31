/* TLS: from the files that etcd and the sidecar are given to the Secrets that hold them. */
#include "migration/internal.h"

#include <string.h>

/* Where one side's TLS is configured: names of etcd's settings. */
struct tls_names {
    const char *certificate, *key, *ca, *auth, *automatic, *listen;
};

static const struct tls_names client_names = {"cert-file",        "key-file", "trusted-ca-file",
                                              "client-cert-auth", "auto-tls", "listen-client-urls"};
static const struct tls_names peer_names = {"peer-cert-file",       "peer-key-file",
                                            "peer-trusted-ca-file", "peer-client-cert-auth",
                                            "peer-auto-tls",        "listen-peer-urls"};

static const struct setting *file_setting(const struct settings *settings, const char *name)
{
    const struct setting *setting = settings_get(settings, name);
    return setting && setting->value && *setting->value ? setting : NULL;
}

static bool is_true(const struct setting *setting)
{
    bool value;
    return setting_boolean(setting, &value) && value;
}

static void find_file(struct translation *t, const struct container *container,
                      struct variables *variables, const struct setting *setting,
                      struct projected_file *out)
{
    *out = (struct projected_file){.kind = KUBE_KINDS};
    if (setting)
        projected_find(t, container, setting->value, variables, out);
}

/* Whether etcd listens without TLS wherever SETTING says; unset it does, at http://localhost.
 * Source: etcd 3.3 to 3.5, embed: configurePeerListeners, configureClientListeners. */
static bool listens_plainly(struct translation *t, const struct setting *setting)
{
    const struct member *first = &t->model.members[0];
    const char *urls[8];
    size_t count = split_urls(t, setting, first->pod, first->name, urls, 8);
    for (size_t i = 0; i < count; i++)
        if (strncmp(urls[i], "http://", 7) != 0 && strncmp(urls[i], "unix://", 7) != 0)
            return false;
    /* Where it is not known, the certificate speaks for TLS. */
    return count > 0 || !setting || text_is(setting->value, "");
}

/* From 3.4 on a CA for clients is enough to ask them for certificates; 3.3 wants to be told.
 * Source: etcd, pkg/transport, TLSInfo.ServerConfig. */
static bool ca_asks(const struct version *version)
{
    return version->known && (version->major > 3 || (version->major == 3 && version->minor >= 4));
}

static void read_side(struct translation *t, const struct tls_names *names, struct tls *out)
{
    struct reading *reading = &t->model.etcd_reading;
    const struct settings *settings = &reading->settings;
    out->certificate_setting = file_setting(settings, names->certificate);
    out->key_setting = file_setting(settings, names->key);
    out->ca_setting = file_setting(settings, names->ca);
    out->auth_setting = settings_get(settings, names->auth);
    out->automatic = is_true(settings_get(settings, names->automatic));
    out->plain =
        out->certificate_setting && listens_plainly(t, settings_get(settings, names->listen));
    out->enabled = (out->certificate_setting && !out->plain) || out->automatic;
    out->client_auth =
        is_true(out->auth_setting) || (out->ca_setting && ca_asks(&t->model.version));
    out->path = out->certificate_setting ? out->certificate_setting->path : t->model.etcd.path;
    const struct setting *files[] = {out->certificate_setting, out->key_setting, out->ca_setting};
    struct projected_file *found[] = {&out->certificate, &out->key, &out->ca};
    for (size_t i = 0; i < 3; i++)
        find_file(t, &t->model.etcd, &reading->variables, out->plain ? NULL : files[i], found[i]);
    out->client.kind = KUBE_KINDS;
}

/* The certificate with which the sidecar, or etcd-wrapper, calls etcd. */
static void read_client(struct translation *t)
{
    struct model *model = &t->model;
    struct tls *tls = &model->client;
    tls->client_setting = file_setting(&model->sidecar_settings, "cert");
    tls->client_key_setting = file_setting(&model->sidecar_settings, "key");
    find_file(t, &model->sidecar, &model->sidecar_variables, tls->client_setting, &tls->client);
    if (tls->client.kind == KUBE_SECRET)
        return;
    tls->client_setting = file_setting(&model->etcd_reading.wrapper, "etcd-client-cert-path");
    tls->client_key_setting = file_setting(&model->etcd_reading.wrapper, "etcd-client-key-path");
    find_file(t, &model->etcd, &model->etcd_reading.variables, tls->client_setting, &tls->client);
}

/* The CA by which clients and etcd know one another. */
static void read_ca(struct translation *t)
{
    struct model *model = &t->model;
    struct tls *tls = &model->client;
    /* Without a CA of its own for clients, the one by which the sidecar knows etcd is the same. */
    const struct setting *ca = file_setting(&model->sidecar_settings, "cacert");
    if (!tls->ca_setting && ca) {
        tls->ca_setting = ca;
        find_file(t, &model->sidecar, &model->sidecar_variables, ca, &tls->ca);
    }
}

static void read_backup(struct translation *t)
{
    struct model *model = &t->model;
    struct tls *tls = &model->backup;
    const struct settings *settings = &model->sidecar_settings;
    tls->certificate_setting = file_setting(settings, "server-cert");
    tls->key_setting = file_setting(settings, "server-key");
    tls->enabled = tls->certificate_setting != NULL;
    tls->client_auth = true; /* the sidecar asks for none, today or under druid */
    tls->path = tls->enabled ? tls->certificate_setting->path : model->sidecar.path;
    find_file(t, &model->sidecar, &model->sidecar_variables, tls->certificate_setting,
              &tls->certificate);
    find_file(t, &model->sidecar, &model->sidecar_variables, tls->key_setting, &tls->key);
    tls->ca_setting =
        file_setting(&model->etcd_reading.wrapper, "backup-restore-ca-cert-bundle-path");
    find_file(t, &model->etcd, &model->etcd_reading.variables, tls->ca_setting, &tls->ca);
    if (tls->ca.kind != KUBE_SECRET)
        projected_in_volume(t, "backup-restore-ca", "ca.crt", &tls->ca);
    projected_in_volume(t, "backup-restore-client-tls", NULL, &tls->client);
}

void tls_read(struct translation *t)
{
    read_side(t, &client_names, &t->model.client);
    read_side(t, &peer_names, &t->model.peer);
    read_client(t);
    read_ca(t);
    read_backup(t);
}

const char *client_secret(struct translation *t, const struct tls *tls, bool *given)
{
    const char *found = tls->client.kind == KUBE_SECRET ? tls->client.object : NULL;
    /* What is said by hand is for etcd; the sidecar's own clients have theirs, if one is known. */
    *given = t->options->client_tls_secret && (tls == &t->model.client || !found);
    return *given ? t->options->client_tls_secret : found;
}

/* --- writing --- */

static struct json_object *secret_ref(struct translation *t, const char *secret,
                                      const char *data_key)
{
    struct json_object *ref = kube_json_object("name", kube_json_string(secret), NULL);
    if (data_key)
        put(t, ref, "dataKey", kube_json_string(data_key));
    return ref;
}

/* FILE is named in the Etcd at TO. */
static void account_file(struct translation *t, const struct projected_file *file,
                         const struct setting *setting, const char *to)
{
    account(t, file->name_path, OUTCOME_TRANSLATED, pool_text(&t->pool, "%s/name", to), NULL);
    account_setting(t, setting, pool_text(&t->pool, "%s/name", to), NULL);
}

struct json_object *tls_write(struct translation *t, const struct tls *tls, const char *to,
                              bool with_client)
{
    if (!tls->enabled)
        return NULL;
    AUTO_JSON struct json_object *out = json_object_new_object();
    if (tls->ca.kind == KUBE_SECRET) {
        const char *ca = pool_text(&t->pool, "%s/tlsCASecretRef", to);
        bool usual_key = !tls->ca.key || strcmp(tls->ca.key, "ca.crt") == 0;
        put(t, out, "tlsCASecretRef",
            secret_ref(t, tls->ca.object, usual_key ? NULL : tls->ca.key));
        account_file(t, &tls->ca, tls->ca_setting, ca);
    }
    if (tls->certificate.kind == KUBE_SECRET) {
        const char *server = pool_text(&t->pool, "%s/serverTLSSecretRef", to);
        put(t, out, "serverTLSSecretRef", secret_ref(t, tls->certificate.object, NULL));
        account_file(t, &tls->certificate, tls->certificate_setting, server);
        account_setting(t, tls->key_setting, pool_text(&t->pool, "%s/name", server), NULL);
    }
    if (!with_client)
        return TAKE(out);
    const char *client = pool_text(&t->pool, "%s/clientTLSSecretRef", to);
    bool given;
    const char *secret = client_secret(t, tls, &given);
    if (secret)
        put(t, out, "clientTLSSecretRef", secret_ref(t, secret, NULL));
    if (secret && !given) {
        account_file(t, &tls->client, tls->client_setting, client);
        account_setting(t, tls->client_key_setting, pool_text(&t->pool, "%s/name", client), NULL);
    }
    return TAKE(out);
}
