/* Owners clean up: a variable marked AUTO_… frees what it holds when it goes out of scope, and TAKE
 * hands that value on (the last line of a function that returns it). Initialise what you mark. */
#ifndef KUBE_CLEANUP_H
#define KUBE_CLEANUP_H

#include <json-c/json_object.h>
#include <stdio.h>
#include <stdlib.h>

#define AUTO(function) __attribute__((cleanup(function)))
#define AUTO_FREE AUTO(cleanup_free)
#define AUTO_JSON AUTO(cleanup_json)
#define AUTO_FILE AUTO(cleanup_file)

/* The value of POINTER, which becomes NULL: ownership moves to whoever gets the value. */
#define TAKE(pointer)                                                                              \
    __extension__({                                                                                \
        __typeof__(pointer) taken_ = (pointer);                                                    \
        (pointer) = NULL;                                                                          \
        taken_;                                                                                    \
    })

/* ADDRESS is that of a pointer of any type; void * keeps the attribute usable with all of them. */
static inline void cleanup_free(void *address)
{
    free(*(void **)address);
}

static inline void cleanup_json(struct json_object **object)
{
    json_object_put(*object);
}

static inline void cleanup_file(FILE **file)
{
    if (*file)
        fclose(*file);
}

#endif
