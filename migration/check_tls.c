/* The Secrets that the Etcd names, and the certificates in them. */
#include "migration/internal.h"

#include "certs/inspect.h"

#include <string.h>

struct pem {
    unsigned char *bytes;
    size_t length;
};

static void free_pem(struct pem *pem)
{
    free(pem->bytes);
}
#define AUTO_PEM __attribute__((cleanup(free_pem)))

static bool has_key(struct json_object *secret, const char *key)
{
    return kube_json_child(kube_json_child(secret, "data"), key) ||
           kube_json_child(kube_json_child(secret, "stringData"), key);
}

/* KEY of SECRET. Where it is there, but nothing can be had from it, *UNREADABLE says so; where it
 * is not, check_secret has said so. */
static bool load(struct translation *t, const char *secret, const char *key, struct pem *out,
                 struct error *unreadable)
{
    struct json_object *tree = NULL;
    if (secret_value(t, secret, key, &out->bytes, &out->length) && out->length > 0)
        return true;
    if (!object_get(t, KUBE_SECRET, t->model.namespace, secret, &tree, NULL) || !has_key(tree, key))
        return false;
    return error_set(unreadable, ERROR_INVALID, "%s of Secret %s is empty or not base64", key,
                     secret);
}

bool check_secret(struct translation *t, const char *name, const char *const *keys,
                  const char *path, const char *what, bool *present)
{
    struct json_object *tree = NULL;
    bool absent = false;
    *present = false;
    if (!object_get(t, KUBE_SECRET, t->model.namespace, name, &tree, &absent))
        return false;
    if (!tree) {
        find(t, absent ? FINDING_SECRET_MISSING : FINDING_SECRET_UNCHECKED, path,
             absent ? "Secret %s/%s (%s) is not there" : "Secret %s/%s (%s) is not in the input",
             t->model.namespace, name, what);
        return true;
    }
    *present = true;
    for (; *keys; keys++)
        if (!has_key(tree, *keys))
            find(t, FINDING_SECRET_KEY_MISSING, path, "Secret %s/%s (%s) has no key %s",
                 t->model.namespace, name, what, *keys);
    return true;
}

/* --- one certificate --- */

struct certificate {
    const char *secret, *path, *what;
    const char *ca_secret, *ca_key;
    enum cert_purpose purpose;
    const char *const *names; /* that it must have, NULL-ended */
};

/* What is the same under every strategy, so that OpenSSL is asked once. */
struct judged_certificate {
    struct judged_certificate *next;
    const char *secret, *ca_secret;
    enum cert_purpose purpose;
    bool present;
    struct cert_facts facts;
    struct error unreadable, untrusted, misfit; /* each with a code where it is so */
};

static void judge_new(struct translation *t, const struct certificate *c,
                      struct judged_certificate *out)
{
    AUTO_PEM struct pem certificate = {0};
    AUTO_PEM struct pem key = {0};
    AUTO_PEM struct pem ca = {0};
    out->present = load(t, c->secret, "tls.crt", &certificate, &out->unreadable);
    if (!out->present)
        return;
    const char *pem = (const char *)certificate.bytes;
    if (!cert_facts_read(pem, certificate.length, &out->facts, &out->unreadable)) {
        out->unreadable.code = ERROR_INVALID;
        return;
    }
    if (cert_facts_valid_at(&out->facts, t->options->now, &out->untrusted) && c->ca_secret &&
        load(t, c->ca_secret, c->ca_key, &ca, &out->untrusted))
        cert_chain_check(pem, certificate.length, (const char *)ca.bytes, ca.length,
                         t->options->now, c->purpose, &out->untrusted);
    if (load(t, c->secret, "tls.key", &key, &out->misfit))
        cert_key_matches(pem, certificate.length, (const char *)key.bytes, key.length,
                         &out->misfit);
}

static void forget(void *judged)
{
    cert_facts_free(&((struct judged_certificate *)judged)->facts);
}

