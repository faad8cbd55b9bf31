/* The pod's volumes and the claim templates by name: the first of a name counts. */
#include "migration/internal.h"

static const char volumes_at[] = "/spec/template/spec/volumes";
static const char claims_at[] = "/spec/volumeClaimTemplates";

/* Files the indices, from 1 on, of the list at POINTER. */
static void file_list(struct translation *t, const char *pointer, const char *name_pointer,
                      struct names *out)
{
    struct json_object *list = NULL;
    kube_json_get_array(t->sts, pointer, &list, NULL);
    for (size_t i = 0; i < list_length(list) && goes_on(t); i++) {
        const char *name = kube_json_text(list_item(list, i), name_pointer);
        if (name)
            names_add(&t->pool, out, name, (void *)(uintptr_t)(i + 1));
    }
}

void volumes_read(struct translation *t)
{
    file_list(t, volumes_at, "/name", &t->model.volumes);
    file_list(t, claims_at, "/metadata/name", &t->model.claims);
}

static struct json_object *filed(struct translation *t, const struct names *names,
                                 const char *pointer, const char *name, const char **path)
{
    struct json_object *list = NULL;
    size_t number = (uintptr_t)names_get(names, name);
    if (!number || !kube_json_get_array(t->sts, pointer, &list, NULL))
        return NULL;
    *path = pointer_at(t, pointer, number - 1);
    return list_item(list, number - 1);
}

struct json_object *pod_volume(struct translation *t, const char *name, const char **path)
{
    return filed(t, &t->model.volumes, volumes_at, name, path);
}

struct json_object *claim_named(struct translation *t, const char *name, const char **path)
{
    return filed(t, &t->model.claims, claims_at, name, path);
}
