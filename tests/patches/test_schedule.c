#include "kube/cleanup.h"
#include "patches/internal.h"
#include "tests/support/object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct row {
    const char *configured;
    const char *sidecar; /* NULL: there is none */
    const char *shoot;
    const char *expected; /* NULL: an error, in which ERROR_TEXT stands */
    const char *error_text;
};

static void run_row(void **state)
{
    const struct row *row = *state;
    AUTO_JSON struct json_object *sidecar = row->sidecar ? test_json(row->sidecar) : NULL;
    AUTO_JSON struct json_object *shoot = test_json(row->shoot);
    AUTO_JSON struct json_object *cluster =
        kube_json_object("spec", kube_json_object("shoot", TAKE(shoot), NULL), NULL);
    char out[PATCH_SCHEDULE_SIZE] = "untouched";
    struct error err = {0};
    bool found = patch_schedule(NULL, row->configured, sidecar, cluster, out, &err);
    assert_string_equal(out, row->expected ? row->expected : "untouched");
    assert_int_equal(found, row->expected != NULL);
    if (!found)
        assert_non_null(strstr(err.message, row->error_text));
}

/* crc32 of "a" is 0xe8b7be43, 3904355907: 27 modulo 60. Source: the check values of
 * CRC-32/ISO-HDLC. */
#define SHOOT(begin)                                                                               \
    "{'spec':{'maintenance':{'timeWindow':{'begin':'" begin "'}}},'status':{'uid':'a'},"           \
    "'metadata':{'creationTimestamp':'2020-01-15T09:42:59Z'}}"
#define SIDECAR(flag) "{'command':['etcdbrctl','server','" flag "']}"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000000"

static const struct row configured = {"1 2 * * *", SIDECAR("--schedule=5 5 * * *"),
                                      SHOOT("120000+0000"), "1 2 * * *", NULL};
static const struct row kept = {NULL, SIDECAR("--schedule=5 5 * * *"), SHOOT("120000+0000"),
                                "5 5 * * *", NULL};
static const struct row kept_is_empty = {NULL, SIDECAR("--schedule="), SHOOT("120000+0000"),
                                         "12 11 * * *", NULL};
static const struct row no_command = {NULL, "{'command':'sh'}", SHOOT("120000+0000"), "12 11 * * *",
                                      NULL};
static const struct row window = {NULL, NULL, SHOOT("120000+0000"), "12 11 * * *", NULL};
static const struct row east = {NULL, NULL, SHOOT("000000+0200"), "12 21 * * *", NULL};
static const struct row west = {NULL, NULL, SHOOT("233000-0300"), "42 1 * * *", NULL};
static const struct row midnight = {NULL, NULL, SHOOT("003000+0000"), "42 23 * * *", NULL};
static const struct row just_after = {NULL, NULL, SHOOT("004800+0000"), "0 0 * * *", NULL};
static const struct row no_window = {
    NULL, NULL, "{'metadata':{'creationTimestamp':'2020-01-15T09:42:59Z'}}", "42 9 * * *", NULL};
static const struct row offset_created = {
    NULL, NULL, "{'metadata':{'creationTimestamp':'2020-01-15T01:42:59+02:00'}}", "42 23 * * *",
    NULL};
static const struct row before_1970 = {
    NULL, NULL, "{'metadata':{'creationTimestamp':'1969-12-31T23:58:00Z'}}", "58 23 * * *", NULL};
static const struct row nothing = {NULL, NULL, "{}", NULL,
                                   "/spec/shoot/metadata/creationTimestamp: missing"};
static const struct row no_uid = {NULL, NULL,
                                  "{'spec':{'maintenance':{'timeWindow':{'begin':'000000+0000'}}}}",
                                  NULL, "/spec/shoot/status/uid: missing"};
static const struct row bad_window = {NULL, NULL, SHOOT("25:00"), NULL, "25:00"};
static const struct row window_is_number = {
    NULL, NULL, "{'spec':{'maintenance':{'timeWindow':{'begin':220000}}}}", NULL,
    "found an integer, expected a string"};
static const struct row too_long = {NULL, SIDECAR("--schedule=" ZEROS ZEROS ZEROS ZEROS), "{}",
                                    NULL, "longer than"};

#define ROW(name, row)                                                                             \
    {                                                                                              \
        name, run_row, NULL, NULL, (void *)(uintptr_t) & (row)                                     \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("the configured schedule wins", configured),
        ROW("else that of the sidecar is kept", kept),
        ROW("an empty one is not kept", kept_is_empty),
        ROW("a command that is no list has none", no_command),
        ROW("else 75 minutes before the window plus the uid's minutes", window),
        ROW("windows east of Greenwich", east),
        ROW("windows west of Greenwich", west),
        ROW("windows shortly after midnight wrap to the day before", midnight),
        ROW("midnight itself", just_after),
        ROW("without a window the time of creation", no_window),
        ROW("the time of creation is taken in UTC", offset_created),
        ROW("a time of creation before 1970", before_1970),
        ROW("a Shoot without either is an error", nothing),
        ROW("a Shoot without uid is an error", no_uid),
        ROW("a window that is none is an error", bad_window),
        ROW("a window that is a number is an error", window_is_number),
        ROW("a schedule that is too long is an error", too_long),
    };
    return cmocka_run_group_tests_name("patches/schedule", tests, NULL, NULL);
}
