#include "kube/wipe.h"

#include <json-c/json.h>
#include <openssl/crypto.h>
#include <stdint.h>
#include <string.h>

void kube_wipe_free(void *bytes, size_t length)
{
    if (bytes)
        OPENSSL_cleanse(bytes, length);
    free(bytes);
}

void kube_wipe_json(struct json_object *value)
{
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member)
        {
            (void)key;
            kube_wipe_json(member);
        }
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            kube_wipe_json(json_object_array_get_idx(value, i));
    } else if (json_object_is_type(value, json_type_string)) {
        /* json-c lends its own copy of the text and keeps no other. */
        uintptr_t text = (uintptr_t)json_object_get_string(value);
        OPENSSL_cleanse((void *)text, (size_t)json_object_get_string_len(value)); // NOLINT
    }
}

__attribute__((noinline)) void kube_wipe_stack(void)
{
    unsigned char below[64 << 10];
    OPENSSL_cleanse(below, sizeof below);
}
