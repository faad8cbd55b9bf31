/* The room patches/: what an admission request changes. An object, an object source and the
 * settings go in; a JSON Patch and warnings come out. Pure: no sockets, files, clocks or globals.
 * The legacy path does what the webhooks of gardener-extensions before 533a9297 (January 2020) did;
 * phases and the guard lead from it to druid. */
#ifndef PATCHES_PATCHES_H
#define PATCHES_PATCHES_H

#include "kube/patch.h"
#include "kube/source.h"
#include "kube/work.h"
#include "patches/phase.h"
#include "patches/provider.h"

/* Class and capacity of etcd-main's volume with one provider. */
struct patch_storage {
    const char *provider;   /* "aws" */
    const char *class_name; /* NULL: the cluster's default class */
    const char *capacity;   /* NULL: 10Gi */
};

/* What becomes of others' writes to what druid runs. */
enum patch_guard { PATCH_GUARD_DENY, PATCH_GUARD_WARN, PATCH_GUARD_OFF };

/* What the configuration says; strings are lent and outlive the settings. */
struct patch_settings {
    const char *default_provider; /* NULL: none */
    const char *sidecar_image;
    const char *schedule; /* NULL: kept or derived, see patch_schedule */
    const struct patch_storage *storages;
    size_t storage_count;
    enum patch_phase default_phase;
    enum patch_guard guard;
    const char *const *druid_accounts; /* druid's service accounts, "NAMESPACE/NAME" */
    size_t druid_account_count;
};

/* The part of an admission request that decides. */
struct patch_request {
    bool update;           /* UPDATE; else CREATE */
    const char *namespace; /* of the request: the object's own may be absent */
    const char *name;      /* NULL: the API server is still to generate it */
    const char *user;      /* who asks, as the API server knows them; NULL: it did not say */
    struct json_object *object;
    struct json_object *old_object; /* what is stored; counts on UPDATE only */
    struct kube_work *work;         /* NULL: no limit */
};

struct patch_result {
    struct kube_patch patch;
    struct json_object *warnings; /* an array of strings */
    const char *stage; /* the phase that counts, or "druid" where the guard of what druid runs does;
                        * NULL: this program does not act on the object */
    bool prepared;     /* in the phase prepare: what stands against a takeover is of interest */
};

/* Decides on REQUEST's StatefulSet by its phase, or guards what druid runs. An object that is as it
 * should be gives an empty patch. The caller frees RESULT, also after an error. Errors, which name
 * the object and what it needs: ERROR_INVALID: the object, or one that it needs, is malformed.
 * ERROR_NOT_FOUND: one that it needs is absent. ERROR_CONFLICT: it is not this user's to change.
 * ERROR_UNAVAILABLE: the source cannot tell. ERROR_STOPPED: REQUEST's work has ended. */
bool patch_stateful_set(const struct patch_request *request, const struct patch_settings *settings,
                        struct kube_source *source, struct patch_result *result, struct error *err);

/* The same for an UPDATE of its subresource scale: the objects are Scales (autoscaling/v1). Guards
 * replicas, as far as the source can tell whose they are; never patches. */
bool patch_scale(const struct patch_request *request, const struct patch_settings *settings,
                 struct kube_source *source, struct patch_result *result, struct error *err);

/* The same for the CREATE of an Etcd: fills in what is the cloud's and absent (storage, store,
 * schedule) for etcd-main and etcd-events. What is set is never overwritten. Secrets that it refers
 * to and that are not there are warnings that name them. */
bool patch_etcd(const struct patch_request *request, const struct patch_settings *settings,
                struct kube_source *source, struct patch_result *result, struct error *err);

void patch_result_free(struct patch_result *result);

#endif
