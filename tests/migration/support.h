/* One translation of a fixture of tests/fixtures/migration, varied by edits. */
#ifndef TESTS_MIGRATION_SUPPORT_H
#define TESTS_MIGRATION_SUPPORT_H

#include "kube/base64.h"
#include "kube/cleanup.h"
#include "migration/migration.h"
#include "tests/support/certificate.h"
#include "tests/support/object.h"

#include "kube/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FIXTURES "tests/fixtures/migration/"

struct translated {
    struct json_object *sts;
    struct kube_files *files;
    struct migrate_result result;
    struct error error;
    bool done;
};

static inline bool append_document(void *context, struct json_object *document, unsigned line,
                                   struct error *err)
{
    (void)line;
    (void)err;
    return kube_json_append(context, json_object_get(document));
}

/* The objects of FILE, in order. */
static inline struct json_object *read_objects(const char *file)
{
    size_t length;
    char *text = test_read_bytes(file, &length);
    struct json_object *objects = json_object_new_array();
    struct error error = {0};
    if (!kube_yaml_read(text, length, append_document, objects, &error))
        fail_msg("%s: %s", file, error.message);
    free(text);
    return objects;
}

/* One line "KIND[/NAME] POINTER [VALUE]": VALUE (JSON with ' for ") is set there; without it what
 * is there goes; "KIND[/NAME] -" removes the object, "+ - VALUE" adds one. */
static inline void apply_edit(struct json_object *objects, const char *line)
{
    char kind[64] = "", pointer[256] = "";
    int used = 0;
    if (sscanf(line, "%63s %255s %n", kind, pointer, &used) != 2)
        fail_msg("edit '%s'", line);
    if (strcmp(kind, "+") == 0) {
        json_object_array_add(objects, test_json(line + used));
        return;
    }
    char *name = strchr(kind, '/');
    if (name)
        *name++ = '\0';
    for (size_t i = 0; i < json_object_array_length(objects); i++) {
        struct json_object *object = json_object_array_get_idx(objects, i);
        if (strcmp(kube_json_text(object, "/kind"), kind) != 0 ||
            (name && strcmp(kube_json_text(object, "/metadata/name"), name) != 0))
            continue;
        size_t length = strlen(pointer);
        if (strcmp(pointer, "-") == 0) {
            json_object_array_del_idx(objects, i, 1);
        } else if (strcmp(pointer + length - 2, "/-") == 0) {
            struct json_object *list = NULL;
            pointer[length - 2] = '\0';
            kube_json_get_array(object, pointer, &list, NULL);
            if (!list || !kube_json_append(list, test_json(line + used)))
                fail_msg("edit '%s': there is no such list", line);
        } else
            test_change(object, pointer, line[used] ? test_json(line + used) : NULL);
        return;
    }
    fail_msg("edit '%s': there is no such object", line);
}

static inline void apply_edits(struct json_object *objects, const char *edits)
{
    char *copy = strdup(edits ? edits : ""), *state = NULL;
    for (char *line = strtok_r(copy, "\n", &state); line; line = strtok_r(NULL, "\n", &state))
        apply_edit(objects, line);
    free(copy);
}

/* --- certificates --- */

static struct test_identity *test_ca, *test_other_ca;

static inline void make_authorities(void)
{
    const struct test_certificate spec = {.common_name = "a CA", .ca = true};
    const struct test_certificate other = {.common_name = "another CA", .ca = true};
    if (!test_ca) {
        test_ca = test_identity_new(&spec);
        test_other_ca = test_identity_new(&other);
    }
}

static inline void free_authorities(void)
{
    test_identity_free(test_ca);
    test_identity_free(test_other_ca);
    test_ca = test_other_ca = NULL;
}

/* "@leaf NAMES", "@expired NAMES", "@late NAMES", "@server NAMES" (not for clients), "@stranger
 * NAMES" (of the other CA), "@misfit NAMES" (with another's key), "@keyless NAMES" (with an empty
 * one). */
static inline void issue(struct json_object *data, const char *text)
{
    char what[16] = "", names[512] = "";
    sscanf(text, "@%15s %511s", what, names);
    struct test_certificate spec = {
        .common_name = "leaf",
        .alternative_names = names,
        .extended_key_usage = strcmp(what, "server") == 0 ? "serverAuth" : "serverAuth,clientAuth",
        .not_after = strcmp(what, "expired") == 0 ? TEST_CERT_NOW - 1 : 0,
        .not_before = strcmp(what, "late") == 0 ? TEST_CERT_NOW + 60 : 0,
        .issuer = strcmp(what, "stranger") == 0 ? test_other_ca : test_ca,
    };
    struct test_identity *leaf = test_identity_new(&spec);
    kube_json_set(data, "tls.crt", kube_json_string(leaf->cert));
    const char *key = strcmp(what, "misfit") == 0    ? test_ca->key
                      : strcmp(what, "keyless") == 0 ? ""
                                                     : leaf->key;
    kube_json_set(data, "tls.key", kube_json_string(key));
    test_identity_free(leaf);
}

