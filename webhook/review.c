#include "webhook/review.h"

#include "kube/cleanup.h"

#include <ctype.h>
#include <string.h>

/* A namespace is a DNS label; what is not cannot come from an API server. Source: RFC 1123. */
static bool check_namespace(const char *namespace, struct error *err)
{
    size_t length = strlen(namespace);
    bool good = length <= 63;
    for (size_t i = 0; good && i < length; i++)
        good = islower((unsigned char)namespace[i]) || isdigit((unsigned char)namespace[i]) ||
               (namespace[i] == '-' && i != 0 && i != length - 1);
    return good || error_set(err, ERROR_INVALID,
                             "/request/namespace: found '%.64s', expected a DNS label", namespace);
}

static bool check_header(struct json_object *tree, struct webhook_review *review, struct error *err)
{
    const char *kind;
    if (!kube_json_need_string(tree, "/apiVersion", &review->api_version, err) ||
        !kube_json_need_string(tree, "/kind", &kind, err))
        return false;
    if (strcmp(kind, "AdmissionReview") != 0)
        return error_set(err, ERROR_INVALID, "/kind: found '%.64s', expected AdmissionReview",
                         kind);
    if (strcmp(review->api_version, "admission.k8s.io/v1") != 0 &&
        strcmp(review->api_version, "admission.k8s.io/v1beta1") != 0)
        return error_set(err, ERROR_INVALID,
                         "/apiVersion: found '%.64s', expected admission.k8s.io/v1 or "
                         "admission.k8s.io/v1beta1",
                         review->api_version);
    return true;
}

/* Each operation has its objects; one that it does not have is not looked at. */
static bool check_operation(struct webhook_review *review, struct error *err)
{
    static const struct {
        const char *operation;
        bool object, old_object; /* which must be there */
    } operations[] = {
        {"CREATE", true, false},
        {"UPDATE", true, true},
        {"DELETE", false, false},
        {"CONNECT", false, false},
    };
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (strcmp(review->operation, operations[i].operation) != 0)
            continue;
        if (operations[i].object && !review->object)
            return error_set(err, ERROR_INVALID, "/request/object: missing, expected a map");
        if (operations[i].old_object && !review->old_object)
            return error_set(err, ERROR_INVALID, "/request/oldObject: missing, expected a map");
        if (operations[i].object && !operations[i].old_object)
            review->old_object = NULL;
        return true;
    }
    return error_set(
        err, ERROR_INVALID,
        "/request/operation: found '%.64s', expected CREATE, UPDATE, DELETE or CONNECT",
        review->operation);
}

/* The kinds of what this program acts on. request.requestKind and requestResource are not looked
 * at: they are the caller's version (matchPolicy Equivalent), and the objects have been converted.
 */
static const struct kind {
    const char *group, *resource, *subresource;
    const char *kind_group, *kind;
} kinds[] = {
    {"apps", "statefulsets", "", "apps", "StatefulSet"},
    {"apps", "statefulsets", "scale", "autoscaling", "Scale"},
    {"druid.gardener.cloud", "etcds", "", "druid.gardener.cloud", "Etcd"},
};

static const struct kind *find_kind(const struct webhook_review *review)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(review->group, kinds[i].group) == 0 &&
            strcmp(review->resource, kinds[i].resource) == 0 &&
            strcmp(review->subresource, kinds[i].subresource) == 0)
            return &kinds[i];
    return NULL;
}

/* request.kind may be absent: nothing is decided by it. */
static bool check_kind(const struct webhook_review *review, const struct kind *expected,
                       struct error *err)
{
    const char *group;
    const char *kind;
    if (!kube_json_get_string(review->tree, "/request/kind/group", &group, err) ||
        !kube_json_get_string(review->tree, "/request/kind/kind", &kind, err))
        return false;
    return (!kind || (strcmp(kind, expected->kind) == 0 && group &&
                      strcmp(group, expected->kind_group) == 0)) ||
           error_set(err, ERROR_INVALID,
                     "/request/kind: found '%.64s' of group '%.64s', expected %s of group %s, as "
                     "/request/resource is %s",
                     kind, group ? group : "", expected->kind, expected->kind_group,
                     expected->resource);
}

