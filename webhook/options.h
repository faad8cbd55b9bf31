/* The command line, by one table: parsing and --help come from the same rows. */
#ifndef WEBHOOK_OPTIONS_H
#define WEBHOOK_OPTIONS_H

#include "migration/migration.h"
#include "webhook/log.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A repeatable option's values, lent from argv; the array is owned. */
struct webhook_list {
    const char **items;
    size_t count;
};

/* Below it ordinary reviews would not fit. */
enum { WEBHOOK_REQUEST_MEMORY_MIN = 16 << 20 };

enum webhook_mode { MODE_SERVE, MODE_MIGRATE, MODE_ISSUE_CERTS, MODE_HELP, MODE_VERSION };

struct webhook_options {
    enum webhook_mode mode;
    /* serve */
    const char *config;
    struct webhook_list objects;
    const char *kubeconfig;
    const char *listen;
    const char *operations_listen;
    const char *tls_dir;
    const char *client_ca;
    struct webhook_list client_names;
    bool open_translate;
    int64_t drain; /* this and the next ones in nanoseconds */
    int64_t request_timeout;
    int64_t idle_timeout;
    int64_t max_connections;
    int64_t request_memory; /* bytes */
    int log_format;         /* enum webhook_log_format */
    /* --migrate; `arguments` are the inputs */
    struct migrate_options migrate; /* without `strategy` and `now` */
    int strategy;                   /* enum migrate_strategy */
    int output;                     /* 0 YAML, 1 JSON */
    const char *report;
    int report_format; /* 0 text, 1 JSON */
    bool strict;
    /* --issue-certs */
    const char *issue_certs;
    struct webhook_list dns_names;
    int64_t validity;
    /* what is no option */
    struct webhook_list arguments;
};

/* Reads ARGV and checks what belongs together. ERROR_INVALID is a usage error whose message names
 * the option. The caller frees OPTIONS in any case. */
bool webhook_options_parse(int argc, char **argv, struct webhook_options *options,
                           struct error *err);
void webhook_options_free(struct webhook_options *options);

/* What --help prints. */
void webhook_options_help(FILE *out);

#endif
