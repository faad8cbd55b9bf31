/* An AdmissionReview as the program sees it, in both versions alike. */
#ifndef WEBHOOK_REVIEW_H
#define WEBHOOK_REVIEW_H

#include "kube/json.h"
#include "kube/work.h"

struct webhook_review {
    struct json_object *tree; /* owned; everything below is lent from it */
    const char *api_version;  /* "admission.k8s.io/v1" or "admission.k8s.io/v1beta1" */
    const char *uid;
    const char *operation;          /* CREATE, UPDATE, DELETE or CONNECT */
    const char *group;              /* of request.resource; "" for core */
    const char *resource;           /* "statefulsets" */
    const char *subresource;        /* "": none */
    const char *namespace;          /* "" for what has none */
    const char *name;               /* NULL: the API server is still to generate it */
    const char *user;               /* request.userInfo.username; NULL: not said */
    bool dry_run;                   /* nothing of it will be stored */
    struct json_object *object;     /* NULL on DELETE */
    struct json_object *old_object; /* NULL on CREATE */
};

/* Reads BODY (LENGTH bytes), as long as WORK (NULL: no limit) goes on. ERROR_INVALID: no
 * AdmissionReview, or one that no API server sends: a part is missing, or two parts disagree about
 * the name, namespace or kind of what this program acts on. The message says what was found where;
 * of an object it quotes names only. */
bool webhook_review_parse(const char *body, size_t length, struct kube_work *work,
                          struct webhook_review *review, struct error *err);
void webhook_review_free(struct webhook_review *review);

#endif
