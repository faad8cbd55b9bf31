/* A table of names, looked up in constant time whoever chose them (the hash is seeded). It lives as
 * long as the pool it grew in, and so do its keys. */
#ifndef MIGRATION_NAMES_H
#define MIGRATION_NAMES_H

#include "migration/pool.h"

struct lh_table;

/* Zeroed it is empty. A copy of it that is not empty is the same table. */
struct names {
    struct lh_table *table;
};

/* What was filed under NAME; NULL: nothing. */
void *names_get(const struct names *names, const char *name);

/* Files VALUE under NAME, which is lent, in place of what was there. False, and nothing changes:
 * there is no memory, which POOL remembers. */
bool names_put(struct pool *pool, struct names *names, const char *name, void *value);

/* The same where nothing is filed under NAME yet. False also: something is. */
bool names_add(struct pool *pool, struct names *names, const char *name, void *value);

#endif
