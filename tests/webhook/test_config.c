#include "webhook/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "apiVersion: druid-bridge/v1alpha1\nkind: BridgeConfiguration\n"

static bool parse(const char *text, struct webhook_config *config, struct error *err)
{
    return webhook_config_parse("c.yaml", text, strlen(text), config, err);
}

static void everything_that_can_be_said(void **state)
{
    (void)state;
    struct webhook_config config;
    struct error err = {0};
    if (!parse(HEAD "defaultProvider: gcp\n"
                    "sidecar: {image: 'example.com/x:1', schedule: '0 */24 * * *'}\n"
                    "providers:\n"
                    "  aws: {etcdStorage: {className: fast, capacity: 80Gi}}\n"
                    "  gcp: {etcdStorage: {capacity: 20Gi}}\n"
                    "  azure:\n",
               &config, &err))
        fail_msg("%s", err.message);
    const struct patch_settings *settings = &config.patches;
    assert_string_equal(settings->default_provider, "gcp");
    assert_string_equal(settings->sidecar_image, "example.com/x:1");
    assert_string_equal(settings->schedule, "0 */24 * * *");
    assert_int_equal(settings->storage_count, 3);
    assert_string_equal(settings->storages[0].provider, "aws");
    assert_string_equal(settings->storages[0].class_name, "fast");
    assert_string_equal(settings->storages[0].capacity, "80Gi");
    assert_null(settings->storages[1].class_name);
    assert_null(settings->storages[2].capacity);
    webhook_config_free(&config);
}

static void what_is_not_said_has_defaults(void **state)
{
    (void)state;
    struct webhook_config config;
    struct error err = {0};
    assert_true(parse(HEAD, &config, &err));
    assert_null(config.patches.default_provider);
    assert_null(config.patches.schedule);
    assert_int_equal(config.patches.storage_count, 0);
    assert_string_equal(config.patches.sidecar_image, WEBHOOK_SIDECAR_IMAGE);
    webhook_config_free(&config);
    assert_true(webhook_config_load(NULL, &config, &err));
    assert_string_equal(config.patches.sidecar_image, WEBHOOK_SIDECAR_IMAGE);
    webhook_config_free(&config);
}

static void the_migration(void **state)
{
    (void)state;
    struct webhook_config config;
    struct error err = {0};
    assert_true(parse(HEAD, &config, &err));
    assert_int_equal(config.patches.default_phase, PATCH_LEGACY);
    assert_int_equal(config.patches.guard, PATCH_GUARD_DENY);
    assert_int_equal(config.patches.druid_account_count, 1);
    assert_string_equal(config.patches.druid_accounts[0], "garden/etcd-druid");
    webhook_config_free(&config);
    assert_true(parse(HEAD "migration: {defaultPhase: prepare, guard: warn, "
                           "druidServiceAccounts: [a/b, c/d]}\n",
                      &config, &err));
    assert_int_equal(config.patches.default_phase, PATCH_PREPARE);
    assert_int_equal(config.patches.guard, PATCH_GUARD_WARN);
    assert_int_equal(config.patches.druid_account_count, 2);
    assert_string_equal(config.patches.druid_accounts[1], "c/d");
    webhook_config_free(&config);
    assert_true(parse(HEAD "migration: {defaultPhase: off, guard: off}\n", &config, &err));
    assert_int_equal(config.patches.default_phase, PATCH_OFF);
    assert_int_equal(config.patches.guard, PATCH_GUARD_OFF);
    webhook_config_free(&config);
}

static void json_is_read_as_well(void **state)
{
    (void)state;
    struct webhook_config config;
    struct error err = {0};
    assert_true(parse("{\"apiVersion\": \"druid-bridge/v1alpha1\", \"kind\": "
                      "\"BridgeConfiguration\", \"defaultProvider\": \"aws\"}",
                      &config, &err));
    assert_string_equal(config.patches.default_provider, "aws");
    webhook_config_free(&config);
}

struct row {
    const char *text;
    const char *said;
};

