#include "kube/yaml.h"

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

static struct json_object *tree_of(const char *json)
{
    struct json_object *tree = NULL;
    struct error err = {0};
    if (!kube_json_parse(json, strlen(json), &tree, &err))
        fail_msg("%s", err.message);
    return tree;
}

static bool keep(void *context, struct json_object *document, unsigned line, struct error *err)
{
    (void)line, (void)err;
    *(struct json_object **)context = json_object_get(document);
    return true;
}

/* What our own reader makes of YAML. */
static struct json_object *read_back(const char *yaml)
{
    struct json_object *tree = NULL;
    struct error err = {0};
    if (!kube_yaml_read(yaml, strlen(yaml), keep, &tree, &err))
        fail_msg("%s", err.message);
    return tree;
}

struct write_row {
    const char *json;
    const char *yaml;
};

static void write_row(void **state)
{
    const struct write_row *row = *state;
    AUTO_JSON struct json_object *tree = tree_of(row->json);
    AUTO_FREE char *yaml = kube_yaml_write(tree);
    assert_string_equal(yaml, row->yaml);
    AUTO_JSON struct json_object *back = read_back(yaml);
    assert_true(json_object_equal(back, tree));
}

/* The text as a value and as a key; QUOTED is how it must stand in both. */
struct text_row {
    const char *text;
    const char *quoted;
};

static void text_row(void **state)
{
    const struct text_row *row = *state;
    AUTO_JSON struct json_object *tree =
        kube_json_object(row->text, kube_json_string(row->text), NULL);
    AUTO_FREE char *yaml = kube_yaml_write(tree);
    AUTO_FREE char *expected = NULL;
    assert_true(asprintf(&expected, "%s: %s\n", row->quoted, row->quoted) > 0);
    assert_string_equal(yaml, expected);
    AUTO_JSON struct json_object *back = read_back(yaml);
    assert_true(json_object_equal(back, tree));
}

#define PLAIN(text)                                                                                \
    {                                                                                              \
        "plain: " text, text_row, NULL, NULL, &(struct text_row)                                   \
        {                                                                                          \
            text, text                                                                             \
        }                                                                                          \
    }
#define QUOTED(text)                                                                               \
    {                                                                                              \
        "quoted: " text, text_row, NULL, NULL, &(struct text_row)                                  \
        {                                                                                          \
            text, "\"" text "\""                                                                   \
        }                                                                                          \
    }
#define SINGLE(text)                                                                               \
    {                                                                                              \
        "in single quotes: " text, text_row, NULL, NULL, &(struct text_row)                        \
        {                                                                                          \
            text, "'" text "'"                                                                     \
        }                                                                                          \
    }

static void a_text_with_a_nul_is_escaped(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *tree = tree_of("\"a\\u0000b\"");
    AUTO_FREE char *yaml = kube_yaml_write(tree);
    assert_string_equal(yaml, "\"a\\u0000b\"\n");
    AUTO_JSON struct json_object *back = read_back(yaml);
    assert_true(json_object_equal(back, tree));
}

static void bytes_that_are_no_utf8_become_the_replacement_character(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *tree = kube_json_string("a\xff\xc3");
    AUTO_FREE char *yaml = kube_yaml_write(tree);
    assert_string_equal(yaml, "\"a\\ufffd\\ufffd\"\n");
}

/* An escape is six or ten times as long as what it stands for. */
static void keys_that_are_long_when_escaped_are_read_back(void **state)
{
    static const char *const pieces[] = {"\x01", "\xe2\x80\x8b", "\xf3\xa0\x81\x81"};
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        for (size_t count = 50; count < 350; count += 10) {
            char key[2048] = "";
            for (size_t n = 0; n < count; n++)
                snprintf(key + strlen(key), sizeof key - strlen(key), "%s", pieces[i]);
            AUTO_JSON struct json_object *tree = kube_json_object(key, kube_json_int(1), NULL);
            AUTO_FREE char *yaml = kube_yaml_write(tree);
            AUTO_JSON struct json_object *back = read_back(yaml);
            assert_true(json_object_equal(back, tree));
        }
    }
}

