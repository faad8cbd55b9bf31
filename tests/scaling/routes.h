/* The ways on which a caller's input is answered, each called as its owner calls it, but without
 * sockets. */
#ifndef TESTS_SCALING_ROUTES_H
#define TESTS_SCALING_ROUTES_H

#include "tests/scaling/shapes.h"

struct route;

extern const struct route *const routes[]; /* up to a NULL */

const char *route_name(const struct route *route);

/* Whether an input on ROUTE can have SHAPE. */
bool route_takes(const struct route *route, const struct shape *shape);

/* Makes the input of ROUTE that has SHAPE in SIZE, and all that it refers to. FOLDER is for files,
 * and the caller's to remove. Aborts where that fails. */
void route_prepare(const struct route *route, const struct shape *shape, size_t size,
                   const char *folder);

/* The bytes of the input prepared last, without what it refers to. */
size_t route_input_length(void);

/* What is measured: the call that answers the input prepared last. */
void route_call(const struct route *route);

/* Whether the answer to the last call has what an answer to the input without any shape has to
 * have: else ROUTE does not do what it is to be measured at. Frees the answer. */
bool route_is_answered(const struct route *route);

#endif
