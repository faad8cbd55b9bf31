/* How the tables of shapes are written. */
#ifndef TESTS_SCALING_ROWS_H
#define TESTS_SCALING_ROWS_H

#include "tests/scaling/shapes.h"

/* Rows leave out the fields that they do not need. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wmissing-field-initializers"
#endif

#define MIGRATE "migrate yaml"
#define PREPARE "prepare update"

#define FILES (IN_JSON_FILES | IN_YAML_FILES)

/* A start of etcd's container, and the sidecar's, other than by the configuration file. */
#define SHELL                                                                                      \
    {                                                                                              \
        .slot = "command", .open = "'/bin/sh','/etc/etcd/run.sh'"                                  \
    }
#define FLAGS                                                                                      \
    {                                                                                              \
        .slot = "command", .open = "'etcd','--data-dir=/var/etcd/data/new.etcd'"                   \
    }
#define START "exec etcd --data-dir=/var/etcd/data/new.etcd\\n"
#define TLS_CONFIG                                                                                 \
    CONFIG "client-transport-security:\\n  cert-file: /etc/tls/tls.crt\\n"                         \
           "  key-file: /etc/tls/tls.key\\n  trusted-ca-file: /etc/tls/ca.crt\\n"
#define CONFIG "data-dir: /var/etcd/data/new.etcd\\n"

#define ROW(sentence, route, ...)                                                                  \
    {                                                                                              \
        .name = sentence, .most = route, .fills = { __VA_ARGS__ }                                  \
    }
#define DEEP(sentence, route, ...)                                                                 \
    {                                                                                              \
        .name = sentence, .most = route, .deep = true, .fills = { __VA_ARGS__ }                    \
    }
#define ONLY(kinds, sentence, route, ...)                                                          \
    {                                                                                              \
        .name = sentence, .only = kinds, .most = route, .fills = { __VA_ARGS__ }                   \
    }

#endif
