/* Many StatefulSets in one call. */
#include "migration/internal.h"

#include <stdlib.h>
#include <string.h>

struct sets {
    struct json_object **items; /* lent */
    size_t count, capacity;
    bool failed;
};

static bool collect(void *context, struct json_object *object)
{
    struct sets *names = context;
    if (names->count == names->capacity) {
        size_t larger = names->capacity ? 2 * names->capacity : 64;
        struct json_object **moved = realloc(names->items, larger * sizeof(struct json_object *));
        if (!moved) {
            names->failed = true;
            return false;
        }
        names->items = moved;
        names->capacity = larger;
    }
    names->items[names->count++] = object;
    return true;
}

static const char *namespace_of(struct json_object *object)
{
    const char *namespace = kube_json_text(object, "/metadata/namespace");
    return namespace ? namespace : "default";
}

static const char *name_of(struct json_object *object)
{
    const char *name = kube_json_text(object, "/metadata/name");
    return name ? name : "";
}

static int compare(const void *a, const void *b)
{
    struct json_object *one = *(struct json_object *const *)a;
    struct json_object *other = *(struct json_object *const *)b;
    int namespaces = strcmp(namespace_of(one), namespace_of(other));
    return namespaces ? namespaces : strcmp(name_of(one), name_of(other));
}

/* Whether STS is to be translated; else *REASON says why not. */
static bool is_asked(struct json_object *sts, const struct migrate_options *options,
                     const char **reason)
{
    if (options->only && strcmp(options->only, name_of(sts)) != 0) {
        *reason = "it was not asked for (--only)";
        return false;
    }
    return migrate_runs_etcd(sts, reason);
}

/* One name for two etcds of a namespace would make one Etcd of both, and that one etcd was stopped
 * says nothing of another. */
static bool check_batch(const struct sets *names, const struct migrate_options *options,
                        struct error *err)
{
    const char *last = NULL, *reason;
    size_t asked = 0;
    for (size_t i = 0; i < names->count; i++) {
        const char *namespace = namespace_of(names->items[i]);
        if (!is_asked(names->items[i], options, &reason))
            continue;
        if (options->name && last && strcmp(last, namespace) == 0)
            return error_set(
                err, ERROR_INVALID,
                "--name '%s': namespace %s has more than one etcd, and they cannot share it",
                options->name, namespace);
        last = namespace;
        if (options->old_is_stopped && ++asked > 1)
            return error_set(err, ERROR_INVALID,
                             "--old-is-stopped: the input has more than one etcd; say which is "
                             "stopped with --only NAME");
    }
    return true;
}

static bool translate(struct json_object *sts, struct kube_source *source,
                      const struct migrate_options *options, size_t index, size_t total,
                      migrate_each *each, void *context, struct error *err)
{
    const char *reason;
    if (!is_asked(sts, options, &reason)) {
        AUTO_JSON struct json_object *skipped = kube_json_object(
            "namespace", kube_json_string(namespace_of(sts)), "statefulSet",
            kube_json_string(name_of(sts)), "reason", kube_json_string(reason), NULL);
        if (!skipped)
            return error_set(err, ERROR_NO_MEMORY, "out of memory");
        return each(context, index, total, NULL, skipped, err);
    }
    AUTO_MIGRATE_RESULT struct migrate_result result = {0};
    if (!migrate_stateful_set(sts, source, options, &result, err))
        return error_wrap(err, "StatefulSet %s/%s", namespace_of(sts), name_of(sts));
    return each(context, index, total, &result, NULL, err);
}

static bool translate_all(struct sets *names, struct kube_source *source,
                          const struct migrate_options *options, migrate_each *each, void *context,
                          struct error *err)
{
    if (names->failed)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    if (names->count)
        qsort(names->items, names->count, sizeof(struct json_object *), compare);
    if (!check_batch(names, options, err))
        return false;
    for (size_t i = 0; i < names->count; i++)
        if (!translate(names->items[i], source, options, i, names->count, each, context, err))
            return false;
    return true;
}

bool migrate_files(struct kube_files *files, struct kube_source *source,
                   const struct migrate_options *options, migrate_each *each, void *context,
                   struct error *err)
{
    struct sets names = {0};
    kube_files_each(files, KUBE_STATEFUL_SET, collect, &names);
    bool done = translate_all(&names, source ? source : kube_files_source(files), options, each,
                              context, err);
    free(names.items);
    return done;
}

/* --- a list from elsewhere --- */

struct lists {
    struct json_object *items, *skipped;
};

static bool add_to_lists(void *context, size_t index, size_t total,
                         const struct migrate_result *result, struct json_object *skipped,
                         struct error *err)
{
    struct lists *lists = context;
    (void)index;
    (void)total;
    bool added;
    if (skipped) {
        added = kube_json_append(lists->skipped, json_object_get(skipped));
    } else {
        struct json_object *item = json_object_new_object();
        /* json-c's null is a NULL, which kube_json_set takes for want of memory. */
        added = item && json_object_object_add(item, "etcd", json_object_get(result->etcd)) == 0 &&
                kube_json_set(item, "report", json_object_get(result->report));
        if (added)
            added = kube_json_append(lists->items, item);
        else
            json_object_put(item);
    }
    return added || error_set(err, ERROR_NO_MEMORY, "out of memory");
}

static bool is_list(struct json_object *object)
{
    const char *kind = kube_json_text(object, "/kind");
    size_t length = kind ? strlen(kind) : 0;
    return length >= 4 && strcmp(kind + length - 4, "List") == 0;
}

static bool collect_list(struct json_object *object, struct sets *names, struct error *err)
{
    struct json_object *items = NULL;
    enum kube_kind kind;
    if (!is_list(object)) {
        if (!kube_kind_of(object, &kind, err))
            return false;
        if (kind != KUBE_STATEFUL_SET)
            return error_set(err, ERROR_INVALID, "/kind: found '%s', expected StatefulSet or List",
                             kube_kind_info(kind)->kind);
        return collect(names, object) || error_set(err, ERROR_NO_MEMORY, "out of memory");
    }
    if (!kube_json_get_array(object, "/items", &items, err))
        return false;
    for (size_t i = 0; i < list_length(items); i++) {
        struct json_object *item = list_item(items, i);
        if (!json_object_is_type(item, json_type_object))
            return error_set(err, ERROR_INVALID, "/items/%zu: expected a map", i);
        if (text_is(kube_json_text(item, "/kind"), "StatefulSet") && !collect(names, item))
            return error_set(err, ERROR_NO_MEMORY, "out of memory");
    }
    return true;
}

bool migrate_list(struct json_object *object, struct kube_source *source,
                  const struct migrate_options *options, struct json_object **out,
                  struct error *err)
{
    struct sets names = {0};
    AUTO_JSON struct json_object *items = json_object_new_array();
    AUTO_JSON struct json_object *skipped = json_object_new_array();
    struct lists lists = {items, skipped};
    bool done = collect_list(object, &names, err) &&
                translate_all(&names, source, options, add_to_lists, &lists, err);
    free(names.items);
    if (!done)
        return false;
    struct json_object *all =
        kube_json_object("items", TAKE(items), "skipped", TAKE(skipped), NULL);
    if (!all)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    *out = all;
    return true;
}
