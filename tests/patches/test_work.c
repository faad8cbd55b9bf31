/* Work that is stopped gives ERROR_STOPPED at whatever stage it is, and never half a patch. */
#include "tests/patches/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Whoever waits for the work: they answer so many questions with "go on". */
struct waiting {
    unsigned asked;
    unsigned patience;
};

static const char *check(void *context)
{
    struct waiting *waiting = context;
    return waiting->asked++ < waiting->patience ? NULL : "nobody waits";
}

typedef bool decide(const struct patch_request *, const struct patch_settings *,
                    struct kube_source *, struct patch_result *, struct error *);

static bool run(struct call *call, decide *what, struct waiting *waiting)
{
    struct kube_work work = {check, waiting, 0, NULL};
    const struct patch_request request = {
        .update = call->old_object != NULL,
        .namespace = "shoot--garden--apple",
        .name = "etcd-main",
        .user = "deployer",
        .object = call->object,
        .old_object = call->old_object,
        .work = &work,
    };
    waiting->asked = 0;
    call->error = (struct error){0};
    patch_result_free(&call->result);
    return what(&request, &call->settings, call->source, &call->result, &call->error);
}

/* Stops CALL at each question in turn, until it is through; returns how many there were. */
static unsigned stop_everywhere(struct call *call, decide *what)
{
    struct waiting waiting = {0};
    while (!run(call, what, &waiting)) {
        assert_int_equal(call->error.code, ERROR_STOPPED);
        assert_non_null(strstr(call->error.message, "stopped: nobody waits"));
        assert_int_equal(waiting.asked, waiting.patience + 1);
        waiting.patience++;
    }
    assert_int_equal(waiting.asked, waiting.patience);
    return waiting.patience;
}

static void a_creation_stops_between_any_two_stages(void **state)
{
    static const char *const phases[] = {"legacy", "prepare"};
    (void)state;
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        AUTO_CALL struct call call = new_call("etcd-main.yaml", "gcp", NULL);
        test_change(call.object, "/metadata/annotations",
                    kube_json_object("druid-bridge/phase", kube_json_string(phases[i]), NULL));
        assert_true(stop_everywhere(&call, patch_stateful_set) > 8);
    }
}

static void an_update_stops_between_any_two_stages(void **state)
{
    (void)state;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    call.settings.default_phase = PATCH_HANDOVER;
    assert_true(stop_everywhere(&call, patch_stateful_set) > 4);
}

static void an_etcd_stops_between_any_two_stages(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    json_object_put(call.object);
    call.object = test_json("{'metadata':{'name':'etcd-main'},'spec':{'backup':{'store':{}}}}");
    assert_true(stop_everywhere(&call, patch_etcd) > 5);
}

static void a_scale_stops_too(void **state)
{
    (void)state;
    AUTO_CALL struct call call = new_call("etcd-main.yaml", "aws", NULL);
    json_object_put(call.object);
    call.object = test_json("{'metadata':{'name':'etcd-main'},'spec':{'replicas':3}}");
    call.old_object = test_json("{'metadata':{'name':'etcd-main'},'spec':{'replicas':1}}");
    assert_true(stop_everywhere(&call, patch_scale) > 1);
}

/* --- loops over input --- */

/* The one owner that counts stands at the end of the stored list: a look that stopped before it
 * would find an Etcd that somebody has made the controller. */
static void half_a_look_at_the_owners_refuses_nobody(void **state)
{
    (void)state;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    AUTO_JSON struct json_object *owner =
        test_json("{'apiVersion':'druid.gardener.cloud/v1alpha1','kind':'Etcd','name':'etcd-main',"
                  "'uid':'1','controller':true}");
    AUTO_JSON struct json_object *other = test_json("{'kind':'Other'}");
    struct json_object *owners = json_object_new_array();
    for (int i = 0; i < 4 * KUBE_WORK_TURNS; i++)
        kube_json_append(owners, json_object_get(other));
    kube_json_append(owners, json_object_get(owner));
    test_change(call.old_object, "/metadata/ownerReferences", owners);
    test_change(call.object, "/metadata/ownerReferences", kube_json_array(1, TAKE(owner)));
    assert_true(stop_everywhere(&call, patch_stateful_set) > 4);
    assert_string_equal(call.result.stage, "druid");
}