/* stringData as the API server stores it, with certificates made. */
static inline void store_secret(struct json_object *secret)
{
    struct json_object *texts = kube_json_child(secret, "stringData");
    struct json_object *data = json_object_new_object();
    make_authorities();
    const char *leaf = kube_json_as_text(kube_json_child(texts, "tls.crt"));
    if (leaf && leaf[0] == '@')
        issue(texts, leaf);
    json_object_object_foreach(texts, key, value)
    {
        const char *text = kube_json_as_text(value);
        if (strcmp(text, "@ca") == 0)
            text = test_ca->cert;
        char *encoded = kube_base64_encode(text, strlen(text));
        kube_json_set(data, key, kube_json_string(encoded));
        free(encoded);
    }
    json_object_object_del(secret, "stringData");
    kube_json_set(secret, "data", data);
}

/* --- one call --- */

static inline struct kube_files *files_of(struct json_object *objects, bool reversed)
{
    struct kube_files *files = kube_files_new(NULL, NULL);
    size_t count = json_object_array_length(objects);
    struct error error = {0};
    for (size_t i = 0; i < count; i++) {
        struct json_object *object =
            json_object_array_get_idx(objects, reversed ? count - 1 - i : i);
        if (kube_json_child(object, "stringData"))
            store_secret(object);
        const char *text = kube_json_write(object);
        if (!kube_files_add_text(files, "fixture", text, strlen(text), &error))
            fail_msg("%s", error.message);
    }
    return files;
}

static inline struct json_object *stateful_set_of(struct json_object *objects)
{
    for (size_t i = 0; i < json_object_array_length(objects); i++) {
        struct json_object *object = json_object_array_get_idx(objects, i);
        if (strcmp(kube_json_text(object, "/kind"), "StatefulSet") == 0)
            return object;
    }
    fail_msg("the fixture has no StatefulSet");
    return NULL;
}

/* Translates FILE, a path from the project's root, after EDITS (NULL: none). */
static inline struct translated translate_file(const char *file, const char *edits,
                                               const struct migrate_options *options)
{
    struct migrate_options all = options ? *options : (struct migrate_options){0};
    if (!all.now)
        all.now = TEST_CERT_NOW;
    struct translated t = {0};
    struct json_object *objects = read_objects(file);
    apply_edits(objects, edits);
    t.sts = kube_json_copy(stateful_set_of(objects));
    t.files = files_of(objects, false);
    json_object_put(objects);
    t.done = migrate_options_check(&all, &t.error) &&
             migrate_stateful_set(t.sts, kube_files_source(t.files), &all, &t.result, &t.error);
    return t;
}

static inline struct translated translate(const char *fixture, const char *edits,
                                          const struct migrate_options *options)
{
    char path[256];
    snprintf(path, sizeof path, FIXTURES "%s.yaml", fixture);
    return translate_file(path, edits, options);
}

static inline void free_translated(struct translated *t)
{
    json_object_put(t->sts);
    kube_files_free(t->files);
    migrate_result_free(&t->result);
}

/* The findings of STRATEGY in REPORT, taken or not. */
static inline struct json_object *findings_of(struct json_object *report, const char *strategy)
{
    if (strcmp(kube_json_text(report, "/strategy"), strategy) == 0)
        return kube_json_child(report, "findings");
    struct json_object *others = kube_json_child(report, "alternatives");
    for (size_t i = 0; i < json_object_array_length(others); i++) {
        struct json_object *other = json_object_array_get_idx(others, i);
        if (strcmp(kube_json_text(other, "/strategy"), strategy) == 0)
            return kube_json_child(other, "findings");
    }
    return NULL;
}

/* The first finding of CODE whose path or message has ABOUT (NULL: any). */
static inline struct json_object *finding_of(struct json_object *findings, const char *code,
                                             const char *about)
{
    for (size_t i = 0; i < json_object_array_length(findings); i++) {
        struct json_object *finding = json_object_array_get_idx(findings, i);
        if (strcmp(kube_json_text(finding, "/code"), code) == 0 &&
            (!about || strstr(kube_json_text(finding, "/message"), about) ||
             strstr(kube_json_text(finding, "/path"), about)))
            return finding;
    }
    return NULL;
}

#endif
