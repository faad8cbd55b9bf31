/* What the files of migration/ share: one translation, and what each of them does for it. */
#ifndef MIGRATION_INTERNAL_H
#define MIGRATION_INTERNAL_H

#include "kube/cleanup.h"
#include "migration/migration.h"
#include "migration/model.h"

/* --- one translation --- */

enum outcome {
    OUTCOME_TRANSLATED,
    OUTCOME_DEFAULTED,
    OUTCOME_REPLACED,
    OUTCOME_DROPPED,
    OUTCOME_UNACCOUNTED
};

enum severity { SEVERITY_NONE, SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_BLOCKER };

struct finding;

struct findings {
    struct finding *items; /* in the order in which they were found */
    size_t count, capacity;
};

struct translation {
    struct json_object *sts;
    struct kube_source *source;
    const struct migrate_options *options;
    struct pool_budget budget; /* of both pools */
    struct pool pool;          /* goes back to a mark after each member, and after each strategy */
    struct pool kept;          /* what is kept from one to the next */
    struct model model;
    struct names held[KUBE_KINDS]; /* objects that were asked of the source */
    struct judged_certificate *judged;
    struct names projections; /* what is known of volumes, by their paths */
    struct names config_maps; /* name → struct config_map */
    int64_t ordinal;          /* of the member that is being read */
    const char *pod;          /* its name */
    bool failed;              /* something could not be allocated, besides the pools */
    struct error *err;

    /* of the strategy at hand */
    enum migrate_strategy strategy;
    const char *etcd_name;
    size_t round;        /* of looking at the mounts */
    struct names claims; /* pointer → what became of it */
    struct findings findings;
    struct json_object *etcd;
};

/* One more turn of a loop over input. False: the loop ends, since nobody waits any more or there is
 * no memory. What it gives is then good for nothing; translation_goes_on says so to the caller. */
static inline bool goes_on(struct translation *t)
{
    return !t->pool.failed && !t->kept.failed && kube_work_goes_on(t->options->work);
}

/* Between two stages. ERROR_STOPPED; ERROR_RANGE: it takes more memory than allowed. */
bool translation_goes_on(struct translation *t);

/* Shorthands for lists in the model that may not be there. */
size_t list_length(struct json_object *list);
struct json_object *list_item(struct json_object *list, size_t index);
/* A scalar as text in T's pool ("24", "true"); NULL for maps, lists, null and texts with a NUL. */
const char *scalar_text(struct translation *t, struct json_object *value);
bool text_is(const char *text, const char *other); /* NULL is equal to nothing */
/* TEXT, or its beginning where it is longer than LONGEST, which nothing real is: for what stands in
 * many messages. */
enum { LONGEST_NAME = 253, LONGEST_VALUE = 1024 };
const char *quoted(struct translation *t, const char *text, size_t longest);
/* The last segment of a path: "etcd" of "/usr/local/bin/etcd". */
const char *base_name(const char *path);
/* PATH without "." and empty segments and without a slash at either end; ".." is resolved. */
const char *clean_path(struct translation *t, const char *path);
/* PARENT/SEGMENT with the segment escaped. */
const char *pointer_to(struct translation *t, const char *parent, const char *segment);
const char *pointer_at(struct translation *t, const char *parent, size_t index);

/* objects.c: what the source has. *OUT is lent, until the translation ends; NULL where it is
 * absent, and then *KNOWN_ABSENT says whether that is certain. False: the source cannot answer. */
bool object_get(struct translation *t, enum kube_kind kind, const char *namespace, const char *name,
                struct json_object **out, bool *known_absent);
/* The bytes of KEY of Secret NAME: *OUT is the caller's. False where there is no such key. */
bool secret_value(struct translation *t, const char *name, const char *key, unsigned char **out,
                  size_t *length);

