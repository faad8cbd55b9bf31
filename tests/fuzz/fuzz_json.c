/* JSON from strangers: what is read is written, read again, and found to be the same. */
#include "kube/json.h"

#include "kube/cleanup.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool good)
{
    if (!good)
        abort();
}

/* Every leaf is reached by the pointer to it. */
static void look_at(struct json_object *root, struct json_object *value, char *pointer)
{
    struct json_object *found = NULL;
    must(kube_json_get(root, pointer, json_object_get_type(value), &found, NULL));
    must(found == value);
    kube_json_is_empty(value);
    kube_json_as_text(value);
    size_t end = strlen(pointer);
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member)
        {
            if (kube_pointer_push(pointer, key, NULL))
                look_at(root, member, pointer);
            pointer[end] = '\0';
        }
    }
    if (json_object_is_type(value, json_type_array)) {
        kube_json_named(value, "a", NULL);
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            char index[24];
            snprintf(index, sizeof index, "%zu", i);
            if (kube_pointer_push(pointer, index, NULL))
                look_at(root, json_object_array_get_idx(value, i), pointer);
            pointer[end] = '\0';
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO_JSON struct json_object *tree = NULL;
    struct error err = {0};
    if (!kube_json_parse((const char *)bytes, length, &tree, &err)) {
        must(err.code == ERROR_INVALID && !tree && *err.message);
        return 0;
    }
    char pointer[KUBE_POINTER_SIZE] = "";
    look_at(tree, tree, pointer);
    AUTO_JSON struct json_object *copy = kube_json_copy(tree);
    must(json_object_equal(tree, copy));
    const char *written = kube_json_write(tree);
    AUTO_JSON struct json_object *again = NULL;
    must(kube_json_parse(written, strlen(written), &again, NULL));
    must(json_object_equal(tree, again));
    return 0;
}
