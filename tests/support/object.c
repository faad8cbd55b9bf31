#include "tests/support/object.h"

#include "kube/cleanup.h"
#include "kube/yaml.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static void need(bool good, const char *what, const char *why)
{
    if (!good) {
        fprintf(stderr, "test: %s: %s\n", what, why);
        abort();
    }
}

struct json_object *test_json(const char *text)
{
    AUTO_FREE char *copy = strdup(text);
    struct json_object *value = NULL;
    struct error err = {0};
    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    need(kube_json_parse(copy, strlen(copy), &value, &err), text, err.message);
    return value;
}

char *test_read_bytes(const char *file, size_t *length)
{
    AUTO_FILE FILE *stream = fopen(file, "re");
    need(stream, file, "cannot be opened");
    char *bytes = NULL;
    FILE *out = open_memstream(&bytes, length);
    char chunk[65536];
    for (size_t got; (got = fread(chunk, 1, sizeof chunk, stream)) > 0;)
        fwrite(chunk, 1, got, out);
    fclose(out);
    return bytes;
}

static bool keep_document(void *context, struct json_object *document, unsigned line,
                          struct error *err)
{
    struct json_object **out = context;
    (void)line;
    if (*out)
        return error_set(err, ERROR_INVALID, "more than one document");
    *out = json_object_get(document);
    return true;
}

struct json_object *test_read(const char *file)
{
    size_t length;
    AUTO_FREE char *bytes = test_read_bytes(file, &length);
    struct json_object *document = NULL;
    struct error err = {0};
    need(kube_yaml_read(bytes, length, keep_document, &document, &err), file, err.message);
    need(document, file, "no document");
    return document;
}

struct kube_source *test_source(const char *yaml)
{
    struct error err = {0};
    struct kube_files *files = kube_files_new(NULL, NULL);
    need(kube_files_add_text(files, "test", yaml, strlen(yaml), &err), yaml, err.message);
    return kube_files_source(files);
}

/* The container of POINTER's last segment, which is copied unescaped to KEY. */
static struct json_object *parent_of(struct json_object *object, const char *pointer, char key[512])
{
    const char *last = strrchr(pointer, '/');
    char parent[1024];
    struct json_object *container = NULL;
    need(last, pointer, "is no pointer below the root");
    snprintf(parent, sizeof parent, "%.*s", (int)(last - pointer), pointer);
    if (!kube_json_get_object(object, parent, &container, NULL))
        kube_json_get_array(object, parent, &container, NULL);
    need(container, pointer, "the parent is not there");
    size_t used = 0;
    for (const char *c = last + 1; *c; c++) {
        bool escaped = c[0] == '~';
        c += escaped;
        key[used++] = (char)(!escaped ? *c : *c == '1' ? '/' : '~');
    }
    key[used] = '\0';
    return container;
}

static void insert_item(struct json_object *array, size_t at, struct json_object *value)
{
    size_t length = json_object_array_length(array);
    need(at <= length, "add", "the index is behind the end");
    json_object_array_add(array, NULL);
    for (size_t i = length; i > at; i--)
        json_object_array_put_idx(array, i,
                                  json_object_get(json_object_array_get_idx(array, i - 1)));
    json_object_array_put_idx(array, at, value);
}

static void operate(struct json_object *object, struct json_object *operation)
{
    const char *op = kube_json_text(operation, "/op");
    const char *path = kube_json_text(operation, "/path");
    struct json_object *value = NULL;
    char key[512];
    need(op && path, "operation", json_object_to_json_string(operation));
    struct json_object *container = parent_of(object, path, key);
    bool is_array = json_object_is_type(container, json_type_array);
    size_t index = is_array ? strcmp(key, "-") == 0 ? json_object_array_length(container)
                                                    : strtoul(key, NULL, 10)
                            : 0;
    bool exists = is_array ? index < json_object_array_length(container)
                           : json_object_object_get_ex(container, key, NULL);
    if (json_object_object_get_ex(operation, "value", &value))
        value = value ? kube_json_copy(value) : NULL;
    need(strcmp(op, "add") == 0 || exists, path, "does not exist");
    if (strcmp(op, "remove") == 0)
        is_array ? (void)json_object_array_del_idx(container, index, 1)
                 : json_object_object_del(container, key);
    else if (is_array && strcmp(op, "add") == 0)
        insert_item(container, index, value);
    else if (is_array)
        json_object_array_put_idx(container, index, value);
    else
        json_object_object_add(container, key, value);
}

struct json_object *test_patched(struct json_object *object, struct json_object *operations)
{
    struct json_object *copy = kube_json_copy(object);
    for (size_t i = 0; i < json_object_array_length(operations); i++)
        operate(copy, json_object_array_get_idx(operations, i));
    return copy;
}

char *test_replaced(char *text, const char *const *pairs)
{
    for (; *pairs; pairs += 2) {
        char *replaced = NULL;
        size_t length;
        FILE *out = open_memstream(&replaced, &length);
        const char *rest = text;
        need(strstr(text, pairs[0]), pairs[0], "does not occur");
        for (const char *hit; (hit = strstr(rest, pairs[0])); rest = hit + strlen(pairs[0])) {
            fwrite(rest, 1, (size_t)(hit - rest), out);
            fputs(pairs[1], out);
        }
        fputs(rest, out);
        fclose(out);
        free(text);
        text = replaced;
    }
    return text;
}

void test_change(struct json_object *object, const char *pointer, struct json_object *value)
{
    char key[512];
    struct json_object *container = parent_of(object, pointer, key);
    if (json_object_is_type(container, json_type_array)) {
        size_t index = strtoul(key, NULL, 10);
        value ? (void)json_object_array_put_idx(container, index, value)
              : (void)json_object_array_del_idx(container, index, 1);
    } else if (value) {
        json_object_object_add(container, key, value);
    } else {
        json_object_object_del(container, key);
    }
}

const char *test_shared(void)
{
    const char *shared = getenv("SHARED");
    if (!shared)
        shared = "../shared";
    return access(shared, R_OK) == 0 ? shared : NULL;
}
