#include "webhook/fleet.h"

#include "kube/cleanup.h"

#include <string.h>

static struct json_object *codes_of(struct json_object *report)
{
    AUTO_JSON struct json_object *codes = json_object_new_object();
    struct json_object *findings = NULL;
    if (!kube_json_get_array(report, "/findings", &findings, NULL) || !findings)
        return TAKE(codes);
    for (size_t i = 0; i < json_object_array_length(findings); i++) {
        const char *code = kube_json_text(json_object_array_get_idx(findings, i), "/code");
        if (code && !kube_json_set(codes, code, kube_json_bool(true)))
            return NULL;
    }
    return TAKE(codes);
}

void webhook_fleet_note(struct webhook_fleet *fleet, const char *namespace, const char *name,
                        const char *stage, struct json_object *report)
{
    const char *verdict = report ? kube_json_text(report, "/verdict") : NULL;
    char key[KUBE_POINTER_SIZE];
    struct json_object *entry = kube_json_object("stage", kube_json_string(stage), "verdict",
                                                 kube_json_string(verdict ? verdict : "unknown"),
                                                 "codes", codes_of(report), NULL);
    snprintf(key, sizeof key, "%s/%s", namespace, name);
    pthread_mutex_lock(&fleet->mutex);
    if (!fleet->seen)
        fleet->seen = json_object_new_object();
    bool room = fleet->seen && (json_object_object_length(fleet->seen) < WEBHOOK_FLEET_MAX ||
                                json_object_object_get_ex(fleet->seen, key, NULL));
    if (room)
        kube_json_set(fleet->seen, key, entry);
    else
        json_object_put(entry);
    pthread_mutex_unlock(&fleet->mutex);
}

/* Adds one to the count at KEY of COUNTS. */
static void count(struct json_object *counts, const char *key)
{
    struct json_object *found = json_object_object_get(counts, key);
    if (found)
        json_object_int_inc(found, 1);
    else
        kube_json_set(counts, key, kube_json_int(1));
}

/* The rows of one metric; keys of COUNTS are the labels as they are written. */
static void write_counts(FILE *out, const char *name, const char *help, struct json_object *counts)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
    if (!counts)
        return;
    json_object_object_foreach(counts, labels, number)
    {
        fprintf(out, "%s{%s} %lld\n", name, labels, (long long)json_object_get_int64(number));
    }
}

static void count_all(struct json_object *seen, struct json_object *stages,
                      struct json_object *findings)
{
    char labels[256];
    json_object_object_foreach(seen, name, entry)
    {
        struct json_object *codes = kube_json_child(entry, "codes");
        (void)name;
        snprintf(labels, sizeof labels, "phase=\"%s\",verdict=\"%s\"",
                 kube_json_text(entry, "/stage"), kube_json_text(entry, "/verdict"));
        count(stages, labels);
        json_object_object_foreach(codes, code, yes)
        {
            (void)yes;
            snprintf(labels, sizeof labels, "code=\"%s\"", code);
            count(findings, labels);
        }
    }
}

void webhook_fleet_write(struct webhook_fleet *fleet, FILE *out)
{
    AUTO_JSON struct json_object *stages = json_object_new_object();
    AUTO_JSON struct json_object *findings = json_object_new_object();
    pthread_mutex_lock(&fleet->mutex);
    if (fleet->seen && stages && findings)
        count_all(fleet->seen, stages, findings);
    pthread_mutex_unlock(&fleet->mutex);
    write_counts(out, "druid_bridge_stateful_sets",
                 "StatefulSets of etcds that reviews have shown, by phase (druid: an Etcd is its "
                 "master) and by the verdict of the translation.",
                 stages);
    write_counts(out, "druid_bridge_findings",
                 "StatefulSets that have a finding of the translation, by its code.", findings);
}

void webhook_fleet_free(struct webhook_fleet *fleet)
{
    json_object_put(TAKE(fleet->seen));
}
