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

static bool check_operation(const struct webhook_review *review, struct error *err)
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
        return true;
    }
    return error_set(
        err, ERROR_INVALID,
        "/request/operation: found '%.64s', expected CREATE, UPDATE, DELETE or CONNECT",
        review->operation);
}

/* The name as the request says it, else as the object does. Neither: generateName is at work. */
static bool find_name(struct webhook_review *review, struct error *err)
{
    if (!kube_json_get_string(review->tree, "/request/name", &review->name, err))
        return false;
    if (!review->name || !*review->name)
        review->name = kube_json_text(review->object, "/metadata/name");
    return true;
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
        !kube_json_get_string(tree, "/request/namespace", &review->namespace, err) ||
        !kube_json_get_string(tree, "/request/userInfo/username", &review->user, err) ||
        !kube_json_get(tree, "/request/dryRun", json_type_boolean, &dry_run, err) ||
        !kube_json_get_object(tree, "/request/object", &review->object, err) ||
        !kube_json_get_object(tree, "/request/oldObject", &review->old_object, err))
        return false;
    review->dry_run = json_object_get_boolean(dry_run);
    if (!review->group)
        review->group = "";
    if (!review->namespace)
        review->namespace = "";
    if (!*review->uid)
        return error_set(err, ERROR_INVALID, "/request/uid: is empty");
    return check_namespace(review->namespace, err) && check_operation(review, err) &&
           find_name(review, err);
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