static void run_row(void **state)
{
    const struct row *row = *state;
    struct webhook_config config;
    struct error err = {0};
    assert_false(parse(row->text, &config, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    if (!strstr(err.message, row->said))
        fail_msg("'%s' does not say '%s'", err.message, row->said);
}

static const struct row unknown = {HEAD "sidecra: {}\n", "c.yaml:3: /: unknown key 'sidecra'"};
static const struct row unknown_null = {HEAD "sidecar:\nbogus:\n",
                                        "c.yaml:4: /: unknown key 'bogus'"};
static const struct row unknown_fraction = {HEAD "bogus: 1.5\n",
                                            "c.yaml:3: /: unknown key 'bogus'"};
static const struct row unknown_nested = {
    HEAD "sidecar:\n  image: x\n  schedul: y\n",
    "c.yaml:5: /sidecar: unknown key 'schedul'; expected one of image, schedule"};
static const struct row unknown_deep = {HEAD
                                        "providers:\n  aws:\n    etcdStorage:\n      size: 1Gi\n",
                                        "c.yaml:6: /providers/aws/etcdStorage: unknown key 'size'"};
static const struct row unknown_provider = {HEAD "providers:\n  awz: {}\n", "provider 'awz'"};
static const struct row unknown_default = {HEAD "defaultProvider: dell\n",
                                           "c.yaml:3: /defaultProvider: found provider 'dell'"};
static const struct row image_is_number = {HEAD "sidecar: {image: 7}\n",
                                           "c.yaml:3: /sidecar/image: expected a string"};
static const struct row image_is_empty = {HEAD "sidecar: {image: ''}\n",
                                          "/sidecar/image: is empty"};
static const struct row image_is_null = {HEAD "sidecar: {image: }\n", "expected a string"};
static const struct row sidecar_is_list = {HEAD "sidecar: []\n", "/sidecar: expected a map"};
static const struct row bad_capacity = {HEAD "providers: {aws: {etcdStorage: {capacity: lots}}}\n",
                                        "c.yaml:3: /providers/aws/etcdStorage/capacity: "};
static const struct row no_capacity = {HEAD "providers: {aws: {etcdStorage: {capacity: '0'}}}\n",
                                       "more than nothing"};
static const struct row bad_schedule = {HEAD "sidecar: {schedule: hourly}\n", "five cron fields"};
#define DAYS "1,2,3,4,5,6,7,1,2,3,4,5,6,7,1,2,3,4,5,6,7,1,2,3,4,5,6,7,1,2,3,4,5,6,7,"
static const struct row long_schedule = {
    HEAD "sidecar: {schedule: '* * * * " DAYS DAYS DAYS DAYS "1'}\n", "five cron fields"};
static const struct row bad_phase = {HEAD "migration: {defaultPhase: done}\n",
                                     "c.yaml:3: /migration/defaultPhase: found phase 'done'"};
static const struct row bad_guard = {HEAD "migration: {guard: maybe}\n",
                                     "found 'maybe', expected deny, warn or off"};
static const struct row bad_account = {HEAD "migration: {druidServiceAccounts: [a/b, druid]}\n",
                                       "found 'druid', expected NAMESPACE/NAME"};
static const struct row accounts_are_text = {HEAD "migration: {druidServiceAccounts: a/b}\n",
                                             "/migration/druidServiceAccounts: expected a list"};
static const struct row account_is_number = {HEAD "migration: {druidServiceAccounts: [1]}\n",
                                             "expected a string"};
static const struct row other_version = {
    "apiVersion: druid-bridge/v2\nkind: BridgeConfiguration\n",
    "c.yaml:1: /apiVersion: found 'druid-bridge/v2', expected druid-bridge/v1alpha1"};
static const struct row other_kind = {"apiVersion: druid-bridge/v1alpha1\nkind: Config\n",
                                      "c.yaml:2: /kind: found 'Config'"};
static const struct row no_kind = {"apiVersion: druid-bridge/v1alpha1\n", "expected apiVersion"};
static const struct row empty = {"", "empty"};
static const struct row text = {"hello\n", "expected a map"};
static const struct row second = {HEAD "---\n" HEAD, "c.yaml:4: a second document"};
static const struct row broken = {"apiVersion: [\n", "line"};

#define ROW(name, row)                                                                             \
    {                                                                                              \
        name, run_row, NULL, NULL, (void *)(uintptr_t) & (row)                                     \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_can_be_said),
        cmocka_unit_test(what_is_not_said_has_defaults),
        cmocka_unit_test(the_migration),
        cmocka_unit_test(json_is_read_as_well),
        ROW("an unknown key is named with its line", unknown),
        ROW("an unknown key without a value too", unknown_null),
        ROW("an unknown key with a fraction too", unknown_fraction),
        ROW("an unknown key within a map", unknown_nested),
        ROW("an unknown key of a provider", unknown_deep),
        ROW("an unknown provider", unknown_provider),
        ROW("a default provider that the legacy path does not serve", unknown_default),
        ROW("an image that is a number", image_is_number),
        ROW("an image that is empty", image_is_empty),
        ROW("an image that is null", image_is_null),
        ROW("a list in place of a map", sidecar_is_list),
        ROW("a capacity that is no quantity", bad_capacity),
        ROW("a capacity of nothing", no_capacity),
        ROW("a schedule that is none", bad_schedule),
        ROW("a schedule that no sidecar would get", long_schedule),
        ROW("a phase that is none", bad_phase),
        ROW("a guard that is none", bad_guard),
        ROW("an account without a namespace", bad_account),
        ROW("accounts that are no list", accounts_are_text),
        ROW("an account that is a number", account_is_number),
        ROW("another version", other_version),
        ROW("another kind", other_kind),
        ROW("no kind", no_kind),
        ROW("an empty file", empty),
        ROW("a text", text),
        ROW("a second document", second),
        ROW("broken YAML", broken),
    };
    return cmocka_run_group_tests_name("webhook/config", tests, NULL, NULL);
}
