/* Manifests from strangers, translated: whatever they are, the translation ends, every strategy is
 * judged, and an Etcd is there exactly where nothing blocks it. */
#include "kube/cleanup.h"
#include "migration/migration.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool good)
{
    if (!good)
        abort();
}

static bool judge(void *context, size_t index, size_t total, const struct migrate_result *result,
                  struct json_object *skipped, struct error *err)
{
    (void)context, (void)err;
    must(index < total && !result != !skipped);
    if (!result)
        return true;
    must(!result->etcd == (result->verdict == MIGRATE_BLOCKED));
    must(json_object_array_length(kube_json_child(result->report, "alternatives")) == 2);
    AUTO_FREE char *text = migrate_report_text(result->report, true);
    must(text != NULL);
    return true;
}

static const char *ask(void *context)
{
    size_t *patience = context;
    return *patience ? (--*patience, NULL) : "nobody waits";
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const struct migrate_options options = {.strategy = MIGRATE_AUTO,
                                            .druid_version = "v0.38",
                                            .old_is_stopped = true,
                                            .now = 1800000000};
    struct error error = {0};
    struct kube_files *files = kube_files_new(NULL, NULL);
    must(files != NULL);
    if (kube_files_add_text(files, "input", (const char *)bytes, length, &error) &&
        !migrate_files(files, NULL, &options, judge, NULL, &error))
        must(error.code != ERROR_NONE);
    /* The same by somebody who does not wait long, and has little memory. */
    size_t patience = length % 97;
    struct kube_work work = {.check = ask, .context = &patience};
    struct migrate_options hurried = options;
    hurried.work = &work;
    hurried.memory = 20000 + 64 * length;
    error = (struct error){0};
    must(migrate_files(files, NULL, &hurried, judge, NULL, &error) ? !work.stopped
                                                                   : error.code != ERROR_NONE);
    must(!work.stopped || error.code == ERROR_STOPPED);
    kube_files_free(files);
    return 0;
}
