#include "webhook/config.h"

#include "kube/cleanup.h"
#include "kube/quantity.h"
#include "kube/read.h"
#include "kube/yaml.h"

#include <string.h>

/* --- what may stand in it --- */

typedef bool check(const char *value, struct error *err);

static bool check_api_version(const char *value, struct error *err)
{
    return strcmp(value, "druid-bridge/v1alpha1") == 0 ||
           error_set(err, ERROR_INVALID, "found '%s', expected druid-bridge/v1alpha1", value);
}

static bool check_kind(const char *value, struct error *err)
{
    return strcmp(value, "BridgeConfiguration") == 0 ||
           error_set(err, ERROR_INVALID, "found '%s', expected BridgeConfiguration", value);
}

static bool check_provider(const char *value, struct error *err)
{
    const struct provider *provider = provider_by_name(value);
    return (provider && provider->storage) ||
           error_set(err, ERROR_INVALID, "found provider '%s', expected one of %s", value,
                     provider_names);
}

static bool check_capacity(const char *value, struct error *err)
{
    int64_t bytes;
    if (!kube_quantity_bytes(value, &bytes, err))
        return false;
    return bytes > 0 ||
           error_set(err, ERROR_INVALID, "found '%s', expected more than nothing", value);
}

static bool check_text(const char *value, struct error *err)
{
    return *value || error_set(err, ERROR_INVALID, "is empty; leave it out for the default");
}

/* Five fields of at most 255 characters in all; the sidecar has the last word on what is in them.
 */
static bool check_schedule(const char *value, struct error *err)
{
    size_t fields = 0;
    for (const char *c = value; *c; c += strcspn(c, " ")) {
        c += strspn(c, " ");
        fields += *c != '\0';
    }
    return (fields == 5 && strlen(value) < 256 && !strpbrk(value, "\t\r\n")) ||
           error_set(err, ERROR_INVALID, "found '%s', expected five cron fields, as 0 3 * * *",
                     value);
}

static bool check_phase(const char *value, struct error *err)
{
    enum patch_phase phase;
    return patch_phase_parse(value, &phase, err);
}

static bool parse_guard(const char *value, enum patch_guard *guard, struct error *err)
{
    static const char *const guards[] = {"deny", "warn", "off"};
    for (size_t i = 0; i < sizeof guards / sizeof *guards; i++) {
        if (strcmp(guards[i], value) == 0) {
            *guard = (enum patch_guard)i;
            return true;
        }
    }
    return error_set(err, ERROR_INVALID, "found '%s', expected deny, warn or off", value);
}

static bool check_guard(const char *value, struct error *err)
{
    enum patch_guard guard;
    return parse_guard(value, &guard, err);
}

static bool check_account(const char *value, struct error *err)
{
    const char *slash = strchr(value, '/');
    return (slash && slash != value && slash[1] && !strchr(slash + 1, '/')) ||
           error_set(err, ERROR_INVALID, "found '%s', expected NAMESPACE/NAME", value);
}

/* Every key there is, with the pointer to its map; "*" is any provider. Maps have no check. */
static const struct key {
    const char *parent;
    const char *name;
    check *check;
    bool list; /* of what CHECK is for */
} keys[] = {
    {"", "apiVersion", check_api_version, false},
    {"", "kind", check_kind, false},
    {"", "defaultProvider", check_provider, false},
    {"", "sidecar", NULL, false},
    {"/sidecar", "image", check_text, false},
    {"/sidecar", "schedule", check_schedule, false},
    {"", "providers", NULL, false},
    {"/providers", "*", NULL, false},
    {"/providers/*", "etcdStorage", NULL, false},
    {"/providers/*/etcdStorage", "className", check_text, false},
    {"/providers/*/etcdStorage", "capacity", check_capacity, false},
    {"", "migration", NULL, false},
    {"/migration", "defaultPhase", check_phase, false},
    {"/migration", "guard", check_guard, false},
    {"/migration", "druidServiceAccounts", check_account, true},
    {"", "source", NULL, false},
    {"/source", "secrets", check_text, true},
};
enum { KEYS = sizeof keys / sizeof *keys };

/* --- reading it --- */

struct reading {
    const char *name;
    struct json_object *tree; /* the document, once it was read */
    unsigned key_line;        /* of the key that is looked at, for values that do not know theirs */
};

