#include "webhook/advice.h"

#include "kube/cleanup.h"
#include "tests/patches/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* A source that has what MANIFESTS has, but for Secrets: of these it says nothing, after a while.
 */
struct shy {
    struct kube_source source;
    struct kube_source *manifests;
    long delay_nanoseconds;
    unsigned asked;
};

static bool shy_get(struct kube_source *source, enum kube_kind kind, const char *namespace,
                    const char *name, struct kube_object **out, struct error *err)
{
    struct shy *shy = (struct shy *)source;
    const struct timespec delay = {.tv_nsec = shy->delay_nanoseconds};
    if (kind != KUBE_SECRET && kind != KUBE_CONFIG_MAP)
        return kube_source_get(shy->manifests, kind, namespace, name, out, err);
    shy->asked++;
    nanosleep(&delay, NULL);
    return error_set(err, ERROR_UNAVAILABLE, "RBAC does not allow it");
}

static bool shy_covers(struct kube_source *source, enum kube_kind kind, const char *namespace)
{
    (void)source, (void)kind, (void)namespace;
    return true;
}

static const struct kube_source_ops shy_operations = {.get = shy_get, .covers = shy_covers};

static struct json_object *advise(struct call *call, struct kube_source *source)
{
    struct webhook_call asked = {.fd = -1};
    webhook_call_begin(&asked);
    return webhook_advise(&asked, &call->result, source, 1600000000);
}

static bool says(const struct patch_result *result, const char *text)
{
    return strstr(kube_json_write(result->warnings), text) != NULL;
}

static void what_is_not_told_is_unchecked_and_no_blocker(void **state)
{
    (void)state;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    struct shy shy = {.source = {&shy_operations}, .manifests = call.source};
    assert_true(run_call(&call));
    AUTO_JSON struct json_object *report = advise(&call, &shy.source);
    assert_non_null(report);
    assert_true(says(&call.result, "SecretUnchecked"));
    assert_false(says(&call.result, "SecretMissing"));
    assert_false(says(&call.result, "not translated"));
}

static void a_slow_source_is_not_asked_again(void **state)
{
    (void)state;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    struct shy shy = {
        .source = {&shy_operations}, .manifests = call.source, .delay_nanoseconds = 600000000};
    assert_true(run_call(&call));
    AUTO_JSON struct json_object *report = advise(&call, &shy.source);
    assert_non_null(report);
    assert_int_equal(shy.asked, 1);
}

static void what_is_told_to_be_absent_is_a_blocker(void **state)
{
    (void)state;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    assert_true(run_call(&call));
    AUTO_JSON struct json_object *report = advise(&call, call.source);
    assert_string_equal(kube_json_text(report, "/verdict"), "blocked");
    assert_true(says(&call.result, "SecretMissing") || says(&call.result, "SecretKeyMissing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_told_is_unchecked_and_no_blocker),
        cmocka_unit_test(a_slow_source_is_not_asked_again),
        cmocka_unit_test(what_is_told_to_be_absent_is_a_blocker),
    };
    return cmocka_run_group_tests_name("webhook/advice", tests, NULL, NULL);
}
