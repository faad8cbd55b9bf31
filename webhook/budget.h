/* What requests may hold together, in bytes. A part of it is kept for small ones, so that a few
 * large ones, or slow ones, don't keep the ordinary reviews (7 to 30 KB) waiting. */
#ifndef WEBHOOK_BUDGET_H
#define WEBHOOK_BUDGET_H

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stddef.h>

/* A request that holds no more than that is small. An ordinary review of 30 KB holds about 1 MiB.
 */
enum { WEBHOOK_SMALL = 8 << 20 };

struct webhook_budget {
    long long limit; /* an eighth of it is for small requests only */
    _Atomic long long used;
};

/* What one request that is not small may hold at most. */
long long webhook_budget_most(const struct webhook_budget *budget);

/* Takes BYTES of it for a request that is SMALL or not; false, and nothing taken, where they are
 * not there. They go back by webhook_budget_give. */
bool webhook_budget_take(struct webhook_budget *budget, long long bytes, bool small);
void webhook_budget_give(struct webhook_budget *budget, long long bytes);

/* About what BODY (LENGTH bytes) takes as a tree of json-c's, rather too much than too little.
 * Counts characters: what is no JSON gets a number as well. */
long long webhook_tree_bytes(const char *body, size_t length);

/* How much a tree is. */
struct webhook_amount {
    long long values; /* maps and lists too; each takes less than a KiB besides its text */
    long long text;   /* bytes of keys and strings */
};

/* Adds what VALUE is to *AMOUNT; stops once there are more than MOST values. */
void webhook_measure(struct json_object *value, long long most, struct webhook_amount *amount);

#endif
