#include "kube/kubeconfig.h"

#include "kube/base64.h"
#include "kube/cleanup.h"
#include "kube/read.h"
#include "kube/wipe.h"
#include "kube/yaml.h"

#include <string.h>

enum { FILE_MAX_BYTES = 4 << 20 };

/* Where each credential stands, as data and as a file. */
static const struct {
    enum kube_credential credential;
    bool of_cluster; /* else of the user */
    const char *data_key;
    bool is_base64;
    const char *file_key;
    bool file_wins;
} rows[] = {
    {KUBE_CREDENTIAL_CA, true, "certificate-authority-data", true, "certificate-authority", false},
    {KUBE_CREDENTIAL_CERTIFICATE, false, "client-certificate-data", true, "client-certificate",
     false},
    {KUBE_CREDENTIAL_KEY, false, "client-key-data", true, "client-key", false},
    {KUBE_CREDENTIAL_TOKEN, false, "token", false, "tokenFile", true},
};

/* What is refused, and what to do instead. */
static const struct {
    bool of_cluster;
    const char *key;
    const char *reason;
} refused[] = {
    {true, "insecure-skip-tls-verify", "give certificate-authority-data"},
    {true, "proxy-url", "set the environment variable HTTPS_PROXY"},
    {false, "exec", "no programs are run; give a token, tokenFile or client certificate"},
    {false, "auth-provider", "it is not known here; give a token, tokenFile or client certificate"},
    {false, "username", "API servers no longer take passwords; give a token or client certificate"},
    {false, "password", "API servers no longer take passwords; give a token or client certificate"},
    {false, "as", "there is no acting as somebody else"},
};

/* One entry of the file: a cluster, user or context. */
struct entry {
    const char *list; /* "users" */
    const char *what; /* "user" */
    const char *name;
    struct json_object *body;
};

struct reading {
    const char *file;
    const char *context; /* NULL: the current one */
    struct kube_access *access;
    unsigned documents;
};

static bool need_entry(struct json_object *config, struct entry *entry, struct error *err)
{
    char pointer[32];
    struct json_object *list;
    snprintf(pointer, sizeof pointer, "/%s", entry->list);
    if (!kube_json_get_array(config, pointer, &list, err))
        return false;
    struct json_object *found = kube_json_named(list, entry->name, NULL);
    if (!found)
        return error_set(err, ERROR_NOT_FOUND, "/%s: there is no %s '%s'", entry->list, entry->what,
                         entry->name);
    snprintf(pointer, sizeof pointer, "/%s", entry->what);
    return kube_json_get_object(found, pointer, &entry->body, err) ||
           error_wrap(err, "%s '%s'", entry->what, entry->name);
}

static bool refuse(const struct entry *entry, bool of_cluster, struct error *err)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct json_object *value = kube_json_child(entry->body, refused[i].key);
        bool is_false =
            json_object_is_type(value, json_type_boolean) && !json_object_get_boolean(value);
        if (refused[i].of_cluster == of_cluster && value && !is_false)
            return error_set(err, ERROR_INVALID, "%s '%s': %s is not supported: %s", entry->what,
                             entry->name, refused[i].key, refused[i].reason);
    }
    return true;
}

/* The member KEY of ENTRY, or NULL where it is absent or empty. */
static bool get_text(const struct entry *entry, const char *key, const char **out,
                     struct error *err)
{
    char pointer[64];
    snprintf(pointer, sizeof pointer, "/%s", key);
    if (!kube_json_get_string(entry->body, pointer, out, err))
        return error_wrap(err, "%s '%s'", entry->what, entry->name);
    if (*out && !**out)
        *out = NULL;
    return true;
}

static bool set_data(struct kube_access *access, enum kube_credential credential, const char *text,
                     bool is_base64, struct error *err)
{
    unsigned char *decoded = NULL;
    size_t length = strlen(text);
    if (!is_base64)
        return kube_access_set(access, credential, text, length, err);
    if (!kube_base64_decode(text, &decoded, &length, err))
        return false;
    bool set = kube_access_set(access, credential, (const char *)decoded, length, err);
    kube_wipe_free(decoded, length);
    return set;
}

/* PATH as seen from the folder of FILE; the caller frees it. NULL: no memory. */
static char *resolve(const char *file, const char *path)
{
    const char *slash = strrchr(file, '/');
    char *resolved = NULL;
    if (*path == '/' || !slash)
        return strdup(path);
    return asprintf(&resolved, "%.*s/%s", (int)(slash - file), file, path) < 0 ? NULL : resolved;
}

