/* One StatefulSet, once for each strategy, and the choice between them. */
#include "migration/internal.h"

#include <string.h>

/* --- options --- */

/* "v0.37", "0.37.1", "v0.38.0-dev": the minor version, or -1. */
static int druid_minor(const char *text)
{
    struct version version;
    if (!text)
        return 37;
    return version_parse(text, &version) && version.major == 0 ? version.minor : -1;
}

bool druid_can_join(const struct translation *t)
{
    return druid_minor(t->options->druid_version) >= 38;
}

static bool check_version(const char *option, const char *text, int upto, struct error *err)
{
    struct version version;
    if (!text || (version_parse(text, &version) && version.major == 3 && version.minor <= upto))
        return true;
    return error_set(err, ERROR_INVALID, "%s '%s': expected a version of etcd such as 3.4%s",
                     option, text, upto < 999 ? " or 3.5, which druid runs" : ".13");
}

bool migrate_options_check(const struct migrate_options *options, struct error *err)
{
    int minor = druid_minor(options->druid_version);
    if (minor != 37 && minor != 38)
        return error_set(err, ERROR_INVALID, "--druid-version '%s': expected v0.37 or v0.38",
                         options->druid_version);
    const char *container = options->store_container;
    if (container && !*container)
        return error_set(err, ERROR_INVALID, "--store-container '': expected a name");
    if (options->name && !*options->name)
        return error_set(err, ERROR_INVALID, "--name '': expected a name");
    if (options->client_tls_secret && !*options->client_tls_secret)
        return error_set(err, ERROR_INVALID, "--client-tls-secret '': expected a name");
    if (options->name && options->strategy == MIGRATE_ADOPT)
        return error_set(err, ERROR_INVALID,
                         "--name '%s': the strategy adopt keeps the name of the StatefulSet",
                         options->name);
    return check_version("--etcd-version", options->etcd_version, 999, err) &&
           check_version("--target-etcd-version", options->target_etcd_version, 5, err);
}

/* --- the shape of a StatefulSet --- */

struct shape {
    const char *pointer;
    enum json_type type;
};

static const struct shape of_set[] = {
    {"/metadata/labels", json_type_object},
    {"/metadata/annotations", json_type_object},
    {"/metadata/ownerReferences", json_type_array},
    {"/metadata/namespace", json_type_string},
    {"/spec/selector", json_type_object},
    {"/spec/selector/matchLabels", json_type_object},
    {"/spec/selector/matchExpressions", json_type_array},
    {"/spec/serviceName", json_type_string},
    {"/spec/volumeClaimTemplates", json_type_array},
    {"/spec/template/metadata/labels", json_type_object},
    {"/spec/template/metadata/annotations", json_type_object},
    {"/spec/template/spec/initContainers", json_type_array},
    {"/spec/template/spec/volumes", json_type_array},
    {"/spec/template/spec/hostAliases", json_type_array},
    {"/spec/template/spec/affinity", json_type_object},
    {"/spec/template/spec/topologySpreadConstraints", json_type_array},
    {"/spec/template/spec/securityContext", json_type_object},
};

static const struct shape of_container[] = {
    {"/name", json_type_string},        {"/image", json_type_string},
    {"/command", json_type_array},      {"/args", json_type_array},
    {"/env", json_type_array},          {"/envFrom", json_type_array},
    {"/volumeMounts", json_type_array}, {"/ports", json_type_array},
    {"/resources", json_type_object},   {"/securityContext", json_type_object},
};

static bool check_shape(struct json_object *root, const struct shape *shapes, size_t count,
                        struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct json_object *value;
        if (!kube_json_get(root, shapes[i].pointer, shapes[i].type, &value, err))
            return false;
    }
    return true;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool check_stateful_set(struct json_object *sts, struct error *err)
{
    enum kube_kind kind;
    const char *name;
    struct json_object *containers, *replicas = NULL;
    if (!kube_kind_of(sts, &kind, err))
        return false;
    if (kind != KUBE_STATEFUL_SET)
        return error_set(err, ERROR_INVALID, "/kind: found '%s', expected 'StatefulSet'",
                         kube_kind_info(kind)->kind);
    if (!kube_json_need_string(sts, "/metadata/name", &name, err) ||
        !check_shape(sts, of_set, COUNT(of_set), err) ||
        !kube_json_need_array(sts, "/spec/template/spec/containers", &containers, err) ||
        !kube_json_get(sts, "/spec/replicas", json_type_int, &replicas, err))
        return false;
    if (replicas &&
        (json_object_get_int64(replicas) < 0 || json_object_get_int64(replicas) > INT32_MAX))
        return error_set(err, ERROR_INVALID, "/spec/replicas: found %lld, expected 0 to %d",
                         (long long)json_object_get_int64(replicas), INT32_MAX);
    for (size_t i = 0; i < list_length(containers); i++) {
        struct json_object *container = list_item(containers, i);
        if (!json_object_is_type(container, json_type_object))
            return error_set(err, ERROR_INVALID,
                             "/spec/template/spec/containers/%zu: expected a map", i);
        if (!check_shape(container, of_container, COUNT(of_container), err))
            return error_wrap(err, "/spec/template/spec/containers/%zu", i);
    }
    return true;
}

/* --- one strategy --- */

