/* Durations as Go writes them ("300ms", "1h30m"), in nanoseconds. Never allocates. */
#ifndef KUBE_DURATION_H
#define KUBE_DURATION_H

#include "kube/error.h"

#include <stdint.h>

enum { KUBE_DURATION_SIZE = 48 };

#define KUBE_MILLISECOND INT64_C(1000000)
#define KUBE_SECOND INT64_C(1000000000)
#define KUBE_MINUTE (60 * KUBE_SECOND)
#define KUBE_HOUR (60 * KUBE_MINUTE)

/* TEXT as nanoseconds, 0..INT64_MAX; fractions of a nanosecond are cut off. "0" needs no unit.
 * ERROR_INVALID: not a duration, or negative. ERROR_RANGE: does not fit. Source: Go,
 * time.ParseDuration. */
bool kube_duration_parse(const char *text, int64_t *nanoseconds, struct error *err);

/* The text a person would write: units that are zero are left out, what is below a second is in ms,
 * us or ns. 300 s is "5m", 43200 s "12h", 5400 s "1h30m", 1.5 s "1.5s", 0.5 s "500ms", 0 "0s".
 * NANOSECONDS >= 0. */
void kube_duration_format(int64_t nanoseconds, char out[KUBE_DURATION_SIZE]);

#endif
