/* The etcds that reviews have shown since the start, and how far each is on its way to druid: what
 * a dashboard counts. An etcd that was deleted stays until the next start. */
#ifndef WEBHOOK_FLEET_H
#define WEBHOOK_FLEET_H

#include "kube/json.h"

#include <pthread.h>
#include <stdio.h>

/* Beyond so many StatefulSets, those that are new are not counted. */
enum { WEBHOOK_FLEET_MAX = 100000 };

struct webhook_fleet {
    pthread_mutex_t mutex;
    struct json_object *seen; /* owned: "NAMESPACE/NAME" → stage, verdict, codes of findings */
};

/* Notes that NAMESPACE/NAME is at STAGE ("legacy", …, "druid"). REPORT (lent; NULL: it was not
 * translated) is an item of the translation's report. */
void webhook_fleet_note(struct webhook_fleet *fleet, const char *namespace, const char *name,
                        const char *stage, struct json_object *report);

/* Writes the counts as metrics. */
void webhook_fleet_write(struct webhook_fleet *fleet, FILE *out);

void webhook_fleet_free(struct webhook_fleet *fleet);

#endif