/* settings.c */
struct setting *settings_add(struct translation *t, struct settings *settings);
/* The value that counts, or NULL. */
const struct setting *settings_get(const struct settings *settings, const char *name);
const char *settings_value(const struct settings *settings, const char *name);
/* The value of SETTING (NULL: none), or what is known of it. */
const char *setting_text(const struct setting *setting);
/* Whether SETTING is set to something that the manifests do not tell; NULL is not. */
bool setting_is_unknown(const struct setting *setting);
/* Finds that SETTING, which is, cannot be known. */
void find_unknown(struct translation *t, const struct setting *setting);
/* Reads WORDS from FIRST on as flags of the program whose flags FLAGS knows. */
struct flag;
void settings_from_words(struct translation *t, struct settings *settings, const struct flag *flags,
                         const struct words *words, size_t first, const char *container);
/* Decides which of several values of a name counts: file, then flags (the last), then variables.
 * With a file nothing else does, for etcd. */
void settings_resolve(struct translation *t, struct settings *settings, bool file_only);

/* variables.c */
bool variables_read(struct translation *t, const struct container *container, int64_t ordinal,
                    struct variables *out);
struct variable *variables_find(const struct variables *variables, const char *name);
void variables_add(struct translation *t, struct variables *variables,
                   const struct variable *variable);
/* Takes those of a script away from COUNT on, and shows them again up to COUNT: they stay in their
 * place until another is added. */
void variables_hide(struct translation *t, struct variables *variables, size_t count);
void variables_show(struct translation *t, struct variables *variables, size_t count);
/* Whether LENGTH bytes may stand where WRITTEN bytes are written: in all there is a bound. */
bool variables_spend(struct variables *variables, size_t written, size_t length);
/* TEXT with $(NAME) replaced as the kubelet does; *KNOWN becomes false when a part cannot be known.
 */
const char *variables_expand(struct translation *t, struct variables *variables, const char *text,
                             bool *known);
/* command and args. */
bool words_read(struct translation *t, const struct container *container,
                struct variables *variables, struct words *out);
void words_add(struct translation *t, struct words *words, const char *text, const char *path);

/* script.c: a shell script as far as it can be read for certain. */
struct script {
    struct words words;    /* of the etcd command at its end */
    const char *file_path; /* a here-document's file, or NULL */
    const char *file_text;
    const char *config_path; /* the one configuration file that the script names, certain or not */
    bool config_touched;     /* and does more with, such as write it */
};
/* Whether SCRIPT's TEXT, which stands at PATH, does nothing but start PROGRAM in a way that is
 * understood. VARIABLES, those of the pod, become the environment of the program then. */
bool script_read(struct translation *t, const char *program, const char *text, const char *path,
                 struct variables *variables, struct script *out);

/* volumes.c. *PATH is set where there is one. */
void volumes_read(struct translation *t);
struct json_object *pod_volume(struct translation *t, const char *name, const char **path);
struct json_object *claim_named(struct translation *t, const char *name, const char **path);

/* mounts.c */
void mounts_read(struct translation *t, struct container *container);
bool is_mounted(const struct container *container, const char *volume);
/* Those from this index on come behind PATH (clean): what is below it comes first. */
size_t mounts_behind(const struct mounts *mounts, const char *path);
/* Where the mount itself lies, told once and kept; NULL: there is no memory. */
const struct place *mount_place(struct translation *t, const struct container *container,
                                struct variables *variables, struct mount *mount);
bool place_find(struct translation *t, const struct container *container, const char *path,
                struct variables *variables, struct place *out);
/* projected.c: the object that PATH in CONTAINER comes from; out->kind is KUBE_KINDS if from none.
 */
void projected_find(struct translation *t, const struct container *container, const char *path,
                    struct variables *variables, struct projected_file *out);
/* The same for a volume by its name and a file name in it (NULL: the first object of the volume).
 */
void projected_in_volume(struct translation *t, const char *volume, const char *file,
                         struct projected_file *out);

/* file.c: etcd's configuration file. Adds its settings to READING, or says why it is opaque. */
bool config_file_read(struct translation *t, const char *path, bool by_habit,
                      struct reading *reading);
void config_text_read(struct translation *t, const char *text, const char *where, const char *path,
                      struct reading *reading);
/* Whether TEXT has a setting that only etcd has. */
bool config_text_is_etcds(const char *text);

/* search.c: the ConfigMap, of those that are mounted, that has etcd's configuration; OUT stays as
 * it is where there is none. False: the source cannot answer. */
