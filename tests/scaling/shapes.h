/* What a caller controls, as a table: each row is one thing that can be made as long, as many or as
 * deep as the caller likes, and makes input of it in any size. */
#ifndef TESTS_SCALING_SHAPES_H
#define TESTS_SCALING_SHAPES_H

#include <stdbool.h>
#include <stddef.h>

/* What fills a slot: OPEN, then ITEM as often as the size allows, then CLOSE. In these texts '
 * means
 * ", ^ means ', % the number of the item in five digits, and %% a percent sign. A comma right
 * behind
 * "[" or "{" is left out. Several fills of one slot follow each other. */
struct fill {
    const char *slot;
    const char *open;
    const char *item;   /* NULL: no part of what grows */
    const char *close;  /* of deep shapes once for each item */
    const char *inside; /* of deep shapes: what is innermost; NULL: a number */
};

enum { FILLS = 4 };

enum { IN_REVIEWS = 1, IN_LISTS = 2, IN_JSON_FILES = 4, IN_YAML_FILES = 8 };

struct shape {
    const char *name;
    unsigned only;    /* kinds of input that can have it; 0: all of them */
    const char *most; /* the route that does most with it */
    bool deep;        /* its size is a number of levels, not of bytes */
    bool sets;        /* it is many StatefulSets, each as it always is */
    bool names;       /* it is the names of etcd's certificate, beside the fills */
    struct fill fills[FILLS];
};

/* The tables; each ends in a row without a name. */
extern const struct shape object_shapes[], text_shapes[];

/* A value for a slot that the shape itself does not fill. */
struct slot {
    const char *name, *value;
};

/* The text of FILE in this folder with its slots filled: by SHAPE in SIZE (bytes in all fills
 * together, or levels), else by SLOTS (up to a NULL name), else with the default that it has after
 * "|". The caller frees it. */
char *shape_text(const char *file, const struct shape *shape, size_t size,
                 const struct slot *slots);

/* The fill of SHAPE for SLOT alone, "" where it has none. The caller frees it. */
char *shape_fill(const struct shape *shape, size_t size, const char *slot);

/* A certificate for as many names as SIZE bytes hold, which signed itself, and its key: in PEM, as
 * the text of a JSON string. The caller frees both. */
void shape_certificate(size_t size, char **certificate, char **key);

#endif
