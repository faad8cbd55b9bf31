#include "patches/internal.h"

#include "kube/cleanup.h"

#include <openssl/evp.h>
#include <string.h>

/* Feeds TEXT to DIGEST as Go writes it within a JSON string: beside the escapes that JSON asks for,
 * it writes <, > and & so that HTML cannot take them for its own. Keys of a Secret have no others.
 */
static bool digest_text(EVP_MD_CTX *digest, const char *text)
{
    for (const char *c = text; *c; c++) {
        char escaped[8];
        int length = 1;
        escaped[0] = *c;
        if (strchr("<>&", *c))
            length = snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)(unsigned char)*c);
        if (!EVP_DigestUpdate(digest, escaped, (size_t)length))
            return false;
    }
    return true;
}

static bool digest_pair(EVP_MD_CTX *digest, const char *separator, const char *key,
                        const char *value)
{
    return EVP_DigestUpdate(digest, separator, strlen(separator)) &&
           EVP_DigestUpdate(digest, "\"", 1) && digest_text(digest, key) &&
           EVP_DigestUpdate(digest, "\":\"", 3) && digest_text(digest, value) &&
           EVP_DigestUpdate(digest, "\"", 1);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys of DATA sorted bytewise, as an array that the caller frees; the keys stay DATA's. */
static const char **sorted_keys(struct json_object *data, size_t *count)
{
    *count = (size_t)json_object_object_length(data);
    const char **keys = calloc(*count + 1, sizeof *keys);
    size_t used = 0;
    if (!keys)
        return NULL;
    json_object_object_foreach(data, key, value)
    {
        (void)value;
        keys[used++] = key;
    }
    qsort(keys, *count, sizeof *keys, compare_texts);
    return keys;
}

static bool digest_data(EVP_MD_CTX *digest, struct json_object *data, struct error *err)
{
    size_t count;
    AUTO_FREE const char **keys = sorted_keys(data, &count);
    if (!keys || !EVP_DigestUpdate(digest, "{", 1))
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const char *value = kube_json_as_text(json_object_object_get(data, keys[i]));
        if (!value)
            return error_set(err, ERROR_INVALID, "/data/%s: expected a base64 string", keys[i]);
        if (!digest_pair(digest, i ? "," : "", keys[i], value))
            return error_set(err, ERROR_NO_MEMORY, "out of memory");
    }
    return EVP_DigestUpdate(digest, "}", 1) || error_set(err, ERROR_NO_MEMORY, "out of memory");
}

static void cleanup_digest(EVP_MD_CTX **digest)
{
    EVP_MD_CTX_free(*digest);
}

bool patch_checksum(struct json_object *secret, char out[PATCH_CHECKSUM_SIZE], struct error *err)
{
    AUTO(cleanup_digest) EVP_MD_CTX *digest = EVP_MD_CTX_new();
    struct json_object *data;
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length;
    if (!kube_json_get_object(secret, "/data", &data, err))
        return false;
    if (!digest || !EVP_DigestInit_ex(digest, EVP_sha256(), NULL))
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    /* A Secret without data is a nil map to Go, which is written as null. */
    if (data ? !digest_data(digest, data, err) : !EVP_DigestUpdate(digest, "null", 4))
        return false;
    if (!EVP_DigestFinal_ex(digest, bytes, &length))
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    for (unsigned i = 0; i < length; i++)
        snprintf(out + 2 * (size_t)i, 3, "%02x", bytes[i]);
    return true;
}
