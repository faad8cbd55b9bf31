/* druid-bridge --migrate: reads manifests, writes Etcds to standard output and the report where it
 * was asked for. */
#ifndef WEBHOOK_MIGRATE_COMMAND_H
#define WEBHOOK_MIGRATE_COMMAND_H

#include "migration/migration.h"

#include <stdio.h>

struct migrate_command {
    struct migrate_options options; /* as given; `now` too */
    const char *const *inputs;      /* paths, "-" is standard input */
    size_t input_count;
    const char *const
        *objects; /* --objects: more manifests; StatefulSets in them are translated too */
    size_t object_count;
    struct kube_source
        *source; /* what is mounted comes from here (--kubeconfig); NULL: from the files */
    bool json;   /* --output json */
    bool strict;
    const char *report_path; /* --report; NULL: standard error */
    bool report_json;        /* --report-format json */
};

/* Runs it; returns the exit status: 0 every StatefulSet that runs etcd has its Etcd, 1 usage or
 * unreadable input, 2 one or more are blocked, 3 strict, and there are warnings. */
int migrate_command(const struct migrate_command *command);

#endif
