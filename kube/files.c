#include "kube/files.h"

#include "kube/base64.h"
#include "kube/cleanup.h"
#include "kube/internal.h"

#include <json-c/linkhash.h>
#include <string.h>

/* What is filed under the key of an object. */
struct entry {
    struct kube_object *object;
    const char *namespace, *name; /* lent by the object */
    const char *file;             /* lent by the collection */
    unsigned line;
};

struct kind_entries {
    struct entry **entries; /* lent by the index */
    size_t count, room;
    bool sorted;
};

struct kube_files {
    struct kube_source source;
    kube_files_warning *warn;
    void *warn_context;
    enum kube_read_from reads;
    struct lh_table *index;      /* object_key to entry, both owned */
    struct lh_table *namespaces; /* object_key without a name to nothing, of all that has objects */
    struct kind_entries kinds[KUBE_KINDS];
    char **file_names; /* owned */
    size_t file_count;
};

static bool no_memory(struct error *err)
{
    return error_set(err, ERROR_NO_MEMORY, "out of memory");
}

/* --- the collection as a source --- */

/* Different for different objects, whatever their names contain: the length says where NAMESPACE
 * ends. Names are never empty. NULL: no memory. */
static char *object_key(enum kube_kind kind, const char *namespace, const char *name)
{
    char *key;
    bool namespaced = kube_kind_info(kind)->namespaced;
    const char *used = namespaced ? namespace : "";
    return asprintf(&key, "%d %zu %s %s", (int)kind, strlen(used), used, name) < 0 ? NULL : key;
}

static bool get(struct kube_source *source, enum kube_kind kind, const char *namespace,
                const char *name, struct kube_object **out, struct error *err)
{
    struct kube_files *files = (struct kube_files *)source;
    AUTO_FREE char *key = object_key(kind, namespace, name);
    void *found = NULL;
    if (!key)
        return no_memory(err);
    if (!lh_table_lookup_ex(files->index, key, &found)) {
        const struct kube_kind_info *info = kube_kind_info(kind);
        return error_set(err, ERROR_NOT_FOUND, "%s %s%s%s is not among the manifests", info->kind,
                         info->namespaced ? namespace : "", info->namespaced ? "/" : "", name);
    }
    *out = kube_object_ref(((struct entry *)found)->object);
    return true;
}

static bool covers(struct kube_source *source, enum kube_kind kind, const char *namespace)
{
    struct kube_files *files = (struct kube_files *)source;
    AUTO_FREE char *key = object_key(kind, namespace, "");
    return key && lh_table_lookup_ex(files->namespaces, key, NULL);
}

static bool ready(struct kube_source *source, struct error *err)
{
    (void)source, (void)err;
    return true;
}

static void free_source(struct kube_source *source)
{
    kube_files_free((struct kube_files *)source);
}

static const struct kube_source_ops ops = {get, covers, ready, free_source};

struct kube_source *kube_files_source(struct kube_files *files)
{
    return &files->source;
}

static void free_entry(struct lh_entry *of_table)
{
    struct entry *entry = lh_entry_v(of_table);
    if (entry)
        kube_object_unref(entry->object);
    free(entry);
    free(lh_entry_k(of_table));
}

struct kube_files *kube_files_new(kube_files_warning *warn, void *context)
{
    struct kube_files *files = calloc(1, sizeof *files);
    if (!files)
        return NULL;
    files->source.ops = &ops;
    files->warn = warn;
    files->warn_context = context;
    files->index = lh_kchar_table_new(64, free_entry);
    files->namespaces = lh_kchar_table_new(64, free_entry);
    if (!files->index || !files->namespaces) {
        kube_files_free(files);
        return NULL;
    }
    return files;
}

void kube_files_free(struct kube_files *files)
{
    if (!files)
        return;
    if (files->index)
        lh_table_free(files->index);
    if (files->namespaces)
        lh_table_free(files->namespaces);
    for (size_t i = 0; i < KUBE_KINDS; i++)
        free(files->kinds[i].entries);
    for (size_t i = 0; i < files->file_count; i++)
        free(files->file_names[i]);
    free(files->file_names);
    free(files);
}

void kube_files_take_streams(struct kube_files *files)
{
    files->reads = KUBE_READ_STREAM;
}

enum kube_read_from kube_files_reads(const struct kube_files *files)
{
    return files->reads;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = *(struct entry *const *)a;
    const struct entry *right = *(struct entry *const *)b;
    int order = strcmp(left->namespace, right->namespace);
    return order ? order : strcmp(left->name, right->name);
}

void kube_files_each(struct kube_files *files, enum kube_kind kind,
                     bool (*each)(void *context, struct json_object *object), void *context)
{
    struct kind_entries *all = &files->kinds[kind];
    if (!all->sorted && all->count > 0)
        qsort(all->entries, all->count, sizeof(struct entry *), compare_entries);
    all->sorted = true;
    for (size_t i = 0; i < all->count; i++)
        if (!each(context, kube_object_tree(all->entries[i]->object)))
            return;
}

/* --- taking an object in --- */

/* Takes out what tools write for themselves; it can be as large as the rest. */
static void strip(struct json_object *object)
{
    struct json_object *metadata = kube_json_child(object, "metadata");
    struct json_object *annotations = kube_json_child(metadata, "annotations");
    const char *applied = "kubectl.kubernetes.io/last-applied-configuration";
    json_object_object_del(metadata, "managedFields");
    if (kube_json_child(annotations, applied)) {
        json_object_object_del(annotations, applied);
        if (kube_json_is_empty(annotations))
            json_object_object_del(metadata, "annotations");
    }
}

