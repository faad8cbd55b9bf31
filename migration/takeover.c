/* What druid does when the Etcd meets the StatefulSet of its name. Source: etcd-druid v0.37.1,
 * internal/component/statefulset. */
#include "migration/internal.h"

#include <string.h>

static const char managed_by[] = "app.kubernetes.io/managed-by";
static const char part_of[] = "app.kubernetes.io/part-of";

struct label {
    const char *key, *value;
};

enum { OWN_LABELS = 4, SELECTOR_LABELS = 2 };

/* druid's labels; the first two are its selector. */
static void own_labels(struct translation *t, struct label out[OWN_LABELS])
{
    out[0] = (struct label){managed_by, "etcd-druid"};
    out[1] = (struct label){part_of, t->etcd_name};
    out[2] = (struct label){"app.kubernetes.io/component", "etcd-statefulset"};
    out[3] = (struct label){"app.kubernetes.io/name", t->etcd_name};
}

static struct json_object *get(struct translation *t, const char *pointer)
{
    struct json_object *value = NULL;
    kube_json_get_object(t->sts, pointer, &value, NULL);
    return value;
}

static const char *label(struct json_object *labels, const char *key)
{
    return kube_json_as_text(kube_json_child(labels, key));
}

/* A copy that is there also where LABELS (NULL) are not. */
static struct json_object *copy_labels(struct translation *t, struct json_object *labels)
{
    return made(t, labels ? kube_json_copy(labels) : json_object_new_object());
}

/* --- step 1: does the TLS of the containers differ? --- */

static bool tls_differs(struct translation *t)
{
    return tls_mounts_differ(t, "etcd", true, false) ||
           tls_mounts_differ(t, "backup-restore", false, false);
}

/* What keeps the controller from rolling the pods when the template changes; NULL: nothing. */
static const char *held_back(struct translation *t)
{
    struct json_object *partition = NULL;
    kube_json_get(t->sts, "/spec/updateStrategy/rollingUpdate/partition", json_type_int, &partition,
                  NULL);
    if (partition && json_object_get_int64(partition) > 0)
        return "its update strategy has a partition, so that not all pods are rolled";
    return text_is(kube_json_text(t->sts, "/spec/updateStrategy/type"), "OnDelete")
               ? "its update strategy is OnDelete, so that pods are not rolled"
               : NULL;
}

/* --- step 2: which labels do the pods have then? --- */

static bool expression_matches(struct translation *t, struct json_object *expression,
                               struct json_object *labels)
{
    const char *key = kube_json_text(expression, "/key");
    const char *operator= kube_json_text(expression, "/operator");
    const char *value = key ? label(labels, key) : NULL;
    struct json_object *values = kube_json_child(expression, "values");
    bool listed = false;
    for (size_t i = 0; i < list_length(values) && goes_on(t); i++)
        listed = listed || text_is(kube_json_as_text(list_item(values, i)), value);
    if (text_is(operator, "In"))
        return listed;
    if (text_is(operator, "NotIn"))
        return !listed;
    if (text_is(operator, "Exists"))
        return value != NULL;
    return text_is(operator, "DoesNotExist") && !value;
}

static bool selector_matches(struct translation *t, struct json_object *selector,
                             struct json_object *labels)
{
    struct json_object *equal = kube_json_child(selector, "matchLabels");
    struct json_object *expressions = kube_json_child(selector, "matchExpressions");
    if (json_object_is_type(equal, json_type_object)) {
        json_object_object_foreach(equal, key, value)
        {
            if (!goes_on(t) || !text_is(label(labels, key), kube_json_as_text(value)))
                return false;
        }
    }
    for (size_t i = 0; i < list_length(expressions) && goes_on(t); i++)
        if (!expression_matches(t, list_item(expressions, i), labels))
            return false;
    return true;
}

/* The pods' labels after step 1 has rolled them: the Etcd's and druid's; but where the old selector
 * would not match these, the old ones win. */
