#include "migration/names.h"

#include <json-c/linkhash.h>

enum { SIZE_AT_FIRST = 16 };

/* What a name takes at most: three slots of a table that has just doubled. */
enum { BYTES_OF_NAME = 3 * sizeof(struct lh_entry) };

static void release(void *table)
{
    lh_table_free(table);
}

static struct lh_entry *entry_of(const struct names *names, const char *name)
{
    return names->table ? lh_table_lookup_entry(names->table, name) : NULL;
}

void *names_get(const struct names *names, const char *name)
{
    const struct lh_entry *entry = entry_of(names, name);
    return entry ? lh_entry_v(entry) : NULL;
}

static bool insert(struct pool *pool, struct names *names, const char *name, void *value)
{
    if (!names->table) {
        struct lh_table *table = lh_kchar_table_new(SIZE_AT_FIRST, NULL);
        if (!table)
            pool->failed = true;
        if (!table || !pool_own(pool, release, table))
            return false;
        names->table = table;
    }
    if (!pool_charge(pool, BYTES_OF_NAME))
        return false;
    if (lh_table_insert(names->table, name, value) != 0)
        pool->failed = true;
    return !pool->failed;
}

bool names_put(struct pool *pool, struct names *names, const char *name, void *value)
{
    struct lh_entry *entry = entry_of(names, name);
    if (!entry)
        return insert(pool, names, name, value);
    lh_entry_set_val(entry, value);
    return true;
}

bool names_add(struct pool *pool, struct names *names, const char *name, void *value)
{
    return !entry_of(names, name) && insert(pool, names, name, value);
}