bool config_search(struct translation *t, struct projected_file *out);
/* What is known of a ConfigMap of the namespace; NULL: there is no memory. */
struct config_map {
    bool searched;
    const char *first;     /* key that is etcd's by its content, then; NULL: none */
    struct names verdicts; /* key → whether it is */
    struct names parsed;   /* key → struct parsed_text */
};
struct config_map *config_map(struct translation *t, const char *name);

/* command.c: everything that configures the etcd of member ORDINAL. */
bool etcd_read(struct translation *t, int64_t ordinal, struct reading *out);
bool sidecar_read(struct translation *t);

/* model.c */
bool model_read(struct translation *t);
void tls_read(struct translation *t);
bool store_read(struct translation *t);
bool containers_find(struct json_object *sts, struct kube_work *work, struct container *etcd,
                     struct container *sidecar);
/* As migrate_runs_etcd; good for nothing where WORK is stopped. */
bool runs_etcd(struct json_object *sts, struct kube_work *work, const char **reason);
/* Up to MAX URLs of SETTING (NULL: none), which is a text with commas, a list, or a map by member;
 * how many there are. */
size_t split_urls(struct translation *t, const struct setting *setting, const char *pod,
                  const char *name, const char **urls, size_t max);
bool url_is_local(struct translation *t, const char *url);
bool url_is_at(struct translation *t, const char *url, const char *host, int64_t port);
const char *pod_name(struct translation *t, int64_t ordinal);
int64_t listen_port(struct translation *t, const char *setting, const char *const *port_names,
                    int64_t usual, const char **path);
int64_t sidecar_port(struct translation *t, const char **path);
bool version_parse(const char *text, struct version *out);
/* Where the container or its pod sets FIELD of its security context: its value, else -1. */
int64_t security_number(struct translation *t, const char *field, const char **path);

/* flags.c: what etcd, the sidecar and etcd-wrapper can be told, and what becomes of it. */
enum carry {
    CARRY_FIELD, /* a field of the Etcd has it */
    CARRY_MODEL, /* it is understood as a part of something else: a path, a certificate, the store
                  */
    CARRY_DRUID, /* druid sets its own */
    CARRY_USUAL, /* no field; druid leaves it at `usual` */
    CARRY_AUTH,  /* basic authentication */
};

enum value_type { VALUE_TEXT, VALUE_BOOLEAN, VALUE_NUMBER, VALUE_DURATION, VALUE_SECONDS };

struct flag {
    const char *name;
    enum value_type type;
    enum carry carry;
    const char *usual;
    const char *note;
    const char *alias; /* another name of it: "-s", "--delta-snapshot-period-seconds" */
};

extern const struct flag etcd_flags[], sidecar_flags[], wrapper_flags[];
const struct flag *flag_find(const struct flag *flags, const char *name);

/* accounting.c. NOTE, which may be NULL, lives as long as the strategy is tried. */
void account(struct translation *t, const char *path, enum outcome outcome, const char *to,
             const char *note);
/* What is below PATH stands below TO just so. */
void account_copy(struct translation *t, const char *path, const char *to);
/* SETTING (NULL: nothing) became TO; without TO it was dropped. */
void account_setting(struct translation *t, const struct setting *setting, const char *to,
                     const char *note);
/* Druid and its sidecar do the same without being told. */
void account_default(struct translation *t, const struct setting *setting, const char *note);
bool is_claimed(struct translation *t, const char *path);
/* fields.c: walks the StatefulSet and finds what nobody accounted for. Every leaf is added to
 * FIELDS (NULL: to nothing), ordered by path. */
struct claim {
    enum outcome outcome;
    const char *to;   /* NULL: nowhere */
    const char *note; /* NULL: nothing to say */
    bool mirrored;    /* what is below the path is below `to` just so */
    struct note *notes;
};
const struct claim *claim_at(const struct translation *t, const char *path);
bool account_fields(struct translation *t, struct json_object *fields);
/* rules.c: leaves that always have the same fate. */
struct rule {
    const char *path; /* indices written as "*"; it counts for all below, the longest wins */
    enum outcome outcome;
    const char *usual; /* dropped: not missed where the leaf is this text */
    bool missed;       /* dropped, and SettingWithoutField says so */
    const char *to;
    const char *note;
};
const struct rule *rule_find(const char *path);
void account_model(struct translation *t);

