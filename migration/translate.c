/* One StatefulSet, once for each strategy, and the choice between them. */
#include "migration/internal.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

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
    if (options->findings_only && options->strategy == MIGRATE_AUTO)
        return error_set(err, ERROR_INVALID, "the findings alone are those of one strategy");
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

/* Names of objects and their parts, of which the API server takes none that is longer; here they
 * are part of many texts. */
static bool check_name(struct json_object *root, const char *pointer, struct error *err)
{
    const char *name = kube_json_text(root, pointer);
    size_t length = name ? strlen(name) : 0;
    return length <= LONGEST_NAME ||
           error_set(err, ERROR_INVALID, "%s: found a name of %zu bytes, expected at most %d",
                     pointer, length, LONGEST_NAME);
}

static bool check_containers(struct translation *t, struct json_object *containers)
{
    for (size_t i = 0; i < list_length(containers) && goes_on(t); i++) {
        struct json_object *container = list_item(containers, i);
        if (!json_object_is_type(container, json_type_object))
            return error_set(t->err, ERROR_INVALID,
                             "/spec/template/spec/containers/%zu: expected a map", i);
        if (!check_shape(container, of_container, COUNT(of_container), t->err) ||
            !check_name(container, "/name", t->err))
            return error_wrap(t->err, "/spec/template/spec/containers/%zu", i);
    }
    return true;
}

static bool check_stateful_set(struct translation *t)
{
    struct json_object *sts = t->sts;
    struct error *err = t->err;
    enum kube_kind kind;
    const char *name;
    struct json_object *containers, *replicas = NULL;
    if (!kube_kind_of(sts, &kind, err))
        return false;
    if (kind != KUBE_STATEFUL_SET)
        return error_set(err, ERROR_INVALID, "/kind: found '%s', expected 'StatefulSet'",
                         kube_kind_info(kind)->kind);
    if (!kube_json_need_string(sts, "/metadata/name", &name, err) ||
        !check_shape(sts, of_set, COUNT(of_set), err) || !check_name(sts, "/metadata/name", err) ||
        !check_name(sts, "/metadata/namespace", err) ||
        !kube_json_need_array(sts, "/spec/template/spec/containers", &containers, err) ||
        !kube_json_get(sts, "/spec/replicas", json_type_int, &replicas, err))
        return false;
    if (replicas &&
        (json_object_get_int64(replicas) < 0 || json_object_get_int64(replicas) > INT32_MAX))
        return error_set(err, ERROR_INVALID, "/spec/replicas: found %lld, expected 0 to %d",
                         (long long)json_object_get_int64(replicas), INT32_MAX);
    return check_containers(t, containers);
}

/* --- what ends it early --- */

bool translation_goes_on(struct translation *t)
{
    enum { MEBIBYTE = 1024 * 1024 };
    size_t limit = t->options->memory;
    if (!kube_work_check(t->options->work, t->err))
        return false;
    if (t->budget.exceeded)
        return error_set(t->err, ERROR_RANGE, "translating it takes more than %zu %s",
                         limit % MEBIBYTE ? limit : limit / MEBIBYTE,
                         limit % MEBIBYTE ? "bytes" : "MiB");
    if (t->failed || t->pool.failed || t->kept.failed)
        return error_set(t->err, ERROR_NO_MEMORY, "out of memory");
    return true;
}

/* --- one strategy --- */

struct attempt {
    struct json_object *etcd, *findings, *fields;
    enum migrate_verdict verdict;
    const char *name;
};

static void forget(struct attempt *attempt)
{
    json_object_put(attempt->etcd);
    json_object_put(attempt->findings);
    json_object_put(attempt->fields);
    *attempt = (struct attempt){0};
}

static const char *name_of_etcd(struct translation *t)
{
    if (t->strategy == MIGRATE_ADOPT)
        return t->model.name;
    return t->options->name ? t->options->name : pool_text(&t->kept, "%s-druid", t->model.name);
}

static bool judge(struct translation *t, struct json_object *fields)
{
    static void (*const pure[])(struct translation *) = {
        etcd_write, account_model, check_data, check_versions, check_members, check_settings};
    /* These ask the source, which may not be able to answer. */
    static bool (*const asking[])(struct translation *) = {check_names, check_takeover, check_tls,
                                                           check_store};
    for (size_t i = 0; i < COUNT(pure); i++) {
        pure[i](t);
        if (!translation_goes_on(t))
            return false;
    }
    for (size_t i = 0; i < COUNT(asking); i++)
        if (!asking[i](t) || !translation_goes_on(t))
            return false;
    return account_fields(t, fields);
}