static struct json_object *rolled_labels(struct translation *t)
{
    struct json_object *spec_labels = NULL;
    struct label own[OWN_LABELS];
    kube_json_get_object(t->etcd, "/spec/labels", &spec_labels, NULL);
    struct json_object *labels = copy_labels(t, spec_labels);
    own_labels(t, own);
    for (size_t i = 0; i < OWN_LABELS; i++)
        put(t, labels, own[i].key, kube_json_string(own[i].value));
    struct json_object *old = get(t, "/spec/template/metadata/labels");
    if (!old || selector_matches(t, get(t, "/spec/selector"), labels))
        return labels;
    json_object_object_foreach(old, key, value)
    {
        if (goes_on(t) && kube_json_as_text(value))
            put(t, labels, key, kube_json_string(kube_json_as_text(value)));
    }
    return labels;
}

static bool carries_selector(struct translation *t, struct json_object *labels)
{
    struct label own[OWN_LABELS];
    own_labels(t, own);
    for (size_t i = 0; i < SELECTOR_LABELS; i++)
        if (!text_is(label(labels, own[i].key), own[i].value))
            return false;
    return true;
}

/* druid compares matchLabels alone. */
static bool selector_is_druids(struct translation *t)
{
    struct json_object *labels = get(t, "/spec/selector/matchLabels");
    return labels && json_object_object_length(labels) == SELECTOR_LABELS &&
           carries_selector(t, labels);
}

/* Why the pods may not be as the template says; NULL: nothing speaks for it. */
static const char *unfinished_rollout(struct translation *t)
{
    const char *current = kube_json_text(t->sts, "/status/currentRevision");
    const char *update = kube_json_text(t->sts, "/status/updateRevision");
    if (current && update)
        return strcmp(current, update) == 0
                   ? NULL
                   : pool_text(&t->pool, "by the status its rollout is not finished (%s, not %s)",
                               current, update);
    return held_back(t);
}

/* A key of druid's selector that the old selector fixes at another value, or NULL. */
static const char *fixed_key(struct translation *t)
{
    struct json_object *selector = get(t, "/spec/selector");
    struct label own[OWN_LABELS];
    own_labels(t, own);
    for (size_t i = 0; i < SELECTOR_LABELS; i++) {
        const char *fixed = label(kube_json_child(selector, "matchLabels"), own[i].key);
        if (fixed && strcmp(fixed, own[i].value) != 0)
            return own[i].key;
    }
    /* An expression may forbid what the prepare phase would add. */
    struct json_object *labels = copy_labels(t, get(t, "/spec/template/metadata/labels"));
    for (size_t i = 0; i < SELECTOR_LABELS; i++)
        put(t, labels, own[i].key, kube_json_string(own[i].value));
    bool matches = selector_matches(t, selector, labels);
    json_object_put(labels);
    return matches ? NULL : managed_by;
}

static const char *prepare_remedy(struct translation *t)
{
    const char *fixed = fixed_key(t);
    if (fixed)
        return pool_text(
            &t->pool,
            "the selector itself fixes %s, so the template cannot be prepared: take the "
            "strategy join, or restore",
            fixed);
    /* A rollout that is held back is let go by the same patch. */
    return pool_text(
        &t->pool,
        "prepare it: kubectl -n %s patch statefulset %s --type merge -p "
        "'{\"spec\":{%s\"template\":{\"metadata\":{\"labels\":{\"%s\":\"etcd-druid\",\"%s\":\"%s\"}"
        "}}"
        "}}', "
        "%swait until kubectl -n %s rollout status statefulset %s is done, and translate again",
        t->model.namespace, t->model.name,
        held_back(t) ? "\"updateStrategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":"
                       "{\"partition\":0}},"
                     : "",
        managed_by, part_of, t->etcd_name,
        held_back(t) ? "which also lifts what holds the pods back (or leave that, and delete each "
                       "pod), "
                     : "",
        t->model.namespace, t->model.name);
}