/* "FILE:LINE: ", with the line left out where it is not known. */
static bool fail_at(struct reading *reading, struct json_object *value, const char *path,
                    struct error *err)
{
    unsigned line = kube_yaml_line(value);
    if (!line)
        line = reading->key_line;
    if (line)
        return error_wrap(err, "%s:%u: %s", reading->name, line, path);
    return error_wrap(err, "%s: %s", reading->name, path);
}

static const struct key *find_key(const char *parent, const char *name)
{
    for (size_t i = 0; i < KEYS; i++)
        if (strcmp(keys[i].parent, parent) == 0 &&
            (strcmp(keys[i].name, name) == 0 || strcmp(keys[i].name, "*") == 0))
            return &keys[i];
    return NULL;
}

static bool unknown_key(const char *parent, const char *name, struct error *err)
{
    char known[256] = "";
    for (size_t i = 0; i < KEYS; i++) {
        size_t used = strlen(known);
        if (strcmp(keys[i].parent, parent) == 0)
            snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", keys[i].name);
    }
    return error_set(err, ERROR_INVALID, "unknown key '%s'; expected one of %s", name, known);
}

static bool check_map(struct reading *reading, const char *path, const char *parent,
                      struct json_object *map, struct error *err);

static bool check_text_of(struct reading *reading, const char *path, const struct key *key,
                          struct json_object *value, struct error *err)
{
    const char *text = kube_json_as_text(value);
    if (text ? key->check(text, err) : error_set(err, ERROR_INVALID, "expected a string"))
        return true;
    return fail_at(reading, value, path, err);
}

static bool check_list(struct reading *reading, const char *path, const struct key *key,
                       struct json_object *list, struct error *err)
{
    if (!json_object_is_type(list, json_type_array)) {
        error_set(err, ERROR_INVALID, "expected a list");
        return fail_at(reading, list, path, err);
    }
    for (size_t i = 0; i < json_object_array_length(list); i++)
        if (!check_text_of(reading, path, key, json_object_array_get_idx(list, i), err))
            return false;
    return true;
}

/* The key NAME of the map that PATH and, with "*" for a provider, PARENT lead to. */
static bool check_member(struct reading *reading, const char *path, const char *parent,
                         const char *name, struct json_object *value, struct error *err)
{
    char own_path[KUBE_POINTER_SIZE];
    char own_pattern[KUBE_POINTER_SIZE];
    const struct key *key = find_key(parent, name);
    snprintf(own_path, sizeof own_path, "%s/%s", path, name);
    if (!key) {
        unknown_key(parent, name, err);
        return fail_at(reading, value, *path ? path : "/", err);
    }
    if (strcmp(key->name, "*") == 0 && !check_provider(name, err))
        return fail_at(reading, value, path, err);
    snprintf(own_pattern, sizeof own_pattern, "%s/%s", parent, key->name);
    if (!key->check)
        return check_map(reading, own_path, own_pattern, value, err);
    if (key->list)
        return check_list(reading, own_path, key, value, err);
    return check_text_of(reading, own_path, key, value, err);
}

static bool check_map(struct reading *reading, const char *path, const char *parent,
                      struct json_object *map, struct error *err)
{
    if (!map)
        return true;
    if (!json_object_is_type(map, json_type_object)) {
        error_set(err, ERROR_INVALID, "expected a map");
        return fail_at(reading, map, *path ? path : "/", err);
    }
    json_object_object_foreach(map, name, value)
    {
        reading->key_line = kube_yaml_key_line(map, name);
        if (!check_member(reading, path, parent, name, value, err))
            return false;
    }
    return true;
}

/* To readers of YAML 1.1 a plain off is the boolean false; here it is one of the words. */
static void take_off_as_a_word(struct json_object *document)
{
    static const char *const words[] = {"defaultPhase", "guard"};
    struct json_object *migration = kube_json_child(document, "migration");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct json_object *value = kube_json_child(migration, words[i]);
        if (json_object_is_type(value, json_type_boolean) && !json_object_get_boolean(value))
            kube_json_set(migration, words[i], kube_json_string("off"));
    }
}

static bool take_document(void *context, struct json_object *document, unsigned line,
                          struct error *err)
{
    struct reading *reading = context;
    if (reading->tree)
        return error_set(err, ERROR_INVALID, "%s:%u: a second document; expected one",
                         reading->name, line);
    take_off_as_a_word(document);
    if (!check_map(reading, "", "", document, err))
        return false;
    reading->tree = json_object_get(document);
    return true;
}

/* --- what it says --- */