static const struct judged_certificate *judge(struct translation *t, const struct certificate *c)
{
    for (struct judged_certificate *known = t->judged; known; known = known->next)
        if (strcmp(known->secret, c->secret) == 0 && known->purpose == c->purpose &&
            (known->ca_secret == c->ca_secret || text_is(known->ca_secret, c->ca_secret)))
            return known;
    struct judged_certificate *judged = pool_zero(&t->kept, sizeof *judged);
    if (!judged || !pool_own(&t->kept, forget, judged))
        return NULL;
    *judged = (struct judged_certificate){
        .next = t->judged, .secret = c->secret, .ca_secret = c->ca_secret, .purpose = c->purpose};
    t->judged = judged;
    judge_new(t, c, judged);
    return judged;
}

/* What ERROR of judging a certificate means; nothing where it has no code. */
static void report(struct translation *t, const struct certificate *c, const struct error *error)
{
    if (error->code == ERROR_NONE)
        return;
    enum finding_code code = error->code == ERROR_RANGE      ? FINDING_CERTIFICATE_EXPIRED
                             : error->code == ERROR_CONFLICT ? FINDING_CERTIFICATE_NOT_TRUSTED
                                                             : FINDING_CERTIFICATE_UNREADABLE;
    find(t, code, c->path, "%s in Secret %s/%s: %s", c->what, t->model.namespace, c->secret,
         error->message);
}

static void check_cert_names(struct translation *t, const struct certificate *c,
                             const struct cert_facts *facts)
{
    struct pool_buffer missing = {0};
    for (const char *const *name = c->names; name && *name; name++) {
        if (cert_facts_cover(facts, *name))
            continue;
        pool_append(&t->pool, &missing, ", ", missing.length ? 2 : 0);
        pool_append(&t->pool, &missing, *name, strlen(*name));
    }
    if (missing.length)
        find(t, FINDING_SERVER_CERTIFICATE_NAMES, c->path, "%s in Secret %s/%s lacks %s", c->what,
             t->model.namespace, c->secret, pool_buffer_text(&missing));
}

static void check_certificate(struct translation *t, const struct certificate *c)
{
    const struct judged_certificate *judged = judge(t, c);
    if (!judged)
        return;
    report(t, c, &judged->unreadable);
    if (!judged->present || judged->unreadable.code != ERROR_NONE)
        return;
    check_cert_names(t, c, &judged->facts);
    report(t, c, &judged->untrusted);
    report(t, c, &judged->misfit);
}

/* --- one side --- */

/* The names under which the members are dialled, after those in FIRST; NULL-ended. */
static const char *const *wanted_names(struct translation *t, const char *const *first,
                                       bool with_members)
{
    const char **names = pool_zero(&t->pool, (MEMBERS_MAX + 4) * sizeof *names);
    size_t count = 0;
    if (!names)
        return NULL;
    for (; *first; first++)
        names[count++] = pool_text(&t->pool, "%s-%s", t->etcd_name, *first);
    for (size_t i = 0; with_members && i < t->model.member_count; i++)
        names[count++] = pool_text(&t->pool, "%s-%zu.%s-peer.%s.svc", t->etcd_name, i, t->etcd_name,
                                   t->model.namespace);
    return names;
}

/* Where FILE comes from, if not from a Secret, for people. */
static const char *origin_of(struct translation *t, const struct projected_file *file)
{
    if (file->kind == KUBE_CONFIG_MAP)
        return pool_text(&t->pool, "ConfigMap %s", file->object);
    if (file->place.volume_name)
        return pool_text(&t->pool, "volume %s", file->place.volume_name);
    return "the image";
}