static void check_pod_labels(struct translation *t)
{
    struct json_object *old = get(t, "/spec/template/metadata/labels");
    const char *path = "/spec/template/metadata/labels";
    const char *held = held_back(t);
    bool rolls = tls_differs(t);
    if (t->model.replicas == 0 || selector_is_druids(t))
        return;
    if (carries_selector(t, old)) {
        const char *why = unfinished_rollout(t);
        if (why)
            find_as(t, FINDING_POD_LABELS_MISSING, SEVERITY_NONE,
                    pool_text(
                        &t->pool,
                        "see that every pod is rolled: kubectl -n %s rollout status statefulset "
                        "%s (with an update strategy that rolls all), and translate what is there "
                        "then, with its status",
                        t->model.namespace, t->model.name),
                    path, "the template has both labels of druid's selector, but %s", why);
        return;
    }
    if (!rolls) {
        find_as(
            t, FINDING_POD_LABELS_MISSING, SEVERITY_NONE, prepare_remedy(t), path,
            "the pods lack %s and %s, and druid does not roll them before it deletes the "
            "StatefulSet (its TLS mounts are druid's already): nobody would own the pods, and the "
            "new StatefulSet could not create its own",
            managed_by, part_of);
        return;
    }
    if (held) {
        find_as(t, FINDING_POD_LABELS_MISSING, SEVERITY_NONE, prepare_remedy(t), path,
                "the pods lack %s and %s, and druid's change of the template does not reach them: "
                "%s. Nobody would own them once it has deleted the StatefulSet",
                managed_by, part_of, held);
        return;
    }
    AUTO_JSON struct json_object *after = rolled_labels(t);
    if (!carries_selector(t, after)) {
        find_as(
            t, FINDING_POD_LABELS_MISSING, SEVERITY_NONE, prepare_remedy(t), path,
            "druid rolls the pods before it deletes the StatefulSet, but the old selector does not "
            "match druid's labels, so the template's own win: %s stays '%s', %s stays '%s'",
            managed_by, label(after, managed_by) ? label(after, managed_by) : "absent", part_of,
            label(after, part_of) ? label(after, part_of) : "absent");
    } else if (t->model.replicas > 1 && !tls_mounts_differ(t, "etcd", true, true)) {
        find_as(
            t, FINDING_POD_LABELS_MISSING, SEVERITY_NONE, prepare_remedy(t), path,
            "druid begins to roll %lld pods to give them its labels, but deletes the StatefulSet "
            "some ten seconds later: nobody would own those that are not rolled by then",
            (long long)t->model.replicas);
    } else if (t->model.replicas == 1) {
        find_as(
            t, FINDING_POD_LABELS_MISSING, SEVERITY_WARNING, prepare_remedy(t), path,
            "the pod lacks %s and %s; druid rolls it to add them, and deletes the StatefulSet some "
            "ten seconds later: if the new pod is not there by then, the takeover is stuck until "
            "the old pod is deleted. Preparing the StatefulSet avoids that",
            managed_by, part_of);
    }
}

static void check_overridden(struct translation *t)
{
    struct json_object *old = get(t, "/spec/template/metadata/labels");
    struct label own[OWN_LABELS];
    own_labels(t, own);
    for (size_t i = 0; i < OWN_LABELS; i++) {
        const char *value = label(old, own[i].key);
        if (value && strcmp(value, own[i].value) != 0)
            find(
                t, FINDING_LABEL_OVERRIDDEN,
                pointer_to(t, "/spec/template/metadata/labels", own[i].key),
                "the pods have '%s', druid's '%s': Services and policies that select on the former "
                "stop matching",
                value, own[i].value);
    }
}

/* --- step 3: what can be patched in place --- */

static bool claims_are_druids(struct translation *t)
{
    struct json_object *claims = NULL, *modes = NULL;
    kube_json_get_array(t->sts, "/spec/volumeClaimTemplates", &claims, NULL);
    kube_json_get_array(list_item(claims, 0), "/spec/accessModes", &modes, NULL);
    return list_length(claims) == 1 && t->model.claim && list_length(modes) == 1 &&
           text_is(kube_json_as_text(list_item(modes, 0)), "ReadWriteOnce") &&
           kube_json_is_empty(
               kube_json_child(kube_json_child(list_item(claims, 0), "metadata"), "labels")) &&
           kube_json_is_empty(
               kube_json_child(kube_json_child(list_item(claims, 0), "metadata"), "annotations"));
}

