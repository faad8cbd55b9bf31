#include "kube/defaults.h"

#include "kube/cleanup.h"
#include "tests/support/object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

struct row {
    const char *have;
    const char *want;
    bool match;
};

/* What counts does not depend on the side on which it stands. */
static void run_row(void **state)
{
    const struct row *row = *state;
    AUTO_JSON struct json_object *have = test_json(row->have);
    AUTO_JSON struct json_object *want = test_json(row->want);
    assert_int_equal(kube_defaults_match(have, want), row->match);
    assert_int_equal(kube_defaults_match(want, have), row->match);
}

static const struct row same = {"{'a':[1,'x',{'b':true}]}", "{'a':[1,'x',{'b':true}]}", true};
static const struct row other_value = {"{'a':1}", "{'a':2}", false};
static const struct row other_type = {"{'a':1}", "{'a':'1'}", false};
static const struct row extra = {"{'a':1,'b':2}", "{'a':1}", false};
static const struct row null_member = {"{'a':1,'b':null}", "{'a':1}", true};
static const struct row empty_map = {"{'a':1,'b':{}}", "{'a':1}", true};
static const struct row empty_list = {"{'a':1,'b':[]}", "{'a':1}", true};
static const struct row empty_text = {"{'a':1,'b':''}", "{'a':1}", false};
static const struct row nested_nothing = {"{'metadata':{'creationTimestamp':null}}", "{}", true};
static const struct row container = {
    "{'name':'x','terminationMessagePath':'/dev/termination-log','terminationMessagePolicy':'File',"
    "'ports':[{'containerPort':1,'protocol':'TCP'}]}",
    "{'name':'x','ports':[{'containerPort':1}]}", true};
static const struct row not_the_default = {"{'terminationMessagePolicy':'FallbackToLogsOnError'}",
                                           "{}", false};
static const struct row udp = {"{'ports':[{'containerPort':1,'protocol':'UDP'}]}",
                               "{'ports':[{'containerPort':1}]}", false};
static const struct row volume = {"{'secret':{'secretName':'s','defaultMode':420}}",
                                  "{'secret':{'secretName':'s'}}", true};
static const struct row other_mode = {"{'secret':{'secretName':'s','defaultMode':256}}",
                                      "{'secret':{'secretName':'s'}}", false};
static const struct row claim = {
    "{'apiVersion':'v1','kind':'PersistentVolumeClaim','metadata':{'name':'d',"
    "'creationTimestamp':null},'spec':{'volumeMode':'Filesystem'},'status':{'phase':'Pending'}}",
    "{'metadata':{'name':'d'}}", true};
static const struct row bound = {"{'status':{'phase':'Bound'}}", "{}", false};
static const struct row quantity = {"{'limits':{'cpu':'1000m','memory':'1Gi'}}",
                                    "{'limits':{'cpu':'1','memory':'1024Mi'}}", true};
static const struct row other_quantity = {"{'limits':{'memory':'1Gi'}}",
                                          "{'limits':{'memory':'1G'}}", false};
static const struct row no_quantity_field = {"{'value':'1000m'}", "{'value':'1'}", false};
static const struct row shorter_list = {"{'a':[1]}", "{'a':[1,2]}", false};
static const struct row other_order = {"{'a':[2,1]}", "{'a':[1,2]}", false};

/* As deep as a review may be nested. LEAF is at the bottom, BESIDE at every level. */
static struct json_object *nested(const char *leaf, const char *beside)
{
    struct json_object *tree = json_object_new_string(leaf);
    for (int level = 0; level < 60; level++) {
        struct json_object *map = json_object_new_object();
        json_object_object_add(map, "a", tree);
        json_object_object_add(map, beside, json_object_new_object());
        tree = map;
    }
    return tree;
}

/* At a cost that doubles with each level this comparison would not end. */
static void cost_follows_the_size(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *have = nested("x", "b");
    AUTO_JSON struct json_object *want = nested("x", "c");
    AUTO_JSON struct json_object *other = nested("y", "b");
    alarm(20);
    assert_true(kube_defaults_match(have, want));
    assert_false(kube_defaults_match(have, other));
    alarm(0);
}

#define ROW(name, row)                                                                             \
    {                                                                                              \
        name, run_row, NULL, NULL, (void *)(uintptr_t) & (row)                                     \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("the same matches", same),
        ROW("another value differs", other_value),
        ROW("another type differs", other_type),
        ROW("a member that says something differs", extra),
        ROW("null says nothing", null_member),
        ROW("an empty map says nothing", empty_map),
        ROW("an empty list says nothing", empty_list),
        ROW("an empty text says something", empty_text),
        ROW("a map of nothing says nothing", nested_nothing),
        ROW("a container's defaults do not count", container),
        ROW("a value that is not the default counts", not_the_default),
        ROW("a protocol that is not TCP counts", udp),
        ROW("a secret volume's mode does not count at 0644", volume),
        ROW("a secret volume's other mode counts", other_mode),
        ROW("a claim template's defaults do not count", claim),
        ROW("a bound claim counts", bound),
        ROW("quantities are compared by value", quantity),
        ROW("other quantities differ", other_quantity),
        ROW("quantities elsewhere are texts", no_quantity_field),
        ROW("a shorter list differs", shorter_list),
        ROW("another order differs", other_order),
        {"cost follows the size, however deep it is nested", cost_follows_the_size, NULL, NULL,
         NULL},
    };
    return cmocka_run_group_tests_name("kube/defaults", tests, NULL, NULL);
}
