#include "kube/list.h"

#include <string.h>

bool kube_list_is(struct json_object *object)
{
    const char *kind = kube_json_text(object, "/kind");
    size_t length = kind ? strlen(kind) : 0;
    size_t suffix = strlen("List");
    if (length < suffix || strcmp(kind + length - suffix, "List") != 0)
        return false;
    return length == suffix ||
           json_object_is_type(kube_json_child(object, "items"), json_type_array);
}

bool kube_list_complete(struct json_object *list, struct json_object *item)
{
    const char *kind = kube_json_text(list, "/kind");
    const char *api_version = kube_json_text(list, "/apiVersion");
    int length = (int)(strlen(kind) - strlen("List"));
    if (length == 0 || !api_version || !json_object_is_type(item, json_type_object) ||
        kube_json_child(item, "kind") || kube_json_child(item, "apiVersion"))
        return true;
    return kube_json_set(item, "apiVersion", kube_json_string(api_version)) &&
           kube_json_set(item, "kind", kube_json_stringf("%.*s", length, kind));
}
