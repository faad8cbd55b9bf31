/* What became of each leaf. The model and the writers account for fragments by pointer (claims);
 * rules.c has those whose fate is always the same. The longest claim counts, then the longest rule.
 */
#include "migration/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const outcome_names[] = {"translated", "defaulted", "replaced", "dropped",
                                            "unaccounted"};

struct claim {
    enum outcome outcome;
    const char *to;   /* NULL: nowhere */
    const char *note; /* NULL: nothing to say */
    bool mirrored;    /* what is below the path is below `to` just so */
};

/* Claims live in the pool; the map has their addresses as integers. */
static struct claim *claim_at(struct translation *t, const char *path)
{
    struct json_object *held = json_object_object_get(t->claims, path);
    return held ? (struct claim *)(uintptr_t)json_object_get_uint64(held) : NULL;
}

static void add_claim(struct translation *t, const char *path, struct claim claim)
{
    if (!path || !*path)
        return;
    struct claim *present = claim_at(t, path);
    if (present) {
        /* One leaf that says several things, such as a script, or a name that is used twice. */
        if (claim.outcome < present->outcome) {
            present->outcome = claim.outcome;
            present->to = claim.to;
        }
        if (claim.note && !present->note)
            present->note = claim.note;
        else if (claim.note && !strstr(present->note, claim.note))
            present->note = pool_text(&t->pool, "%s; %s", present->note, claim.note);
        return;
    }
    struct claim *kept = pool_zero(&t->pool, sizeof *kept);
    if (!kept)
        return;
    *kept = claim;
    if (!kube_json_set(t->claims, path, json_object_new_uint64((uintptr_t)kept)))
        t->failed = true;
}

void account(struct translation *t, const char *path, enum outcome outcome, const char *to,
             const char *note, ...)
{
    va_list args;
    va_start(args, note);
    const char *text = note ? pool_vtext(&t->pool, note, args) : NULL;
    va_end(args);
    add_claim(t, path, (struct claim){outcome, to, text, false});
}

void account_copy(struct translation *t, const char *path, const char *to)
{
    add_claim(t, path, (struct claim){OUTCOME_TRANSLATED, to, NULL, true});
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
                 (struct claim){to ? OUTCOME_TRANSLATED : OUTCOME_DROPPED, to, note, false});
}

void account_default(struct translation *t, const struct setting *setting, const char *note)
{
    if (!setting || setting->origin == ORIGIN_FILE)
        return;
    struct claim claim = {OUTCOME_DEFAULTED, NULL, note, false};
    const char *paths[] = {setting->path, setting->more};
    for (size_t i = 0; i < 2; i++) {
        struct claim *present = paths[i] ? claim_at(t, paths[i]) : NULL;
        if (present)
            *present = claim; /* it was going to be written, and then was not */
        else
            add_claim(t, paths[i], claim);
    }
}

/* --- the walk --- */

struct walk {
    struct translation *t;
    struct json_object *fields;
    char path[KUBE_POINTER_SIZE];
    char pattern[KUBE_POINTER_SIZE]; /* the same with "*" for indices */
    const struct claim *claim;
    size_t claim_length; /* of the path at which it was made */
    const struct rule *rule;
};

static void add_field(struct walk *w, enum outcome outcome, const char *to, const char *note)
{
    struct json_object *field = kube_json_object("path", kube_json_string(w->path), "outcome",
                                                 kube_json_string(outcome_names[outcome]), NULL);
    if (to)
        put(w->t, field, "to", kube_json_string(to));
    if (note)
        put(w->t, field, "note", kube_json_string(note));
    if (!kube_json_append(w->fields, field))
        w->t->failed = true;
}

static void miss(struct walk *w, const char *note)
{
    find(w->t, FINDING_SETTING_WITHOUT_FIELD, w->path, "%s", note);
}

