#include "kube/patch.h"

#include "kube/cleanup.h"
#include "tests/support/object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum what { MEMBERS, ITEM };

struct row {
    const char *object;
    enum what what;
    const char *pointer;
    const char *value;
    const char *operations; /* NULL: an error */
};

static bool plan(struct kube_patch *patch, const struct row *row, struct json_object *object,
                 struct error *err)
{
    assert_true(kube_patch_init(patch, object, err));
    return row->what == MEMBERS
               ? kube_patch_members(patch, row->pointer, test_json(row->value), err)
               : kube_patch_item(patch, row->pointer, "/name", test_json(row->value), err);
}

/* The whole patch is as expected, does what it says, and after it there is nothing more to do. */
static void run_row(void **state)
{
    const struct row *row = *state;
    AUTO_JSON struct json_object *object = test_json(row->object);
    AUTO_JSON struct json_object *before = kube_json_copy(object);
    struct error err = {0};
    AUTO(kube_patch_free) struct kube_patch patch;
    bool planned = plan(&patch, row, object, &err);
    assert_true(json_object_equal(object, before));
    assert_int_equal(planned, row->operations != NULL);
    if (!planned) {
        assert_int_equal(err.code, ERROR_INVALID);
        return;
    }
    AUTO_JSON struct json_object *expected = test_json(row->operations);
    assert_string_equal(kube_json_write(patch.operations), kube_json_write(expected));
    AUTO_JSON struct json_object *patched = test_patched(object, patch.operations);
    AUTO(kube_patch_free) struct kube_patch again;
    assert_true(plan(&again, row, patched, &err));
    assert_true(kube_patch_is_empty(&again));
}

static const struct row member_there = {"{'m':{'a':'1'}}", MEMBERS, "/m", "{'a':'1'}", "[]"};
static const struct row member_differs = {"{'m':{'a':'1','b':'2'}}", MEMBERS, "/m", "{'a':'3'}",
                                          "[{'op':'replace','path':'/m/a','value':'3'}]"};
static const struct row member_absent = {"{'m':{'b':'2'}}", MEMBERS, "/m", "{'a':'3'}",
                                         "[{'op':'add','path':'/m/a','value':'3'}]"};
static const struct row map_absent = {"{'m':{'n':{}}}", MEMBERS, "/m/n/o", "{'a':'3'}",
                                      "[{'op':'add','path':'/m/n/o','value':{'a':'3'}}]"};
static const struct row map_null = {"{'m':null,'s':1}", MEMBERS, "/m", "{'a':'3'}",
                                    "[{'op':'add','path':'/m','value':{'a':'3'}}]"};
static const struct row parents_absent = {
    "{'s':1}", MEMBERS, "/m/n/o", "{'a':'3'}",
    "[{'op':'add','path':'/m','value':{'n':{'o':{'a':'3'}}}}]"};
static const struct row parent_null = {"{'m':{'n':null,'s':1}}", MEMBERS, "/m/n/o", "{'a':'3'}",
                                       "[{'op':'add','path':'/m/n','value':{'o':{'a':'3'}}}]"};
static const struct row key_escaped = {
    "{'m':{}}", MEMBERS, "/m", "{'checksum/secret~x':'3'}",
    "[{'op':'add','path':'/m/checksum~1secret~0x','value':'3'}]"};
static const struct row two_members_absent_map = {
    "{}", MEMBERS, "/m", "{'a':'1','b':'2'}",
    "[{'op':'add','path':'/m','value':{'a':'1','b':'2'}}]"};
static const struct row map_is_list = {"{'m':[]}", MEMBERS, "/m", "{'a':'1'}", NULL};
static const struct row parent_is_text = {"{'m':'x'}", MEMBERS, "/m/n", "{'a':'1'}", NULL};

static const struct row item_there = {"{'l':[{'name':'a','v':1}]}", ITEM, "/l",
                                      "{'name':'a','v':1}", "[]"};
static const struct row item_there_defaulted = {
    "{'l':[{'name':'a','v':1,'terminationMessagePolicy':'File'}]}", ITEM, "/l",
    "{'name':'a','v':1}", "[]"};
static const struct row item_differs = {
    "{'l':[{'name':'b'},{'name':'a','v':2,'w':3}]}", ITEM, "/l", "{'name':'a','v':1}",
    "[{'op':'replace','path':'/l/1','value':{'name':'a','v':1}}]"};
static const struct row item_absent = {"{'l':[{'name':'b'}]}", ITEM, "/l", "{'name':'a'}",
                                       "[{'op':'add','path':'/l/-','value':{'name':'a'}}]"};
static const struct row list_empty = {"{'l':[]}", ITEM, "/l", "{'name':'a'}",
                                      "[{'op':'add','path':'/l/-','value':{'name':'a'}}]"};
