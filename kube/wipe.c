#include "kube/wipe.h"

#include "kube/cleanup.h"

#include <errno.h>
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

bool kube_wipe_read(const char *file, size_t max, char **out, size_t *length, struct error *err)
{
    AUTO_FILE FILE *stream = fopen(file, "re");
    if (!stream)
        return error_set(err, ERROR_UNAVAILABLE, "%s: %s", file, strerror(errno));
    char *bytes = malloc(max + 1);
    if (!bytes)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    setvbuf(stream, NULL, _IONBF, 0); /* a buffer of stdio's would keep a copy */
    size_t read = fread(bytes, 1, max + 1, stream);
    if (!ferror(stream) && read <= max) {
        *out = bytes;
        *length = read;
        return true;
    }
    int code = errno;
    kube_wipe_free(bytes, read);
    return read > max ? error_set(err, ERROR_RANGE, "%s: more than %zu bytes", file, max)
                      : error_set(err, ERROR_UNAVAILABLE, "%s: %s", file, strerror(code));
}