static void check_immutable(struct translation *t)
{
    if (!selector_is_druids(t))
        return;
    const char *service = kube_json_text(t->sts, "/spec/serviceName");
    const char *policy = kube_json_text(t->sts, "/spec/podManagementPolicy");
    const char *wanted = pool_text(&t->pool, "%s-peer", t->etcd_name);
    if (!text_is(service, wanted))
        find(t, FINDING_IMMUTABLE_FIELDS_DIFFER, "/spec/serviceName",
             "the selector is druid's already, but the service name is '%s', not '%s': the API "
             "server "
             "refuses druid's patch",
             service ? service : "", wanted);
    if (!text_is(policy, "Parallel"))
        find(t, FINDING_IMMUTABLE_FIELDS_DIFFER, "/spec/podManagementPolicy",
             "the selector is druid's already, but the pod management policy is '%s', not "
             "'Parallel': "
             "the API server refuses druid's patch",
             policy ? policy : "OrderedReady");
    if (!claims_are_druids(t))
        find(t, FINDING_IMMUTABLE_FIELDS_DIFFER, "/spec/volumeClaimTemplates",
             "the selector is druid's already, but the claim templates are not one with etcd's "
             "data, "
             "ReadWriteOnce and without labels or annotations: the API server refuses druid's "
             "patch");
}

/* --- what happens to whom --- */

static bool check_service(struct translation *t, const char *suffix)
{
    struct json_object *service = NULL;
    const char *name = pool_text(&t->pool, "%s-%s", t->etcd_name, suffix);
    if (!object_get(t, KUBE_SERVICE, t->model.namespace, name, &service, NULL))
        return false;
    if (service)
        find(t, FINDING_SERVICE_NAME_CHANGES, "/spec/serviceName",
             "Service %s is there already: druid overwrites its ports and its selector; pods "
             "without "
             "druid's labels then have no endpoints in it",
             name);
    return true;
}

static void foretell_pods(struct translation *t)
{
    if (t->model.replicas == 0)
        return;
    bool single = t->model.replicas == 1;
    find(t, FINDING_WILL_ROLL_PODS, "/spec/template",
         "druid replaces %s with etcd-wrapper and its own sidecar%s%s",
         single ? "the pod" : "the pods one after another",
         tls_differs(t) && !held_back(t) && !selector_is_druids(t)
             ? ", after a first roll for the TLS mounts"
             : "",
         single ? "; etcd does not serve until the new pod is ready" : "");
    if (!selector_is_druids(t))
        find(t, FINDING_STATEFUL_SET_RECREATED, "/spec/selector",
             "druid deletes the StatefulSet, leaves its pods and claims, and creates it anew with "
             "its "
             "own selector");
}

static void foretell_service(struct translation *t)
{
    const char *service = kube_json_text(t->sts, "/spec/serviceName");
    const char *wanted = pool_text(&t->pool, "%s-peer", t->etcd_name);
    if (t->strategy == MIGRATE_ADOPT && !text_is(service, wanted))
        find(t, FINDING_SERVICE_NAME_CHANGES, "/spec/serviceName",
             "the pods are reached as <pod>.%s today, and as <pod>.%s under druid",
             service ? service : "", wanted);
}

static void check_overlap(struct translation *t)
{
    struct json_object *labels = NULL;
    kube_json_get_object(t->etcd, "/spec/labels", &labels, NULL);
    AUTO_JSON struct json_object *pods = copy_labels(t, labels);
    struct label own[OWN_LABELS];
    own_labels(t, own);
    for (size_t i = 0; i < OWN_LABELS; i++)
        put(t, pods, own[i].key, kube_json_string(own[i].value));
    if (selector_matches(t, get(t, "/spec/selector"), pods))
        find(t, FINDING_SELECTORS_OVERLAP, "/spec/selector",
             "the new pods carry the labels of the old ones: what selects those (Services, "
             "disruption "
             "budgets) selects these too while both run");
}

bool check_takeover(struct translation *t)
{
    if (t->strategy == MIGRATE_ADOPT) {
        check_pod_labels(t);
        check_overridden(t);
        check_immutable(t);
        foretell_pods(t);
    } else {
        check_overlap(t);
    }
    foretell_service(t);
    return check_service(t, "client") && check_service(t, "peer");
}
