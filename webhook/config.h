/* The configuration file: druid-bridge/v1alpha1, kind BridgeConfiguration, in YAML or JSON. */
#ifndef WEBHOOK_CONFIG_H
#define WEBHOOK_CONFIG_H

#include "patches/patches.h"

/* The sidecar's image where the configuration names none: the release that the legacy webhooks
 * brought last. Source: gardener-extensions, charts/images.yaml at 533a9297^. */
#define WEBHOOK_SIDECAR_IMAGE "eu.gcr.io/gardener-project/gardener/etcdbrctl:0.7.3"

struct webhook_config {
    struct patch_settings patches;
    struct json_object *tree;       /* owned: the strings above live here */
    struct patch_storage *storages; /* owned */
    const char **druid_accounts;    /* owned; NULL: the default */
    const char *const *secrets;     /* the names of Secrets that are watched */
    size_t secret_count;
    const char **own_secrets; /* owned; NULL: the default */
};

/* Reads and checks FILE; NULL gives the defaults. Unknown keys, wrong types and values that cannot
 * be are ERROR_INVALID, named with file and line; ERROR_UNAVAILABLE: the file cannot be read, or is
 * no regular file; ERROR_RANGE: more than 1 MiB. On success *CONFIG is the caller's, to be freed.
 */
bool webhook_config_load(const char *file, struct webhook_config *config, struct error *err);

/* The same for a text that messages call NAME. */
bool webhook_config_parse(const char *name, const char *text, size_t length,
                          struct webhook_config *config, struct error *err);

void webhook_config_free(struct webhook_config *config);

#endif
