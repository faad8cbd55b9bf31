/* Cron expressions, and the narrower ones that an Etcd's schema takes: one value, range, step or
 * "*" a field, no lists, no names, no "@daily". Knows when two say the same. Never allocates. */
#ifndef KUBE_SCHEDULE_H
#define KUBE_SCHEDULE_H

#include "kube/error.h"

enum { KUBE_SCHEDULE_SIZE = 128 };

/* The schedule TEXT as the schema of Etcd takes it, and the sidecar too (for which Sunday is 0,
 * never 7): TEXT itself where that is so, else an equal expression ("1,13" hours is "1/12",
 * "@daily" is "0 0 * * *", Sunday is every seventh day of the week). *EXACT is false where there is
 * none; OUT then has the nearest one. ERROR_INVALID: not a cron expression. Sources: the pattern of
 * fullSnapshotSchedule in Etcd's CustomResourceDefinition; robfig/cron v3. */
bool kube_schedule_narrow(const char *text, char out[KUBE_SCHEDULE_SIZE], bool *exact,
                          struct error *err);

#endif
