/* Points in time as Kubernetes and Gardener write them. Knows no clock: the caller says what time
 * it is. Never allocates. */
#ifndef KUBE_TIME_H
#define KUBE_TIME_H

#include "kube/error.h"

#include <stdint.h>

enum { KUBE_TIME_SIZE = 40, KUBE_DAY_MINUTES = 24 * 60 };

/* TEXT ("2020-01-15T09:42:00Z", offsets and fractions allowed) as seconds since 1970 in UTC,
 * fractions cut off. ERROR_INVALID: not such a time. Source: RFC 3339. */
bool kube_time_parse(const char *text, int64_t *seconds, struct error *err);

/* SECONDS since 1970 as RFC 3339 in UTC, "2020-01-15T09:42:00Z". */
void kube_time_format(int64_t seconds, char out[KUBE_TIME_SIZE]);

/* The minute of the day in UTC, 0..1439, of a maintenance window's time TEXT ("220000+0100" is
 * 1260). ERROR_INVALID: not of the form HHMMSS+ZZZZ. Source: Gardener, Shoot
 * spec.maintenance.timeWindow. */
bool kube_time_window_minute(const char *text, int *minute, struct error *err);

#endif
