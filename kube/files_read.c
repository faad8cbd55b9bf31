/* The reading half of kube/files.h: what a path, a text, a document holds. */
#include "kube/files.h"
#include "kube/internal.h"
#include "kube/list.h"

#include "kube/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIRECTORY_DEPTH = 32 };

/* The largest file that is read, 1 GiB. */
static const size_t file_limit = (size_t)1 << 30;

static bool no_memory(struct error *err)
{
    return error_set(err, ERROR_NO_MEMORY, "out of memory");
}

/* --- documents --- */

struct reading {
    struct kube_files *files;
    const struct kube_text *text;
    char pointer[KUBE_POINTER_SIZE]; /* to the object, where its line alone would not tell it */
};

static bool take(struct reading *reading, struct json_object *object, unsigned line,
                 struct error *err);

/* Lists within lists go no deeper than documents nest. */
static bool take_items(struct reading *reading, struct json_object *list, struct json_object *items,
                       unsigned line, struct error *err)
{
    size_t count = items ? json_object_array_length(items) : 0;
    size_t end = strlen(reading->pointer);
    for (size_t i = 0; i < count; i++) {
        struct json_object *item = json_object_array_get_idx(items, i);
        unsigned item_line = kube_yaml_line(item);
        if (!kube_list_complete(list, item))
            return no_memory(err);
        if (!item_line)
            snprintf(reading->pointer + end, sizeof reading->pointer - end, "/items/%zu", i);
        if (!take(reading, item, item_line ? item_line : line, err))
            return false;
        reading->pointer[end] = '\0';
    }
    return true;
}

static bool take(struct reading *reading, struct json_object *object, unsigned line,
                 struct error *err)
{
    struct json_object *items = NULL;
    bool good = kube_list_is(object)
                    ? kube_json_get_array(object, "/items", &items, err)
                    : kube_files_put(reading->files, object, reading->text->name, line, err);
    if (good)
        return take_items(reading, object, items, line, err);
    if (*reading->pointer)
        error_wrap(err, "%s", reading->pointer);
    return kube_text_wrap(reading->text, line, err);
}

static bool take_document(void *context, struct json_object *document, unsigned line,
                          struct error *err)
{
    return take(context, document, line, err);
}

bool kube_files_add_text(struct kube_files *files, const char *name, const char *text,
                         size_t length, struct error *err)
{
    const char *kept = kube_files_remember(files, name);
    if (!kept)
        return no_memory(err);
    const struct kube_text named = {.name = kept, .bytes = text, .length = length};
    struct reading reading = {.files = files, .text = &named};
    return kube_yaml_read_text(&named, take_document, &reading, err);
}

/* --- files --- */

static bool unavailable(const char *name, struct error *err)
{
    return error_set(err, ERROR_UNAVAILABLE, "%s: %s", name, strerror(errno));
}

static bool add_bytes(struct kube_files *files, const char *name, char *text, size_t length,
                      struct error *err)
{
    bool added = kube_files_add_text(files, name, text, length, err);
    free(text);
    return added;
}

/* What is read again at a reload would be gone then. */
static bool add_standard_input(struct kube_files *files, struct error *err)
{
    const char *name = "standard input";
    char *text;
    size_t length;
    if (kube_files_reads(files) != KUBE_READ_STREAM)
        return error_set(err, ERROR_UNAVAILABLE,
                         "-: found %s, expected a regular file or a directory", name);
    return kube_read_descriptor(STDIN_FILENO, name, KUBE_READ_STREAM, file_limit, &text, &length,
                                err) &&
           add_bytes(files, name, text, length, err);
}

static bool add_file(struct kube_files *files, const char *path, struct error *err)
{
    char *text;
    size_t length;
    return kube_read(path, kube_files_reads(files), file_limit, &text, &length, err) &&
           add_bytes(files, path, text, length, err);
}

/* --- directories --- */

/* Mounts of ConfigMaps and Secrets have everything twice, the second time below such names. */
static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_manifest(const char *name)
{
    const char *suffix = strrchr(name, '.');
    return suffix && (strcmp(suffix, ".yaml") == 0 || strcmp(suffix, ".yml") == 0 ||
                      strcmp(suffix, ".json") == 0);
}

static bool add_path(struct kube_files *files, const char *path, size_t depth, struct error *err);

static bool add_entry(struct kube_files *files, const char *directory, const char *name,
                      size_t depth, struct error *err)
{
    AUTO_FREE char *path = NULL;
    struct stat status;
    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        path = NULL;
        return no_memory(err);
    }
    if (stat(path, &status) != 0)
        return is_manifest(name) ? unavailable(path, err) : true;
    bool wanted = S_ISDIR(status.st_mode) || (S_ISREG(status.st_mode) && is_manifest(name));
    return !wanted || add_path(files, path, depth, err);
}

static bool add_directory(struct kube_files *files, const char *path, size_t depth,
                          struct error *err)
{
    struct dirent **entries;
    if (depth > DIRECTORY_DEPTH)
        return error_set(err, ERROR_UNAVAILABLE, "%s: directories nest deeper than %d", path,
                         DIRECTORY_DEPTH);
    int count = scandir(path, &entries, is_visible, compare_names);
    if (count < 0)
        return unavailable(path, err);
    bool added = true;
    for (int i = 0; i < count; i++) {
        added = added && add_entry(files, path, entries[i]->d_name, depth + 1, err);
        free(entries[i]);
    }
    free(entries);
    return added;
}

static bool add_path(struct kube_files *files, const char *path, size_t depth, struct error *err)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return unavailable(path, err);
    return S_ISDIR(status.st_mode) ? add_directory(files, path, depth, err)
                                   : add_file(files, path, err);
}

bool kube_files_add(struct kube_files *files, const char *path, struct error *err)
{
    return strcmp(path, "-") == 0 ? add_standard_input(files, err) : add_path(files, path, 0, err);
}
