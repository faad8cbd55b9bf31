/* Bounds that nothing real comes near, and reports of findings alone. */
#include "tests/migration/shapes.h"

static bool translates(const struct large *large, const struct migrate_options *options,
                       struct migrate_result *result, struct error *error)
{
    struct migrate_options all = *options;
    struct kube_files *files = files_beside(large);
    all.now = TEST_CERT_NOW;
    bool done = migrate_stateful_set(large->sts, kube_files_source(files), &all, result, error);
    kube_files_free(files);
    return done;
}

/* The finding of CODE about ABOUT in what LARGE (taken) gives; its message is the caller's. */
static char *message_of(struct large *large, const char *code, const char *about)
{
    const struct migrate_options options = {.strategy = MIGRATE_ADOPT, .memory = 16 << 20};
    AUTO_MIGRATE_RESULT struct migrate_result result = {0};
    struct error error = {0};
    if (!translates(large, &options, &result, &error))
        fail_msg("%s", error.message);
    struct json_object *finding =
        finding_of(kube_json_child(result.report, "findings"), code, about);
    char *message = finding ? strdup(kube_json_text(finding, "/message")) : NULL;
    large_free(large);
    return message;
}

/* --- values made of values --- */

static void values_have_a_bound_in_all(void **state)
{
    (void)state;
    struct large large = large_new();
    char *text = many("x", 60000);
    add(&large, ETCD "/env", "{'name':'A','value':'%s'}", text);
    free(text);
    for (int i = 0; i < 16; i++)
        add(&large, ETCD "/args", "'--unknown-%d=$(A)'", i);
    add(&large, ETCD "/args", "'--max-wals=$(A)'");
    add(&large, ETCD "/args", "'--max-snapshots=$(A)'");
    add(&large, ETCD "/args", "'--name=$(NONE)'");
    /* 17 of them fit into a mebibyte. */
    struct large copy = {kube_json_copy(large.sts), kube_json_copy(large.beside)};
    char *fits = message_of(&copy, "SettingWithoutField", "--max-wals");
    char *beyond = message_of(&large, "SettingWithoutField", "--max-snapshots");
    assert_non_null(strstr(fits, "xxxx"));
    assert_non_null(beyond);
    assert_null(strstr(beyond, "xxxx"));
    free(fits);
    free(beyond);
}

static void each_member_has_the_same_bound(void **state)
{
    (void)state;
    struct large large = large_new();
    json_object_object_add(at(&large, "/spec"), "replicas", json_object_new_int(9));
    char *text = many("x", 60000);
    add(&large, ETCD "/env", "{'name':'A','value':'%s'}", text);
    free(text);
    add(&large, ETCD "/env",
        "{'name':'POD','valueFrom':{'fieldRef':{'fieldPath':'metadata.name'}}}");
    for (int i = 0; i < 10; i++)
        add(&large, ETCD "/args", "'--unknown-%d=$(A)'", i);
    add(&large, ETCD "/args", "'--name=$(POD)'");
    add(&large, ETCD "/args", "'--initial-advertise-peer-urls=http://$(POD).main.shop.svc:2380'");
    const struct migrate_options options = {
        .strategy = MIGRATE_JOIN, .druid_version = "v0.38", .memory = 16 << 20};
    AUTO_MIGRATE_RESULT struct migrate_result result = {0};
    struct error error = {0};
    if (!translates(&large, &options, &result, &error))
        fail_msg("%s", error.message);
    struct json_object *findings = kube_json_child(result.report, "findings");
    assert_null(finding_of(findings, "PeerUrlsUnreachable", NULL));
    assert_null(finding_of(findings, "NameInvalid", "member"));
    large_free(&large);
}

static void a_long_script_is_not_kept_for_each_member(void **state)
{
    (void)state;
    struct large large = large_new();
    json_object_object_add(at(&large, "/spec"), "replicas", json_object_new_int(10));
    script(&large, 40000);
    const struct migrate_options options = {.strategy = MIGRATE_AUTO, .memory = 10 << 20};
    AUTO_MIGRATE_RESULT struct migrate_result result = {0};
    struct error error = {0};
    if (!translates(&large, &options, &result, &error))
        fail_msg("%s", error.message);
    large_free(&large);
}

/* --- names and files --- */

static void names_are_as_long_as_the_api_server_allows(void **state)
{
    static const struct {
        const char *map, *key, *message;
    } rows[] = {
        {"/metadata", "name", "/metadata/name: found a name of 254 bytes, expected at most 253"},
        {"/metadata", "namespace",
         "/metadata/namespace: found a name of 254 bytes, expected at most 253"},
        {ETCD, "name",
         "/spec/template/spec/containers/0: /name: found a name of 254 bytes, expected at most "
         "253"},
    };
    const struct migrate_options options = {.strategy = MIGRATE_ADOPT};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t length = 253; length <= 254; length++) {
            AUTO_MIGRATE_RESULT struct migrate_result result = {0};
            struct error error = {0};
            struct large large = large_new();
            char *name = many("n", length);
            json_object_object_add(at(&large, rows[i].map), rows[i].key,
                                   json_object_new_string(name));
            bool done = translates(&large, &options, &result, &error);
            assert_int_equal(done, length == 253);
            if (!done)
                assert_string_equal(error.message, rows[i].message);
            free(name);
            large_free(&large);
        }
    }
}