/* One text that the request and both objects may say: the first that does counts, and no other may
 * say otherwise. Neither: *out is NULL. */
static bool find_text(const struct webhook_review *review, const char *pointer, const char **out,
                      struct error *err)
{
    const char *const places[] = {"/request", "/request/object/metadata",
                                  "/request/oldObject/metadata"};
    const char *first = NULL;
    *out = NULL;
    size_t count = sizeof places / sizeof *places - !review->old_object;
    for (size_t i = 0; i < count; i++) {
        char place[64];
        const char *text;
        snprintf(place, sizeof place, "%s%s", places[i], pointer);
        if (!kube_json_get_string(review->tree, place, &text, err))
            return false;
        if (!text || !*text)
            continue;
        if (*out && strcmp(*out, text) != 0)
            return error_set(err, ERROR_INVALID, "%s: found '%.253s', expected '%.253s' as in %s%s",
                             place, text, *out, first, pointer);
        if (!*out) {
            *out = text;
            first = places[i];
        }
    }
    return true;
}

/* What the request itself says, of objects that this program does not act on. */
static bool read_names(struct webhook_review *review, struct error *err)
{
    return kube_json_get_string(review->tree, "/request/name", &review->name, err) &&
           kube_json_get_string(review->tree, "/request/namespace", &review->namespace, err);
}

/* Neither a name in the request nor in an object: generateName is at work. */
static bool find_names(struct webhook_review *review, const struct kind *kind, struct error *err)
{
    return check_kind(review, kind, err) && find_text(review, "/name", &review->name, err) &&
           find_text(review, "/namespace", &review->namespace, err);
}

static bool fill(struct webhook_review *review, struct error *err)
{
    struct json_object *tree = review->tree;
    struct json_object *request;
    struct json_object *dry_run;
    if (!json_object_is_type(tree, json_type_object))
        return error_set(err, ERROR_INVALID, "expected a map, an AdmissionReview");
    if (!check_header(tree, review, err) ||
        !kube_json_need_object(tree, "/request", &request, err) ||
        !kube_json_need_string(tree, "/request/uid", &review->uid, err) ||
        !kube_json_need_string(tree, "/request/operation", &review->operation, err) ||
        !kube_json_get_string(tree, "/request/resource/group", &review->group, err) ||
        !kube_json_need_string(tree, "/request/resource/resource", &review->resource, err) ||
        !kube_json_get_string(tree, "/request/subResource", &review->subresource, err) ||
        !kube_json_get_string(tree, "/request/userInfo/username", &review->user, err) ||
        !kube_json_get(tree, "/request/dryRun", json_type_boolean, &dry_run, err) ||
        !kube_json_get_object(tree, "/request/object", &review->object, err) ||
        !kube_json_get_object(tree, "/request/oldObject", &review->old_object, err))
        return false;
    review->dry_run = json_object_get_boolean(dry_run);
    if (!review->group)
        review->group = "";
    if (!review->subresource)
        review->subresource = "";
    if (!*review->uid)
        return error_set(err, ERROR_INVALID, "/request/uid: is empty");
    const struct kind *kind = find_kind(review);
    if (!check_operation(review, err) ||
        !(kind ? find_names(review, kind, err) : read_names(review, err)))
        return false;
    if (!review->namespace)
        review->namespace = "";
    return check_namespace(review->namespace, err);
}

bool webhook_review_parse(const char *body, size_t length, struct kube_work *work,
                          struct webhook_review *review, struct error *err)
{
    struct webhook_review read = {0};
    if (!kube_json_parse_while(work, body, length, &read.tree, err))
        return false;
    if (!fill(&read, err)) {
        webhook_review_free(&read);
        return false;
    }
    *review = read;
    return true;
}

void webhook_review_free(struct webhook_review *review)
{
    json_object_put(TAKE(review->tree));
}
