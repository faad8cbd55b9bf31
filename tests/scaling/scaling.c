/* Whether work grows faster than what a caller sends: counts the instructions of each route for
 * each shape in doubling sizes. Runs under callgrind; tests/scaling/run starts it.
 *
 *   scaling FOLDER OUT quick|all PART PARTS ROUTE [SHAPE]...
 *
 * OUT is callgrind's --callgrind-out-file; every PARTS-th shape is measured, from PART on. The
 * growth from N to 2 N is the smaller of two: that of the instructions beyond those for size 0, and
 * that of the increments, from N to 2 N against from N/2 to N. So neither what any input costs nor
 * a refusal from some size on is taken for growth. */
#include "tests/scaling/routes.h"

#include "kube/cleanup.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else /* it builds, and tests/scaling/run finds no valgrind */
#define RUNNING_ON_VALGRIND 0
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_DUMP_STATS
#endif

/* Linear work grows by 2, sorting by some 2.15, quadratic work by 4; what is left is for tables
 * that grow in steps. */
static const double limit = 2.3;

/* From the first size to the last by doubling: bytes, and levels of what is deep. StatefulSets are
 * too large to come in few bytes. Documents nest 64 levels deep at most; from some 40 on, what
 * grows by more is libyaml, which looks at every open bracket for each token. */
struct range {
    size_t first, last;
};

enum form { QUICK, ALL };

static const struct {
    struct range bytes, levels, sets;
} forms[] = {
    [QUICK] = {{1 << 10, 128 << 10}, {3, 24}, {16 << 10, 128 << 10}},
    [ALL] = {{32 << 10, 512 << 10}, {3, 24}, {32 << 10, 512 << 10}},
};

struct plan {
    const char *folder, *out;
    enum form form;
    size_t part, parts;
    const char *route; /* only this one; "": as the form says */
    char **names;      /* of the shapes that are asked for, up to a NULL; none: all */
    FILE *table;       /* where standard output was */
    bool failed;
};

/* --- counting --- */

typedef void work(const void *context);

/* Reads and removes the dump that callgrind wrote last. */
static uint64_t take_total(const char *out)
{
    static unsigned dumps;
    char path[512];
    char line[512];
    uint64_t total = 0;
    snprintf(path, sizeof path, "%s.%u", out, ++dumps);
    AUTO_FILE FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "totals: ", 8) == 0)
            total = strtoull(line + 8, NULL, 10);
    if (!total) {
        fprintf(stderr, "%s: callgrind wrote no total\n", path);
        abort();
    }
    unlink(path);
    return total;
}

/* What is around the call is instrumented too, which costs less than to translate the program anew
 * each time. */
static uint64_t count(const struct plan *plan, work *call, const void *context)
{
    CALLGRIND_ZERO_STATS;
    call(context);
    CALLGRIND_DUMP_STATS;
    return take_total(plan->out);
}

/* COUNTS are for size 0, N/2, N and 2 N. */
static double growth_of(const uint64_t counts[4])
{
    double beyond = (double)counts[2] - (double)counts[0];
    double before = (double)counts[2] - (double)counts[1];
    double growth = (double)counts[3] / (double)counts[2];
    /* What hardly grows at all is too little to tell anything by, and where less is done for N than
     * for less, since it is refused, there is nothing to take off. */
    if (growth < 1.2 || beyond <= 0 || before <= 0)
        return growth;
    double by_all = ((double)counts[3] - (double)counts[0]) / beyond;
    double by_step = ((double)counts[3] - (double)counts[2]) / before;
    return by_all < by_step ? by_all : by_step;
}

/* --- one shape on one route --- */

static void call_route(const void *route)
{
    route_call(route);
}

static uint64_t count_route(const struct plan *plan, const struct route *route,
                            const struct shape *shape, size_t size)
{
    route_prepare(route, shape, size, plan->folder);
    return count(plan, call_route, route);
}

static struct range range_of(const struct plan *plan, const struct shape *shape)
{
    if (shape->sets)
        return forms[plan->form].sets;
    return shape->deep ? forms[plan->form].levels : forms[plan->form].bytes;
}

/* What was measured for size 0 and for the last three sizes, each twice the one before. */
struct series {
    uint64_t counts[4];
    uint64_t lengths[4]; /* of the input, in bytes */
};

static void note(struct series *series, size_t last, uint64_t instructions)
{
    series->counts[last] = instructions;
    series->lengths[last] = route_input_length();
}

static void move_up(struct series *series)
{
    memmove(series->counts + 1, series->counts + 2, 2 * sizeof(uint64_t));
    memmove(series->lengths + 1, series->lengths + 2, 2 * sizeof(uint64_t));
}

/* How the instructions grow while the input doubles. YAML indents what is deep, so that twice the
 * levels are more than twice the bytes. */
static double growth_by_length(const struct series *series)
{
    double longer = growth_of(series->lengths);
    double growth = growth_of(series->counts);
    return longer > 2 ? growth * 2 / longer : growth;
}

/* The sizes N/2, N and 2 N within RANGE at which the shape costs about as much as all else in the
 * input: so that neither hides the other, and nothing takes longer than that needs. */