static void a_file_with_very_many_settings_is_not_read(void **state)
{
    (void)state;
    struct large few = large_new(), many_settings = large_new();
    configuration_file(&few, 2047);
    configuration_file(&many_settings, 2048);
    assert_null(message_of(&few, "ConfigurationOpaque", NULL));
    char *message = message_of(&many_settings, "ConfigurationOpaque", NULL);
    assert_string_equal(message, "own.yaml in ConfigMap config has more than 2048 keys");
    free(message);
}

static void a_file_of_more_than_64_kib_is_not_read(void **state)
{
    (void)state;
    for (size_t length = 65536; length <= 65537; length++) {
        static const char begin[] = "data-dir: /data/new.etcd\n#";
        struct large large = large_new();
        configuration_file(&large, 1);
        char *comment = many("x", length - (sizeof begin - 1)), *text = NULL;
        if (asprintf(&text, "%s%s", begin, comment) < 0)
            fail_msg("out of memory");
        struct json_object *data =
            kube_json_child(json_object_array_get_idx(large.beside, 0), "data");
        json_object_object_add(data, "own.yaml", json_object_new_string(text));
        char *message = message_of(&large, "ConfigurationOpaque", NULL);
        if (length == 65536)
            assert_null(message);
        else
            assert_string_equal(message,
                                "own.yaml in ConfigMap config: it has more than 65536 bytes");
        free(message);
        free(text);
        free(comment);
    }
}

static void what_a_file_makes_of_memory_counts(void **state)
{
    const struct migrate_options options = {.strategy = MIGRATE_ADOPT, .memory = 8 << 20};
    AUTO_MIGRATE_RESULT struct migrate_result result = {0};
    struct error error = {0};
    (void)state;
    struct large large = large_new();
    configuration_file(&large, 1);
    char *maps = many("{},", 20000), *text = NULL;
    if (asprintf(&text, "data-dir: /data\nx: [%s]\n", maps) < 0)
        fail_msg("out of memory");
    json_object_object_add(kube_json_child(json_object_array_get_idx(large.beside, 0), "data"),
                           "own.yaml", json_object_new_string(text));
    assert_false(translates(&large, &options, &result, &error));
    assert_int_equal(error.code, ERROR_RANGE);
    assert_string_equal(error.message, "translating it takes more than 8 MiB");
    free(maps);
    free(text);
    large_free(&large);
}

static void values_that_many_messages_quote_are_cut(void **state)
{
    (void)state;
    struct large large = large_new();
    char *text = many("\xc3\xbc", 3000);
    add(&large, ETCD "/args", "'--snapshot-count=1'");
    add(&large, ETCD "/args", "'--snapshot-count=%s'", text);
    free(text);
    char *message = message_of(&large, "SourcesDisagree", "--snapshot-count");
    assert_in_range(strlen(message), 1024, 1300);
    assert_non_null(strstr(message, "\xc3\xbc…', which counts"));
    free(message);
}

/* --- the findings alone --- */

static void the_findings_alone_are_those_of_the_whole(void **state)
{
    static const char *const fixtures[] = {"plain", "secured", "trio"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (enum migrate_strategy s = 0; s < MIGRATE_STRATEGIES; s++) {
            const struct migrate_options whole = {.strategy = s, .druid_version = "v0.38"};
            struct migrate_options alone = whole;
            alone.findings_only = true;
            struct translated one = translate(fixtures[i], NULL, &whole);
            struct translated other = translate(fixtures[i], NULL, &alone);
            assert_true(one.done && other.done);
            assert_int_equal(one.result.verdict, other.result.verdict);
            assert_true(json_object_equal(one.result.etcd, other.result.etcd));
            json_object_object_del(one.result.report, "alternatives");
            json_object_object_del(one.result.report, "fields");
            assert_string_equal(kube_json_write(one.result.report),
                                kube_json_write(other.result.report));
            free_translated(&one);
            free_translated(&other);
        }
    }
}

static void of_several_strategies_there_are_no_findings_alone(void **state)
{
    const struct migrate_options options = {.strategy = MIGRATE_AUTO, .findings_only = true};
    struct error error = {0};
    (void)state;
    assert_false(migrate_options_check(&options, &error));
    assert_string_equal(error.message, "the findings alone are those of one strategy, not of auto");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_a_bound_in_all),
        cmocka_unit_test(each_member_has_the_same_bound),
        cmocka_unit_test(a_long_script_is_not_kept_for_each_member),
        cmocka_unit_test(names_are_as_long_as_the_api_server_allows),
        cmocka_unit_test(a_file_with_very_many_settings_is_not_read),
        cmocka_unit_test(a_file_of_more_than_64_kib_is_not_read),
        cmocka_unit_test(what_a_file_makes_of_memory_counts),
        cmocka_unit_test(values_that_many_messages_quote_are_cut),
        cmocka_unit_test(the_findings_alone_are_those_of_the_whole),
        cmocka_unit_test(of_several_strategies_there_are_no_findings_alone),
    };
    int failed = cmocka_run_group_tests_name("limits", tests, NULL, NULL);
    free_authorities();
    return failed;
}
