/* Many StatefulSets in one call. */
#include "migration/internal.h"

#include "kube/list.h"

#include <stdlib.h>
#include <string.h>

/* One StatefulSet, and what it is ordered by. */
struct set {
    struct json_object *tree; /* lent */
    const char *namespace, *name;
    size_t place; /* in the input */
};

struct sets {
    struct set *items;
    size_t count, capacity;
    bool failed;
};

static bool collect(void *context, struct json_object *object)
{
    struct sets *sets = context;
    if (sets->count == sets->capacity) {
        size_t larger = sets->capacity ? 2 * sets->capacity : 64;
        struct set *moved = realloc(sets->items, larger * sizeof *moved);
        if (!moved) {
            sets->failed = true;
            return false;
        }
        sets->items = moved;
        sets->capacity = larger;
    }
    const char *namespace = kube_json_text(object, "/metadata/namespace");
    const char *name = kube_json_text(object, "/metadata/name");
    sets->items[sets->count] =
        (struct set){object, namespace ? namespace : "default", name ? name : "", sets->count};
    sets->count++;
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct set *one = a, *two = b;
    int namespaces = strcmp(one->namespace, two->namespace);
    int names = namespaces ? namespaces : strcmp(one->name, two->name);
    if (names)
        return names;
    return one->place < two->place ? -1 : 1;
}

/* Whether SET is to be translated; else *REASON says why not. */
static bool is_asked(const struct set *set, const struct migrate_options *options,
                     const char **reason)
{
    if (options->only && strcmp(options->only, set->name) != 0) {
        *reason = "it was not asked for (--only)";
        return false;
    }
    return runs_etcd(set->tree, options->work, reason);
}

/* One name for two etcds of a namespace would make one Etcd of both, and that one etcd was stopped
 * says nothing of another. */
static bool check_batch(const struct sets *sets, const struct migrate_options *options,
                        struct error *err)
{
    const char *last = NULL, *reason;
    size_t asked = 0;
    if (!options->name && !options->old_is_stopped)
        return true;
    for (size_t i = 0; i < sets->count && kube_work_goes_on(options->work); i++) {
        const struct set *set = &sets->items[i];
        if (!is_asked(set, options, &reason))
            continue;
        if (options->name && last && strcmp(last, set->namespace) == 0)
            return error_set(
                err, ERROR_INVALID,
                "--name '%s': namespace %s has more than one etcd, and they cannot share it",
                options->name, set->namespace);
        last = set->namespace;
        if (options->old_is_stopped && ++asked > 1)
            return error_set(err, ERROR_INVALID,
                             "--old-is-stopped: the input has more than one etcd; say which is "
                             "stopped with --only NAME");
    }
    return true;
}

static bool translate(const struct sets *sets, size_t index, struct kube_source *source,
                      const struct migrate_options *options, migrate_each *each, void *context,
                      struct error *err)
{
    const struct set *set = &sets->items[index];
    const char *reason = "";
    bool asked = is_asked(set, options, &reason);
    if (!kube_work_check(options->work, err))
        return false;
    if (!asked) {
        AUTO_JSON struct json_object *skipped =
            kube_json_object("namespace", kube_json_string(set->namespace), "statefulSet",
                             kube_json_string(set->name), "reason", kube_json_string(reason), NULL);
        if (!skipped)
            return error_set(err, ERROR_NO_MEMORY, "out of memory");
        return each(context, index, sets->count, NULL, skipped, err);
    }
    AUTO_MIGRATE_RESULT struct migrate_result result = {0};
    if (!migrate_stateful_set(set->tree, source, options, &result, err))
        return error_wrap(err, "StatefulSet %s/%s", set->namespace, set->name);
    return each(context, index, sets->count, &result, NULL, err);
}

static bool translate_all(struct sets *sets, struct kube_source *source,
                          const struct migrate_options *options, migrate_each *each, void *context,
                          struct error *err)
{
    if (sets->failed)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    if (sets->count)
        qsort(sets->items, sets->count, sizeof *sets->items, compare);
    if (!check_batch(sets, options, err))
        return false;
    for (size_t i = 0; i < sets->count; i++)
        if (!translate(sets, i, source, options, each, context, err))
            return false;
    return kube_work_check(options->work, err);
}

bool migrate_files(struct kube_files *files, struct kube_source *source,
                   const struct migrate_options *options, migrate_each *each, void *context,
                   struct error *err)
{
    struct sets sets = {0};
    kube_files_each(files, KUBE_STATEFUL_SET, collect, &sets);
    bool done = translate_all(&sets, source ? source : kube_files_source(files), options, each,
                              context, err);
    free(sets.items);
    return done;
}

/* --- a list from elsewhere --- */

static bool collect_list(struct json_object *object, struct kube_work *work, struct sets *sets,
                         struct error *err)
{
    struct json_object *items = NULL;
    enum kube_kind kind;
    if (!kube_list_is(object)) {
        if (!kube_kind_of(object, &kind, err))
            return false;
        if (kind != KUBE_STATEFUL_SET)
            return error_set(err, ERROR_INVALID, "/kind: found '%s', expected StatefulSet or List",
                             kube_kind_info(kind)->kind);
        return collect(sets, object) || error_set(err, ERROR_NO_MEMORY, "out of memory");
    }
    if (!kube_json_get_array(object, "/items", &items, err))
        return false;
    for (size_t i = 0; i < list_length(items) && kube_work_goes_on(work); i++) {
        struct json_object *item = list_item(items, i);
        if (!json_object_is_type(item, json_type_object))
            return error_set(err, ERROR_INVALID, "/items/%zu: expected a map", i);
        if (!kube_list_complete(object, item))
            return error_set(err, ERROR_NO_MEMORY, "out of memory");
        if (text_is(kube_json_text(item, "/kind"), "StatefulSet") && !collect(sets, item))
            return error_set(err, ERROR_NO_MEMORY, "out of memory");
    }
    return true;
}

bool migrate_list(struct json_object *object, struct kube_source *source,
                  const struct migrate_options *options, migrate_each *each, void *context,
                  struct error *err)
{
    struct sets sets = {0};
    bool done = collect_list(object, options->work, &sets, err) &&
                translate_all(&sets, source, options, each, context, err);
    free(sets.items);
    return done;
}