static bool fill_storages(struct webhook_config *config, struct error *err)
{
    struct json_object *providers = kube_json_child(config->tree, "providers");
    if (!providers)
        return true;
    config->storages =
        calloc((size_t)json_object_object_length(providers) + 1, sizeof *config->storages);
    if (!config->storages)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    config->patches.storages = config->storages;
    json_object_object_foreach(providers, name, settings)
    {
        config->storages[config->patches.storage_count++] = (struct patch_storage){
            .provider = name,
            .class_name = kube_json_text(settings, "/etcdStorage/className"),
            .capacity = kube_json_text(settings, "/etcdStorage/capacity"),
        };
    }
    return true;
}

/* The texts of the list at POINTER as an array in *OWNED, which stays NULL where there is none. */
static bool fill_list(struct json_object *tree, const char *pointer, const char ***owned,
                      size_t *count, struct error *err)
{
    struct json_object *list = NULL;
    if (!kube_json_get_array(tree, pointer, &list, err))
        return false;
    if (!list)
        return true;
    *count = json_object_array_length(list);
    *owned = calloc(*count + 1, sizeof **owned);
    if (!*owned)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < *count; i++)
        (*owned)[i] = kube_json_as_text(json_object_array_get_idx(list, i));
    return true;
}

/* Where Gardener runs druid, and what its extensions call the Secret with the backups' credentials.
 */
static const char *const default_accounts[] = {"garden/etcd-druid"};
static const char *const default_secrets[] = {"etcd-backup"};

static bool fill_lists(struct webhook_config *config, struct error *err)
{
    config->patches.druid_account_count = 1;
    config->secret_count = 1;
    if (!fill_list(config->tree, "/migration/druidServiceAccounts", &config->druid_accounts,
                   &config->patches.druid_account_count, err) ||
        !fill_list(config->tree, "/source/secrets", &config->own_secrets, &config->secret_count,
                   err))
        return false;
    config->patches.druid_accounts =
        config->druid_accounts ? config->druid_accounts : default_accounts;
    config->secrets = config->own_secrets ? config->own_secrets : default_secrets;
    return true;
}

static bool fill_migration(struct webhook_config *config, struct error *err)
{
    const char *phase = kube_json_text(config->tree, "/migration/defaultPhase");
    const char *guard = kube_json_text(config->tree, "/migration/guard");
    return (!phase || patch_phase_parse(phase, &config->patches.default_phase, err)) &&
           (!guard || parse_guard(guard, &config->patches.guard, err)) && fill_lists(config, err);
}

static bool fill(struct webhook_config *config, struct error *err)
{
    const char *image = kube_json_text(config->tree, "/sidecar/image");
    config->patches = (struct patch_settings){
        .default_provider = kube_json_text(config->tree, "/defaultProvider"),
        .sidecar_image = image ? image : WEBHOOK_SIDECAR_IMAGE,
        .schedule = kube_json_text(config->tree, "/sidecar/schedule"),
    };
    return fill_storages(config, err) && fill_migration(config, err);
}

bool webhook_config_parse(const char *name, const char *text, size_t length,
                          struct webhook_config *config, struct error *err)
{
    struct reading reading = {.name = name};
    struct webhook_config read = {0};
    bool good = kube_yaml_read(text, length, take_document, &reading, err);
    read.tree = reading.tree;
    if (good && !read.tree)
        good = error_set(err, ERROR_INVALID, "%s: empty, expected a BridgeConfiguration", name);
    if (good && (!kube_json_text(read.tree, "/apiVersion") || !kube_json_text(read.tree, "/kind")))
        good = error_set(err, ERROR_INVALID,
                         "%s: expected apiVersion: druid-bridge/v1alpha1 and kind: "
                         "BridgeConfiguration",
                         name);
    if (!good || !fill(&read, err)) {
        webhook_config_free(&read);
        return false;
    }
    *config = read;
    return true;
}

bool webhook_config_load(const char *file, struct webhook_config *config, struct error *err)
{
    enum { LIMIT = 1 << 20 };
    if (!file) {
        *config = (struct webhook_config){0};
        return fill(config, err);
    }
    AUTO_FREE char *text = NULL;
    size_t length;
    return kube_read(file, KUBE_READ_FILE, LIMIT, &text, &length, err) &&
           webhook_config_parse(file, text, length, config, err);
}

void webhook_config_free(struct webhook_config *config)
{
    json_object_put(TAKE(config->tree));
    free(TAKE(config->storages));
    free(TAKE(config->druid_accounts));
    free(TAKE(config->own_secrets));
}
