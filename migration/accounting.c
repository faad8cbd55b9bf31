/* What became of the parts of the StatefulSet. The model and the writers account for fragments by
 * pointer (claims); rules.c has those whose fate is always the same. */
#include "migration/internal.h"

#include <string.h>

/* What was said of one path, so that nothing is said twice. */
struct note {
    struct note *next;
    const char *text;
};

const struct claim *claim_at(const struct translation *t, const char *path)
{
    return names_get(&t->claims, path);
}

bool is_claimed(struct translation *t, const char *path)
{
    return path && claim_at(t, path);
}

/* There are few notes, and most are literals: their addresses tell, nearly always. */
static bool is_noted(const struct claim *claim, const char *text)
{
    for (const struct note *note = claim->notes; note; note = note->next)
        if (note->text == text)
            return true;
    for (const struct note *note = claim->notes; note; note = note->next)
        if (strstr(note->text, text))
            return true;
    return false;
}

static void add_note(struct translation *t, struct claim *claim, const char *text)
{
    /* Each of many leaves may have all the notes. */
    enum { LONGEST = 4096 };
    if (!text || is_noted(claim, text) || (claim->note && strlen(claim->note) > LONGEST))
        return;
    struct note *note = pool_zero(&t->pool, sizeof *note);
    if (!note)
        return;
    *note = (struct note){claim->notes, text};
    claim->notes = note;
    claim->note = claim->note ? pool_text(&t->pool, "%s; %s", claim->note, text) : text;
}

static void add_claim(struct translation *t, const char *path, struct claim claim)
{
    if (!path || !*path)
        return;
    const char *note = TAKE(claim.note);
    struct claim *present = names_get(&t->claims, path);
    if (!present) {
        present = pool_zero(&t->pool, sizeof *present);
        if (!present)
            return;
        *present = claim;
        names_put(&t->pool, &t->claims, path, present);
    } else if (claim.outcome < present->outcome) {
        /* One leaf that says several things, such as a script, or a name that is used twice. */
        present->outcome = claim.outcome;
        present->to = claim.to;
    }
    add_note(t, present, note);
}

void account(struct translation *t, const char *path, enum outcome outcome, const char *to,
             const char *note)
{
    add_claim(t, path, (struct claim){.outcome = outcome, .to = to, .note = note});
}

void account_copy(struct translation *t, const char *path, const char *to)
{
    add_claim(t, path, (struct claim){.outcome = OUTCOME_TRANSLATED, .to = to, .mirrored = true});
}

static void account_both(struct translation *t, const struct setting *setting, struct claim claim)
{
    /* What a file says is in no leaf of the StatefulSet. */
    if (!setting || setting->origin == ORIGIN_FILE)
        return;
    add_claim(t, setting->path, claim);
    add_claim(t, setting->more, claim);
}

void account_setting(struct translation *t, const struct setting *setting, const char *to,
                     const char *note)
{
    account_both(t, setting,
                 (struct claim){
                     .outcome = to ? OUTCOME_TRANSLATED : OUTCOME_DROPPED, .to = to, .note = note});
}

void account_default(struct translation *t, const struct setting *setting, const char *note)
{
    if (!setting || setting->origin == ORIGIN_FILE)
        return;
    const char *paths[] = {setting->path, setting->more};
    for (size_t i = 0; i < 2; i++) {
        struct claim *present = paths[i] ? names_get(&t->claims, paths[i]) : NULL;
        if (present)
            *present = (struct claim){
                .outcome = OUTCOME_UNACCOUNTED}; /* it was going to be written, and then was not */
        add_claim(t, paths[i], (struct claim){.outcome = OUTCOME_DEFAULTED, .note = note});
    }
}
