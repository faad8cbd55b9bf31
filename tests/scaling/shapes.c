#include "tests/scaling/shapes.h"

#include "tests/support/object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "tests/scaling/"

enum { DEEP_WIDTH = 64, DIGITS = 5 };

/* What is written, and the last character of it. */
struct output {
    FILE *file;
    char last;
};

static void put(struct output *out, char c)
{
    putc_unlocked(c, out->file);
    out->last = c;
}

static void put_plain(struct output *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        put(out, text[i]);
}

static void put_number(struct output *out, size_t number)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%0*zu", DIGITS, number);
    put_plain(out, digits, (size_t)length);
}

static void put_text(struct output *out, const char *text, size_t number)
{
    for (const char *c = text ? text : ""; *c; c++) {
        if (*c == ',' && (out->last == '[' || out->last == '{'))
            continue;
        if (*c == '%' && c[1] == '%')
            put(out, *c++);
        else if (*c == '%')
            put_number(out, number);
        else
            put(out, (char)(*c == '\'' ? '"' : *c == '^' ? '\'' : *c));
    }
}

static size_t item_length(const char *item)
{
    size_t length = item ? strlen(item) : 0;
    for (const char *c = item ? item : ""; *c; c++)
        length += *c == '%' ? DIGITS - 1 : 0;
    return length;
}

/* How many items each fill of SHAPE gets: those with one number belong together. */
static size_t item_count(const struct shape *shape, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < FILLS; i++)
        length += item_length(shape->fills[i].item);
    return length ? size / length : 0;
}

static void put_deep(struct output *out, const struct fill *fill, size_t levels)
{
    for (size_t i = 0; i < DEEP_WIDTH; i++) {
        put_text(out, fill->open, i);
        for (size_t level = 0; level < levels; level++)
            put_text(out, fill->item, level);
        put_text(out, fill->inside ? fill->inside : "1", levels);
        for (size_t level = 0; level < levels; level++)
            put_text(out, fill->close, level);
    }
}

static void put_fill(struct output *out, const struct shape *shape, const struct fill *fill,
                     size_t size)
{
    if (shape->deep) {
        put_deep(out, fill, size);
        return;
    }
    size_t count = fill->item ? item_count(shape, size) : 0;
    put_text(out, fill->open, 0);
    for (size_t i = 0; i < count; i++)
        put_text(out, fill->item, i);
    put_text(out, fill->close, count);
}

/* Fills the slot of LENGTH characters; false: SHAPE has nothing for it. */
static bool put_fills(struct output *out, const struct shape *shape, size_t size, const char *slot,
                      size_t length)
{
    bool any = false;
    for (size_t i = 0; i < FILLS && shape->fills[i].slot; i++) {
        if (strncmp(shape->fills[i].slot, slot, length) != 0 || shape->fills[i].slot[length])
            continue;
        put_fill(out, shape, &shape->fills[i], size);
        any = true;
    }
    return any;
}

/* Fills the slot "NAME|DEFAULT" of LENGTH characters. */
static void put_slot(struct output *out, const struct shape *shape, size_t size,
                     const struct slot *slots, const char *slot, size_t length)
{
    size_t name = strcspn(slot, "|");
    if (put_fills(out, shape, size, slot, name))
        return;
    for (; slots->name; slots++) {
        if (strncmp(slots->name, slot, name) == 0 && !slots->name[name]) {
            put_plain(out, slots->value, strlen(slots->value));
            return;
        }
    }
    put_plain(out, slot + name + 1, length - name - 1);
}

char *shape_text(const char *file, const struct shape *shape, size_t size, const struct slot *slots)
{
    char path[256];
    char *text = NULL;
    size_t length;
    snprintf(path, sizeof path, FOLDER "%s", file);
    char *with_slots = test_read_bytes(path, &length);
    struct output out = {open_memstream(&text, &length), '\0'};
    for (const char *c = with_slots; *c;) {
        size_t plain = strcspn(c, "<");
        put_plain(&out, c, plain);
        c += plain;
        if (!*c)
            break;
        size_t slot = strcspn(c + 1, ">");
        put_slot(&out, shape, size, slots, c + 1, slot);
        c += slot + 2;
    }
    fclose(out.file);
    free(with_slots);
    return text;
}

char *shape_fill(const struct shape *shape, size_t size, const char *slot)
{
    char *text = NULL;
    size_t length;
    struct output out = {open_memstream(&text, &length), '\0'};
    put_fills(&out, shape, size, slot, strlen(slot));
    fclose(out.file);
    return text;
}