static bool read_credentials(const struct reading *reading, const struct entry *entry,
                             bool of_cluster, struct error *err)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *data, *file;
        if (rows[i].of_cluster != of_cluster)
            continue;
        if (!get_text(entry, rows[i].data_key, &data, err) ||
            !get_text(entry, rows[i].file_key, &file, err))
            return false;
        if (data && !set_data(reading->access, rows[i].credential, data, rows[i].is_base64, err))
            return error_wrap(err, "%s '%s': %s", entry->what, entry->name, rows[i].data_key);
        if (!file || (data && !rows[i].file_wins))
            continue;
        reading->access->files[rows[i].credential] = resolve(reading->file, file);
        if (!reading->access->files[rows[i].credential])
            return error_set(err, ERROR_NO_MEMORY, "out of memory");
    }
    return true;
}

static bool read_cluster(const struct reading *reading, const struct entry *cluster,
                         struct error *err)
{
    const char *server, *tls_server_name;
    if (!refuse(cluster, true, err) || !get_text(cluster, "server", &server, err) ||
        !get_text(cluster, "tls-server-name", &tls_server_name, err))
        return false;
    if (!server)
        return error_set(err, ERROR_INVALID, "cluster '%s': it has no server", cluster->name);
    if (!kube_access_set_server(reading->access, server, err))
        return error_wrap(err, "cluster '%s'", cluster->name);
    if (tls_server_name && !(reading->access->tls_server_name = strdup(tls_server_name)))
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    return read_credentials(reading, cluster, true, err);
}

static bool has(const struct kube_access *access, enum kube_credential credential)
{
    return access->files[credential] || access->current->values[credential].bytes;
}

static bool read_user(const struct reading *reading, const struct entry *user, struct error *err)
{
    if (!refuse(user, false, err) || !read_credentials(reading, user, false, err))
        return false;
    if (has(reading->access, KUBE_CREDENTIAL_CERTIFICATE) !=
        has(reading->access, KUBE_CREDENTIAL_KEY))
        return error_set(err, ERROR_INVALID,
                         "user '%s': a client certificate and its key come together", user->name);
    return true;
}

static bool read_config(const struct reading *reading, struct json_object *config,
                        struct error *err)
{
    struct entry context = {"contexts", "context", reading->context, NULL};
    struct entry cluster = {"clusters", "cluster", NULL, NULL};
    struct entry user = {"users", "user", NULL, NULL};
    if (!context.name && !kube_json_get_string(config, "/current-context", &context.name, err))
        return false;
    if (!context.name || !*context.name)
        return error_set(err, ERROR_INVALID, "there is no current-context");
    if (!need_entry(config, &context, err) || !get_text(&context, "cluster", &cluster.name, err) ||
        !get_text(&context, "user", &user.name, err))
        return false;
    if (!cluster.name || !user.name)
        return error_set(err, ERROR_INVALID, "context '%s': it names no %s", context.name,
                         cluster.name ? "user" : "cluster");
    return need_entry(config, &cluster, err) && read_cluster(reading, &cluster, err) &&
           need_entry(config, &user, err) && read_user(reading, &user, err);
}

static bool on_document(void *context, struct json_object *config, unsigned line, struct error *err)
{
    struct reading *reading = context;
    bool read = reading->documents++ == 0
                    ? read_config(reading, config, err)
                    : error_set(err, ERROR_INVALID, "a second document begins on line %u", line);
    kube_wipe_json(config); /* nobody reads it after this */
    return read;
}

static bool read_kubeconfig(const char *file, enum kube_read_from from, const char *context,
                            struct kube_access **out, struct error *err)
{
    AUTO_ACCESS struct kube_access *access = kube_access_new();
    struct reading reading = {file, context, access, 0};
    struct kube_credentials *credentials;
    char *bytes = NULL;
    size_t length = 0;
    if (!access)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    if (!kube_read(file, from, FILE_MAX_BYTES, &bytes, &length, err))
        return false;
    bool read = kube_yaml_read(bytes, length, on_document, &reading, err);
    kube_wipe_free(bytes, length);
    if (read && reading.documents == 0)
        read = error_set(err, ERROR_INVALID, "it is empty");
    if (!read || !kube_access_credentials(access, &credentials, err))
        return error_wrap(err, "%s", file);
    kube_credentials_release(access, credentials);
    *out = TAKE(access);
    return true;
}

bool kube_access_from_kubeconfig(const char *file, const char *context, struct kube_access **out,
                                 struct error *err)
{
    return read_kubeconfig(file, KUBE_READ_FILE, context, out, err);
}

bool kube_access_for_command(const char *file, const char *context, struct kube_access **out,
                             struct error *err)
{
    return read_kubeconfig(file, KUBE_READ_STREAM, context, out, err);
}