/* What STRATEGY gives. CHOSEN: its Etcd and its fields are wanted, too. */
static bool try_strategy(struct translation *t, enum migrate_strategy strategy, bool chosen,
                         struct attempt *out)
{
    AUTO_JSON struct json_object *fields =
        chosen && !t->options->findings_only ? made(t, json_object_new_array()) : NULL;
    struct pool_mark mark = pool_mark(&t->pool);
    forget(out);
    t->strategy = strategy;
    t->etcd_name = name_of_etcd(t);
    t->claims = (struct names){0};
    t->findings = (struct findings){0};
    t->etcd = NULL;
    bool done = judge(t, fields);
    if (done) {
        out->findings = findings_report(t, &out->verdict);
        out->name = t->etcd_name;
        done = translation_goes_on(t);
    }
    pool_release(&t->pool, mark);
    if (chosen)
        out->etcd = t->etcd;
    else
        json_object_put(t->etcd);
    out->fields = TAKE(fields);
    return done;
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

/* Of each strategy there are the findings, of the one that is chosen the rest. Fields are many:
 * where it is not the likeliest, that one is tried again. */
static bool try_all(struct translation *t, struct attempt attempts[MIGRATE_STRATEGIES],
                    enum migrate_strategy *chosen)
{
    enum migrate_strategy asked = t->options->strategy;
    enum migrate_strategy likeliest = asked == MIGRATE_AUTO ? MIGRATE_ADOPT : asked;
    for (enum migrate_strategy s = 0; s < MIGRATE_STRATEGIES; s++)
        if ((s == likeliest || !t->options->findings_only) &&
            !try_strategy(t, s, s == likeliest, &attempts[s]))
            return false;
    *chosen = choose(t->options, attempts);
    if (*chosen == likeliest)
        return true;
    json_object_put(TAKE(attempts[likeliest].fields));
    json_object_put(TAKE(attempts[likeliest].etcd));
    return try_strategy(t, *chosen, true, &attempts[*chosen]);
}

/* --- the report --- */

static struct json_object *alternative(const struct attempt *attempt,
                                       enum migrate_strategy strategy)
{
    return kube_json_object("strategy", kube_json_string(strategy_name(strategy)), "verdict",
                            kube_json_string(verdict_name(attempt->verdict)), "findings",
                            json_object_get(attempt->findings), NULL);
}

static void put_the_rest(struct translation *t, struct json_object *report,
                         struct attempt attempts[MIGRATE_STRATEGIES], enum migrate_strategy chosen)
{
    struct json_object *alternatives = made(t, json_object_new_array());
    for (enum migrate_strategy s = 0; s < MIGRATE_STRATEGIES; s++)
        if (s != chosen && !kube_json_append(alternatives, alternative(&attempts[s], s)))
            t->failed = true;
    put(t, report, "alternatives", alternatives);
    put(t, report, "fields", TAKE(attempts[chosen].fields));
}

static bool assemble(struct translation *t, struct attempt attempts[MIGRATE_STRATEGIES],
                     enum migrate_strategy chosen, struct migrate_result *out)
{
    struct attempt *taken = &attempts[chosen];
    AUTO_JSON struct json_object *report = made(
        t, kube_json_object("namespace", kube_json_string(t->model.namespace), "statefulSet",
                            kube_json_string(t->model.name), "etcd", kube_json_string(taken->name),
                            "strategy", kube_json_string(strategy_name(chosen)), "verdict",
                            kube_json_string(verdict_name(taken->verdict)), "findings",
                            json_object_get(taken->findings), NULL));
    if (!t->options->findings_only)
        put_the_rest(t, report, attempts, chosen);
    if (!translation_goes_on(t))
        return false;
    out->report = TAKE(report);
    out->verdict = taken->verdict;
    out->etcd = taken->verdict == MIGRATE_BLOCKED ? NULL : TAKE(taken->etcd);
    return true;
}

static bool translate(struct translation *t, struct attempt attempts[MIGRATE_STRATEGIES],
                      struct migrate_result *out)
{
    enum migrate_strategy chosen;
    if (!check_stateful_set(t))
        return false;
    if (!containers_find(t->sts, t->options->work, &t->model.etcd, &t->model.sidecar))
        return error_set(t->err, ERROR_INVALID,
                         "/spec/template/spec/containers: none of them runs etcd");
    return model_read(t) && translation_goes_on(t) && try_all(t, attempts, &chosen) &&
           assemble(t, attempts, chosen, out);
}

bool migrate_stateful_set(struct json_object *stateful_set, struct kube_source *source,
                          const struct migrate_options *options, struct migrate_result *out,
                          struct error *err)
{
    struct translation t = {.sts = stateful_set,
                            .source = source,
                            .options = options,
                            .budget = {.left = options->memory},
                            .err = err};
    struct attempt attempts[MIGRATE_STRATEGIES] = {0};
    if (options->memory)
        t.pool.budget = t.kept.budget = &t.budget;
    /* A loop that ended early may look like an error of another kind. */
    bool done = translate(&t, attempts, out) || (translation_goes_on(&t) && false);
    for (size_t i = 0; i < MIGRATE_STRATEGIES; i++)
        forget(&attempts[i]);
    pool_free(&t.pool);
    pool_free(&t.kept);
    return done;
}

void migrate_result_free(struct migrate_result *result)
{
    json_object_put(result->etcd);
    json_object_put(result->report);
    *result = (struct migrate_result){0};
}
