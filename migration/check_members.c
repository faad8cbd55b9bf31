/* The members: their number, names and URLs, and the name of the Etcd. */
#include "migration/internal.h"

#include <ctype.h>
#include <string.h>

/* Whether druid would reach MEMBER under the URL that it has today. */
static bool has_druids_url(struct translation *t, const struct member *member)
{
    const char *host =
        pool_text(&t->pool, "%s.%s-peer.%s.svc", member->pod, t->model.name, t->model.namespace);
    static const char *const names[] = {"serverport", "server", "peer", NULL};
    const char *path = NULL;
    int64_t port = listen_port(t, "listen-peer-urls", names, 2380, &path);
    for (size_t i = 0; i < member->peer_url_count; i++)
        if (!url_is_at(t, member->peer_urls[i], host, port))
            return false;
    return member->peer_url_count > 0 && strcmp(member->name, member->pod) == 0;
}

static void check_count(struct translation *t)
{
    const struct model *model = &t->model;
    if (model->cluster_size <= 1)
        return;
    bool known = (int64_t)model->member_count == model->cluster_size;
    const struct member *other = NULL;
    for (size_t i = 0; i < model->member_count && !other; i++)
        if (!has_druids_url(t, &model->members[i]))
            other = &model->members[i];
    if (known && !other)
        return;
    find(t, FINDING_MULTIPLE_MEMBERS, "/spec/replicas",
         "%lld members; %s is reached as '%s', under druid it is '%s.%s-peer.%s.svc': peer names "
         "would "
         "change under a running quorum",
         (long long)model->cluster_size, other ? other->pod : "one that is not of this StatefulSet",
         other && other->peer_url_count ? other->peer_urls[0] : "not known",
         other ? other->pod : "<pod>", model->name, model->namespace);
}

static void check_joinable(struct translation *t, const struct member *member)
{
    const char *path = t->model.etcd.path;
    const struct setting *setting =
        settings_get(&t->model.etcd_reading.settings, "initial-advertise-peer-urls");
    if (setting)
        path = setting->path;
    const char *wanted = t->model.peer.enabled ? "https://" : "http://";
    if (member->peer_url_count == 0) {
        find(t, FINDING_PEER_URLS_UNREACHABLE, path,
             "member %s advertises no peer URL, which is http://localhost:2380: new members cannot "
             "reach it",
             member->pod);
        return;
    }
    for (size_t i = 0; i < member->peer_url_count; i++) {
        const char *url = member->peer_urls[i];
        if (url_is_local(t, url) || strncmp(url, wanted, strlen(wanted)) != 0)
            find(
                t, FINDING_PEER_URLS_UNREACHABLE, path,
                "member %s advertises '%s' to its peers, expected %s with a name that others reach",
                member->pod, url, wanted);
    }
}