/* Readers look for the colon of a key 1024 characters far. */
static void long_keys_are_read_back(void **state)
{
    (void)state;
    for (size_t length = 990; length < 1040; length += 5) {
        char key[2048];
        snprintf(key, sizeof key, "x%0*d", (int)length - 1, 0);
        AUTO_JSON struct json_object *tree =
            tree_of("{\"a\": [{}], \"list\": [1, [2]], \"map\": {\"b\": {\"c\": \"d\\ne\"}}}");
        assert_true(kube_json_set(tree, key, kube_json_copy(tree)));
        snprintf(key, sizeof key, "x%0*d\n\x01 \"quoted\"", (int)length - 1, 0);
        assert_true(kube_json_set(tree, key, kube_json_string("a\nb\n")));
        AUTO_FREE char *yaml = kube_yaml_write(tree);
        AUTO_JSON struct json_object *back = read_back(yaml);
        assert_true(json_object_equal(back, tree));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("maps in block style keep the order of their keys", write_row,
            "{\"b\": {\"z\": 1, \"a\": {\"x\": true}}, \"a\": null}",
            "b:\n  z: 1\n  a:\n    x: true\na: null\n"),
        ROW("the items of a list stand below its key", write_row,
            "{\"a\": [1, \"x\"], \"b\": {\"c\": [{\"d\": 1, \"e\": [2]}, {\"f\": {\"g\": 3}}]}}",
            "a:\n- 1\n- x\nb:\n  c:\n  - d: 1\n    e:\n    - 2\n  - f:\n      g: 3\n"),
        ROW("lists within lists", write_row, "[[1, [2, 3]], [[\"x\"]], 4]",
            "- - 1\n  - - 2\n    - 3\n- - - x\n- 4\n"),
        ROW("maps within a list within a list", write_row, "[[{\"a\": 1, \"b\": 2}, {\"c\": 3}]]",
            "- - a: 1\n    b: 2\n  - c: 3\n"),
        ROW("empty maps and lists", write_row, "{\"a\": {}, \"b\": [], \"c\": [{}, []]}",
            "a: {}\nb: []\nc:\n- {}\n- []\n"),
        ROW("an empty map alone", write_row, "{}", "{}\n"),
        ROW("null alone", write_row, "null", "null\n"),
        ROW("a text alone", write_row, "\"etcd\"", "etcd\n"),
        ROW("integers", write_row, "[0, -1, 9223372036854775807, -9223372036854775808]",
            "- 0\n- -1\n- 9223372036854775807\n- -9223372036854775808\n"),
        ROW("fractions as YAML 1.1 knows them", write_row, "[0.5, 1e20, 1.5e300, -1e-7, 0.10]",
            "- 0.5\n- 1.0e+20\n- 1.5e+300\n- -1.0e-07\n- 0.1\n"),
        ROW("several lines are a literal block", write_row, "{\"a\": \"x\\ny\\n\", \"b\": 1}",
            "a: |\n  x\n  y\nb: 1\n"),
        ROW("a last line without its end", write_row, "{\"a\": \"x\\ny\"}", "a: |-\n  x\n  y\n"),
        ROW("more line ends than one", write_row, "{\"a\": \"x\\n\\n\\n\", \"b\": 1}",
            "a: |+\n  x\n\n\nb: 1\n"),
        ROW("empty lines in between have no blanks", write_row, "{\"a\": \"x\\n\\ny\\n\"}",
            "a: |\n  x\n\n  y\n"),
        ROW("a blank at the beginning wants an indicator", write_row,
            "{\"a\": {\"b\": \"  x\\ny\\n\"}}", "a:\n  b: |2\n      x\n    y\n"),
        ROW("an empty line at the beginning wants an indicator", write_row, "[\"\\nx\"]",
            "- |2-\n\n  x\n"),
        ROW("a tab at the beginning wants an indicator", write_row, "[\"\\tx\\ny\"]",
            "- |2-\n  \tx\n  y\n"),
        ROW("the indicator counts from the list below a key", write_row, "{\"a\": [\" x\\n\"]}",
            "a:\n- |2\n   x\n"),
        ROW("the indicator counts from the inner list", write_row, "[[\" x\\n\"]]",
            "- - |2\n     x\n"),
        ROW("the indicator counts from the map in a list", write_row, "[{\"a\": \" x\\n\"}]",
            "- a: |2\n     x\n"),
        ROW("a literal block alone", write_row, "\" x\\n y\"", "|2-\n   x\n   y\n"),
        ROW("a literal block may look like anything", write_row,
            "{\"a\": \"# no\\n- 1\\n---\\n'\\\"\\\\: x\\n\"}",
            "a: |\n  # no\n  - 1\n  ---\n  '\"\\: x\n"),
        ROW("a blank at the end of a line would not be seen", write_row, "{\"a\": \"x \\ny\\n\"}",
            "a: \"x \\ny\\n\"\n"),
        ROW("a line of blanks would not be seen", write_row, "{\"a\": \"x\\n  \\ny\\n\"}",
            "a: \"x\\n  \\ny\\n\"\n"),
        ROW("a blank at the very end would not be seen", write_row, "{\"a\": \"x\\ny\\t\"}",
            "a: \"x\\ny\\t\"\n"),
        ROW("line ends alone are escaped", write_row, "{\"a\": \"\\n\\n\"}", "a: \"\\n\\n\"\n"),
        ROW("carriage returns are escaped", write_row, "{\"a\": \"x\\r\\ny\\r\\n\"}",
            "a: \"x\\r\\ny\\r\\n\"\n"),
        ROW("a key of several lines is escaped", write_row, "{\"x\\ny\": 1}", "\"x\\ny\": 1\n"),
        ROW("control characters are escaped", write_row, "{\"a\": \"\\u001b[0m\\u007f\\t\"}",
            "a: \"\\u001b[0m\\u007f\\t\"\n"),
        ROW("characters that YAML does not print are escaped", write_row,
            "[\"\\u0085\", \"\\u009f\", \"\\u2028\", \"\\ufeff\", \"\\uffff\", \"x\\ufeff\\ny\"]",
            "- \"\\u0085\"\n- \"\\u009f\"\n- \"\\u2028\"\n- \"\\ufeff\"\n- \"\\uffff\"\n"
            "- \"x\\ufeff\\ny\"\n"),
        ROW("what would mislead a person is escaped", write_row,
            "[\"\\u202ex\", \"x\\u200by\", \"x\\u2066\\ny\", \"\\udb40\\udc41\"]",
            "- \"\\u202ex\"\n- \"x\\u200by\"\n- \"x\\u2066\\ny\"\n- \"\\U000e0041\"\n"),
        ROW("others stand as they are", write_row, "[\"\\u00e9\", \"\\u20ac\", \"\\ud83d\\ude00\"]",
            "- \xc3\xa9\n- \xe2\x82\xac\n- \xf0\x9f\x98\x80\n"),
        ROW("quotes within quotes", write_row, "[\"it's \\\"x\\\": y\", \"'a'\"]",
            "- \"it's \\\"x\\\": y\"\n- \"'a'\"\n"),
        PLAIN("etcd-main"),
        PLAIN("eu.gcr.io/gardener-project/gardener/etcdbrctl:0.7.3"),
        PLAIN("0.7.3"),
        PLAIN("10.0.0.1"),
        PLAIN("127.0.0.1:2379"),
        PLAIN("https://etcd-main-local:2379"),
        PLAIN(":8080"),
        PLAIN("20Gi"),
        PLAIN("100m"),
        PLAIN("5m"),
        PLAIN("--data-dir=/var/etcd/data"),
        PLAIN("-x"),
        PLAIN("$(POD_NAME).etcd"),
        PLAIN("a b"),
        PLAIN("a#b"),
        PLAIN("a:b"),
        PLAIN("a, b"),
        PLAIN("it's"),
        PLAIN("a\\b"),
        PLAIN("0 */24 * * *"),
        PLAIN("tRUE"),
        PLAIN("yess"),
        PLAIN("0x"),
        PLAIN("."),
        PLAIN("+"),
        PLAIN("2020-01"),
        PLAIN("20200115x"),
        PLAIN("1.2.3.4.5"),
        PLAIN("e3"),
        QUOTED(""),
        QUOTED(" a"),
        QUOTED("a "),
        QUOTED("*/5 * * * *"),
        QUOTED("true"),
        QUOTED("False"),
        QUOTED("YES"),
        QUOTED("no"),
        QUOTED("On"),
        QUOTED("off"),
        QUOTED("y"),
        QUOTED("N"),
        QUOTED("null"),
        QUOTED("Null"),
        QUOTED("~"),
        QUOTED("="),
        QUOTED("<<"),
        QUOTED("0"),
        QUOTED("-1"),
        QUOTED("+1"),
        QUOTED("1_000"),
        QUOTED("+_1"),
        QUOTED("0_x1F"),
        QUOTED("0644"),
        QUOTED("0o17"),
        QUOTED("0x1F"),
        QUOTED("0b1"),
        QUOTED("1.5"),
        QUOTED(".5"),
        QUOTED("1."),
        QUOTED("1e3"),
        QUOTED("1E-3"),
        QUOTED("1.5e+3"),
        QUOTED("1e5_0"),
        QUOTED(".inf"),
        QUOTED("-.INF"),
        QUOTED(".NaN"),
        QUOTED("12:30:45"),
        QUOTED("1:30.5"),
        QUOTED("2020-01-15"),
        QUOTED("2020-1-5"),
        QUOTED("2020-01-15T09:42:00Z"),
        QUOTED("2020-01-15 09:42:00"),
        QUOTED("a: b"),
        QUOTED("a:"),
        QUOTED("a #b"),
        QUOTED("-"),
        QUOTED("- a"),
        QUOTED("?"),
        QUOTED("? a"),
        QUOTED(":"),
        QUOTED(": a"),
        QUOTED("---"),
        QUOTED("--- a"),
        QUOTED("..."),
        QUOTED(",a"),
        QUOTED("[a"),
        QUOTED("]a"),
        QUOTED("{a"),
        QUOTED("}a"),
        QUOTED("#a"),
        QUOTED("&a"),
        QUOTED("*a"),
        QUOTED("!a"),
        QUOTED("|a"),
        QUOTED(">a"),
        QUOTED("'a"),
        QUOTED("%a"),
        QUOTED("@a"),
        QUOTED("`a"),
        SINGLE("{\"a\": \"b\"}"),
        SINGLE("\"a\""),
        SINGLE("a: \\d+"),
        cmocka_unit_test(a_text_with_a_nul_is_escaped),
        cmocka_unit_test(bytes_that_are_no_utf8_become_the_replacement_character),
        cmocka_unit_test(long_keys_are_read_back),
        cmocka_unit_test(keys_that_are_long_when_escaped_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
