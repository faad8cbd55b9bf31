/* The walk over all leaves: the longest claim counts, then the longest rule. */
#include "migration/internal.h"

#include <stdio.h>
#include <string.h>

static const char *const outcome_names[] = {"translated", "defaulted", "replaced", "dropped",
                                            "unaccounted"};

enum { SHARED = 3 };

struct walk {
    struct translation *t;
    struct json_object *fields; /* NULL: only the findings are wanted */
    char path[KUBE_POINTER_SIZE];
    char pattern[KUBE_POINTER_SIZE]; /* the same with "*" for indices */
    struct shared_text shared[SHARED];
    const struct claim *claim;
    size_t claim_length; /* of the path at which it was made */
    const struct rule *rule;
};

/* --- leaves --- */

static void add_field(struct walk *w, enum outcome outcome, const char *to, const char *note)
{
    bool lasts = to && !(w->claim && w->claim->mirrored);
    const struct cell cells[] = {
        {"path", w->path, NULL},
        {"outcome", outcome_names[outcome], &w->shared[0]},
        {"to", to, lasts ? &w->shared[1] : NULL},
        {"note", note, &w->shared[2]},
    };
    if (w->fields && !kube_json_append(w->fields, row_new(cells, 4)))
        w->t->failed = true;
}

static void miss(struct walk *w, enum finding_code code, const char *message)
{
    find_text(w->t, code, pool_copy(&w->t->pool, w->path, strlen(w->path)), message);
}

/* What is below the path of a claim stands below its `to` just so. */
static void mirrored_leaf(struct walk *w)
{
    struct pool_mark mark = pool_mark(&w->t->pool);
    if (w->fields)
        add_field(w, w->claim->outcome,
                  pool_text(&w->t->pool, "%s%s", w->claim->to, w->path + w->claim_length),
                  w->claim->note);
    pool_release(&w->t->pool, mark);
}

static void leaf_by_rule(struct walk *w, struct json_object *value)
{
    const struct rule *rule = w->rule;
    struct pool_mark mark = pool_mark(&w->t->pool);
    bool usual = rule->usual && text_is(scalar_text(w->t, value), rule->usual);
    pool_release(&w->t->pool, mark);
    if (usual) {
        add_field(w, OUTCOME_DEFAULTED, NULL, "the value that it has under druid, too");
        return;
    }
    if (rule->usual)
        miss(w, FINDING_SETTING_WITHOUT_FIELD, rule->note);
    add_field(w, rule->outcome, rule->to, rule->note);
}

static void leaf(struct walk *w, struct json_object *value)
{
    const struct claim *claim = w->claim;
    if (claim && claim->mirrored && value) {
        mirrored_leaf(w);
    } else if (!value) {
        add_field(w, OUTCOME_DROPPED, NULL, "null: nothing is set");
    } else if (claim) {
        add_field(w, claim->outcome, claim->to, claim->note);
    } else if (w->rule) {
        leaf_by_rule(w, value);
    } else {
        add_field(w, OUTCOME_UNACCOUNTED, NULL, NULL);
        miss(w, FINDING_UNACCOUNTED,
             "nothing accounts for this field: it is not known here, and whether it can be left "
             "out is not either");
    }
}

/* --- the way to them, in the order of their paths --- */

static bool is_inner(struct json_object *value)
{
    return !kube_json_is_empty(value) && (json_object_is_type(value, json_type_object) ||
                                          json_object_is_type(value, json_type_array));
}

static bool walk(struct walk *w, struct json_object *value);

static bool step(struct walk *w, const char *segment, const char *pattern,
                 struct json_object *value)
{
    const struct claim *claim = w->claim;
    const struct rule *rule = w->rule;
    size_t claim_length = w->claim_length;
    size_t length = strlen(w->path), pattern_length = strlen(w->pattern);
    bool whole = kube_pointer_push(w->path, segment, w->t->err) &&
                 kube_pointer_push(w->pattern, pattern, w->t->err) && walk(w, value);
    w->path[length] = '\0';
    w->pattern[pattern_length] = '\0';
    w->claim = claim;
    w->claim_length = claim_length;
    w->rule = rule;
    return whole;
}

/* Visits the items whose index begins with the digits of FIRST, a number: 1, 10, 100, 11, 2, … */
static bool walk_items(struct walk *w, struct json_object *list, size_t first)
{
    size_t count = list_length(list);
    for (size_t i = first; i < first + (first ? 10 - first % 10 : 1) && i < count; i++) {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        if (!step(w, index, "*", list_item(list, i)) || (i && !walk_items(w, list, 10 * i)))
            return false;
    }
    return true;
}

struct member_of_map {
    const char *key;
    struct json_object *value;
};

/* The place of the character C of a key among those of pointers, where a slash ends the segment. */
static int weight(char c, const struct member_of_map *member)
{
    if (c == '\0')
        return is_inner(member->value) ? 2 * '/' : 0;
    if (c == '/')
        return 2 * '~' + 1; /* ~1, which comes behind ~0 */
    return 2 * (unsigned char)c;
}

static int compare(const void *a, const void *b)
{
    const struct member_of_map *one = a, *two = b;
    size_t same = 0;
    while (one->key[same] && one->key[same] == two->key[same])
        same++;
    return weight(one->key[same], one) - weight(two->key[same], two);
}

static bool walk_members(struct walk *w, struct json_object *map)
{
    size_t count = 0;
    AUTO_FREE struct member_of_map *members =
        malloc((size_t)json_object_object_length(map) * sizeof *members);
    if (!members)
        return error_set(w->t->err, ERROR_NO_MEMORY, "out of memory");
    json_object_object_foreach(map, key, value)
    {
        members[count++] = (struct member_of_map){key, value};
    }
    qsort(members, count, sizeof *members, compare);
    for (size_t i = 0; i < count; i++)
        if (!step(w, members[i].key, members[i].key, members[i].value))
            return false;
    return true;
}

static bool walk(struct walk *w, struct json_object *value)
{
    const struct claim *claim = claim_at(w->t, w->path);
    const struct rule *rule = rule_find(w->pattern);
    if (!goes_on(w->t))
        return translation_goes_on(w->t);
    if (claim) {
        w->claim = claim;
        w->claim_length = strlen(w->path);
    }
    if (rule) {
        w->rule = rule;
        if (rule->missed && !w->claim && !kube_json_is_empty(value))
            miss(w, FINDING_SETTING_WITHOUT_FIELD, rule->note);
    }
    if (!is_inner(value)) {
        leaf(w, value);
        return true;
    }
    if (!json_object_is_type(value, json_type_array))
        return walk_members(w, value);
    return walk_items(w, value, 0) && walk_items(w, value, 1);
}

bool account_fields(struct translation *t, struct json_object *fields)
{
    static const char *const roots[] = {"/metadata/annotations", "/metadata/labels", "/spec"};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        struct walk w = {.t = t, .fields = fields};
        struct json_object *value = NULL;
        struct json_object *parent = i < 2 ? kube_json_child(t->sts, "metadata") : t->sts;
        if (!json_object_is_type(parent, json_type_object) ||
            !json_object_object_get_ex(parent, base_name(roots[i]), &value))
            continue;
        snprintf(w.path, sizeof w.path, "%s", roots[i]);
        snprintf(w.pattern, sizeof w.pattern, "%s", roots[i]);
        bool whole = walk(&w, value);
        shared_texts_free(w.shared, SHARED);
        if (!whole)
            return false;
    }
    return true;
}
