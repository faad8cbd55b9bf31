/* Settings in the form that an Etcd's schema takes. */
#include "migration/internal.h"

#include "kube/duration.h"
#include "kube/quantity.h"
#include "kube/schedule.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void put(struct translation *t, struct json_object *target, const char *key,
         struct json_object *value)
{
    if (value && !kube_json_set(target, key, value))
        t->failed = true;
}

struct json_object *made(struct translation *t, struct json_object *value)
{
    if (!value)
        t->failed = true;
    return value;
}

static struct json_object *invalid(struct translation *t, const struct setting *setting,
                                   const char *expected)
{
    if (setting_is_unknown(setting))
        find_unknown(t, setting);
    else
        find(t, FINDING_SETTING_INVALID, setting->path, "%s is '%s', expected %s", setting->where,
             setting->value ? setting->value : "not known", expected);
    account_setting(t, setting, NULL, "it is invalid");
    return NULL;
}

static struct json_object *translated(struct translation *t, const struct setting *setting,
                                      const char *to, struct json_object *value)
{
    account_setting(t, setting, to, NULL);
    return made(t, value);
}

static bool is_set(struct translation *t, const struct setting *setting)
{
    if (!setting)
        return false;
    if (setting->value && !*setting->value) {
        account_setting(t, setting, NULL, "it is empty: the default counts");
        return false;
    }
    return true;
}

static bool number(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    long long value = text ? strtoll(text, &end, 10) : 0;
    if (!text || end == text || *end || errno)
        return false;
    *out = value;
    return true;
}

struct json_object *write_number(struct translation *t, const struct setting *setting,
                                 const char *to, int64_t max)
{
    int64_t value;
    if (!is_set(t, setting))
        return NULL;
    if (!number(setting->value, &value) || value < 0 || value > max)
        return invalid(t, setting, "a whole number");
    return translated(t, setting, to, kube_json_int(value));
}

struct json_object *write_quantity(struct translation *t, const struct setting *setting,
                                   const char *to)
{
    int64_t value;
    char text[KUBE_QUANTITY_SIZE];
    if (!is_set(t, setting))
        return NULL;
    if (!number(setting->value, &value) || value < 0)
        return invalid(t, setting, "a number of bytes");
    kube_quantity_format(value, text);
    return translated(t, setting, to, kube_json_string(text));
}

bool setting_duration(const struct setting *setting, int64_t *nanoseconds)
{
    int64_t seconds;
    if (!setting || !setting->value)
        return false;
    /* The sidecar of 2019 counted seconds, also in flags whose name does not say so. */
    if (number(setting->value, &seconds)) {
        bool fits = seconds >= 0 && seconds <= INT64_MAX / KUBE_SECOND;
        if (fits)
            *nanoseconds = seconds * KUBE_SECOND;
        return fits;
    }
    return kube_duration_parse(setting->value, nanoseconds, NULL);
}

struct json_object *write_duration(struct translation *t, const struct setting *setting,
                                   const char *to)
{
    int64_t value;
    char text[KUBE_DURATION_SIZE];
    if (!is_set(t, setting))
        return NULL;
    if (!setting_duration(setting, &value))
        return invalid(t, setting, "a duration such as 5m");
    kube_duration_format(value, text);
    return translated(t, setting, to, kube_json_string(text));
}

bool setting_boolean(const struct setting *setting, bool *out)
{
    static const char *const yes[] = {"true", "True", "TRUE", "t", "T", "1"};
    static const char *const no[] = {"false", "False", "FALSE", "f", "F", "0"};
    for (size_t i = 0; setting && i < sizeof yes / sizeof *yes; i++) {
        if (text_is(setting->value, yes[i]) || text_is(setting->value, no[i])) {
            *out = text_is(setting->value, yes[i]);
            return true;
        }
    }
    return false;
}

struct json_object *write_boolean(struct translation *t, const struct setting *setting,
                                  const char *to)
{
    bool value;
    if (!is_set(t, setting))
        return NULL;
    if (!setting_boolean(setting, &value))
        return invalid(t, setting, "true or false");
    return translated(t, setting, to, kube_json_bool(value));
}

struct json_object *write_choice(struct translation *t, const struct setting *setting,
                                 const char *to, const char *const *choices)
{
    const char *all = "";
    if (!is_set(t, setting))
        return NULL;
    for (; *choices; choices++) {
        if (text_is(setting->value, *choices))
            return translated(t, setting, to, kube_json_string(*choices));
        all = pool_text(&t->pool, "%s%s%s", all, *all ? " or " : "", *choices);
    }
    return invalid(t, setting, all);
}

