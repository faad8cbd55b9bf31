/* Kubernetes quantities ("500m", "20Gi", "1e3") as exact integers. Knows suffixes, not what they
 * measure. Never allocates. */
#ifndef KUBE_QUANTITY_H
#define KUBE_QUANTITY_H

#include "kube/error.h"

#include <stdint.h>

enum { KUBE_QUANTITY_SIZE = 32 };

/* TEXT as bytes, rounded up to whole ones as Kubernetes does: "20Gi" is 21474836480, "10G" is
 * 10000000000, "0.5" is 1. Sets *bytes only on success, 0..INT64_MAX.
 * ERROR_INVALID: not a quantity, or negative. ERROR_RANGE: does not fit.
 * Source: Kubernetes API, resource.Quantity. */
bool kube_quantity_bytes(const char *text, int64_t *bytes, struct error *err);

/* Whether A and B are the same amount ("1" and "1000m", "1Gi" and "1024Mi"). Texts that are no
 * quantities are equal only when they are the same text. */
bool kube_quantity_equal(const char *a, const char *b);

/* BYTES (>= 0) in the canonical form with the largest binary suffix that keeps it whole:
 * 8589934592 is "8Gi", 104857600 "100Mi", 1000 "1000". */
void kube_quantity_format(int64_t bytes, char out[KUBE_QUANTITY_SIZE]);

#endif