/* row.c: a row of a report, a map of texts as small as it can be. Rows that come one after another
 * share a text at the same address, where the cell has a place for it; zeroed that is empty. */
struct shared_text {
    const char *text;
    struct json_object *string;
};
struct cell {
    const char *key;  /* a literal */
    const char *text; /* NULL: there is no such member */
    struct shared_text *shared;
};
/* NULL: there is no memory. */
struct json_object *row_new(const struct cell *cells, size_t count);
void shared_texts_free(struct shared_text *texts, size_t count);

/* findings.c */
enum finding_code {
    FINDING_DATA_DIR_MISMATCH,
    FINDING_NO_PERSISTENT_VOLUME,
    FINDING_CLAIMS_AT_RISK,
    FINDING_MULTIPLE_MEMBERS,
    FINDING_ETCD_VERSION_TOO_NEW,
    FINDING_ETCD_VERSION_TOO_OLD,
    FINDING_ETCD_VERSION_DIFFERS,
    FINDING_ETCD_VERSION_UNKNOWN,
    FINDING_DRUID_TOO_OLD,
    FINDING_POD_LABELS_MISSING,
    FINDING_LABEL_OVERRIDDEN,
    FINDING_IMMUTABLE_FIELDS_DIFFER,
    FINDING_SERVER_CERTIFICATE_NAMES,
    FINDING_CERTIFICATE_EXPIRED,
    FINDING_CERTIFICATE_UNREADABLE,
    FINDING_CERTIFICATE_NOT_TRUSTED,
    FINDING_CLIENT_CERT_AUTH_FORCED,
    FINDING_CLIENT_SECRET_MISSING,
    FINDING_SECRET_MISSING,
    FINDING_SECRET_UNCHECKED,
    FINDING_SECRET_KEY_MISSING,
    FINDING_TLS_NOT_IN_SECRET,
    FINDING_AUTOMATIC_TLS,
    FINDING_STORE_CONTAINER_UNKNOWN,
    FINDING_STORE_CONTAINER_INVALID,
    FINDING_STORE_PREFIX_MISSING,
    FINDING_STORE_PROVIDER_UNKNOWN,
    FINDING_STORE_SECRET_UNKNOWN,
    FINDING_STORE_LOCAL,
    FINDING_STORE_SHARED,
    FINDING_STORE_MISSING,
    FINDING_SCHEDULE_NOT_EXPRESSIBLE,
    FINDING_PERIOD_NOT_EXPRESSIBLE,
    FINDING_SETTING_INVALID,
    FINDING_BASIC_AUTH,
    FINDING_CONFIGURATION_OPAQUE,
    FINDING_NAME_INVALID,
    FINDING_PEER_URLS_UNREACHABLE,
    FINDING_CLUSTER_NOT_RUNNING,
    FINDING_TOO_MANY_MEMBERS,
    FINDING_SOURCES_DISAGREE,
    FINDING_RUNS_AS_ROOT,
    FINDING_FS_GROUP_CHANGE,
    FINDING_SETTING_WITHOUT_FIELD,
    FINDING_DEFAULT_DIFFERS,
    FINDING_SELECTORS_OVERLAP,
    FINDING_HIBERNATED_ETCD,
    FINDING_WILL_ROLL_PODS,
    FINDING_STATEFUL_SET_RECREATED,
    FINDING_SERVICE_NAME_CHANGES,
    FINDING_UNACCOUNTED,
    FINDINGS,
};

/* Adds a finding, unless the strategy at hand does not know it. SEVERITY_NONE stands for that of
 * the table. PATH is a pointer into the StatefulSet; it is lent, as MESSAGE is, which may be a text
 * of the pool. */
void find_text(struct translation *t, enum finding_code code, const char *path,
               const char *message);