struct attempt {
    struct json_object *etcd, *findings, *fields;
    enum migrate_verdict verdict;
    const char *name;
};

static void free_attempts(struct attempt attempts[MIGRATE_STRATEGIES])
{
    for (size_t i = 0; i < MIGRATE_STRATEGIES; i++) {
        json_object_put(attempts[i].etcd);
        json_object_put(attempts[i].findings);
        json_object_put(attempts[i].fields);
    }
}

static const char *name_of_etcd(struct translation *t)
{
    if (t->strategy == MIGRATE_ADOPT)
        return t->model.name;
    return t->options->name ? t->options->name : pool_text(&t->pool, "%s-druid", t->model.name);
}

static bool try_strategy(struct translation *t, enum migrate_strategy strategy, struct attempt *out)
{
    AUTO_JSON struct json_object *claims = json_object_new_object();
    AUTO_JSON struct json_object *found = json_object_new_object();
    AUTO_JSON struct json_object *fields = NULL;
    t->strategy = strategy;
    t->etcd_name = name_of_etcd(t);
    t->claims = claims;
    t->found = found;
    t->findings = json_object_new_array();
    out->findings = t->findings;
    if (!claims || !found || !t->findings)
        return error_set(t->err, ERROR_NO_MEMORY, "out of memory");
    etcd_write(t);
    out->etcd = t->etcd;
    account_model(t);
    check_data(t);
    check_versions(t);
    check_members(t);
    check_settings(t);
    if (!check_names(t) || !check_takeover(t) || !check_tls(t) || !check_store(t) ||
        !account_fields(t, &fields))
        return false;
    if (t->failed || t->pool.failed)
        return error_set(t->err, ERROR_NO_MEMORY, "out of memory");
    findings_sorted(t->findings, &out->verdict);
    out->fields = TAKE(fields);
    out->name = t->etcd_name;
    return true;
}

/* --- the choice --- */

static enum migrate_strategy choose(const struct migrate_options *options,
                                    const struct attempt attempts[MIGRATE_STRATEGIES])
{
    if (options->strategy != MIGRATE_AUTO)
        return options->strategy;
    /* Restoring loses what came after the last snapshot: only when it is asked for. */
    return attempts[MIGRATE_ADOPT].verdict == MIGRATE_BLOCKED &&
                   attempts[MIGRATE_JOIN].verdict != MIGRATE_BLOCKED
               ? MIGRATE_JOIN
               : MIGRATE_ADOPT;
}

static struct json_object *alternative(const struct attempt *attempt,
                                       enum migrate_strategy strategy)
{
    return kube_json_object("strategy", kube_json_string(strategy_name(strategy)), "verdict",
                            kube_json_string(verdict_name(attempt->verdict)), "findings",
                            json_object_get(attempt->findings), NULL);
}

static bool assemble(struct translation *t, struct attempt attempts[MIGRATE_STRATEGIES],
                     struct migrate_result *out)
{
    enum migrate_strategy chosen = choose(t->options, attempts);
    struct attempt *taken = &attempts[chosen];
    struct json_object *alternatives = json_object_new_array();
    for (enum migrate_strategy s = 0; s < MIGRATE_STRATEGIES; s++)
        if (s != chosen && !kube_json_append(alternatives, alternative(&attempts[s], s)))
            t->failed = true;
    struct json_object *report =
        kube_json_object("namespace", kube_json_string(t->model.namespace), "statefulSet",
                         kube_json_string(t->model.name), "etcd", kube_json_string(taken->name),
                         "strategy", kube_json_string(strategy_name(chosen)), "verdict",
                         kube_json_string(verdict_name(taken->verdict)), "findings",
                         json_object_get(taken->findings), "alternatives", alternatives, "fields",
                         json_object_get(taken->fields), NULL);
    if (!report || t->failed) {
        json_object_put(report);
        return error_set(t->err, ERROR_NO_MEMORY, "out of memory");
    }
    out->report = report;
    out->verdict = taken->verdict;
    out->etcd = taken->verdict == MIGRATE_BLOCKED ? NULL : TAKE(taken->etcd);
    return true;
}

bool migrate_stateful_set(struct json_object *stateful_set, struct kube_source *source,
                          const struct migrate_options *options, struct migrate_result *out,
                          struct error *err)
{
    if (!check_stateful_set(stateful_set, err))
        return false;
    struct translation t = {.sts = stateful_set, .source = source, .options = options, .err = err};
    struct attempt attempts[MIGRATE_STRATEGIES] = {0};
    bool done =
        containers_find(stateful_set, &t.model.etcd, &t.model.sidecar) ||
        error_set(err, ERROR_INVALID, "/spec/template/spec/containers: none of them runs etcd");
    done = done && model_read(&t);
    for (enum migrate_strategy s = 0; done && s < MIGRATE_STRATEGIES; s++)
        done = try_strategy(&t, s, &attempts[s]);
    done = done && assemble(&t, attempts, out);
    free_attempts(attempts);
    certificates_release(&t);
    objects_release(&t);
    json_object_put(t.trees);
    pool_free(&t.pool);
    return done;
}

void migrate_result_free(struct migrate_result *result)
{
    json_object_put(result->etcd);
    json_object_put(result->report);
    *result = (struct migrate_result){0};
}