static struct range telling_sizes(const struct plan *plan, const struct route *route,
                                  const struct shape *shape, uint64_t base)
{
    struct range range = range_of(plan, shape);
    uint64_t first = count_route(plan, route, shape, range.first);
    uint64_t cost = first > base ? first - base : 1;
    size_t size = range.first;
    for (; size < range.last / 4 && cost < base / 4; size *= 2)
        cost *= 2;
    return (struct range){size, 4 * size};
}

/* Up to the last size of the form, or to the first growth above the limit. */
static void measure(struct plan *plan, const struct route *route, const struct shape *shape)
{
    struct series series = {0};
    double growth = 0;
    note(&series, 0, count_route(plan, route, shape, 0));
    struct range range = plan->form == QUICK ? telling_sizes(plan, route, shape, series.counts[0])
                                             : range_of(plan, shape);
    for (size_t size = range.first; size <= range.last && growth <= limit; size *= 2) {
        move_up(&series);
        note(&series, 3, count_route(plan, route, shape, size));
        if (!series.counts[1])
            continue;
        growth = growth_by_length(&series);
        fprintf(plan->table, "%-44s %-16s %7zu %13llu %6.2f%s\n", shape->name, route_name(route),
                size, (unsigned long long)series.counts[3], growth,
                growth > limit ? "  above 2.3" : "");
        fflush(plan->table);
    }
    plan->failed = plan->failed || growth > limit;
}

/* --- whether this measures what it is to measure --- */

static void touch(const void *context)
{
    size_t turns = *(const size_t *)context;
    for (volatile size_t i = 0; i < turns; i++)
        ;
}

static uint64_t count_turns(const struct plan *plan, size_t turns)
{
    return count(plan, touch, &turns);
}

static void check_counting(struct plan *plan)
{
    const size_t n = 1000;
    const uint64_t linear[4] = {count_turns(plan, 0), count_turns(plan, n / 2),
                                count_turns(plan, n), count_turns(plan, 2 * n)};
    const uint64_t quadratic[4] = {count_turns(plan, 0), count_turns(plan, n * n / 4),
                                   count_turns(plan, n * n), count_turns(plan, 4 * n * n)};
    if (growth_of(linear) < 1.9 || growth_of(linear) > 2.1 || growth_of(quadratic) < 3.9) {
        fprintf(plan->table, "the count is wrong: %.2f for a linear loop, %.2f for a square\n",
                growth_of(linear), growth_of(quadratic));
        plan->failed = true;
    }
}

/* A route that refuses everything would seem to scale well. */
static void check_routes(struct plan *plan)
{
    static const struct shape none;
    for (size_t i = 0; routes[i]; i++) {
        route_prepare(routes[i], &none, 0, plan->folder);
        route_call(routes[i]);
        if (!route_is_answered(routes[i])) {
            fprintf(plan->table, "%s: does not do what it is to be measured at\n",
                    route_name(routes[i]));
            plan->failed = true;
        }
    }
}

/* --- all of it --- */

static bool is_asked(const struct plan *plan, const struct shape *shape)
{
    bool asked = !*plan->names;
    for (char **name = plan->names; *name; name++)
        asked = asked || strcmp(*name, shape->name) == 0;
    return asked;
}

static void measure_shape(struct plan *plan, const struct shape *shape)
{
    const char *route = *plan->route ? plan->route : plan->form == QUICK ? shape->most : "";
    bool any = false;
    for (size_t i = 0; routes[i]; i++) {
        if (!route_takes(routes[i], shape) || (*route && strcmp(route_name(routes[i]), route) != 0))
            continue;
        measure(plan, routes[i], shape);
        any = true;
    }
    if (!any && !*plan->route) {
        fprintf(plan->table, "%s: there is no route '%s' for it\n", shape->name, route);
        plan->failed = true;
    }
}

static void measure_all(struct plan *plan)
{
    const struct shape *const tables[] = {object_shapes, text_shapes};
    size_t number = 0;
    for (size_t i = 0; i < 2; i++)
        for (const struct shape *shape = tables[i]; shape->name; shape++)
            if (is_asked(plan, shape) && number++ % plan->parts == plan->part)
                measure_shape(plan, shape);
}

/* The table goes where standard output was; what the program itself prints goes nowhere. */
static FILE *divert_output(void)
{
    int table = dup(STDOUT_FILENO);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (table < 0 || nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
        abort();
    close(nowhere);
    return fdopen(table, "w");
}

int main(int argc, char **argv)
{
    if (argc < 7 || !RUNNING_ON_VALGRIND) {
        fputs("usage: tests/scaling/run [quick|all] [SHAPE]...\n", stderr);
        return 1;
    }
    struct plan plan = {
        .folder = argv[1],
        .out = argv[2],
        .form = strcmp(argv[3], "all") == 0 ? ALL : QUICK,
        .part = strtoul(argv[4], NULL, 10),
        .parts = strtoul(argv[5], NULL, 10),
        .route = argv[6],
        .names = argv + 7,
        .table = divert_output(),
    };
    check_counting(&plan);
    check_routes(&plan);
    if (!plan.failed)
        measure_all(&plan);
    fclose(plan.table);
    return plan.failed;
}