void find(struct translation *t, enum finding_code code, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void find_as(struct translation *t, enum finding_code code, enum severity severity,
             const char *remedy, const char *path, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* The findings as the report has them, worst first and none twice, and the verdict they give. The
 * caller's; NULL: there is no memory. */
struct json_object *findings_report(struct translation *t, enum migrate_verdict *verdict);
const char *verdict_name(enum migrate_verdict verdict);
const char *strategy_name(enum migrate_strategy strategy);

/* The parts of the Etcd, and what stands against them. A section is a map with what its fields'
 * writers give; TO is where it stands, or where a writer's value will. */
struct field {
    const char *key;
    struct json_object *(*write)(struct translation *t, const char *to);
};
struct json_object *section_write(struct translation *t, const struct field *fields, size_t count,
                                  const char *to);
struct json_object *etcd_section_write(struct translation *t, const char *to);
struct json_object *shared_config_write(struct translation *t, const char *to);
void etcd_write(struct translation *t);
struct json_object *backup_write(struct translation *t);
struct json_object *tls_write(struct translation *t, const struct tls *tls, const char *to,
                              bool with_client);
/* The Secret with the client certificate for TLS's side; NULL: none is known. *GIVEN: by hand. */
const char *client_secret(struct translation *t, const struct tls *tls, bool *given);
struct json_object *bootstrap_write(struct translation *t);
/* Values in the form of the schema; NULL where they are invalid (and found) or absent. */
struct json_object *write_quantity(struct translation *t, const struct setting *setting,
                                   const char *to);
struct json_object *write_duration(struct translation *t, const struct setting *setting,
                                   const char *to);
struct json_object *write_number(struct translation *t, const struct setting *setting,
                                 const char *to, int64_t max);
struct json_object *write_boolean(struct translation *t, const struct setting *setting,
                                  const char *to);
struct json_object *write_choice(struct translation *t, const struct setting *setting,
                                 const char *to, const char *const *choices);
struct json_object *write_url(struct translation *t, const struct setting *setting, const char *to);
/* auto-compaction-retention, which is set and not off. */
struct json_object *write_retention(struct translation *t, const struct setting *setting,
                                    const char *to, bool by_revision);
struct json_object *write_schedule(struct translation *t, const struct setting *setting,
                                   const char *to);
struct json_object *write_resources(struct translation *t, const struct container *container,
                                    const char *to);
/* A duration in nanoseconds, "300" being seconds for flags that count them. */
bool setting_duration(const struct setting *setting, int64_t *nanoseconds);
/* A boolean in the words that programs in Go take ("true", "T", "1"). False: it is none, or absent.
 * Source: Go, strconv.ParseBool. */
bool setting_boolean(const struct setting *setting, bool *out);
/* VALUE, which is missing only for want of memory: that is remembered. */
struct json_object *made(struct translation *t, struct json_object *value);
/* A copy whose maps have their keys in order, as the API server gives them, and no nulls. */
struct json_object *copy_without_nulls(struct translation *t, struct json_object *value);
/* The keys of MAP (NULL: none), ordered bytewise, up to a NULL. */
const char *const *sorted_keys(struct translation *t, struct json_object *map);
/* Adds VALUE (taken, NULL is nothing) to TARGET. */
void put(struct translation *t, struct json_object *target, const char *key,
         struct json_object *value);

bool store_is_written(struct translation *t);
/* Whether druid's sidecar reads KEY of the Secret with PROVIDER's credentials. */
bool is_credential(const char *provider, const char *key);
bool druid_can_join(const struct translation *t); /* and take a store without a Secret: v0.38 */
/* Whether today's etcd runs as root, as far as the StatefulSet tells; *PATH is where it does. */
bool runs_as_root(struct translation *t, const char **path);

void check_data(struct translation *t);
void check_places(struct translation *t);
void check_versions(struct translation *t);
void check_members(struct translation *t);
void check_settings(struct translation *t);
bool check_names(struct translation *t);
/* Whether the TLS mounts of the container called NAME are not those that druid would give it. */
bool tls_mounts_differ(struct translation *t, const char *name, bool is_etcd, bool peer_only);
bool check_takeover(struct translation *t);
bool check_tls(struct translation *t);
bool check_store(struct translation *t);

/* Whether Secret NAME is there with all KEYS (NULL-ended); finds what is not. *PRESENT: it is.
 * False: the source cannot answer. */
bool check_secret(struct translation *t, const char *name, const char *const *keys,
                  const char *path, const char *what, bool *present);

#endif
