/* The model: what is understood of a StatefulSet and of what it mounts. Texts live as long as the
 * translation, or as the trees that they come from. */
#ifndef MIGRATION_MODEL_H
#define MIGRATION_MODEL_H

#include "kube/source.h"
#include "migration/names.h"

/* Members beyond this are not looked at one by one; more than ten cannot be joined anyway. */
enum { MEMBERS_MAX = 10 };

/* Bounds on what one container may be told: far beyond any real one, and work stays in proportion.
 * EXPANSIONS_MAX: what all its values and words may have in all beyond what is written. */
enum { WORDS_MAX = 2048, EXPANSION_MAX = 64 * 1024, EXPANSIONS_MAX = 1024 * 1024 };

/* --- what configures a program --- */

enum origin { ORIGIN_FILE, ORIGIN_FLAG, ORIGIN_VARIABLE };

/* One value that somebody set. Names are those of etcd's flags ("peer-cert-file"), whatever the
 * origin. */
struct setting {
    const char *name;
    const char *value;        /* NULL: not a text (a map of a file), or it cannot be known */
    const char *written;      /* what is known of a value that cannot be: "http://$(IP):2379" */
    struct json_object *tree; /* of a file: lent */
    enum origin origin;
    const char
        *path; /* the leaf or fragment of the StatefulSet that a finding about it speaks of */
    const char *more;  /* the leaf of the value where "--flag" and "value" are two; else NULL */
    const char *where; /* for people: "--data-dir of container etcd" */
    bool obeyed;       /* the program goes by it: no other source of more weight has it */
};

struct settings {
    struct setting *items;
    size_t count, capacity;
    struct names obeyed; /* name → index, from 1 on, once they are resolved */
};

struct variable {
    const char *name;
    const char *value;               /* NULL: it cannot be known */
    const char *written;             /* as of a setting */
    const char *path;                /* of the entry in env, or in envFrom */
    const char *secret, *secret_key; /* where it comes from a Secret */
    bool from_env_from;
    bool used;     /* another value or a setting is made of it */
    bool assigned; /* by a start script: it is nowhere in env */
    bool exported; /* by the script, to what it starts */
    size_t before; /* assigned: the one of this name that it hides, as an index from 1 on */
};

/* Those of the pod come first, then those that a script assigns. */
struct variables {
    struct variable *items;
    size_t count, capacity;
    struct names of_pod, assigned; /* name → index, from 1 on, of the last; 0: it is gone */
    size_t expanded;               /* bytes that are nowhere written */
    const char *missing; /* of the entry in envFrom whose object is not in the input; NULL: none */
};

struct word {
    const char *text;
    const char *path; /* of the leaf that has it */
    bool unknown;     /* a part of it cannot be known, and stands as it is written: "$(IP)" */
};

struct words {
    struct word *items;
    size_t count, capacity;
};

struct mount {
    struct json_object *tree;
    size_t index;              /* in volumeMounts */
    const char *clean;         /* its path */
    size_t length;             /* of that */
    struct mount *parent;      /* the one around it */
    const struct place *place; /* where it lies; NULL: nobody asked */
    size_t round;              /* in which something was found about it */
};

/* The mounts of a container that have a path, ordered by it. */
struct mounts {
    struct mount *items;
    size_t count;
    struct names volumes; /* that are mounted, with a path or not */
};

struct container {
    struct json_object *tree; /* NULL: there is none */
    struct mounts mounts;
    const char *name;
    const char *path;
    const char *image;
};

/* Where a path in a container lies. */
struct place {
    struct json_object
        *volume; /* of the pod, or the claim template; NULL: no volume is mounted there */
    const char *volume_name;
    const char *volume_path;

    const char *inside; /* within the volume: "new.etcd", "" is its root */
    bool is_claim;      /* one of volumeClaimTemplates */
    bool certain;       /* false: subPathExpr hides it */
};

/* A file that comes from a key of a Secret or ConfigMap. */
struct projected_file {
    enum kube_kind kind;   /* KUBE_SECRET or KUBE_CONFIG_MAP; KUBE_KINDS: of neither */
    const char *object;    /* its name */
    const char *key;       /* NULL: PATH is the mounted directory itself */
    const char *name_path; /* of the leaf that names the object */
    struct place place;
};

struct member {
    const char *pod;
    const char *name;
    const char *peer_urls[5];
    size_t peer_url_count;
    const char *client_url; /* NULL: it advertises none that others reach */
};

struct version {
    bool known;
    int major, minor;
    const char *text; /* as it was found */
};

/* One side's TLS: clients, peers, or the sidecar's server. Files without an object were not found.
 */
struct tls {
    bool enabled;
    bool automatic;   /* certificates that etcd makes up itself */
    bool client_auth; /* certificates are asked of who calls */
    bool plain;       /* there is a certificate, but etcd listens without TLS and ignores it */
    const char *path; /* what a finding about it speaks of */
    const struct setting *certificate_setting, *key_setting, *ca_setting, *auth_setting;
    const struct setting *client_setting, *client_key_setting;
    struct projected_file certificate, key, ca, client;
};

struct store {
    const struct setting *provider_setting; /* NULL: no provider is set */
    const char *provider;                   /* "aws"; NULL: not known to druid */
    bool local, local_on_volume;
    const char *container, *container_path;
    bool container_from_option, container_from_entry;
    const char *prefix;
    const struct setting *prefix_setting;
    struct json_object *entry; /* the BackupEntry; lent */
    const char *entry_bucket;
    const char *secret, *secret_path;
    const char *other_secret;       /* a second one that credentials come from */
    const char *credentials_volume; /* that is mounted for them */
};

/* What a container's start tells. */
struct reading {
    struct variables variables;
    struct settings settings;
    bool is_wrapper;         /* etcd-wrapper: its settings come through the sidecar */
    struct settings wrapper; /* etcd-wrapper's own */
    const char *opaque;      /* why the configuration cannot be known; NULL: it is */
    const char *opaque_path;
    struct projected_file script; /* the start script, where a ConfigMap has it */
    struct projected_file file;   /* the configuration file, where there is one */
    const char *file_where;       /* "etcd.conf.yml in ConfigMap etcd-bootstrap-main" */
    size_t shadowed;              /* settings that etcd does not obey because of the file */
};

struct model {
    const char *namespace, *name;
    int64_t replicas;
    struct names volumes, claims; /* name → index, from 1 on */
    struct container etcd, sidecar;
    struct reading etcd_reading; /* of the first member */
    struct variables sidecar_variables;
    const char *sidecar_opaque, *sidecar_opaque_path; /* as of a reading */
    struct projected_file sidecar_script;
    struct settings sidecar_settings;
    struct member members[MEMBERS_MAX];
    size_t member_count;  /* of those looked at */
    int64_t cluster_size; /* members in all, also those that are not of this StatefulSet */
    struct version version, target;
    struct place data, sidecar_data, wal;
    const struct setting *data_setting, *sidecar_data_setting, *wal_setting;
    struct json_object *claim; /* the template that holds the data; lent */
    const char *claim_path;
    struct tls client, peer, backup;
    struct store store;
    bool legacy_sidecar; /* of 2019: periods in seconds */
};

#endif
