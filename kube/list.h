/* Lists of the Kubernetes API: "List" with objects of any kind, and typed ones such as
 * "StatefulSetList", whose items may leave out their kind. */
#ifndef KUBE_LIST_H
#define KUBE_LIST_H

#include "kube/json.h"

/* Whether OBJECT is a list: its kind is List, or ends so and it has items. */
bool kube_list_is(struct json_object *object);

/* Gives ITEM of LIST the kind and apiVersion that a typed list has for it, unless it has its own.
 * False only for want of memory. */
bool kube_list_complete(struct json_object *list, struct json_object *item);

#endif