static bool from_secret(struct translation *t, const struct projected_file *file,
                        const struct setting *setting, const struct tls *tls, const char *what)
{
    if (file->kind == KUBE_SECRET && file->object)
        return true;
    const char *path = setting ? setting->path : tls->path;
    if (!setting && file->kind == KUBE_KINDS)
        find(t, FINDING_TLS_NOT_IN_SECRET, path,
             "no CA is set for %s: an Etcd's TLS section has one", what);
    else
        find(t, FINDING_TLS_NOT_IN_SECRET, path,
             "%s for %s comes from %s, expected a key of a Secret",
             setting ? setting->where : "the CA", what, origin_of(t, file));
    return false;
}

static bool check_client(struct translation *t, const struct tls *tls, const char *ca,
                         const char *ca_key)
{
    static const char *const keys[] = {"tls.crt", "tls.key", NULL};
    bool given, present;
    const char *secret = client_secret(t, tls, &given);
    if (!secret) {
        find(t, FINDING_CLIENT_SECRET_MISSING, tls->path,
             "no Secret with a client certificate for the sidecar is known, and druid mounts one "
             "in any "
             "case");
        return true;
    }
    struct certificate c = {
        .secret = secret,
        .path = given ? tls->path : tls->client.name_path,
        .what = "the client certificate",
        .ca_secret = ca,
        .ca_key = ca_key,
        .purpose = CERT_FOR_CLIENT,
    };
    if (!check_secret(t, c.secret, keys, c.path, c.what, &present))
        return false;
    if (present)
        check_certificate(t, &c);
    return true;
}

static bool check_side(struct translation *t, const struct tls *tls, const char *what,
                       const char *const *names, bool with_client)
{
    static const char *const pair[] = {"tls.crt", "tls.key", NULL};
    if (!tls->enabled || tls->automatic)
        return true;
    const char *ca = NULL, *ca_key = tls->ca.key ? tls->ca.key : "ca.crt";
    bool present;
    if (from_secret(t, &tls->ca, tls->ca_setting, tls, what)) {
        const char *const keys[] = {ca_key, NULL};
        if (!check_secret(t, tls->ca.object, keys, tls->ca.name_path,
                          pool_text(&t->pool, "the CA for %s", what), &present))
            return false;
        ca = present ? tls->ca.object : NULL;
    }
    if (from_secret(t, &tls->certificate, tls->certificate_setting, tls, what)) {
        struct certificate c = {
            .secret = tls->certificate.object,
            .path = tls->certificate.name_path,
            .what = pool_text(&t->pool, "the server certificate for %s", what),
            .ca_secret = ca,
            .ca_key = ca_key,
            .purpose = CERT_FOR_SERVER,
            .names = names,
        };
        if (!check_secret(t, c.secret, pair, c.path, c.what, &present))
            return false;
        if (present)
            check_certificate(t, &c);
        if (tls->key_setting && !text_is(tls->key.object, c.secret))
            find(t, FINDING_TLS_NOT_IN_SECRET, tls->key_setting->path,
                 "%s comes from elsewhere than the certificate: druid takes both from Secret %s",
                 tls->key_setting->where, c.secret);
    }
    if (!tls->client_auth)
        find_as(t, FINDING_CLIENT_CERT_AUTH_FORCED,
                t->options->accept_client_cert_auth ? SEVERITY_WARNING : SEVERITY_BLOCKER, NULL,
                tls->auth_setting ? tls->auth_setting->path : tls->path,
                "%s are not asked for certificates today; under druid they always are, and those "
                "without one are refused",
                what);
    return !with_client || check_client(t, tls, ca, ca_key);
}

bool check_tls(struct translation *t)
{
    static const char *const of_client[] = {"local", "client", NULL};
    static const char *const of_peer[] = {NULL};
    static const char *const of_backup[] = {"local", NULL};
    const struct model *model = &t->model;
    return check_side(t, &model->client, "clients", wanted_names(t, of_client, true), true) &&
           check_side(t, &model->peer, "peers", wanted_names(t, of_peer, true), false) &&
           check_side(t, &model->backup, "the sidecar", wanted_names(t, of_backup, false), true);
}