static const struct row list_absent = {"{}", ITEM, "/l", "{'name':'a'}",
                                       "[{'op':'add','path':'/l','value':[{'name':'a'}]}]"};
static const struct row list_null = {"{'l':null}", ITEM, "/l", "{'name':'a'}",
                                     "[{'op':'add','path':'/l','value':[{'name':'a'}]}]"};
static const struct row list_is_map = {"{'l':{}}", ITEM, "/l", "{'name':'a'}", NULL};
static const struct row item_is_text = {"{'l':['a']}", ITEM, "/l", "{'name':'a'}", NULL};
static const struct row item_is_null = {"{'l':[null]}", ITEM, "/l", "{'name':'a'}", NULL};
static const struct row name_is_number = {"{'l':[{'name':1}]}", ITEM, "/l", "{'name':'a'}", NULL};

/* --- work that is stopped --- */

static const char *stop(void *context)
{
    return ++*(unsigned *)context ? "nobody waits" : NULL;
}

static void once_its_work_is_stopped_there_is_no_patch(void **state)
{
    (void)state;
    unsigned asked = 0;
    struct kube_work work = {stop, &asked, 0, NULL};
    struct error errors[3] = {0};
    AUTO_JSON struct json_object *object = test_json("{'m':{'a':'1'},'l':[{'name':'a'}]}");
    struct json_object *applied = NULL;
    AUTO(kube_patch_free) struct kube_patch patch;
    assert_true(kube_patch_init(&patch, object, NULL));
    patch.work = &work;
    assert_false(kube_patch_members(&patch, "/m", test_json("{'a':'1'}"), &errors[0]));
    assert_false(kube_patch_item(&patch, "/l", "/name", test_json("{'name':'b'}"), &errors[1]));
    assert_false(kube_patch_apply(&patch, &applied, &errors[2]));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(errors[i].code, ERROR_STOPPED);
    assert_true(kube_patch_is_empty(&patch));
    assert_null(applied);
    assert_int_equal(asked, 1);
}

static void a_long_list_asks_while_it_is_searched(void **state)
{
    (void)state;
    enum { MANY = 100 * KUBE_WORK_TURNS };
    unsigned asked = 0;
    struct kube_work work = {stop, &asked, 0, NULL};
    struct error err = {0};
    AUTO_JSON struct json_object *object = test_json("{'l':[]}");
    AUTO_JSON struct json_object *item = test_json("{'name':'a'}");
    struct json_object *list = kube_json_child(object, "l");
    for (int i = 0; i < MANY; i++)
        kube_json_append(list, json_object_get(item));
    AUTO(kube_patch_free) struct kube_patch patch;
    assert_true(kube_patch_init(&patch, object, NULL));
    patch.work = &work;
    assert_false(kube_patch_item(&patch, "/l", "/name", test_json("{'name':'b'}"), &err));
    assert_int_equal(err.code, ERROR_STOPPED);
    assert_int_equal(work.turns, KUBE_WORK_TURNS);
}

#define ROW(name, row)                                                                             \
    {                                                                                              \
        name, run_row, NULL, NULL, (void *)(uintptr_t) & (row)                                     \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("a member that is there needs nothing", member_there),
        ROW("a member that differs is replaced, its siblings stay", member_differs),
        ROW("a member that is absent is added", member_absent),
        ROW("an absent map is added whole", map_absent),
        ROW("a null map is an absent map", map_null),
        ROW("absent parents are added as one", parents_absent),
        ROW("a null parent is replaced, its siblings stay", parent_null),
        ROW("slashes and tildes of a key are escaped", key_escaped),
        ROW("two members of an absent map do not wipe one another", two_members_absent_map),
        ROW("a list in place of a map is an error", map_is_list),
        ROW("a text on the way is an error", parent_is_text),
        ROW("an item that is there needs nothing", item_there),
        ROW("defaults of the API server do not count", item_there_defaulted),
        ROW("an item that differs is replaced whole", item_differs),
        ROW("an item that is absent is appended", item_absent),
        ROW("an empty list is appended to", list_empty),
        ROW("an absent list is added with its item", list_absent),
        ROW("a null list is an absent list", list_null),
        ROW("a map in place of a list is an error", list_is_map),
        ROW("an item that is no map is an error", item_is_text),
        ROW("an item that is null is an error", item_is_null),
        ROW("a name that is a number is an error", name_is_number),
        cmocka_unit_test(once_its_work_is_stopped_there_is_no_patch),
        cmocka_unit_test(a_long_list_asks_while_it_is_searched),
    };
    return cmocka_run_group_tests_name("kube/patch", tests, NULL, NULL);
}
