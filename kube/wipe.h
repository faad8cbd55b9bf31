/* Memory that held a secret is overwritten before it is given back. */
#ifndef KUBE_WIPE_H
#define KUBE_WIPE_H

#include <json-c/json_object.h>
#include <stddef.h>

/* Overwrites LENGTH bytes and frees them; NULL is fine. */
void kube_wipe_free(void *bytes, size_t length);

/* Overwrites every string in VALUE, which is good for nothing but json_object_put then. */
void kube_wipe_json(struct json_object *value);

/* Overwrites what functions that have returned left on the stack, some of it unseen: the loader
 * saves the registers that memcpy has filled. For whoever has had secrets go through functions that
 * it called. */
void kube_wipe_stack(void);

/* A mark for variables with such a tree, in place of AUTO_JSON. */
static inline void cleanup_wiped_json(struct json_object **value)
{
    kube_wipe_json(*value);
    json_object_put(*value);
}
#define AUTO_WIPED_JSON __attribute__((cleanup(cleanup_wiped_json)))

#endif