static bool merge_text(struct json_object *data, const char *key, struct json_object *value,
                       struct error *err)
{
    if (value && !json_object_is_type(value, json_type_string))
        return error_set(err, ERROR_INVALID, "/stringData: '%s' is not a string", key);
    const char *text = value ? json_object_get_string(value) : "";
    size_t length = value ? (size_t)json_object_get_string_len(value) : 0;
    AUTO_FREE char *encoded = kube_base64_encode(text, length);
    return kube_json_set(data, key, kube_json_string(encoded)) ? true : no_memory(err);
}

/* As the API server does when it stores a Secret. */
static bool merge_string_data(struct json_object *secret, struct error *err)
{
    struct json_object *texts, *data;
    if (!kube_json_get_object(secret, "/stringData", &texts, err) ||
        !kube_json_get_object(secret, "/data", &data, err))
        return false;
    if (!texts)
        return true;
    if (!data) {
        data = json_object_new_object();
        if (!kube_json_set(secret, "data", data))
            return no_memory(err);
    }
    json_object_object_foreach(texts, key, value)
    {
        if (!merge_text(data, key, value, err))
            return false;
    }
    json_object_object_del(secret, "stringData");
    return true;
}

/* Finds NAMESPACE ("" for kinds without one) and NAME of OBJECT, lent by it. */
static bool identify(struct json_object *object, enum kube_kind kind, const char **namespace,
                     const char **name, struct error *err)
{
    if (!kube_json_need_string(object, "/metadata/name", name, err) ||
        !kube_json_get_string(object, "/metadata/namespace", namespace, err))
        return false;
    if (!**name)
        return error_set(err, ERROR_INVALID, "/metadata/name: is empty");
    if (!kube_kind_info(kind)->namespaced) {
        *namespace = "";
    } else if (!*namespace || !**namespace) {
        if (!kube_json_set(kube_json_child(object, "metadata"), "namespace",
                           kube_json_string("default")))
            return no_memory(err);
        *namespace = kube_json_text(object, "/metadata/namespace");
    }
    return true;
}

static bool list_entry(struct kind_entries *all, struct entry *entry, struct error *err)
{
    if (all->count == all->room) {
        size_t room = all->room ? 2 * all->room : 16;
        struct entry **entries = realloc(all->entries, room * sizeof(struct entry *));
        if (!entries)
            return no_memory(err);
        all->entries = entries;
        all->room = room;
    }
    all->entries[all->count++] = entry;
    all->sorted = false;
    return true;
}

/* KEY and VALUE are taken. */
static bool insert(struct lh_table *table, char *key, struct entry *value, struct error *err)
{
    if (key && lh_table_insert(table, key, value) == 0)
        return true;
    free(key);
    if (value)
        kube_object_unref(value->object);
    free(value);
    return no_memory(err);
}

static bool note_namespace(struct kube_files *files, enum kube_kind kind, const char *namespace,
                           struct error *err)
{
    AUTO_FREE char *key = object_key(kind, namespace, "");
    if (!key)
        return no_memory(err);
    return lh_table_lookup_ex(files->namespaces, key, NULL) ||
           insert(files->namespaces, TAKE(key), NULL, err);
}

static bool conflict(const struct entry *entry, enum kube_kind kind, struct error *err)
{
    return error_set(err, ERROR_CONFLICT, "%s '%s%s%s' is there already (%s:%u)",
                     kube_kind_info(kind)->kind, entry->namespace, *entry->namespace ? "/" : "",
                     entry->name, entry->file, entry->line);
}

static bool put(struct kube_files *files, struct json_object *object, enum kube_kind kind,
                const char *file, unsigned line, struct error *err)
{
    struct entry found = {.file = file, .line = line};
    void *other = NULL;
    if (!identify(object, kind, &found.namespace, &found.name, err))
        return false;
    AUTO_FREE char *key = object_key(kind, found.namespace, found.name);
    if (!key)
        return no_memory(err);
    if (lh_table_lookup_ex(files->index, key, &other))
        return conflict(other, kind, err);
    strip(object);
    if (kind == KUBE_SECRET && !merge_string_data(object, err))
        return false;
    struct entry *entry = malloc(sizeof *entry);
    found.object = entry ? kube_object_new(json_object_get(object)) : NULL;
    if (!found.object) {
        free(entry);
        return no_memory(err);
    }
    *entry = found;
    return insert(files->index, TAKE(key), entry, err) &&
           list_entry(&files->kinds[kind], entry, err) &&
           note_namespace(files, kind, entry->namespace, err);
}

bool kube_files_put(struct kube_files *files, struct json_object *object, const char *file,
                    unsigned line, struct error *err)
{
    enum kube_kind kind;
    struct error unknown = {0};
    if (kube_kind_of(object, &kind, &unknown))
        return put(files, object, kind, file, line, err);
    if (unknown.code != ERROR_NOT_FOUND)
        return error_set(err, unknown.code, "%s", unknown.message);
    error_wrap(&unknown, "%s:%u", file, line);
    if (files->warn)
        files->warn(files->warn_context, unknown.message);
    return true;
}

const char *kube_files_remember(struct kube_files *files, const char *file)
{
    char **names = realloc(files->file_names, (files->file_count + 1) * sizeof *names);
    if (!names)
        return NULL;
    files->file_names = names;
    names[files->file_count] = strdup(file);
    return names[files->file_count] ? names[files->file_count++] : NULL;
}