/* Lower-case letters, digits and dashes, as names of members and Etcds are. */
static bool is_label(const char *text, size_t max, bool begins_with_letter)
{
    size_t length = strlen(text);
    if (length == 0 || length > max || text[0] == '-' || text[length - 1] == '-' ||
        (begins_with_letter && !islower((unsigned char)text[0])))
        return false;
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static void check_join(struct translation *t)
{
    const struct model *model = &t->model;
    if (t->strategy != MIGRATE_JOIN)
        return;
    if (!druid_can_join(t))
        find(t, FINDING_DRUID_TOO_OLD, "",
             "spec.etcd.bootstrapWithExistingCluster is not in the schema of etcd-druid %s: it "
             "would "
             "be pruned, and an empty cluster started",
             t->options->druid_version ? t->options->druid_version : "v0.37");
    if (model->replicas == 0)
        find(t, FINDING_CLUSTER_NOT_RUNNING, "/spec/replicas",
             "0 replicas: there is no running cluster to join");
    if (model->cluster_size > MEMBERS_MAX) {
        find(t, FINDING_TOO_MANY_MEMBERS, "/spec/replicas",
             "%lld members: an Etcd joins a cluster of at most %d", (long long)model->cluster_size,
             MEMBERS_MAX);
        return;
    }
    if (model->cluster_size != (int64_t)model->member_count)
        find(t, FINDING_PEER_URLS_UNREACHABLE, "/spec/replicas",
             "the cluster has %lld members, of which this StatefulSet runs %zu: the URLs of the "
             "others "
             "are not known here",
             (long long)model->cluster_size, model->member_count);
    const char *prefix = pool_text(&t->pool, "%s-", t->etcd_name);
    for (size_t i = 0; i < model->member_count; i++) {
        const struct member *member = &model->members[i];
        check_joinable(t, member);
        if (!is_label(member->name, 253, false) ||
            strncmp(member->name, prefix, strlen(prefix)) == 0)
            find(t, FINDING_NAME_INVALID, model->etcd.path,
                 "member %s is named '%s': an Etcd '%s' takes lower-case names that do not begin "
                 "with "
                 "'%s'",
                 member->pod, member->name, t->etcd_name, prefix);
        for (size_t j = 0; j < i; j++)
            if (strcmp(member->name, model->members[j].name) == 0)
                find(t, FINDING_NAME_INVALID, model->etcd.path,
                     "members %s and %s are both named '%s'", model->members[j].pod, member->pod,
                     member->name);
    }
}

void check_members(struct translation *t)
{
    const struct model *model = &t->model;
    check_count(t);
    check_join(t);
    if (model->replicas == 0)
        find(t, FINDING_HIBERNATED_ETCD, "/spec/replicas",
             "0 replicas: druid cannot tell how many members the cluster has when it wakes up");
}

bool check_names(struct translation *t)
{
    const char *name = t->etcd_name;
    static const char service[] = "-client";
    if (!is_label(name, 63 - (sizeof service - 1), true))
        find(t, FINDING_NAME_INVALID, "/metadata/name",
             "'%s' is no name for an Etcd: its Service '%s%s' takes at most 63 lower-case letters, "
             "digits and dashes, and begins with a letter",
             name, name, service);
    if (t->strategy == MIGRATE_ADOPT)
        return true;
    if (strcmp(name, t->model.name) == 0) {
        find(t, FINDING_NAME_INVALID, "/metadata/name",
             "'%s' is the name of the StatefulSet itself: druid would take it over", name);
        return true;
    }
    struct json_object *other = NULL;
    if (!object_get(t, KUBE_STATEFUL_SET, t->model.namespace, name, &other, NULL))
        return false;
    if (other)
        find(t, FINDING_NAME_INVALID, "/metadata/name",
             "a StatefulSet '%s' is there already: druid would take it over", name);
    return true;
}

struct json_object *bootstrap_write(struct translation *t)
{
    const struct model *model = &t->model;
    struct json_object *members = json_object_new_array(), *endpoints = json_object_new_array();
    const char *scheme = model->client.enabled ? "https" : "http";
    static const char *const names[] = {"clientport", "client", NULL};
    const char *path = NULL;
    int64_t port = listen_port(t, "listen-client-urls", names, 2379, &path);
    const char *service = kube_json_text(t->sts, "/spec/serviceName");
    for (size_t i = 0; i < model->member_count; i++) {
        const struct member *member = &model->members[i];
        struct json_object *urls = json_object_new_array();
        for (size_t u = 0; u < member->peer_url_count; u++)
            if (!kube_json_append(urls, kube_json_string(member->peer_urls[u])))
                t->failed = true;
        if (!kube_json_append(members, kube_json_object("name", kube_json_string(member->name),
                                                        "peerUrls", urls, NULL)))
            t->failed = true;
        const char *url = member->client_url;
        if (!url || strncmp(url, scheme, strlen(scheme)) != 0)
            url = pool_text(&t->pool, "%s://%s.%s.%s.svc:%lld", scheme, member->pod,
                            service ? service : model->name, model->namespace, (long long)port);
        if (!kube_json_append(endpoints, kube_json_string(url)))
            t->failed = true;
    }
    return made(t, kube_json_object("members", members, "clientEndpoints", endpoints, NULL));
}
