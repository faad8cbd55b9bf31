/* What a watch does with what it gets: objects, events, pages. */
#include "kube/watch.h"

#include "kube/cleanup.h"
#include "kube/trim.h"
#include "kube/wipe.h"

#include <errno.h>
#include <string.h>

/* --- what others see --- */

void kube_watch_say(const struct kube_watch *watch, enum kube_live_level level, const char *message,
                    const char *detail)
{
    const struct kube_live_options *options = &watch->hub->options;
    if (options->log)
        options->log(options->log_context, level, message, watch->what, detail);
}

void kube_watch_set_good(struct kube_watch *watch)
{
    watch->heard = kube_watch_clock();
    pthread_mutex_lock(&watch->hub->mutex);
    bool recovered = watch->failure[0] != '\0';
    watch->failure[0] = '\0';
    watch->good = watch->heard;
    pthread_mutex_unlock(&watch->hub->mutex);
    if (recovered)
        kube_watch_say(watch, KUBE_LIVE_INFO, "the watch goes on", NULL);
}

static void set_version(struct kube_watch *watch, uint64_t version)
{
    pthread_mutex_lock(&watch->hub->mutex);
    watch->version = version;
    pthread_mutex_unlock(&watch->hub->mutex);
}

static void count_objects(struct kube_watch *watch, int64_t more)
{
    pthread_mutex_lock(&watch->hub->mutex);
    watch->stats.objects += (uint64_t)more;
    pthread_mutex_unlock(&watch->hub->mutex);
}

/* --- objects --- */

/* The resourceVersion of TREE as a number, and if TEXT is given as itself, for the caller to free.
 * That they are numbers that grow is what the API server's own clients rely on as well. */
static bool need_version(struct json_object *tree, char **text, uint64_t *version,
                         struct error *err)
{
    const char *found;
    if (!kube_json_need_string(tree, "/metadata/resourceVersion", &found, err))
        return false;
    char *end;
    errno = 0;
    uint64_t number = strtoull(found, &end, 10);
    if (end == found || *end || *found == '-' || errno != 0)
        return error_set(err, ERROR_INVALID, "/metadata/resourceVersion: '%.64s' is not a number",
                         found);
    if (text && !(*text = strdup(found)))
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    *version = number;
    return true;
}

bool kube_watch_identify(struct json_object *tree, enum kube_kind kind, struct kube_cache_key *key,
                         uint64_t *version, struct error *err)
{
    const char *namespace, *name;
    if (!kube_json_need_string(tree, "/metadata/name", &name, err) ||
        !kube_json_get_string(tree, "/metadata/namespace", &namespace, err) ||
        !need_version(tree, NULL, version, err))
        return false;
    *key = (struct kube_cache_key){kind, namespace ? namespace : "", name};
    return true;
}

/* The object that TREE is goes into the cache, trimmed. The list is the truth: what it has replaces
 * also what is newer, since the watch that follows brings that again. */
static bool put(struct kube_watch *watch, struct json_object *tree, bool unless_newer,
                struct error *err)
{
    struct kube_cache_key key;
    struct kube_cache_mark mark = {watch->number, watch->list, 0};
    bool added;
    if (!kube_watch_identify(tree, watch->kind, &key, &mark.version, err))
        return false;
    if (watch->name && strcmp(watch->name, key.name) != 0)
        return true;
    struct json_object *kept = kube_trim(tree, watch->kind, (const char *const *)watch->keep);
    struct kube_object *object = kept ? kube_object_new(kept) : NULL;
    if (!object || !kube_cache_put(&watch->hub->cache, &key, &mark, unless_newer, object, &added))
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    if (added)
        count_objects(watch, 1);
    return true;
}

void kube_watch_offer(struct kube_watch *watch, struct kube_object *object)
{
    struct kube_cache_key key;
    struct kube_cache_mark mark = {.owner = watch->number};
    bool added = false;
    if (!kube_watch_identify(kube_object_tree(object), watch->kind, &key, &mark.version, NULL))
        return;
    /* At or below the watch's own version it would know the object: it has been deleted since. */
    pthread_mutex_lock(&watch->hub->mutex);
    mark.list = watch->list;
    if (watch->in_step && mark.version > watch->version)
        kube_cache_put(&watch->hub->cache, &key, &mark, true, kube_object_ref(object), &added);
    watch->stats.objects += added;
    pthread_mutex_unlock(&watch->hub->mutex);
}

/* --- events --- */

static bool take_error_event(struct kube_watch *watch, struct json_object *status,
                             struct error *err)
{
    struct json_object *code = kube_json_child(status, "code");
    const char *message = kube_json_as_text(kube_json_child(status, "message"));
    int64_t number = json_object_is_type(code, json_type_int) ? json_object_get_int64(code) : 0;
    watch->must_list = number == 410;
    return error_set(err, ERROR_UNAVAILABLE, "the server ended it: %s (%ld)",
                     message ? message : "no message", (long)number);
}

static bool take_event(struct kube_watch *watch, struct json_object *event, struct error *err)
{
    const char *type;
    struct json_object *object;
    struct kube_cache_key key;
    uint64_t version;
    if (!kube_json_need_object(event, "", &event, err) ||
        !kube_json_need_string(event, "/type", &type, err) ||
        !kube_json_need_object(event, "/object", &object, err))
        return false;
    if (strcmp(type, "ERROR") == 0)
        return take_error_event(watch, object, err);
    AUTO_FREE char *resume = NULL;
    if (!need_version(object, &resume, &version, err))
        return false;
    set_version(watch, version);
    bool taken = true;
    if (strcmp(type, "ADDED") == 0 || strcmp(type, "MODIFIED") == 0) {
        taken = put(watch, object, true, err);
    } else if (strcmp(type, "DELETED") == 0) {
        taken = kube_watch_identify(object, watch->kind, &key, &version, err);
        if (taken && kube_cache_remove(&watch->hub->cache, &key, version))
            count_objects(watch, -1);
    } else if (strcmp(type, "BOOKMARK") != 0) {
        taken = error_set(err, ERROR_INVALID, "/type: '%.64s' is not a type of events", type);
    }
    if (!taken)
        return false;
    free(watch->resume);
    watch->resume = TAKE(resume);
    kube_watch_set_good(watch);
    return true;
}

bool kube_watch_take_line(struct kube_watch *watch, const char *line, size_t length,
                          struct error *err)
{
    AUTO_WIPED_JSON struct json_object *event = NULL;
    return (kube_json_parse(line, length, &event, err) && take_event(watch, event, err)) ||
           error_wrap(err, "an event");
}

bool kube_watch_take_page(struct kube_watch *watch, uint64_t *version, bool *is_last,
                          struct error *err)
{
    AUTO_WIPED_JSON struct json_object *list = NULL;
    struct json_object *items;
    const char *page;
    AUTO_FREE char *next = NULL;
    if (!kube_body_parse(&watch->http.body, &list, err) ||
        !kube_json_need_object(list, "", &list, err) ||
        !kube_json_get_array(list, "/items", &items, err) ||
        !kube_json_get_string(list, "/metadata/continue", &page, err) ||
        !need_version(list, &next, version, err))
        return false;
    for (size_t i = 0; items && i < json_object_array_length(items); i++)
        if (!put(watch, json_object_array_get_idx(items, i), false, err))
            return error_wrap(err, "/items/%zu", i);
    *is_last = !page || !*page;
    if (!*is_last) {
        free(next);
        next = strdup(page);
    }
    if (!next)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    free(TAKE(watch->page));
    *(*is_last ? &watch->resume : &watch->page) = TAKE(next);
    return true;
}
