#include "kube/schedule.h"

#include "kube/duration.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIELDS = 5, DAY_OF_MONTH = 2, DAY_OF_WEEK = 4, TEXT_SIZE = 128, FIELD_SIZE = 24 };

/* What cron takes in a field, and the part of it that the schema takes. */
struct field_kind {
    const char *name;
    unsigned min, max;
    unsigned value_min;            /* of a single value and of a range's ends */
    unsigned step_from, step_upto; /* of A in A/N; the schema has no 0/N */
    unsigned step_max;             /* of N */
    const char *const *names;      /* of the values from 1 (months) or 0 (days) on */
};

static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                     "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static const struct field_kind kinds[FIELDS] = {
    {"minute", 0, 59, 0, 1, 59, 60, NULL},           {"hour", 0, 23, 0, 1, 23, 24, NULL},
    {"day of the month", 1, 31, 1, 1, 30, 31, NULL}, {"month", 1, 12, 1, 1, 12, 12, months},
    {"day of the week", 0, 6, 1, 1, 6, 7, days},
};

/* "@daily" and its like. Source: robfig/cron v3, parseDescriptor. */
static const struct {
    const char *name, *expression;
} descriptors[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

static uint64_t every(const struct field_kind *kind, unsigned from, unsigned upto, unsigned step)
{
    uint64_t bits = 0;
    for (unsigned value = from; value <= upto && value <= kind->max; value += step)
        bits |= UINT64_C(1) << value;
    return bits;
}

static uint64_t whole(const struct field_kind *kind)
{
    return every(kind, kind->min, kind->max, 1);
}

/* --- reading --- */

static bool read_value(const struct field_kind *kind, const char **cursor, unsigned *out)
{
    const char *c = *cursor;
    if (isdigit((unsigned char)*c)) {
        char *end;
        unsigned long value = strtoul(c, &end, 10);
        if (end - c > 4)
            return false;
        /* 7 is Sunday to many, though not to the sidecar's cron. */
        if (kind->max == 6 && value == 7)
            value = 0;
        if (value < kind->min || value > kind->max)
            return false;
        *out = (unsigned)value;
        *cursor = end;
        return true;
    }
    for (unsigned i = 0; kind->names && kind->names[i]; i++) {
        if (strncasecmp(c, kind->names[i], 3) == 0) {
            *out = i + kind->min;
            *cursor = c + 3;
            return true;
        }
    }
    return false;
}

static bool read_step(const char **cursor, unsigned *step)
{
    if (**cursor != '/')
        return true;
    char *end;
    unsigned long value = isdigit((unsigned char)(*cursor)[1]) ? strtoul(*cursor + 1, &end, 10) : 0;
    if (value == 0 || value > 1000)
        return false;
    *step = (unsigned)value;
    *cursor = end;
    return true;
}

/* One member of a list: "*", "A", "A-B", each with "/N" or without. *STAR becomes true where cron
 * takes it for no restriction: "*" in a step of one. */
static bool read_member(const struct field_kind *kind, const char **cursor, uint64_t *bits,
                        bool *star)
{
    unsigned from = kind->min, upto = kind->max, step = 1;
    bool single = false, all = **cursor == '*' || **cursor == '?';
    if (all) {
        (*cursor)++;
    } else {
        if (!read_value(kind, cursor, &from))
            return false;
        single = **cursor != '-';
        if (single) {
            upto = from;
        } else {
            (*cursor)++;
            if (!read_value(kind, cursor, &upto) || upto < from)
                return false;
        }
    }
    bool stepped = **cursor == '/';
    if (!read_step(cursor, &step))
        return false;
    if (single && stepped)
        upto = kind->max;
    *bits |= every(kind, from, upto, step);
    *star = *star || (all && step == 1);
    return true;
}

static bool read_field(const struct field_kind *kind, const char *text, uint64_t *bits, bool *star,
                       struct error *err)
{
    const char *cursor = text;
    uint64_t found = 0;
    *star = false;
    do {
        if (cursor != text)
            cursor++;
        if (!read_member(kind, &cursor, &found, star))
            return error_set(err, ERROR_INVALID, "'%s' is not a %s of a cron expression", text,
                             kind->name);
    } while (*cursor == ',');
    if (*cursor)
        return error_set(err, ERROR_INVALID, "'%s' is not a %s of a cron expression", text,
                         kind->name);
    *bits = found;
    return true;
}

/* --- writing what the schema takes --- */

/* The expressions that the schema takes of a field, by INDEX, with the values that cron reads in
 * them; none for a range that ends before it begins. False: there are no more. */
static bool candidate_at(const struct field_kind *kind, unsigned index, uint64_t *bits,
                         char text[FIELD_SIZE])
{
    unsigned values = kind->max - kind->value_min + 1;
    if (index == 0) {
        *bits = whole(kind);
        snprintf(text, FIELD_SIZE, "*");
        return true;
    }
    index--;
    if (index < kind->step_max) {
        *bits = every(kind, kind->min, kind->max, index + 1);
        snprintf(text, FIELD_SIZE, "*/%u", index + 1);
        return true;
    }
    index -= kind->step_max;
    if (index < values) {
        *bits = every(kind, kind->value_min + index, kind->value_min + index, 1);
        snprintf(text, FIELD_SIZE, "%u", kind->value_min + index);
        return true;
    }
    index -= values;
    if (index < values * values) {
        unsigned from = kind->value_min + index / values, upto = kind->value_min + index % values;
        *bits = from <= upto ? every(kind, from, upto, 1) : 0;
        snprintf(text, FIELD_SIZE, "%u-%u", from, upto);
        return true;
    }
    index -= values * values;
    unsigned starts = kind->step_upto - kind->step_from + 1;
    if (index < starts * kind->step_max) {
        unsigned from = kind->step_from + index / kind->step_max, step = index % kind->step_max + 1;
        *bits = every(kind, from, kind->max, step);
        snprintf(text, FIELD_SIZE, "%u/%u", from, step);
        return true;
    }
    return false;
}

/* The expression that means BITS, or the one that differs least; of two such the one that fires
 * more often, since a backup too many harms nobody. */
static bool write_field(const struct field_kind *kind, uint64_t bits, char text[FIELD_SIZE])
{
    int best = 1 << 20;
    uint64_t found;
    char candidate[FIELD_SIZE];
    for (unsigned i = 0; best > 0 && candidate_at(kind, i, &found, candidate); i++) {
        int distance =
            2 * __builtin_popcountll(found ^ bits) + (__builtin_popcountll(bits & ~found) ? 1 : 0);
        if (found && distance < best) {
            best = distance;
            memcpy(text, candidate, FIELD_SIZE);
        }
    }
    return best == 0;
}

/* Whether TEXT is a field that the schema and the sidecar both take as it is. */
static bool is_narrow(const struct field_kind *kind, const char *text)
{
    uint64_t bits;
    char candidate[FIELD_SIZE];
    for (unsigned i = 0; candidate_at(kind, i, &bits, candidate); i++)
        if (bits && strcmp(candidate, text) == 0)
            return true;
    return false;
}

/* "@every 6h" counts from the sidecar's start, which no cron expression does: only ever the
 * nearest. */
static bool nearest_interval(const char *text, char out[KUBE_SCHEDULE_SIZE], struct error *err)
{
    int64_t interval;
    if (!kube_duration_parse(text, &interval, err))
        return false;
    int64_t minutes = (interval + KUBE_MINUTE / 2) / KUBE_MINUTE;
    if (minutes < 60)
        snprintf(out, KUBE_SCHEDULE_SIZE, "*/%d * * * *", minutes < 1 ? 1 : (int)minutes);
    else if (minutes < 24 * 60)
        snprintf(out, KUBE_SCHEDULE_SIZE, "0 */%d * * *", (int)((minutes + 30) / 60));
    else
        snprintf(out, KUBE_SCHEDULE_SIZE, "0 0 */%d * *",
                 minutes > 31 * 24 * 60 ? 31 : (int)((minutes + 12 * 60) / (24 * 60)));
    return true;
}

static bool split(const char *text, char buffer[TEXT_SIZE], char *fields[FIELDS], struct error *err)
{
    if (strlen(text) >= TEXT_SIZE)
        return error_set(err, ERROR_INVALID, "a schedule of %zu characters is too long",
                         strlen(text));
    memcpy(buffer, text, strlen(text) + 1);
    unsigned count = 0;
    char *state;
    for (char *field = strtok_r(buffer, " \t", &state); field;
         field = strtok_r(NULL, " \t", &state)) {
        if (count == FIELDS)
            return error_set(err, ERROR_INVALID, "'%s' has more than five fields", text);
        fields[count++] = field;
    }
    if (count < FIELDS)
        return error_set(err, ERROR_INVALID, "'%s' is not a schedule of five fields", text);
    return true;
}

bool kube_schedule_narrow(const char *text, char out[KUBE_SCHEDULE_SIZE], bool *exact,
                          struct error *err)
{
    static const char interval[] = "@every ";
    if (strncmp(text, interval, sizeof interval - 1) == 0) {
        if (!nearest_interval(text + sizeof interval - 1, out, err))
            return false;
        *exact = false;
        return true;
    }
    for (size_t i = 0; i < sizeof descriptors / sizeof *descriptors; i++)
        if (strcmp(text, descriptors[i].name) == 0)
            text = descriptors[i].expression;

    char buffer[TEXT_SIZE], *fields[FIELDS], narrow[FIELDS][FIELD_SIZE];
    uint64_t bits[FIELDS];
    bool star[FIELDS];
    if (!split(text, buffer, fields, err))
        return false;
    for (unsigned i = 0; i < FIELDS; i++)
        if (!read_field(&kinds[i], fields[i], &bits[i], &star[i], err))
            return false;

    /* Two days that are both restricted are alternatives to cron; one with a "*" among its members
     * is no restriction. "1-31" is one to cron, and makes every day a match. */
    bool either = !star[DAY_OF_MONTH] && !star[DAY_OF_WEEK];
    bool any_day = either && (bits[DAY_OF_MONTH] == whole(&kinds[DAY_OF_MONTH]) ||
                              bits[DAY_OF_WEEK] == whole(&kinds[DAY_OF_WEEK]));

    bool all = true;
    for (unsigned i = 0; i < FIELDS; i++) {
        bool is_day = i == DAY_OF_MONTH || i == DAY_OF_WEEK;
        if (is_day && any_day)
            snprintf(narrow[i], FIELD_SIZE, "*");
        else if (strlen(fields[i]) < FIELD_SIZE && is_narrow(&kinds[i], fields[i]))
            memcpy(narrow[i], fields[i], strlen(fields[i]) + 1);
        else
            all = write_field(&kinds[i], bits[i], narrow[i]) && all;
    }
    snprintf(out, KUBE_SCHEDULE_SIZE, "%s %s %s %s %s", narrow[0], narrow[1], narrow[2], narrow[3],
             narrow[4]);
    *exact = all;
    return true;
}