struct list {
    enum patch_phase phase; /* in which the loop runs */
    const char *pointer;
    const char *item; /* of which there are many */
    bool is_map;      /* whose members are numbered */
};

static void fill(struct json_object *object, const struct list *list, int count)
{
    struct json_object *many = list->is_map ? json_object_new_object() : json_object_new_array();
    AUTO_JSON struct json_object *item = test_json(list->item);
    for (int i = 0; i < count; i++) {
        char key[32];
        snprintf(key, sizeof key, "key-%d", i);
        if (list->is_map)
            kube_json_set(many, key, json_object_get(item));
        else
            kube_json_append(many, json_object_get(item));
    }
    test_change(object, list->pointer, many);
}

/* So many items take many questions, and the answer "stop" to the first ends the loop. */
static void a_loop_asks_and_stops(void **state)
{
    enum { MANY = 64 * KUBE_WORK_TURNS };
    const struct list *list = *state;
    struct waiting waiting = {0};
    unsigned before;
    AUTO_CALL struct call call = stored_call("etcd-main.yaml", "aws", NULL);
    call.settings.default_phase = list->phase;
    before = stop_everywhere(&call, patch_stateful_set);
    fill(call.object, list, MANY);
    fill(call.old_object, list, MANY);
    waiting.patience = UINT32_MAX;
    run(&call, patch_stateful_set, &waiting);
    if (call.error.code != ERROR_NONE && call.error.code != ERROR_INVALID)
        fail_msg("%s", call.error.message);
    if (waiting.asked < before / 2 + MANY / KUBE_WORK_TURNS)
        fail_msg("%u questions, %u without the list", waiting.asked, before);
    for (waiting.patience = 0; waiting.patience < 64; waiting.patience++) {
        assert_false(run(&call, patch_stateful_set, &waiting));
        assert_int_equal(call.error.code, ERROR_STOPPED);
        assert_int_equal(waiting.asked, waiting.patience + 1);
    }
}

static const struct list owners = {PATCH_LEGACY, "/metadata/ownerReferences", "{'kind':'Etcd'}",
                                   false};
static const struct list containers = {PATCH_LEGACY, "/spec/template/spec/containers",
                                       "{'name':'etcd'}", false};
static const struct list command = {PATCH_LEGACY, "/spec/template/spec/containers/1/command", "'x'",
                                    false};
static const struct list templates = {PATCH_LEGACY, "/spec/volumeClaimTemplates",
                                      "{'metadata':{'name':'other'}}", false};
static const struct list labels = {PATCH_PREPARE, "/spec/selector/matchLabels", "'x'", true};
static const struct list spec = {PATCH_HANDOVER, "/spec", "1", true};

#define LIST(name, list)                                                                           \
    {                                                                                              \
        name, a_loop_asks_and_stops, NULL, NULL, (void *)(uintptr_t) & (list)                      \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_creation_stops_between_any_two_stages),
        cmocka_unit_test(an_update_stops_between_any_two_stages),
        cmocka_unit_test(an_etcd_stops_between_any_two_stages),
        cmocka_unit_test(a_scale_stops_too),
        cmocka_unit_test(half_a_look_at_the_owners_refuses_nobody),
        LIST("a loop over owners asks and stops", owners),
        LIST("a loop over containers asks and stops", containers),
        LIST("a loop over a command asks and stops", command),
        LIST("a loop over claim templates asks and stops", templates),
        LIST("a loop over the selector's labels asks and stops", labels),
        LIST("a loop over a spec's members asks and stops", spec),
    };
    return cmocka_run_group_tests_name("patches/work", tests, NULL, NULL);
}
