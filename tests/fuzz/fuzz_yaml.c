/* YAML from strangers: what is read is written, read again, and found to be the same; and it is
 * taken for manifests. */
#include "kube/files.h"
#include "kube/yaml.h"

#include "kube/cleanup.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool good)
{
    if (!good)
        abort();
}

static bool keep(void *context, struct json_object *document, unsigned line, struct error *err)
{
    (void)line, (void)err;
    struct json_object **kept = context;
    must(!*kept);
    *kept = json_object_get(document);
    return true;
}

/* What comes back of TREE; owned by the caller. */
static struct json_object *write_and_read(struct json_object *tree)
{
    AUTO_FREE char *text = kube_yaml_write(tree);
    struct json_object *again = NULL;
    must(kube_yaml_read(text, strlen(text), keep, &again, NULL));
    return again;
}

static bool try_document(void *context, struct json_object *document, unsigned line,
                         struct error *err)
{
    (void)context, (void)err;
    must(line >= 1);
    kube_yaml_key_line(document, "a");
    AUTO_JSON struct json_object *copy = kube_json_copy(document);
    must(json_object_equal(document, copy));
    AUTO_JSON struct json_object *again = write_and_read(document);
    /* JSON has fractions that are whole, which YAML's reader makes integers of. */
    AUTO_JSON struct json_object *twice = write_and_read(again);
    must(json_object_equal(again, twice));
    must(json_object_equal(document, again) || kube_yaml_line(document) == 0);
    return true;
}

static bool visit(void *context, struct json_object *object)
{
    (void)context;
    must(kube_json_text(object, "/metadata/name") != NULL);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct error err = {0};
    bool good = kube_yaml_read((const char *)bytes, length, try_document, NULL, &err);
    must(good || (err.code == ERROR_INVALID && strncmp(err.message, "line ", 5) == 0));
    struct kube_files *files = kube_files_new(NULL, NULL);
    if (kube_files_add_text(files, "in", (const char *)bytes, length, &err))
        for (int kind = 0; kind < KUBE_KINDS; kind++)
            kube_files_each(files, (enum kube_kind)kind, visit, NULL);
    kube_files_free(files);
    return 0;
}