static void leaf_by_rule(struct walk *w, struct json_object *value)
{
    const struct rule *rule = w->rule;
    if (rule->usual && text_is(scalar_text(w->t, value), rule->usual)) {
        add_field(w, OUTCOME_DEFAULTED, NULL, "the value that it has under druid, too");
        return;
    }
    if (rule->usual)
        miss(w, rule->note);
    add_field(w, rule->outcome, rule->to, rule->note);
}

static void leaf(struct walk *w, struct json_object *value)
{
    const struct claim *claim = w->claim;
    if (claim && claim->mirrored && value)
        add_field(w, claim->outcome,
                  pool_text(&w->t->pool, "%s%s", claim->to, w->path + w->claim_length),
                  claim->note);
    else if (!value)
        add_field(w, OUTCOME_DROPPED, NULL, "null: nothing is set");
    else if (claim)
        add_field(w, claim->outcome, claim->to, claim->note);
    else if (w->rule)
        leaf_by_rule(w, value);
    else {
        add_field(w, OUTCOME_UNACCOUNTED, NULL, NULL);
        find(
            w->t, FINDING_UNACCOUNTED, w->path,
            "nothing accounts for this field: it is not known here, and whether it can be left out "
            "is not either");
    }
}

static bool walk(struct walk *w, struct json_object *value);

static bool step(struct walk *w, const char *segment, const char *pattern,
                 struct json_object *value)
{
    struct walk before = {.claim = w->claim, .claim_length = w->claim_length, .rule = w->rule};
    size_t length = strlen(w->path), pattern_length = strlen(w->pattern);
    bool whole = kube_pointer_push(w->path, segment, w->t->err) &&
                 kube_pointer_push(w->pattern, pattern, w->t->err) && walk(w, value);
    w->path[length] = '\0';
    w->pattern[pattern_length] = '\0';
    w->claim = before.claim;
    w->claim_length = before.claim_length;
    w->rule = before.rule;
    return whole;
}

static bool walk(struct walk *w, struct json_object *value)
{
    const struct claim *claim = claim_at(w->t, w->path);
    const struct rule *rule = rule_find(w->pattern);
    if (claim) {
        w->claim = claim;
        w->claim_length = strlen(w->path);
    }
    if (rule) {
        w->rule = rule;
        if (rule->missed && !w->claim && !kube_json_is_empty(value))
            miss(w, rule->note);
    }
    if (kube_json_is_empty(value) || !(json_object_is_type(value, json_type_object) ||
                                       json_object_is_type(value, json_type_array))) {
        leaf(w, value);
        return true;
    }
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < list_length(value); i++) {
            char index[24];
            snprintf(index, sizeof index, "%zu", i);
            if (!step(w, index, "*", list_item(value, i)))
                return false;
        }
        return true;
    }
    json_object_object_foreach(value, key, member)
    {
        if (!step(w, key, key, member))
            return false;
    }
    return true;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(kube_json_text(*(struct json_object *const *)a, "/path"),
                  kube_json_text(*(struct json_object *const *)b, "/path"));
}

bool account_fields(struct translation *t, struct json_object **out)
{
    static const char *const roots[] = {"/metadata/labels", "/metadata/annotations", "/spec"};
    AUTO_JSON struct json_object *fields = json_object_new_array();
    for (size_t i = 0; i < 3; i++) {
        struct walk w = {.t = t, .fields = fields};
        struct json_object *root = json_object_is_type(t->sts, json_type_object) ? t->sts : NULL;
        const char *parent = i < 2 ? "metadata" : NULL;
        if (parent)
            root = kube_json_child(root, parent);
        struct json_object *value = NULL;
        if (!root || !json_object_object_get_ex(root, base_name(roots[i]), &value))
            continue;
        snprintf(w.path, sizeof w.path, "%s", roots[i]);
        snprintf(w.pattern, sizeof w.pattern, "%s", roots[i]);
        if (!walk(&w, value))
            return false;
    }
    json_object_array_sort(fields, compare_paths);
    *out = TAKE(fields);
    return true;
}
