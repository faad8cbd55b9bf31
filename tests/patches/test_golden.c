/* What the legacy webhooks really answered, case by case, where the folder of shared data is there.
 */
#include "kube/cleanup.h"
#include "kube/defaults.h"
#include "patches/patches.h"
#include "tests/support/object.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct json_object *read_part(const char *folder, const char *part)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, part);
    return test_read(path);
}

static struct kube_source *read_source(const char *folder)
{
    char path[1024];
    struct error err = {0};
    struct kube_files *files = kube_files_new(NULL, NULL);
    snprintf(path, sizeof path, "%s/objects.json", folder);
    if (!kube_files_add(files, path, &err))
        fail_msg("%s", err.message);
    return kube_files_source(files);
}

static void must_plan(const struct patch_request *request, const struct patch_settings *settings,
                      struct kube_source *source, struct patch_result *result)
{
    struct error err = {0};
    if (!patch_stateful_set(request, settings, source, result, &err))
        fail_msg("%s", err.message);
}

static void run_case(const char *folder)
{
    AUTO_JSON struct json_object *review = read_part(folder, "review.json");
    AUTO_JSON struct json_object *expected = read_part(folder, "expected.json");
    AUTO_JSON struct json_object *settings_tree = read_part(folder, "case.json");
    struct kube_source *source = read_source(folder);
    const struct patch_storage storage = {
        kube_json_text(settings_tree, "/settings/provider"),
        kube_json_text(settings_tree, "/settings/etcdStorage/className"),
        kube_json_text(settings_tree, "/settings/etcdStorage/capacity"),
    };
    const struct patch_settings settings = {
        .sidecar_image = kube_json_text(settings_tree, "/settings/sidecarImage"),
        .schedule = kube_json_text(settings_tree, "/settings/schedule"),
        .storages = &storage,
        .storage_count = 1,
    };
    struct patch_request request = {
        .update = strcmp(kube_json_text(review, "/request/operation"), "UPDATE") == 0,
        .namespace = kube_json_text(review, "/request/namespace"),
        .name = kube_json_text(review, "/request/name"),
    };
    assert_true(kube_json_get_object(review, "/request/object", &request.object, NULL));
    assert_true(kube_json_get_object(review, "/request/oldObject", &request.old_object, NULL));

    AUTO(patch_result_free) struct patch_result result = {0};
    must_plan(&request, &settings, source, &result);
    AUTO_JSON struct json_object *patched = test_patched(request.object, result.patch.operations);
    if (!kube_defaults_match(patched, expected))
        fail_msg("%s: got %s", folder, kube_json_write(patched));

    AUTO(patch_result_free) struct patch_result second = {0};
    request.object = patched;
    must_plan(&request, &settings, source, &second);
    assert_string_equal(kube_json_write(second.patch.operations), "[]");

    /* The same when what was expected comes back, as a deployer that reads before it writes sends
     * it. */
    AUTO(patch_result_free) struct patch_result third = {0};
    request.object = expected;
    must_plan(&request, &settings, source, &third);
    assert_string_equal(kube_json_write(third.patch.operations), "[]");
    kube_source_free(source);
}

static void every_case_gives_the_expected_object(void **state)
{
    (void)state;
    char folder[256];
    size_t count = 0;
    const char *shared = test_shared();
    if (!shared)
        skip();
    snprintf(folder, sizeof folder, "%s/data/golden", shared);
    DIR *dir = opendir(folder);
    if (!dir)
        skip();
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[512];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        run_case(path);
        count++;
    }
    closedir(dir);
    print_message("%zu cases\n", count);
    assert_true(count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_gives_the_expected_object),
    };
    return cmocka_run_group_tests_name("patches/golden", tests, NULL, NULL);
}
