#include "migration/internal.h"

#include "kube/base64.h"

#include <string.h>

struct held_object {
    struct kube_object *object; /* NULL: the source has none */
};

/* The name under which an object is held, in T's pool; namespaces have no slash. */
static const char *held_name(struct translation *t, const char *namespace, const char *name)
{
    return pool_text(&t->pool, "%s/%s", namespace, name);
}

static void release(void *object)
{
    kube_object_unref(object);
}

/* Asks the source. *OUT is NULL where the translation cannot go on. */
static bool ask(struct translation *t, enum kube_kind kind, const char *namespace, const char *name,
                struct held_object **out)
{
    AUTO_OBJECT struct kube_object *object = NULL;
    struct error error = {0};
    if (!translation_goes_on(t))
        return false;
    if (!kube_source_get(t->source, kind, namespace, name, &object, &error) &&
        error.code != ERROR_NOT_FOUND)
        return error_set(t->err, error.code, "%s", error.message);
    struct held_object *held = pool_zero(&t->kept, sizeof *held);
    if (!held)
        return error_set(t->err, ERROR_NO_MEMORY, "out of memory");
    held->object = object;
    *out = held;
    return pool_own(&t->kept, release, TAKE(object)) &&
           names_put(&t->kept, &t->held[kind], pool_text(&t->kept, "%s/%s", namespace, name), held);
}

bool object_get(struct translation *t, enum kube_kind kind, const char *namespace, const char *name,
                struct json_object **out, bool *known_absent)
{
    struct pool_mark mark = pool_mark(&t->pool);
    struct held_object *held = names_get(&t->held[kind], held_name(t, namespace, name));
    pool_release(&t->pool, mark);
    if (!held && !ask(t, kind, namespace, name, &held))
        return false;
    *out = kube_object_tree(held->object);
    if (known_absent)
        *known_absent = !held->object && kube_source_covers(t->source, kind, namespace);
    return true;
}

bool secret_value(struct translation *t, const char *name, const char *key, unsigned char **out,
                  size_t *length)
{
    const struct held_object *held =
        names_get(&t->held[KUBE_SECRET], held_name(t, t->model.namespace, name));
    struct json_object *tree = held ? kube_object_tree(held->object) : NULL;
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
