/* The room patches/: what the legacy path changes. A StatefulSet, an object source and the settings
 * go in; a JSON Patch and warnings come out. Pure: no sockets, files, clocks or globals. The
 * contract is that of the webhooks of gardener-extensions before 533a9297 (January 2020). */
#ifndef PATCHES_PATCHES_H
#define PATCHES_PATCHES_H

#include "kube/patch.h"
#include "kube/source.h"
#include "patches/provider.h"

/* Class and capacity of etcd-main's volume with one provider. */
struct patch_storage {
    const char *provider;   /* "aws" */
    const char *class_name; /* NULL: the cluster's default class */
    const char *capacity;   /* NULL: 10Gi */
};

/* What the configuration says; strings are lent and outlive the settings. */
struct patch_settings {
    const char *default_provider; /* NULL: none */
    const char *sidecar_image;
    const char *schedule; /* NULL: kept or derived, see patch_schedule */
    const struct patch_storage *storages;
    size_t storage_count;
};

/* The part of an admission request that decides. */
struct patch_request {
    bool update;           /* UPDATE; else CREATE */
    const char *namespace; /* of the request: the object's own may be absent */
    const char *name;      /* NULL: the API server is still to generate it */
    struct json_object *object;
    struct json_object *old_object; /* NULL on CREATE */
};

struct patch_result {
    struct kube_patch patch;
    struct json_object *warnings; /* an array of strings */
    bool ignored;                 /* not an etcd of the legacy path: nothing was looked at */
};

/* Plans what REQUEST's StatefulSet lacks. An object that is as it should be gives an empty patch.
 * The caller frees RESULT, also after an error. Errors, which name the object and what it needs:
 * ERROR_INVALID: the object, or one that it needs, is malformed. ERROR_NOT_FOUND: one that it needs
 * is absent. ERROR_UNAVAILABLE: the source cannot tell. */
bool patch_stateful_set(const struct patch_request *request, const struct patch_settings *settings,
                        struct kube_source *source, struct patch_result *result, struct error *err);
void patch_result_free(struct patch_result *result);

#endif
