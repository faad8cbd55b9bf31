#include "kube/cleanup.h"
#include "patches/internal.h"
#include "tests/support/object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct row {
    const char *secret;
    const char *expected; /* NULL: an error */
};

static void run_row(void **state)
{
    const struct row *row = *state;
    AUTO_JSON struct json_object *secret = test_json(row->secret);
    char out[PATCH_CHECKSUM_SIZE] = "";
    struct error err = {0};
    bool done = patch_checksum(secret, out, &err);
    assert_string_equal(out, row->expected ? row->expected : "");
    assert_int_equal(done, row->expected != NULL);
    assert_null(strstr(err.message, "c2VjcmV0"));
}

/* printf '{"a":"MQ==","b":"Mg=="}' | sha256sum, and so on. */
static const struct row sorted = {
    "{'data':{'b':'Mg==','a':'MQ=='}}",
    "b8b6d9c85cc37db860f808ab6251044ae69d6f674f59bf645e0c09c1c315898d"};
static const struct row bytewise = {
    "{'data':{'a':'MQ==','B':'Mg=='}}",
    "8b1d0cf4392744e169e783384e4d73ee2017b12cfb8b1ce69c5ad5640627f0fe"};
static const struct row escaped = {
    "{'data':{'<&>':'MQ=='}}", "9f3e896961ba375894f49d2ce43e662de50be91c2e0b1b7b893d236844921263"};
static const struct row empty = {
    "{'data':{}}", "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"};
static const struct row absent = {
    "{}", "74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b"};
static const struct row number = {"{'data':{'a':1,'b':'c2VjcmV0'}}", NULL};
static const struct row null_value = {"{'data':{'a':null}}", NULL};
static const struct row list = {"{'data':['c2VjcmV0']}", NULL};

#define ROW(name, row)                                                                             \
    {                                                                                              \
        name, run_row, NULL, NULL, (void *)(uintptr_t) & (row)                                     \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("keys are sorted", sorted),
        ROW("keys are sorted bytewise", bytewise),
        ROW("what HTML knows is escaped in keys", escaped),
        ROW("data without keys", empty),
        ROW("no data is null", absent),
        ROW("a value that is a number is an error that quotes nothing", number),
        ROW("a value that is null is an error", null_value),
        ROW("data that is a list is an error that quotes nothing", list),
    };
    return cmocka_run_group_tests_name("patches/checksum", tests, NULL, NULL);
}
