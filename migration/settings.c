#include "migration/internal.h"

#include <string.h>

struct setting *settings_add(struct translation *t, struct settings *settings)
{
    struct setting *items =
        pool_grow(&t->pool, settings->items, sizeof *items, settings->count, &settings->capacity);
    if (!items)
        return NULL;
    settings->items = items;
    return &items[settings->count++];
}

static struct setting *obeyed(const struct settings *settings, const char *name)
{
    size_t number = (uintptr_t)names_get(&settings->obeyed, name);
    return number ? &settings->items[number - 1] : NULL;
}

const struct setting *settings_get(const struct settings *settings, const char *name)
{
    return obeyed(settings, name);
}

const char *settings_value(const struct settings *settings, const char *name)
{
    const struct setting *setting = settings_get(settings, name);
    return setting ? setting->value : NULL;
}

const char *setting_text(const struct setting *setting)
{
    if (!setting)
        return NULL;
    return setting->value ? setting->value : setting->written;
}

bool setting_is_unknown(const struct setting *setting)
{
    return setting && !setting->value && !setting->tree;
}

/* Whether the word behind the flag FLAG (NULL: not known) is its value, as in "--name etcd". */
static bool takes_next(const struct flag *flag, const struct words *words, size_t next)
{
    if (next >= words->count || (flag && flag->type == VALUE_BOOLEAN))
        return false;
    return flag || words->items[next].text[0] != '-';
}

void settings_from_words(struct translation *t, struct settings *settings, const struct flag *flags,
                         const struct words *words, size_t first, const char *container)
{
    for (size_t i = first; i < words->count && goes_on(t); i++) {
        const char *text = words->items[i].text;
        if (strcmp(text, "--") == 0)
            return; /* what follows are no flags */
        if (text[0] != '-' || !text[1])
            continue;
        size_t dashes = text[1] == '-' ? 2 : 1;
        const char *equals = strchr(text, '=');
        const char *written = equals ? pool_copy(&t->pool, text, (size_t)(equals - text)) : text;
        const struct flag *flag = flag_find(flags, written);
        if (!flag)
            flag = flag_find(flags, written + dashes);
        const char *value = equals ? equals + 1 : NULL;
        bool unknown = words->items[i].unknown;
        if (!flag && dashes == 1 && text[2] &&
            (flag = flag_find(flags, pool_copy(&t->pool, text, 2)))) {
            written = flag->alias; /* "-d/data" */
            value = text + 2;
        }
        struct setting *setting = settings_add(t, settings);
        if (!setting)
            return;
        *setting = (struct setting){
            .name = flag ? flag->name : written + dashes,
            .origin = ORIGIN_FLAG,
            .path = words->items[i].path,
            .where = pool_text(&t->pool, "%s of container %s", written, container)};
        if (value) {
            setting->value = value;
        } else if (takes_next(flag, words, i + 1)) {
            i++;
            setting->value = words->items[i].text;
            setting->more = words->items[i].path;
            unknown = words->items[i].unknown;
        } else {
            setting->value = "true";
        }
        setting->written = setting->value;
        if (unknown)
            setting->value = NULL;
    }
}

/* Which of A and B, two settings of a name, counts. A comes first. */
static bool second_wins(const struct setting *a, const struct setting *b)
{
    if (a->origin != b->origin)
        return b->origin < a->origin;
    return true;
}

void settings_resolve(struct translation *t, struct settings *settings, bool file_only)
{
    for (size_t i = 0; i < settings->count && goes_on(t); i++) {
        struct setting *setting = &settings->items[i];
        struct setting *before = obeyed(settings, setting->name);
        if ((file_only && setting->origin != ORIGIN_FILE) ||
            (before && !second_wins(before, setting)))
            continue;
        if (before)
            before->obeyed = false;
        setting->obeyed = true;
        names_put(&t->pool, &settings->obeyed, setting->name, (void *)(uintptr_t)(i + 1));
    }
}
