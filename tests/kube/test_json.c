#include "kube/json.h"

#include "kube/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ROW(sentence, function, ...)                                                               \
    {                                                                                              \
        sentence, function, NULL, NULL, &(struct function)                                         \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static struct json_object *tree_of(const char *text)
{
    struct json_object *tree = NULL;
    struct error err = {0};
    if (!kube_json_parse(text, strlen(text), &tree, &err))
        fail_msg("%s", err.message);
    return tree;
}

/* --- access --- */

static const char document[] =
    "{\"name\": \"etcd\", \"nul\": \"a\\u0000b\", \"none\": null, \"count\": 3, \"half\": 0.5,"
    " \"yes\": true, \"empty\": \"\", \"\": \"no key\", \"a/b~c\": \"escaped\", \"0\": \"zero\","
    " \"list\": [\"first\", {\"deep\": \"found\"}, [1]], \"map\": {\"key\": {\"x\": []}}}";

struct text_row {
    const char *pointer;
    const char *text;    /* NULL: absent */
    const char *message; /* NULL: no error */
};

static void text_row(void **state)
{
    const struct text_row *row = *state;
    AUTO_JSON struct json_object *tree = tree_of(document);
    struct error err = {0};
    const char *text = "unchanged";
    assert_int_equal(kube_json_get_string(tree, row->pointer, &text, &err), !row->message);
    if (row->message) {
        assert_int_equal(err.code, ERROR_INVALID);
        assert_string_equal(err.message, row->message);
        assert_string_equal(text, "unchanged");
    } else if (row->text) {
        assert_string_equal(text, row->text);
    } else {
        assert_null(text);
    }
    /* the lenient look answers NULL for all that is not a string */
    const char *lenient = kube_json_text(tree, row->pointer);
    assert_int_equal(lenient != NULL, row->text != NULL);
    if (lenient)
        assert_string_equal(lenient, row->text);
}

struct type_row {
    const char *pointer;
    enum json_type type;
    bool found;
    const char *message;
};

static void type_row(void **state)
{
    const struct type_row *row = *state;
    AUTO_JSON struct json_object *tree = tree_of(document);
    struct error err = {0};
    struct json_object *value = NULL;
    assert_int_equal(kube_json_get(tree, row->pointer, row->type, &value, &err), !row->message);
    assert_int_equal(value != NULL, row->found);
    if (row->message)
        assert_string_equal(err.message, row->message);
}

static void what_is_needed_must_be_there(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *tree = tree_of(document);
    struct error err = {0};
    struct json_object *value = NULL;
    const char *text = NULL;
    assert_true(kube_json_need_object(tree, "/map/key", &value, &err));
    assert_true(kube_json_need_object(tree, "", &value, &err));
    assert_ptr_equal(value, tree);
    assert_true(kube_json_need_array(tree, "/list", &value, &err));
    assert_true(kube_json_need_string(tree, "/empty", &text, &err));
    assert_string_equal(text, "");
    value = NULL;
    assert_false(kube_json_need_object(tree, "/none", &value, &err));
    assert_string_equal(err.message, "/none: missing, expected a map");
    assert_false(kube_json_need_array(tree, "/map/other", &value, &err));
    assert_string_equal(err.message, "/map/other: missing, expected a list");
    assert_false(kube_json_need_string(tree, "/map/other", &text, &err));
    assert_string_equal(err.message, "/map/other: missing, expected a string");
    assert_false(kube_json_need_array(tree, "/map", &value, &err));
    assert_string_equal(err.message, "/map: found a map, expected a list");
    assert_false(kube_json_need_object(NULL, "", &value, &err));
    assert_string_equal(err.message, "/: missing, expected a map");
    assert_null(value);
    assert_int_equal(err.code, ERROR_INVALID);
}

static void a_segment_longer_than_pointers_is_an_error(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *tree = tree_of(document);
    char pointer[KUBE_POINTER_SIZE + 8];
    memset(pointer, 'x', sizeof pointer);
    pointer[0] = '/';
    pointer[sizeof pointer - 1] = '\0';
    struct error err = {0};
    struct json_object *value = NULL;
    assert_false(kube_json_get_object(tree, pointer, &value, &err));
    assert_int_equal(err.code, ERROR_RANGE);
}

static void children_are_looked_for_in_maps_alone(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *tree = tree_of(document);
    assert_non_null(kube_json_child(tree, "a/b~c"));
    assert_null(kube_json_child(tree, "other"));
    assert_null(kube_json_child(kube_json_child(tree, "list"), "0"));
    assert_null(kube_json_child(kube_json_child(tree, "name"), "0"));
    assert_null(kube_json_child(NULL, "name"));
}

static void items_are_found_by_name(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *list =
        tree_of("[1, null, {\"name\": 7}, {}, [], {\"name\": \"b\", \"x\": 1}, {\"name\": \"b\"},"
                " {\"name\": \"b\\u0000\"}, {\"name\": \"\"}]");
    size_t index = 99;
    struct json_object *item = kube_json_named(list, "b", &index);
    assert_ptr_equal(item, json_object_array_get_idx(list, 5));
    assert_int_equal(index, 5);
    assert_ptr_equal(kube_json_named(list, "", NULL), json_object_array_get_idx(list, 8));
    assert_null(kube_json_named(list, "c", &index));
    assert_int_equal(index, 5);
    assert_null(kube_json_named(NULL, "b", NULL));
    assert_null(kube_json_named(item, "b", NULL));
}

struct empty_row {
    const char *json;
    bool empty;
};

static void empty_row(void **state)
{
    const struct empty_row *row = *state;
    AUTO_JSON struct json_object *tree = tree_of(row->json);
    assert_int_equal(kube_json_is_empty(tree), row->empty);
}

/* --- pointers --- */

struct push_row {
    const char *pointer, *segment, *result;
};

static void push_row(void **state)
{
    const struct push_row *row = *state;
    char pointer[KUBE_POINTER_SIZE];
    snprintf(pointer, sizeof pointer, "%s", row->pointer);
    assert_true(kube_pointer_push(pointer, row->segment, NULL));
    assert_string_equal(pointer, row->result);
}

/* Every key of a tree is found again by the pointer that was built for it. */
static void a_pushed_key_is_found(void **state)
{
    (void)state;
    static const char *const keys[] = {"",  "/", "~", "~1", "~0", "a/b", "~~//", "\xe2\x82\xac",
                                       "-", "0"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        AUTO_JSON struct json_object *tree = kube_json_object(keys[i], kube_json_string("x"), NULL);
        char pointer[KUBE_POINTER_SIZE] = "";
        assert_true(kube_pointer_push(pointer, keys[i], NULL));
        const char *text = kube_json_text(tree, pointer);
        assert_non_null(text);
        assert_string_equal(text, "x");
    }
}

static void a_pointer_that_does_not_fit_stays_as_it_was(void **state)
{
    (void)state;
    for (size_t begin = KUBE_POINTER_SIZE - 5; begin < KUBE_POINTER_SIZE; begin++) {
        char pointer[KUBE_POINTER_SIZE];
        memset(pointer, 'x', sizeof pointer);
        pointer[0] = '/';
        pointer[begin] = '\0';
        struct error err = {0};
        bool fits = begin + strlen("/~1b") < KUBE_POINTER_SIZE;
        assert_int_equal(kube_pointer_push(pointer, "/b", &err), fits);
        assert_int_equal(strlen(pointer), fits ? begin + 4 : begin);
        assert_int_equal(err.code, fits ? ERROR_NONE : ERROR_RANGE);
    }
}

/* --- building --- */

static void builders_nest(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *tree = kube_json_object(
        "name", kube_json_string("etcd"), "port", kube_json_int(2379), "on", kube_json_bool(true),
        "args", kube_json_array(2, kube_json_string("a"), kube_json_stringf("--%s=%d", "port", 1)),
        "empty", kube_json_array(0), NULL);
    assert_string_equal(kube_json_write(tree), "{\"name\":\"etcd\",\"port\":2379,\"on\":true,"
                                               "\"args\":[\"a\",\"--port=1\"],\"empty\":[]}");
}

/* The leak detectors see whether what was taken is freed. */
static void a_missing_part_makes_the_whole_missing(void **state)
{
    (void)state;
    assert_null(kube_json_string(NULL));
    assert_null(kube_json_object("a", kube_json_int(1), "b", NULL, "c", kube_json_int(3), NULL));
    assert_null(kube_json_array(3, kube_json_int(1), NULL, kube_json_int(3)));
    AUTO_JSON struct json_object *map = kube_json_object(NULL, NULL);
    AUTO_JSON struct json_object *list = kube_json_array(0);
    assert_false(kube_json_set(map, "a", NULL));
    assert_false(kube_json_set(NULL, "a", kube_json_int(1)));
    assert_false(kube_json_append(list, NULL));
    assert_false(kube_json_append(NULL, kube_json_int(1)));
    assert_string_equal(kube_json_write(map), "{}");
    assert_string_equal(kube_json_write(list), "[]");
}

static void setting_a_key_again_keeps_its_place(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *map = tree_of("{\"a\": 1, \"b\": 2}");
    assert_true(kube_json_set(map, "a", kube_json_int(3)));
    assert_true(kube_json_set(map, "c", kube_json_int(4)));
    assert_string_equal(kube_json_write(map), "{\"a\":3,\"b\":2,\"c\":4}");
}

static void a_copy_is_equal_and_its_own(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *tree = tree_of(document);
    AUTO_JSON struct json_object *copy = kube_json_copy(tree);
    AUTO_FREE char *written = strdup(kube_json_write(tree));
    assert_string_equal(kube_json_write(copy), written);
    assert_true(kube_json_set(kube_json_child(copy, "map"), "new", kube_json_int(1)));
    assert_string_equal(kube_json_write(tree), written);
    assert_null(kube_json_copy(NULL));
}

static void a_copy_of_what_carries_user_data_is_made(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *tree = tree_of("{\"a\": [\"x\", 1, true, 0.50]}");
    static int mark;
    json_object_set_userdata(tree, &mark, NULL);
    json_object_set_userdata(kube_json_child(tree, "a"), &mark, NULL);
    for (size_t i = 0; i < 3; i++)
        json_object_set_userdata(json_object_array_get_idx(kube_json_child(tree, "a"), i), &mark,
                                 NULL);
    AUTO_JSON struct json_object *copy = kube_json_copy(tree);
    assert_non_null(copy);
    assert_string_equal(kube_json_write(copy), "{\"a\":[\"x\",1,true,0.50]}");
    assert_null(json_object_get_userdata(copy));
}

static void slashes_are_written_plain(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *text = kube_json_string("https://etcd:2379");
    assert_string_equal(kube_json_write(text), "\"https://etcd:2379\"");
    assert_string_equal(kube_json_write(NULL), "null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("a key of the root", text_row, "/name", "etcd", NULL),
        ROW("an empty string is there", text_row, "/empty", "", NULL),
        ROW("the empty key is a key", text_row, "/", "no key", NULL),
        ROW("an item of a list", text_row, "/list/0", "first", NULL),
        ROW("a key of an item", text_row, "/list/1/deep", "found", NULL),
        ROW("a digit may be a key", text_row, "/0", "zero", NULL),
        ROW("escapes are read", text_row, "/a~1b~0c", "escaped", NULL),
        ROW("a key that is absent", text_row, "/other", NULL, NULL),
        ROW("a key below one that is absent", text_row, "/other/deep/er", NULL, NULL),
        ROW("null is absent", text_row, "/none", NULL, NULL),
        ROW("what is below null is absent", text_row, "/none/deep", NULL, NULL),
        ROW("an item behind the end", text_row, "/list/3", NULL, NULL),
        ROW("the item that patches append is absent", text_row, "/list/-", NULL, NULL),
        ROW("a negative index is absent", text_row, "/list/-1", NULL, NULL),
        ROW("an index with a sign is absent", text_row, "/list/+0", NULL, NULL),
        ROW("an index with a leading zero is absent", text_row, "/list/00", NULL, NULL),
        ROW("an index with a blank is absent", text_row, "/list/ 0", NULL, NULL),
        ROW("an index beyond all integers is absent", text_row, "/list/99999999999999999999", NULL,
            NULL),
        ROW("an index without digits is absent", text_row, "/list/", NULL, NULL),
        ROW("a string with a NUL is no text", text_row, "/nul", NULL,
            "/nul: the string contains a NUL"),
        ROW("an integer is no string", text_row, "/count", NULL,
            "/count: found an integer, expected a string"),
        ROW("a fraction is no string", text_row, "/half", NULL,
            "/half: found a fraction, expected a string"),
        ROW("a boolean is no string", text_row, "/yes", NULL,
            "/yes: found a boolean, expected a string"),
        ROW("a list is no string", text_row, "/list/2", NULL,
            "/list/2: found a list, expected a string"),
        ROW("the root is a map", text_row, "", NULL, "/: found a map, expected a string"),
        ROW("a string has no keys", text_row, "/name/x", NULL,
            "/name: found a string, expected a map"),
        ROW("an integer far up has no keys", text_row, "/count/x/y/z", NULL,
            "/count: found an integer, expected a map"),
        ROW("a map is found", type_row, "/map", json_type_object, true, NULL),
        ROW("an empty list is found", type_row, "/map/key/x", json_type_array, true, NULL),
        ROW("an integer is found", type_row, "/count", json_type_int, true, NULL),
        ROW("a boolean is found", type_row, "/yes", json_type_boolean, true, NULL),
        ROW("a fraction is found", type_row, "/half", json_type_double, true, NULL),
        ROW("a fraction is no integer", type_row, "/half", json_type_int, false,
            "/half: found a fraction, expected an integer"),
        ROW("an integer is no boolean", type_row, "/count", json_type_boolean, false,
            "/count: found an integer, expected a boolean"),
        cmocka_unit_test(what_is_needed_must_be_there),
        cmocka_unit_test(a_segment_longer_than_pointers_is_an_error),
        cmocka_unit_test(children_are_looked_for_in_maps_alone),
        cmocka_unit_test(items_are_found_by_name),
        ROW("null is empty", empty_row, "null", true),
        ROW("a map without keys is empty", empty_row, "{}", true),
        ROW("a list without items is empty", empty_row, "[]", true),
        ROW("a map with a null is not empty", empty_row, "{\"a\": null}", false),
        ROW("a list with a null is not empty", empty_row, "[null]", false),
        ROW("a string without characters is not empty", empty_row, "\"\"", false),
        ROW("zero is not empty", empty_row, "0", false),
        ROW("false is not empty", empty_row, "false", false),
        ROW("a key is pushed behind a slash", push_row, "/spec", "replicas", "/spec/replicas"),
        ROW("a key is pushed to the root", push_row, "", "spec", "/spec"),
        ROW("a slash is escaped", push_row, "/a", "druid.gardener.cloud/x",
            "/a/druid.gardener.cloud~1x"),
        ROW("a tilde is escaped", push_row, "", "a~b/~1", "/a~0b~1~01"),
        ROW("the empty key is a slash", push_row, "/a", "", "/a/"),
        cmocka_unit_test(a_pushed_key_is_found),
        cmocka_unit_test(a_pointer_that_does_not_fit_stays_as_it_was),
        cmocka_unit_test(builders_nest),
        cmocka_unit_test(a_missing_part_makes_the_whole_missing),
        cmocka_unit_test(setting_a_key_again_keeps_its_place),
        cmocka_unit_test(a_copy_is_equal_and_its_own),
        cmocka_unit_test(a_copy_of_what_carries_user_data_is_made),
        cmocka_unit_test(slashes_are_written_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
