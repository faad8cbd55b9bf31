#include "webhook/advice.h"

#include "kube/cleanup.h"
#include "migration/migration.h"

#include <string.h>
#include <time.h>

/* An API server keeps 256 bytes of a warning and 4 KiB of all; people read less. */
enum { WARNING_BYTES = 120, WARNINGS_MAX = 12 };

/* Adds "prepare: CODE: MESSAGE", cut at a character's end. Want of memory loses a warning, no more.
 */
static void warn(struct json_object *warnings, const char *code, const char *message)
{
    char text[WARNING_BYTES + 1];
    int length = snprintf(text, sizeof text, "prepare: %s: %s", code, message);
    if (length > WARNING_BYTES) {
        size_t end = WARNING_BYTES - 3;
        while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
            end--;
        memcpy(text + end, "...", sizeof "...");
    }
    kube_json_append(warnings, kube_json_string(text));
}

/* Those of SEVERITY. Returns how many there are. */
static size_t warn_of(struct json_object *warnings, struct json_object *findings,
                      const char *severity)
{
    size_t found = 0;
    for (size_t i = 0; i < json_object_array_length(findings); i++) {
        struct json_object *finding = json_object_array_get_idx(findings, i);
        const char *its_own = kube_json_text(finding, "/severity");
        if (!its_own || strcmp(its_own, severity) != 0)
            continue;
        found++;
        if (json_object_array_length(warnings) < WARNINGS_MAX)
            warn(warnings, kube_json_text(finding, "/code"), kube_json_text(finding, "/message"));
    }
    return found;
}

/* --- a source that is asked for advice only: what it does not tell is not known, and costs no
 * review --- */

struct careful {
    struct kube_source source;
    struct kube_source *asked;
    bool refused[KUBE_KINDS]; /* it did not tell of one of these: RBAC, or no answer in time */
    bool slow;                /* it is asked no more */
};

static bool careful_get(struct kube_source *source, enum kube_kind kind, const char *namespace,
                        const char *name, struct kube_object **out, struct error *err)
{
    enum { SLOW_MILLISECONDS = 500 };
    struct careful *careful = (struct careful *)source; /* its first member */
    struct error why = {0};
    long long begin = webhook_clock();
    if (!careful->slow && !careful->refused[kind]) {
        if (kube_source_get(careful->asked, kind, namespace, name, out, &why))
            return true;
        careful->refused[kind] = why.code == ERROR_UNAVAILABLE;
        careful->slow = webhook_clock() - begin > SLOW_MILLISECONDS;
    } else {
        careful->refused[kind] = true;
    }
    return error_set(err, ERROR_NOT_FOUND, "%s %s/%s is not known", kube_kind_info(kind)->kind,
                     namespace, name);
}

static bool careful_covers(struct kube_source *source, enum kube_kind kind, const char *namespace)
{
    const struct careful *careful = (const struct careful *)source;
    return !careful->refused[kind] && kube_source_covers(careful->asked, kind, namespace);
}

static bool careful_ready(struct kube_source *source, struct error *err)
{
    return kube_source_ready(((const struct careful *)source)->asked, err);
}

static const struct kube_source_ops careful_operations = {careful_get, careful_covers,
                                                          careful_ready, NULL};

/* --- how much an object is --- */

/* A real etcd's StatefulSet has some 300 values and 20 KB. */
enum { VALUES_MAX = 4000, TEXT_MAX = 256 << 10 };

/* What a translation for its findings takes at most: three trees, of a KiB a value and the text
 * itself, and what struct migrate_options allows it. */
enum { VALUE_BYTES = 3 << 10, TEXT_TIMES = 3, TRANSLATION_BYTES = 8 << 20 };

/* Memory for the translation of OBJECT. Where there is none, a warning says why. */
static bool take_memory(struct webhook_call *call, struct json_object *object,
                        struct json_object *warnings)
{
    struct webhook_amount amount = {0};
    webhook_measure(object, VALUES_MAX, &amount);
    if (amount.values > VALUES_MAX || amount.text > TEXT_MAX) {
        warn(warnings, "not translated", "the object is too large; ask druid-bridge --migrate");
        return false;
    }
    if (webhook_call_take(call, TRANSLATION_BYTES + amount.values * VALUE_BYTES +
                                    amount.text * TEXT_TIMES))
        return true;
    warn(warnings, "not translated", "too many requests at once; ask druid-bridge --migrate");
    return false;
}

struct json_object *webhook_advise(struct webhook_call *call, struct patch_result *result,
                                   struct kube_source *source, int64_t now)
{
    const struct migrate_options options = {
        .strategy = MIGRATE_ADOPT,
        .untrusted = true,
        .now = now,
        .findings_only = true,
        .memory = TRANSLATION_BYTES,
        .work = &call->work,
    };
    struct careful careful = {.source = {&careful_operations}, .asked = source};
    AUTO_MIGRATE_RESULT struct migrate_result translated = {0};
    AUTO_JSON struct json_object *object = NULL;
    struct json_object *findings = NULL;
    struct error err = {0};
    if (!take_memory(call, result->patch.object, result->warnings))
        return NULL;
    if (!kube_patch_apply(&result->patch, &object, &err) ||
        !migrate_stateful_set(object, &careful.source, &options, &translated, &err) ||
        !kube_json_need_array(translated.report, "/findings", &findings, &err)) {
        warn(result->warnings, "not translated", err.message);
        return NULL;
    }
    size_t before = json_object_array_length(result->warnings);
    size_t found = warn_of(result->warnings, findings, "blocker") +
                   warn_of(result->warnings, findings, "warning");
    if (json_object_array_length(result->warnings) - before < found)
        kube_json_append(result->warnings,
                         kube_json_stringf("prepare: %zu findings in all; druid-bridge --migrate "
                                           "shows them with their remedies",
                                           found));
    return TAKE(translated.report);
}