/* etcd: a whole number is hours, or revisions in that mode; else it is a duration, which etcd takes
 * for revisions too, and nobody means. Source: etcd 3.3 to 3.5, embed, parseCompactionRetention. */
struct json_object *write_retention(struct translation *t, const struct setting *setting,
                                    const char *to, bool by_revision)
{
    int64_t value;
    bool bare = number(setting->value, &value);
    const char *text =
        bare && !by_revision ? pool_text(&t->pool, "%sh", setting->value) : setting->value;
    if (by_revision && (!bare || value < 0))
        return invalid(t, setting, "a number of revisions");
    if (!text || (!by_revision && !kube_duration_parse(text, &value, NULL)))
        return invalid(t, setting, "a number of hours, or a duration such as 30m");
    return translated(t, setting, to, kube_json_string(text));
}

/* Whether TEXT is a URL with scheme and host: a part of what the schema's isURL takes. */
static bool is_url(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char of_host[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    size_t scheme = strspn(text, letters);
    if (!scheme || strncmp(text + scheme, "://", 3) != 0)
        return false;
    const char *c = text + scheme + 3;
    size_t host = *c == '[' ? strspn(c + 1, "0123456789abcdefABCDEF:.") : strspn(c, of_host);
    if (!host || (*c == '[' && c[host + 1] != ']'))
        return false;
    c += *c == '[' ? host + 2 : host;
    if (*c == ':')
        c += 1 + strspn(c + 1, "0123456789");
    if (*c && !strchr("/?#", *c))
        return false;
    for (; *c; c++)
        if (!isgraph((unsigned char)*c) || strchr("\"<>\\^`{|}", *c) ||
            (*c == '%' && !(isxdigit((unsigned char)c[1]) && isxdigit((unsigned char)c[2]))))
            return false;
    return true;
}

struct json_object *write_url(struct translation *t, const struct setting *setting, const char *to)
{
    if (!is_set(t, setting))
        return NULL;
    if (!setting->value)
        return invalid(t, setting, "a URL");
    if (is_url(setting->value))
        return translated(t, setting, to, kube_json_string(setting->value));
    find_as(t, FINDING_SETTING_INVALID, SEVERITY_NONE,
            "write it as a URL in today's settings, see that it works, and translate again",
            setting->path,
            "%s is '%s', expected a URL with scheme and host, as the schema of an Etcd wants it",
            setting->where, setting->value);
    account_setting(t, setting, NULL, "the schema takes URLs only");
    return NULL;
}

struct json_object *write_schedule(struct translation *t, const struct setting *setting,
                                   const char *to)
{
    char text[KUBE_SCHEDULE_SIZE];
    bool exact;
    if (!is_set(t, setting))
        return NULL;
    if (!setting->value || !kube_schedule_narrow(setting->value, text, &exact, NULL))
        return invalid(t, setting, "a cron expression of five fields");
    if (!exact) {
        find_as(
            t, FINDING_SCHEDULE_NOT_EXPRESSIBLE, SEVERITY_NONE,
            pool_text(&t->pool,
                      "change the schedule of today's sidecar to one that an Etcd takes, such as "
                      "'%s', and translate again",
                      text),
            setting->path,
            "%s is '%s': an Etcd takes one value, range or step a field, and no such expression "
            "is equal to it; the nearest is '%s'",
            setting->where, setting->value, text);
        account_setting(t, setting, NULL, "the schema takes no equal schedule");
        return NULL;
    }
    return translated(t, setting, to, kube_json_string(text));
}

struct json_object *write_resources(struct translation *t, const struct container *container,
                                    const char *to)
{
    struct json_object *resources = kube_json_child(container->tree, "resources");
    account_copy(t, pointer_to(t, container->path, "resources"), to);
    struct json_object *copy = copy_without_nulls(t, resources);
    /* Without the section druid would set requests of its own; an empty one keeps it at none. */
    return copy ? copy : made(t, json_object_new_object());
}

struct json_object *copy_without_nulls(struct translation *t, struct json_object *value)
{
    if (json_object_is_type(value, json_type_array)) {
        struct json_object *copy = made(t, json_object_new_array());
        for (size_t i = 0; i < list_length(value) && goes_on(t); i++) {
            struct json_object *item = copy_without_nulls(t, list_item(value, i));
            if (item && !kube_json_append(copy, item))
                t->failed = true;
        }
        return copy;
    }
    if (json_object_is_type(value, json_type_object)) {
        struct json_object *copy = made(t, json_object_new_object());
        for (const char *const *key = sorted_keys(t, value); *key && goes_on(t); key++)
            put(t, copy, *key, copy_without_nulls(t, kube_json_child(value, *key)));
        return copy;
    }
    return value ? made(t, kube_json_copy(value)) : NULL;
}
