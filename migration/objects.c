#include "migration/internal.h"

#include "kube/base64.h"

#include <string.h>

struct held_object {
    struct held_object *next;
    enum kube_kind kind;
    const char *namespace, *name;
    struct kube_object *object; /* NULL: the source has none */
};

static struct held_object *held(struct translation *t, enum kube_kind kind, const char *namespace,
                                const char *name)
{
    for (struct held_object *h = t->held; h; h = h->next)
        if (h->kind == kind && strcmp(h->namespace, namespace) == 0 && strcmp(h->name, name) == 0)
            return h;
    return NULL;
}

bool object_get(struct translation *t, enum kube_kind kind, const char *namespace, const char *name,
                struct json_object **out, bool *known_absent)
{
    struct held_object *found = held(t, kind, namespace, name);
    if (!found) {
        AUTO_OBJECT struct kube_object *object = NULL;
        struct error error = {0};
        if (!kube_source_get(t->source, kind, namespace, name, &object, &error) &&
            error.code != ERROR_NOT_FOUND)
            return error_set(t->err, error.code, "%s", error.message);
        found = pool_zero(&t->pool, sizeof *found);
        if (!found)
            return error_set(t->err, ERROR_NO_MEMORY, "out of memory");
        *found = (struct held_object){.next = t->held,
                                      .kind = kind,
                                      .namespace = pool_text(&t->pool, "%s", namespace),
                                      .name = pool_text(&t->pool, "%s", name),
                                      .object = TAKE(object)};
        t->held = found;
    }
    *out = kube_object_tree(found->object);
    if (known_absent)
        *known_absent = !found->object && kube_source_covers(t->source, kind, namespace);
    return true;
}

bool secret_value(struct translation *t, const char *name, const char *key, unsigned char **out,
                  size_t *length)
{
    struct held_object *found = held(t, KUBE_SECRET, t->model.namespace, name);
    struct json_object *tree = found ? kube_object_tree(found->object) : NULL;
    const char *plain =
        kube_json_as_text(kube_json_child(kube_json_child(tree, "stringData"), key));
    const char *encoded = kube_json_as_text(kube_json_child(kube_json_child(tree, "data"), key));
    /* A manifest that was not yet applied may have stringData, which then wins over data. */
    if (plain) {
        *out = (unsigned char *)strdup(plain);
        *length = strlen(plain);
        return *out != NULL;
    }
    return encoded && kube_base64_decode(encoded, out, length, NULL);
}

void objects_release(struct translation *t)
{
    for (struct held_object *h = t->held; h; h = h->next)
        kube_object_unref(h->object);
    t->held = NULL;
}
