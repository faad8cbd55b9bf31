/* Memory of one translation, given back all at once, or back to a mark. A failed allocation is
 * remembered, not reported each time: whoever owns the pool looks at `failed` before it uses the
 * result. */
#ifndef MIGRATION_POOL_H
#define MIGRATION_POOL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct pool_block;
struct pool_owned;

/* What several pools may hold together, in bytes. */
struct pool_budget {
    size_t left;
    bool exceeded; /* somebody asked for more */
};

/* Zeroed it is empty and has no limit. */
struct pool {
    struct pool_block *blocks;
    struct pool_owned *owned;
    struct pool_budget *budget; /* NULL: no limit */
    size_t taken;               /* from the budget */
    bool failed;                /* something could not be allocated */
};

/* Texts are never NULL: "" when there is no memory. */
const char *pool_copy(struct pool *pool, const char *text, size_t length);
const char *pool_text(struct pool *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

const char *pool_vtext(struct pool *pool, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* A text that grows; zeroed it is empty. */
struct pool_buffer {
    char *text;
    size_t length, capacity;
};

void pool_append(struct pool *pool, struct pool_buffer *buffer, const char *text, size_t length);
/* What BUFFER has, "" where that is nothing; until the next append. */
const char *pool_buffer_text(const struct pool_buffer *buffer);

/* SIZE zeroed bytes, or NULL. */
void *pool_zero(struct pool *pool, size_t size);

/* Room for one more item in the array at ITEMS, which has COUNT and room for *CAPACITY; NULL: none.
 * The array may move. */
void *pool_grow(struct pool *pool, void *items, size_t item_size, size_t count, size_t *capacity);

/* What POOL cannot hold itself counts against its budget, too. False: it is too much. */
bool pool_charge(struct pool *pool, size_t bytes);

/* From now on WHAT (taken in any case, NULL is nothing) is POOL's, which hands it to RELEASE. */
bool pool_own(struct pool *pool, void (*release)(void *what), void *what);

/* What POOL holds now; pool_release gives back what came after that. Marks nest. */
struct pool_mark {
    struct pool_block *block;
    struct pool_owned *owned;
    size_t used, taken;
};
struct pool_mark pool_mark(const struct pool *pool);
void pool_release(struct pool *pool, struct pool_mark mark);

void pool_free(struct pool *pool);

#endif
