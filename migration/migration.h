/* The room migration/: a legacy etcd (a StatefulSet and what it mounts) understood as a model, the
 * model written as an Etcd, and a report of what became of every field and what stands in the way.
 * Pure: no files, sockets, clock or globals. Uses kube/, certs/ and patches/provider.h. */
#ifndef MIGRATION_MIGRATION_H
#define MIGRATION_MIGRATION_H

#include "kube/files.h"
#include "kube/source.h"
#include "kube/work.h"

enum migrate_strategy {
    MIGRATE_ADOPT,   /* the same name: druid takes the StatefulSet over in place */
    MIGRATE_JOIN,    /* another name: a second cluster that joins the running one */
    MIGRATE_RESTORE, /* another name: a second cluster that starts from the backups */
    MIGRATE_STRATEGIES,
    MIGRATE_AUTO = MIGRATE_STRATEGIES, /* adopt, else join */
};

/* What the operator says; zeros mean the strategy adopt. All texts may be NULL, and live longer
 * than the call. */
struct migrate_options {
    enum migrate_strategy strategy;
    const char *only;                /* the name of the StatefulSets that are meant; NULL: all */
    const char *name;                /* of the Etcd, for join and restore; default "<name>-druid" */
    const char *store_container;     /* overrides what the sidecar says */
    const char *etcd_version;        /* what runs today; default: the image's tag */
    const char *target_etcd_version; /* what druid will run; default "3.4" */
    const char *client_tls_secret;   /* the Secret with the sidecar's client certificate */
    const char *druid_version;       /* "v0.37" (default) or "v0.38" */
    bool accept_client_cert_auth;
    bool old_is_stopped;
    bool untrusted;     /* the StatefulSet comes from somebody who may not read the Secrets that it
                         * names: of their values none is shown but that of the key bucketName */
    int64_t now;        /* seconds since 1970, for certificates */
    bool findings_only; /* of `strategy` alone, which is not MIGRATE_AUTO: the report has neither
                         * fields nor alternatives */
    size_t memory; /* bytes that one translation may hold: what it knows, reads and finds, not the
                    * StatefulSet, the Etcd and the fields; 0: no limit */
    struct kube_work *work; /* NULL: no limit */
};

/* What a translation takes at most beyond options.memory, so that whoever works for strangers can
 * set it aside: twice what the tree of the StatefulSet takes, and, where the fields are wanted,
 * this for each of its leaves. */
enum { MIGRATE_FIELD_BYTES = 3072 };

/* "auto", "adopt", "join", "restore". ERROR_INVALID names those. */
bool migrate_strategy_parse(const char *text, enum migrate_strategy *out, struct error *err);

/* Whether OPTIONS make sense together. ERROR_INVALID names the option, its value and what it takes.
 */
bool migrate_options_check(const struct migrate_options *options, struct error *err);

enum migrate_verdict { MIGRATE_READY, MIGRATE_ATTENTION, MIGRATE_BLOCKED };

/* Trees are owned; migrate_result_free frees them. */
struct migrate_result {
    struct json_object *etcd;   /* the resource; NULL when blocked */
    struct json_object *report; /* an item of the report's "items" */
    enum migrate_verdict verdict;
};

void migrate_result_free(struct migrate_result *result);
#define AUTO_MIGRATE_RESULT __attribute__((cleanup(migrate_result_free)))

/* Whether STATEFUL_SET runs an etcd that is not druid's already. *REASON (a literal) says why not.
 */
bool migrate_runs_etcd(struct json_object *stateful_set, const char **reason);

/* Translates STATEFUL_SET; what it mounts comes from SOURCE. OPTIONS must be checked.
 * ERROR_INVALID: it is not a StatefulSet as the API server would store it; the message names the
 * path. ERROR_RANGE: it takes more than OPTIONS allow. ERROR_UNAVAILABLE: the source cannot answer
 * now. ERROR_STOPPED: OPTIONS' work has ended. */
bool migrate_stateful_set(struct json_object *stateful_set, struct kube_source *source,
                          const struct migrate_options *options, struct migrate_result *out,
                          struct error *err);

/* Called with each StatefulSet in turn: RESULT (lent) when it runs etcd, else SKIPPED (lent), an
 * item of the report's "skipped"; exactly one of them. INDEX counts from 0 to TOTAL. False stops,
 * with ERR set. */
typedef bool migrate_each(void *context, size_t index, size_t total,
                          const struct migrate_result *result, struct json_object *skipped,
                          struct error *err);

/* Every StatefulSet of FILES, ordered by namespace and name; what they mount comes from SOURCE, or
 * from FILES where that is NULL. The first that cannot be translated stops it, and the message
 * names it. ERROR_INVALID also: options.name with several etcds in one namespace, or old_is_stopped
 * with several in all. */
bool migrate_files(struct kube_files *files, struct kube_source *source,
                   const struct migrate_options *options, migrate_each *each, void *context,
                   struct error *err);

/* The same for OBJECT, a StatefulSet or a List of objects; items of other kinds are left out: what
 * is mounted comes from SOURCE. ERROR_INVALID: OBJECT is neither. */
bool migrate_list(struct json_object *object, struct kube_source *source,
                  const struct migrate_options *options, migrate_each *each, void *context,
                  struct error *err);

/* The report ITEM for people: verdict, findings worst first with their remedies, what druid will
 * do, what was replaced and dropped. COLOUR: with ANSI colours. The caller frees the text. NULL: no
 * memory. */
char *migrate_report_text(struct json_object *item, bool colour);

#endif
