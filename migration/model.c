#include "migration/internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* --- which containers --- */

static const char *image_name(struct json_object *container, char out[128])
{
    const char *image = kube_json_text(container, "/image");
    if (!image)
        image = "";
    const char *name = base_name(image);
    size_t length = strcspn(name, ":@");
    snprintf(out, 128, "%.*s", (int)(length < 127 ? length : 127), name);
    return out;
}

static bool starts(struct json_object *container, const char *program)
{
    const char *first = kube_json_text(container, "/command/0");
    const char *argument = kube_json_text(container, "/args/0");
    return (first && strcmp(base_name(first), program) == 0) ||
           (!first && argument && strcmp(base_name(argument), program) == 0);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), wanted = strlen(end);
    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* "etcd", "custom-etcd", and "etcd-amd64" of the time before images had several architectures. */
static bool is_etcd_image(const char *name)
{
    static const char *const machines[] = {"-amd64", "-arm64", "-arm", "-ppc64le", "-s390x"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
        if (ends_with(name, machines[i]))
            length = strlen(name) - strlen(machines[i]);
    return length >= 4 && strncmp(name + length - 4, "etcd", 4) == 0 &&
           (length == 4 || name[length - 5] == '-');
}

/* How surely CONTAINER runs etcd: 0 not at all. */
static int etcd_likeness(struct json_object *container)
{
    char image[128];
    image_name(container, image);
    if (starts(container, "etcd") || starts(container, "start-etcd"))
        return 3;
    if (is_etcd_image(image) || strcmp(image, "etcd-wrapper") == 0)
        return text_is(kube_json_text(container, "/name"), "etcd") ? 3 : 2;
    return text_is(kube_json_text(container, "/name"), "etcd") ? 1 : 0;
}

static int sidecar_likeness(struct json_object *container)
{
    char image[128];
    image_name(container, image);
    if (starts(container, "etcdbrctl") || strcmp(image, "etcdbrctl") == 0 ||
        strcmp(image, "etcd-backup-restore") == 0)
        return 2;
    return text_is(kube_json_text(container, "/name"), "backup-restore") ? 1 : 0;
}

bool containers_find(struct json_object *sts, struct kube_work *work, struct container *etcd,
                     struct container *sidecar)
{
    struct json_object *list = NULL;
    kube_json_get_array(sts, "/spec/template/spec/containers", &list, NULL);
    int etcd_best = 0, sidecar_best = 0;
    for (size_t i = 0; i < list_length(list) && kube_work_goes_on(work); i++) {
        struct json_object *container = list_item(list, i);
        int as_sidecar = sidecar_likeness(container);
        int as_etcd = as_sidecar ? 0 : etcd_likeness(container);
        if (as_etcd > etcd_best) {
            etcd_best = as_etcd;
            etcd->tree = container;
        }
        if (as_sidecar > sidecar_best) {
            sidecar_best = as_sidecar;
            sidecar->tree = container;
        }
    }
    return etcd->tree != NULL;
}

static void complete_container(struct translation *t, struct container *container)
{
    struct json_object *list = NULL;
    kube_json_get_array(t->sts, "/spec/template/spec/containers", &list, NULL);
    container->path = "/spec/template/spec/containers";
    for (size_t i = 0; i < list_length(list) && goes_on(t); i++)
        if (list_item(list, i) == container->tree)
            container->path = pointer_at(t, "/spec/template/spec/containers", i);
    const char *name = kube_json_text(container->tree, "/name");
    const char *image = kube_json_text(container->tree, "/image");
    container->name = name ? name : "";
    container->image = image ? image : "";
    mounts_read(t, container);
}

bool runs_etcd(struct json_object *sts, struct kube_work *work, const char **reason)
{
    struct json_object *owners = NULL;
    kube_json_get_array(sts, "/metadata/ownerReferences", &owners, NULL);
    for (size_t i = 0; i < list_length(owners) && kube_work_goes_on(work); i++) {
        if (text_is(kube_json_text(list_item(owners, i), "/kind"), "Etcd")) {
            *reason = "it belongs to an Etcd already";
            return false;
        }
    }
    struct container etcd = {0}, sidecar = {0};
    if (!containers_find(sts, work, &etcd, &sidecar)) {
        *reason = "none of its containers runs etcd";
        return false;
    }
    return true;
}

bool migrate_runs_etcd(struct json_object *stateful_set, const char **reason)
{
    return runs_etcd(stateful_set, NULL, reason);
}

/* --- members --- */

const char *pod_name(struct translation *t, int64_t ordinal)
{
    return pool_text(&t->pool, "%s-%lld", t->model.name, (long long)ordinal);
}

size_t split_urls(struct translation *t, const struct setting *setting, const char *pod,
                  const char *name, const char **urls, size_t max)
{
    if (!setting)
        return 0;
    struct json_object *tree = setting->tree;
    if (json_object_is_type(tree, json_type_object)) {
        struct json_object *own = kube_json_child(tree, pod);
        if (!own)
            own = kube_json_child(tree, name);
        size_t count = 0;
        for (size_t i = 0; i < list_length(own) && count < max && goes_on(t); i++)
            if (kube_json_as_text(list_item(own, i)))
                urls[count++] = kube_json_as_text(list_item(own, i));
        if (kube_json_as_text(own))
            urls[count++] = kube_json_as_text(own);
        return count;
    }
    size_t count = 0;
    for (const char *c = setting_text(setting); c && *c && count < max && goes_on(t);) {
        c += strspn(c, ", ");
        size_t length = strcspn(c, ", ");
        if (length)
            urls[count++] = pool_copy(&t->pool, c, length);
        c += length;
    }
    return count;
}

/* The host of URL, in T's pool; "" where there is none. */
static const char *url_host(struct translation *t, const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    if (*host == '[')
        return pool_copy(&t->pool, host + 1, strcspn(host + 1, "]"));
    return pool_copy(&t->pool, host, strcspn(host, ":/"));
}

bool url_is_local(struct translation *t, const char *url)
{
    const char *host = url_host(t, url);
    return !*host || strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 || strcmp(host, "::1") == 0 ||
           strchr(host, '$');
}

/* The port of URL, 0 where it has none. */
static int64_t url_port(const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    const char *colon = *host == '[' ? strchr(host, ']') : host;
    colon = colon ? strchr(colon, ':') : NULL;
    long port = colon ? strtol(colon + 1, NULL, 10) : 0;
    return port > 0 && port < 65536 ? port : 0;
}

bool url_is_at(struct translation *t, const char *url, const char *host, int64_t port)
{
    return strcmp(url_host(t, url), host) == 0 && url_port(url) == port;
}

/* How many members initial-cluster ("a=url,b=url,a=url2") names. */
static int64_t initial_members(struct translation *t, const struct settings *settings)
{
    const char *names[64];
    int64_t count = 0;
    const char *c = setting_text(settings_get(settings, "initial-cluster"));
    while (c && *c && count < 64 && goes_on(t)) {
        c += strspn(c, ", ");
        size_t length = strcspn(c, "=,");
        if (c[length] == '=') {
            const char *name = pool_copy(&t->pool, c, length);
            bool seen = false;
            for (int64_t i = 0; i < count; i++)
                seen = seen || strcmp(names[i], name) == 0;
            if (!seen)
                names[count++] = name;
        }
        c += strcspn(c, ",");
    }
    return count;
}

static void read_member(struct translation *t, int64_t ordinal, const struct reading *reading,
                        struct member *out)
{
    const struct settings *settings = &reading->settings;
    out->pod = pod_name(t, ordinal);
    const char *name = setting_text(settings_get(settings, "name"));
    /* The sidecar hands etcd-wrapper a file in which it has put the pod's name. */
    out->name = reading->is_wrapper ? out->pod : name ? name : "default";
    out->peer_url_count =
        split_urls(t, settings_get(settings, "initial-advertise-peer-urls"), out->pod, out->name,
                   out->peer_urls, sizeof out->peer_urls / sizeof *out->peer_urls);
    const char *client_urls[5];
    size_t count = split_urls(t, settings_get(settings, "advertise-client-urls"), out->pod,
                              out->name, client_urls, 5);
    for (size_t i = 0; i < count && !out->client_url; i++)
        if (!url_is_local(t, client_urls[i]))
            out->client_url = client_urls[i];
}

static void keep(struct translation *t, const char **text)
{
    if (*text)
        *text = pool_copy(&t->kept, *text, strlen(*text));
}

/* Reads member NUMBER. Of all but the first only what stands in OUT is kept. */
static bool read_one(struct translation *t, size_t number, struct member *out)
{
    struct pool_mark mark = pool_mark(&t->pool);
    struct reading reading = t->model.etcd_reading;
    if (number > 0 && !etcd_read(t, (int64_t)number, &reading))
        return false;
    read_member(t, (int64_t)number, &reading, out);
    keep(t, &out->pod);
    keep(t, &out->name);
    keep(t, &out->client_url);
    for (size_t i = 0; i < out->peer_url_count; i++)
        keep(t, &out->peer_urls[i]);
    pool_release(&t->pool, mark);
    return translation_goes_on(t);
}

static bool read_members(struct translation *t)
{
    struct model *model = &t->model;
    int64_t named = initial_members(t, &model->etcd_reading.settings);
    model->cluster_size = model->replicas > 0 ? model->replicas : named > 0 ? named : 1;
    if (named > model->cluster_size)
        model->cluster_size = named;
    int64_t own = model->replicas > 0 ? model->replicas : model->cluster_size;
    model->member_count = own < MEMBERS_MAX ? (size_t)own : MEMBERS_MAX;
    for (size_t i = 0; i < model->member_count; i++)
        if (!read_one(t, i, &model->members[i]))
            return false;
    t->ordinal = 0;
    t->pod = model->members[0].pod;
    return true;
}

/* --- ports, versions, users --- */

/* The port that the container opens under one of NAMES. */
static int64_t named_port(struct translation *t, const struct container *container,
                          const char *const *names, const char **path)
{
    struct json_object *ports = kube_json_child(container->tree, "ports");
    for (; *names; names++) {
        for (size_t i = 0; i < list_length(ports) && goes_on(t); i++) {
            struct json_object *port = kube_json_child(list_item(ports, i), "containerPort");
            if (text_is(kube_json_text(list_item(ports, i), "/name"), *names) &&
                json_object_is_type(port, json_type_int)) {
                *path = pool_text(&t->pool, "%s/ports/%zu/containerPort", container->path, i);
                return json_object_get_int64(port);
            }
        }
    }
    return 0;
}

int64_t listen_port(struct translation *t, const char *setting, const char *const *port_names,
                    int64_t usual, const char **path)
{
    const struct settings *settings = &t->model.etcd_reading.settings;
    const struct setting *found = settings_get(settings, setting);
    const char *urls[5];
    size_t count = split_urls(t, found, t->model.members[0].pod, "", urls, 5);
    /* One that others can reach counts for more than one of the pod's own. */
    for (int loopback = 0; loopback < 2; loopback++) {
        for (size_t i = 0; i < count; i++) {
            const char *host = url_host(t, urls[i]);
            bool local = strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0;
            if (url_port(urls[i]) && local == (loopback == 1)) {
                *path = found->path;
                return url_port(urls[i]);
            }
        }
    }
    int64_t port = named_port(t, &t->model.etcd, port_names, path);
    return port ? port : usual;
}

int64_t sidecar_port(struct translation *t, const char **path)
{
    static const char *const names[] = {"server", "backup-restore", "http", NULL};
    const struct setting *setting = settings_get(&t->model.sidecar_settings, "server-port");
    long port = setting && setting->value ? strtol(setting->value, NULL, 10) : 0;
    if (port > 0 && port < 65536) {
        *path = setting->path;
        return port;
    }
    return named_port(t, &t->model.sidecar, names, path);
}

bool version_parse(const char *text, struct version *out)
{
    *out = (struct version){.text = text};
    const char *c = text && (*text == 'v' || *text == 'V') ? text + 1 : text;
    char *end;
    if (!c || !isdigit((unsigned char)*c))
        return false;
    long major = strtol(c, &end, 10);
    if (*end != '.' || !isdigit((unsigned char)end[1]))
        return false;
    long minor = strtol(end + 1, &end, 10);
    if (*end && !strchr(".-+", *end))
        return false;
    if (major > 99 || minor > 999)
        return false;
    out->known = true;
    out->major = (int)major;
    out->minor = (int)minor;
    return true;
}

/* What the tag of etcd's image says. A tag of etcd-wrapper, or of an image that only has etcd in
 * it, is not etcd's version. */
static void read_version(struct translation *t)
{
    struct model *model = &t->model;
    if (!version_parse(t->options->target_etcd_version, &model->target))
        version_parse("3.4", &model->target);
    if (version_parse(t->options->etcd_version, &model->version))
        return;
    char name[128];
    image_name(model->etcd.tree, name);
    const char *tag = strchr(base_name(model->etcd.image), ':');
    tag = tag ? pool_copy(&t->pool, tag + 1, strcspn(tag + 1, "@")) : "";
    model->version = (struct version){.text = tag};
    if (is_etcd_image(name) && version_parse(tag, &model->version) && model->version.major != 3 &&
        model->version.major != 2)
        model->version.known = false;
}

int64_t security_number(struct translation *t, const char *field, const char **path)
{
    const char *own = pool_text(&t->pool, "%s/securityContext/%s", t->model.etcd.path, field);
    const char *pods = pool_text(&t->pool, "/spec/template/spec/securityContext/%s", field);
    const char *candidates[] = {own, pods};
    for (size_t i = 0; i < 2; i++) {
        struct json_object *value = NULL;
        if (kube_json_get(t->sts, candidates[i], json_type_int, &value, NULL) && value) {
            *path = candidates[i];
            return json_object_get_int64(value);
        }
    }
    *path = "/spec/template/spec/securityContext";
    return -1;
}

/* --- the data --- */

static void read_data(struct translation *t)
{
    struct model *model = &t->model;
    const struct settings *etcd = &model->etcd_reading.settings;
    model->data_setting = settings_get(etcd, "data-dir");
    model->wal_setting = settings_get(etcd, "wal-dir");
    model->sidecar_data_setting = settings_get(&model->sidecar_settings, "data-dir");
    const struct setting *settings[] = {model->data_setting, model->sidecar_data_setting,
                                        model->wal_setting};
    struct place *places[] = {&model->data, &model->sidecar_data, &model->wal};
    for (size_t i = 0; i < 3; i++) {
        bool is_sidecar = i == 1;
        if (settings[i] && settings[i]->value)
            place_find(t, is_sidecar ? &model->sidecar : &model->etcd, settings[i]->value,
                       is_sidecar ? &model->sidecar_variables : &model->etcd_reading.variables,
                       places[i]);
    }
    /* Where etcd does not say it, the sidecar, which prepares the directory for it, does. */
    const struct place *place = model->data.volume ? &model->data : &model->sidecar_data;
    if (place->is_claim) {
        model->claim = place->volume;
        model->claim_path = place->volume_path;
    }
}

bool model_read(struct translation *t)
{
    struct model *model = &t->model;
    const char *namespace = kube_json_text(t->sts, "/metadata/namespace");
    model->namespace = namespace ? namespace : "default";
    model->name = kube_json_text(t->sts, "/metadata/name");
    struct json_object *replicas = NULL;
    if (!kube_json_get(t->sts, "/spec/replicas", json_type_int, &replicas, t->err))
        return false;
    model->replicas = replicas ? json_object_get_int64(replicas) : 1;
    volumes_read(t);
    complete_container(t, &model->etcd);
    complete_container(t, &model->sidecar);
    if (!sidecar_read(t) || !etcd_read(t, 0, &model->etcd_reading) || !read_members(t))
        return false;
    read_version(t);
    read_data(t);
    tls_read(t);
    return store_read(t);
}
