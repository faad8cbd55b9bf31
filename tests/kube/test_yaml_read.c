#include "kube/yaml.h"

#include "kube/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* TEXT is a literal, so that it may contain a NUL. */
#define ROW(sentence, function, text, ...)                                                         \
    {                                                                                              \
        sentence, function, NULL, NULL, &(struct function)                                         \
        {                                                                                          \
            text, sizeof(text) - 1, __VA_ARGS__                                                    \
        }                                                                                          \
    }

/* Documents as they were read: "1:{…} 3:[…]". */
struct documents {
    char text[2048];
    struct json_object *last; /* owned */
};

static bool collect(void *context, struct json_object *document, unsigned line, struct error *err)
{
    (void)err;
    struct documents *documents = context;
    size_t used = strlen(documents->text);
    snprintf(documents->text + used, sizeof documents->text - used, "%s%u:%s", used ? " " : "",
             line, kube_json_write(document));
    json_object_put(documents->last);
    documents->last = json_object_get(document);
    return true;
}

/* Reads a copy without a byte behind it, so that the sanitizers and valgrind see too much. */
static bool read_all(const char *text, size_t length, struct documents *documents,
                     struct error *err)
{
    AUTO_FREE char *exact = malloc(length ? length : 1);
    memcpy(exact, text, length);
    *documents = (struct documents){0};
    return kube_yaml_read(exact, length, collect, documents, err);
}

static struct json_object *tree_of(const char *text)
{
    struct documents documents;
    struct error err = {0};
    if (!read_all(text, strlen(text), &documents, &err))
        fail_msg("%s", err.message);
    return documents.last;
}

struct read_row {
    const char *text;
    size_t length;
    const char *documents;
};

static void read_row(void **state)
{
    const struct read_row *row = *state;
    struct documents documents;
    struct error err = {0};
    if (!read_all(row->text, row->length, &documents, &err))
        fail_msg("%s", err.message);
    assert_string_equal(documents.text, row->documents);
    json_object_put(documents.last);
}

/* The text behind "v: ", and what the value is as JSON. */
struct scalar_row {
    const char *text;
    size_t length;
    const char *json;
};

static void scalar_row(void **state)
{
    const struct scalar_row *row = *state;
    AUTO_FREE char *text = NULL;
    assert_true(asprintf(&text, "v: %s\n", row->text) > 0);
    AUTO_JSON struct json_object *tree = tree_of(text);
    assert_string_equal(kube_json_write(kube_json_child(tree, "v")), row->json);
    /* as a key it is the text of the same value */
    AUTO_FREE char *key = NULL;
    assert_true(asprintf(&key, "? %s\n: v\n", row->text) > 0);
    struct documents documents;
    bool is_key = strcmp(row->json, "null") != 0;
    assert_int_equal(read_all(key, strlen(key), &documents, NULL), is_key);
    if (is_key) {
        AUTO_FREE char *expected = NULL;
        const char *quote = *row->json == '"' ? "" : "\"";
        assert_true(asprintf(&expected, "1:{%s%s%s:\"v\"}", quote, row->json, quote) > 0);
        assert_string_equal(documents.text, expected);
    }
    json_object_put(documents.last);
}

struct refused_row {
    const char *text;
    size_t length;
    const char *message;
};

static void refused_row(void **state)
{
    const struct refused_row *row = *state;
    struct documents documents;
    struct error err = {0};
    assert_false(read_all(row->text, row->length, &documents, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    assert_string_equal(err.message, row->message);
    json_object_put(documents.last);
}

/* --- lines --- */

static const char lined[] = "# a comment\n"
                            "a: x\n"            /* 2 */
                            "b:\n"              /* 3 */
                            "  c: 1\n"          /* 4 */
                            "  d:\n"            /* 5 */
                            "  - one\n"         /* 6 */
                            "  -\n"             /* 7 */
                            "    e: true\n"     /* 8 */
                            "f: |\n"            /* 9 */
                            "  several\n"       /* 10 */
                            "  lines\n"         /* 11 */
                            "g: 1.5\n"          /* 12 */
                            "h:\n"              /* 13 */
                            "i: {j: [], k: }\n" /* 14 */
                            "anchor: &x\n"      /* 15 */
                            "  w: 1\n"          /* 16 */
                            "alias: *x\n"       /* 17 */
                            "merged:\n"         /* 18 */
                            "  <<: *x\n"        /* 19 */
                            "  z: 2\n";         /* 20 */

static unsigned line_at(struct json_object *tree, const char *pointer, enum json_type type)
{
    struct json_object *value = NULL;
    struct error err = {0};
    if (!kube_json_get(tree, pointer, type, &value, &err))
        fail_msg("%s", err.message);
    assert_non_null(value);
    return kube_yaml_line(value);
}

static void values_know_their_lines(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *tree = tree_of(lined);
    assert_int_equal(kube_yaml_line(tree), 2);
    assert_int_equal(line_at(tree, "/a", json_type_string), 2);
    assert_int_equal(line_at(tree, "/b", json_type_object), 3);
    assert_int_equal(line_at(tree, "/b/c", json_type_int), 4);
    assert_int_equal(line_at(tree, "/b/d", json_type_array), 5);
    assert_int_equal(line_at(tree, "/b/d/0", json_type_string), 6);
    assert_int_equal(line_at(tree, "/b/d/1", json_type_object), 8);
    assert_int_equal(line_at(tree, "/b/d/1/e", json_type_boolean), 8);
    assert_int_equal(line_at(tree, "/f", json_type_string), 9);
    assert_int_equal(line_at(tree, "/g", json_type_double), 0);
    assert_int_equal(line_at(tree, "/i/j", json_type_array), 14);
    assert_int_equal(line_at(tree, "/anchor/w", json_type_int), 16);
    assert_int_equal(line_at(tree, "/alias/w", json_type_int), 0);
    assert_int_equal(kube_yaml_line(NULL), 0);
}

static void keys_know_their_lines_whatever_the_value(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *tree = tree_of(lined);
    static const struct {
        const char *key;
        unsigned line;
    } keys[] = {{"a", 2},  {"b", 3},  {"f", 9},       {"g", 12},     {"h", 13},
                {"i", 14}, {"no", 0}, {"anchor", 15}, {"alias", 17}, {"merged", 18}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_int_equal(kube_yaml_key_line(tree, keys[i].key), keys[i].line);
    assert_int_equal(kube_yaml_key_line(kube_json_child(tree, "i"), "k"), 14);
    assert_int_equal(kube_yaml_key_line(kube_json_child(tree, "merged"), "z"), 20);
    assert_int_equal(kube_yaml_key_line(kube_json_child(tree, "merged"), "w"), 19);
    assert_int_equal(kube_yaml_key_line(kube_json_child(tree, "a"), "x"), 0);
    assert_int_equal(kube_yaml_key_line(NULL, "x"), 0);
    /* once it was changed, only the values know */
    json_object_object_del(tree, "a");
    assert_int_equal(kube_yaml_key_line(tree, "f"), 9);
    assert_int_equal(kube_yaml_key_line(tree, "h"), 0);
}

/* What remembers lines must not come out as something else. */
static void lines_do_not_show_in_json_nor_in_copies(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *tree = tree_of("a: 1\nb: 1.50\nc: true\nd: x\ne: [1]\n");
    AUTO_JSON struct json_object *copy = kube_json_copy(tree);
    assert_non_null(copy);
    assert_string_equal(kube_json_write(tree),
                        "{\"a\":1,\"b\":1.5,\"c\":true,\"d\":\"x\",\"e\":[1]}");
    assert_string_equal(kube_json_write(copy), kube_json_write(tree));
    assert_true(json_object_equal(copy, tree));
    assert_int_equal(kube_yaml_line(copy), 0);
    assert_int_equal(kube_yaml_key_line(copy, "a"), 0);
}

static void json_knows_no_lines(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *tree = tree_of("{\"a\": 1,\n \"b\": 0.5}");
    assert_int_equal(kube_yaml_line(tree), 0);
    assert_int_equal(kube_yaml_line(kube_json_child(tree, "a")), 0);
    assert_int_equal(kube_yaml_key_line(tree, "b"), 0);
}

/* --- limits --- */

struct depth_row {
    const char *before, *open, *inside, *close;
    int depth;
    bool accepted;
};

#define DEPTH(sentence, ...)                                                                       \
    {                                                                                              \
        sentence, depth_row, NULL, NULL, &(struct depth_row)                                       \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static void depth_row(void **state)
{
    const struct depth_row *row = *state;
    AUTO_FREE char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    fputs(row->before, stream);
    for (int i = 0; i < row->depth; i++)
        fputs(row->open, stream);
    fputs(row->inside, stream);
    for (int i = 0; i < row->depth; i++)
        fputs(row->close, stream);
    fclose(stream);
    struct documents documents;
    struct error err = {0};
    assert_int_equal(read_all(text, length, &documents, &err), row->accepted);
    if (!row->accepted)
        assert_non_null(strstr(err.message, "nest"));
    json_object_put(documents.last);
}

/* Nine levels of nine aliases each would be 400 million nodes. */
static void a_billion_laughs_are_an_error(void **state)
{
    (void)state;
    char text[1024] = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used,
                 "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1,
                 i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    }
    struct documents documents;
    struct error err = {0};
    assert_false(read_all(text, strlen(text), &documents, &err));
    assert_string_equal(err.message,
                        "line 4: aliases make too much of the text, or nest too deeply");
    json_object_put(documents.last);
}

/* One long text, called a thousand times. */
static void aliases_of_long_texts_count_by_length(void **state)
{
    (void)state;
    enum { LONG = 1 << 20, TIMES = 1000 };
    AUTO_FREE char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    fprintf(stream, "- &a x%0*d\n", LONG, 0);
    for (int i = 0; i < TIMES; i++)
        fputs("- *a\n", stream);
    fclose(stream);
    struct documents documents;
    struct error err = {0};
    assert_false(read_all(text, length, &documents, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    json_object_put(documents.last);
}

static void many_small_aliases_are_fine(void **state)
{
    (void)state;
    enum { TIMES = 10000 };
    AUTO_FREE char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    fputs("- &a {x: [1, 2, 3]}\n", stream);
    for (int i = 0; i < TIMES; i++)
        fputs("- *a\n", stream);
    fclose(stream);
    AUTO_JSON struct json_object *tree = tree_of(text);
    assert_int_equal(json_object_array_length(tree), TIMES + 1);
}

static bool ignore(void *context, struct json_object *document, unsigned line, struct error *err)
{
    (void)context, (void)document, (void)line, (void)err;
    return true;
}

static void a_caller_may_allow_fewer_aliases(void **state)
{
    static const char text[] = "- &a [1, 2]\n- *a\n- *a\n"; /* three nodes each */
    struct error err = {0};
    (void)state;
    assert_true(kube_yaml_read_bounded(text, strlen(text), 6 * 300, ignore, NULL, &err));
    assert_false(kube_yaml_read_bounded(text, strlen(text), 5 * 256, ignore, NULL, &err));
    assert_string_equal(err.message,
                        "line 3: aliases make too much of the text, or nest too deeply");
}

static void aliases_are_copies(void **state)
{
    (void)state;
    AUTO_JSON struct json_object *tree =
        tree_of("a: &a {x: {y: 1}}\nb: *a\nc: {<<: *a}\nd: &d {<<: &e {f: {g: 1}}}\nh: *e\n");
    kube_json_set(kube_json_child(kube_json_child(tree, "b"), "x"), "new", kube_json_int(1));
    kube_json_set(kube_json_child(kube_json_child(tree, "h"), "f"), "new", kube_json_int(1));
    assert_string_equal(kube_json_write(tree),
                        "{\"a\":{\"x\":{\"y\":1}},\"b\":{\"x\":{\"y\":1,\"new\":1}},"
                        "\"c\":{\"x\":{\"y\":1}},\"d\":{\"f\":{\"g\":1}},"
                        "\"h\":{\"f\":{\"g\":1,\"new\":1}}}");
}

/* --- hostile input --- */

static void every_truncation_is_read_or_refused(void **state)
{
    (void)state;
    static const char text[] = "a: &x {b: [1, 'two', \"th\\u0072ee\"], <<: {c: d}}\n"
                               "e: |2-\n    literal\n\n  text\n? *x\n---\nf: !!str 5 # end\n...\n";
    for (size_t length = 0; length < sizeof text; length++) {
        struct documents documents;
        struct error err = {0};
        bool read = read_all(text, length, &documents, &err);
        assert_int_equal(err.code, read ? ERROR_NONE : ERROR_INVALID);
        json_object_put(documents.last);
    }
}

static void no_value_is_quoted(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a: !!int hunter2\n",
        "a: !!bool hunter2\n",
        "a: !hunter2 x\n",
        "a: \"hunter2\n",
        "a: 'hunter2\n",
        "a: hunter2: hunter2\n",
        "a: !!binary hunter2\n",
        "a: *hunter2\n",
        "a: hunter2\x01\n",
        "a: \"hunter2\\x\"\n",
        "a: [hunter2\n",
        "a: {hunter2\n",
        "a: |\n  hunter2\n hunter2",
        "a: hunter2\xff\n",
        "a: @hunter2\n",
        "a: &hunter2! x\n",
        "a: >hunter2\n",
        "a: hunter2\n- hunter2\n",
        "{\"a\": \"hunter2}",
        "[\"hunter2\" x]",
        "a: !!float hunter2",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct documents documents;
        struct error err = {0};
        assert_false(read_all(texts[i], strlen(texts[i]), &documents, &err));
        assert_int_equal(strncmp(err.message, "line ", 5), 0);
        assert_null(strstr(err.message, "hunter2"));
        json_object_put(documents.last);
    }
}

static bool refuse_second(void *context, struct json_object *document, unsigned line,
                          struct error *err)
{
    (void)document;
    int *count = context;
    return ++*count < 2 || error_set(err, ERROR_CONFLICT, "a second one in line %u", line);
}

static void the_caller_can_stop(void **state)
{
    (void)state;
    static const char *const texts[] = {"a: 1\n---\nb: 2\n---\nc: 3\n",
                                        "{\"a\": 1}\n\n{\"b\": 2}\n{\"c\": 3}\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int count = 0;
        struct error err = {0};
        assert_false(kube_yaml_read(texts[i], strlen(texts[i]), refuse_second, &count, &err));
        assert_int_equal(count, 2);
        assert_int_equal(err.code, ERROR_CONFLICT);
        assert_string_equal(err.message, "a second one in line 3");
    }
}

static void a_broken_document_spoils_only_what_follows(void **state)
{
    (void)state;
    struct documents documents;
    struct error err = {0};
    const char text[] = "a: 1\n---\nb: [\n---\nc: 3\n";
    assert_false(read_all(text, sizeof text - 1, &documents, &err));
    assert_string_equal(documents.text, "1:{\"a\":1}");
    json_object_put(documents.last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("a map", read_row, "a: 1\nb: {c: d}\n", "1:{\"a\":1,\"b\":{\"c\":\"d\"}}"),
        ROW("a list at the level of its key", read_row, "a:\n- 1\n- x: w\n  z: [1, 2]\n",
            "1:{\"a\":[1,{\"x\":\"w\",\"z\":[1,2]}]}"),
        ROW("several documents know where they begin", read_row,
            "# first\na: 1\n---\n\n# second\nb: 2\n...\n---\nc: 3",
            "2:{\"a\":1} 6:{\"b\":2} 9:{\"c\":3}"),
        ROW("empty documents are passed over", read_row,
            "---\n---\na: 1\n---\n# nothing\n---\nnull\n", "3:{\"a\":1}"),
        ROW("an empty text has no documents", read_row, "", ""),
        ROW("a comment alone has no documents", read_row, "# nothing\n", ""),
        ROW("a scalar is a document", read_row, "5", "1:5"),
        ROW("JSON is read", read_row, " {\"a\": [1, true, null]}", "1:{\"a\":[1,true,null]}"),
        ROW("several JSON values in one text", read_row, "{\"a\": 1}\n{\"b\": \"}{\\\"\"}\n\n[3]\n",
            "1:{\"a\":1} 2:{\"b\":\"}{\\\"\"} 4:[3]"),
        ROW("JSON without line ends", read_row, "{}[]{}", "1:{} 1:[] 1:{}"),
        ROW("JSON behind a directive is YAML", read_row, "---\n{\"a\": [1, 'x'], b: c}\n",
            "2:{\"a\":[1,\"x\"],\"b\":\"c\"}"),
        ROW("line ends of Windows", read_row, "a: 1\r\nb: 2\r\n", "1:{\"a\":1,\"b\":2}"),
        ROW("a byte order mark", read_row,
            "\xef\xbb\xbf"
            "a: 1\n",
            "1:{\"a\":1}"),
        ROW("a directive of YAML 1.2", read_row, "%YAML 1.2\n---\na: 1\n", "3:{\"a\":1}"),
        ROW("a literal block", read_row, "a: |\n  x\n   y\n\n  z\n",
            "1:{\"a\":\"x\\n y\\n\\nz\\n\"}"),
        ROW("a folded block without its last line end", read_row, "a: >-\n  x\n  y\n",
            "1:{\"a\":\"x y\"}"),
        ROW("an alias is what its anchor is", read_row, "a: &x [1, {b: c}]\nd: *x\n",
            "1:{\"a\":[1,{\"b\":\"c\"}],\"d\":[1,{\"b\":\"c\"}]}"),
        ROW("an anchor may be a text, an integer, a fraction or null", read_row,
            "- &a x\n- &b 1\n- &c 1.5\n- &d\n- [*a, *b, *c, *d]\n",
            "1:[\"x\",1,1.5,null,[\"x\",1,1.5,null]]"),
        ROW("an anchor may be set anew", read_row, "- &a 1\n- *a\n- &a 2\n- *a\n", "1:[1,1,2,2]"),
        ROW("an alias may be a key", read_row, "a: &x k\n*x : v\n", "1:{\"a\":\"k\",\"k\":\"v\"}"),
        ROW("a key may be an anchor", read_row, "&x k: *x\n", "1:{\"k\":\"k\"}"),
        ROW("a merge adds what is not there", read_row,
            "a: &x {b: 1, c: 2}\nd:\n  c: 3\n  <<: *x\n  e: 4\n",
            "1:{\"a\":{\"b\":1,\"c\":2},\"d\":{\"c\":3,\"e\":4,\"b\":1}}"),
        ROW("of several merges the first one wins", read_row,
            "- &x {a: 1, b: 1}\n- &z {b: 2, c: 2}\n- {<<: [*x, *z], d: 3}\n",
            "1:[{\"a\":1,\"b\":1},{\"b\":2,\"c\":2},{\"d\":3,\"a\":1,\"b\":1,\"c\":2}]"),
        ROW("a merge of nothing adds nothing", read_row, "<<: []\na: 1\n", "1:{\"a\":1}"),
        ROW("a quoted << is a plain key", read_row, "\"<<\": {a: 1}\n", "1:{\"<<\":{\"a\":1}}"),
        ROW("a value << is a text", read_row, "a: <<\n", "1:{\"a\":\"<<\"}"),
        ROW("tags of lists and maps that say what is there", read_row, "!!map\na: !!seq [1]\n",
            "1:{\"a\":[1]}"),
        ROW("a text may contain a NUL", read_row, "a: \"x\\0y\"\n", "1:{\"a\":\"x\\u0000y\"}"),
        ROW("true", scalar_row, "true", "true"),
        ROW("True", scalar_row, "True", "true"),
        ROW("TRUE", scalar_row, "TRUE", "true"),
        ROW("tRUE is a text", scalar_row, "tRUE", "\"tRUE\""),
        ROW("yes", scalar_row, "yes", "true"),
        ROW("Yes", scalar_row, "Yes", "true"),
        ROW("YES", scalar_row, "YES", "true"),
        ROW("on", scalar_row, "on", "true"),
        ROW("On", scalar_row, "On", "true"),
        ROW("ON", scalar_row, "ON", "true"),
        ROW("y is a text", scalar_row, "y", "\"y\""),
        ROW("false", scalar_row, "false", "false"),
        ROW("no", scalar_row, "no", "false"),
        ROW("Off", scalar_row, "Off", "false"),
        ROW("N is a text", scalar_row, "N", "\"N\""),
        ROW("null", scalar_row, "null", "null"),
        ROW("Null", scalar_row, "Null", "null"),
        ROW("a tilde is null", scalar_row, "~", "null"),
        ROW("nothing is null", scalar_row, "", "null"),
        ROW("an integer", scalar_row, "12", "12"),
        ROW("an integer with a sign", scalar_row, "+12", "12"),
        ROW("a negative integer", scalar_row, "-12", "-12"),
        ROW("zero", scalar_row, "0", "0"),
        ROW("minus zero", scalar_row, "-0", "0"),
        ROW("underscores part digits", scalar_row, "1_000_", "1000"),
        ROW("an underscore begins a text", scalar_row, "_1", "\"_1\""),
        ROW("hexadecimal", scalar_row, "0x1F", "31"),
        ROW("hexadecimal with a capital X", scalar_row, "0X1f", "31"),
        ROW("negative hexadecimal", scalar_row, "-0x10", "-16"),
        ROW("octal with a leading zero", scalar_row, "0644", "420"),
        ROW("octal with 0o", scalar_row, "0o17", "15"),
        ROW("binary", scalar_row, "0b101", "5"),
        ROW("negative binary", scalar_row, "-0b11", "-3"),
        ROW("a prefix without digits is a text", scalar_row, "0x", "\"0x\""),
        ROW("digits that are not octal are decimal, as to kubectl", scalar_row, "089", "89"),
        ROW("the largest integer", scalar_row, "9223372036854775807", "9223372036854775807"),
        ROW("the smallest integer", scalar_row, "-9223372036854775808", "-9223372036854775808"),
        ROW("an integer beyond that is a fraction", scalar_row, "9223372036854775808",
            "9.223372036854776e+18"),
        ROW("an integer beyond 64 bits is a fraction", scalar_row, "100000000000000000000",
            "1e+20"),
        ROW("a fraction", scalar_row, "1.5", "1.5"),
        ROW("a fraction is written as short as can be", scalar_row, "0.100", "0.1"),
        ROW("a fraction without a leading digit", scalar_row, ".5", "0.5"),
        ROW("a negative one", scalar_row, "-.5", "-0.5"),
        ROW("a fraction that is whole is an integer", scalar_row, "1.0", "1"),
        ROW("a point at the end", scalar_row, "3.", "3"),
        ROW("an exponent that is whole is an integer", scalar_row, "1e3", "1000"),
        ROW("a small exponent", scalar_row, "1e-7", "1e-07"),
        ROW("an exponent beyond doubles is a text", scalar_row, "1e999", "\"1e999\""),
        ROW("an exponent without digits is a text", scalar_row, "1e", "\"1e\""),
        ROW("a point alone is a text", scalar_row, ".", "\".\""),
        ROW("a version is a text", scalar_row, "0.7.3", "\"0.7.3\""),
        ROW("an address is a text", scalar_row, "10.0.0.1", "\"10.0.0.1\""),
        ROW("a quantity is a text", scalar_row, "20Gi", "\"20Gi\""),
        ROW("a sexagesimal is a text, as to kubectl", scalar_row, "12:30:45", "\"12:30:45\""),
        ROW("a date is a text", scalar_row, "2020-01-15", "\"2020-01-15\""),
        ROW("a time is a text", scalar_row, "2020-01-15T09:42:00Z", "\"2020-01-15T09:42:00Z\""),
        ROW("a minus alone in quotes is a text", scalar_row, "'-'", "\"-\""),
        ROW("an equals sign is a text", scalar_row, "=", "\"=\""),
        ROW("a quoted boolean is a text", scalar_row, "\"true\"", "\"true\""),
        ROW("a boolean in single quotes is a text", scalar_row, "'yes'", "\"yes\""),
        ROW("a quoted integer is a text", scalar_row, "\"12\"", "\"12\""),
        ROW("quoted nothing is a text", scalar_row, "''", "\"\""),
        ROW("a literal integer is a text", scalar_row, "|-\n  12", "\"12\""),
        ROW("a tagged text", scalar_row, "!!str 12", "\"12\""),
        ROW("a tagged text that is null otherwise", scalar_row, "!!str", "\"\""),
        ROW("a tagged integer", scalar_row, "!!int \"12\"", "12"),
        ROW("a tagged boolean", scalar_row, "!!bool 'yes'", "true"),
        ROW("a tagged null", scalar_row, "!!null ''", "null"),
        ROW("a tagged fraction", scalar_row, "!!float \"1.5\"", "1.5"),
        ROW("an integer may be tagged as a fraction", scalar_row, "!!float 3", "3"),
        ROW("binary is decoded", scalar_row, "!!binary aGVsbG8=", "\"hello\""),
        ROW("the full name of a tag", scalar_row, "!<tag:yaml.org,2002:str> 12", "\"12\""),
        ROW("a key twice", refused_row, "a: 1\nb: 2\na: 3\n",
            "line 3: the key 'a' is there already (line 1)"),
        ROW("a key twice in flow style", refused_row, "---\n{a: 1,\n 'a': 2}\n",
            "line 3: the key 'a' is there already (line 2)"),
        ROW("an integer and the same text as keys", refused_row, "1: x\n'1': x\n",
            "line 2: the key '1' is there already (line 1)"),
        ROW("two merges", refused_row, "<<: {a: 1}\n<<: {b: 1}\n",
            "line 2: the key '<<' is there already"),
        ROW("a merge of an integer", refused_row, "a: 1\n<<: 1\n",
            "line 2: '<<' wants a map or a list of maps"),
        ROW("a merge of a list of integers", refused_row, "<<: [1]\n",
            "line 1: '<<' wants a map or a list of maps"),
        ROW("a merge of nothing at all", refused_row, "<<:\n",
            "line 1: '<<' wants a map or a list of maps"),
        ROW("an alias without an anchor", refused_row, "a: *x\n",
            "line 1: an alias of an anchor that is not there"),
        ROW("an anchor of another document", refused_row, "a: &x 1\n---\nb: *x\n",
            "line 3: an alias of an anchor that is not there"),
        ROW("an alias of what contains it", refused_row, "a: &x\n- b: [*x]\n",
            "line 2: an alias of what it is a part of"),
        ROW("a merge of what contains it", refused_row, "a: &x\n  <<: *x\n",
            "line 2: an alias of what it is a part of"),
        ROW("a list as a key", refused_row, "? [a]\n: b\n",
            "line 1: a key that is null, a map or a list"),
        ROW("a map as a key", refused_row, "? {a: b}\n: b\n",
            "line 1: a key that is null, a map or a list"),
        ROW("null as a key", refused_row, "a: b\n~: c\n",
            "line 2: a key that is null, a map or a list"),
        ROW("an alias of a list as a key", refused_row, "a: &x []\n*x : 1\n",
            "line 2: a key that is null, a map or a list"),
        ROW("a NUL in a key", refused_row, "\"kind\\0x\": a\n",
            "line 1: a key that contains a NUL"),
        ROW("a tag of one's own", refused_row, "a: !mine x\n",
            "line 1: a tag that is not known here"),
        ROW("a set", refused_row, "a: !!set {b}\n", "line 1: a tag that is not known here"),
        ROW("a map that is tagged as a list", refused_row, "a: !!seq {b: c}\n",
            "line 1: a tag that is not known here"),
        ROW("a timestamp's tag", refused_row, "a: !!timestamp 2020-01-15\n",
            "line 1: a tag that is not known here"),
        ROW("a tag that is not declared", refused_row, "a: !e!x y\n",
            "line 1: while parsing a node: found undefined tag handle"),
        ROW("a word that is tagged as an integer", refused_row, "a: !!int x\n",
            "line 1: !!int before something else"),
        ROW("a fraction that is tagged as an integer", refused_row, "a: !!int 1.5\n",
            "line 1: !!int before something else"),
        ROW("an integer that is tagged as a boolean", refused_row, "a: !!bool 1\n",
            "line 1: !!bool before something else"),
        ROW("a word that is tagged as null", refused_row, "a: !!null x\n",
            "line 1: !!null before something else"),
        ROW("binary that is not base64", refused_row, "a: !!binary x\n",
            "line 1: !!binary: not base64"),
        ROW("binary that is no text", refused_row, "a: !!binary /w==\n",
            "line 1: !!binary: no text in UTF-8"),
        ROW("not a number", refused_row, "a: 1\nb: .nan\n", "line 2: a number that is not finite"),
        ROW("infinity", refused_row, "a: -.Inf\n", "line 1: a number that is not finite"),
        ROW("infinity that is tagged", refused_row, "a: !!float .inf\n",
            "line 1: a number that is not finite"),
        ROW("invalid UTF-8", refused_row, "a: 1\nb: \xff\n", "line 2: invalid leading UTF-8 octet"),
        ROW("overlong UTF-8", refused_row, "a: \xc0\xaf\n",
            "line 1: invalid length of a UTF-8 sequence"),
        ROW("a surrogate in UTF-8", refused_row, "a: \xed\xa0\x80\n",
            "line 1: invalid Unicode character"),
        ROW("UTF-8 that is cut off", refused_row, "a: \xe2\x82",
            "line 1: incomplete UTF-8 octet sequence"),
        ROW("UTF-16", refused_row,
            "\xff\xfe"
            "a\0:\0 \0b\0",
            "line 1: invalid leading UTF-8 octet"),
        ROW("a NUL", refused_row, "a: 1\nb: \0\n", "line 2: control characters are not allowed"),
        ROW("a control character", refused_row, "a: \x1b[0m\n",
            "line 1: control characters are not allowed"),
        ROW("a tab as indentation", refused_row, "a:\n\tb: 1\n",
            "line 2: while scanning for the next token: found character that cannot start any "
            "token"),
        ROW("a value within a value", refused_row, "a: b: c\n",
            "line 1: mapping values are not allowed in this context"),
        ROW("a quote that does not end", refused_row, "a: \"x\nb: y\n",
            "line 3: while scanning a quoted scalar: found unexpected end of stream"),
        ROW("YAML of another age", refused_row, "%YAML 3.0\n---\na: 1\n",
            "line 1: found incompatible YAML document"),
        ROW("JSON is strict", refused_row, "{a: 1}",
            "line 1, column 2: quoted object property name expected"),
        ROW("JSON is strict in later values too", refused_row, "{}\n{\"a\": 'x'}",
            "line 2, column 7: a character that begins no JSON value"),
        ROW("what follows JSON must be JSON", refused_row, "{}\n---\na: 1\n",
            "line 2, column 1: a number that is not JSON"),
        ROW("JSON that does not end", refused_row, "{\"a\": {\"b\": 1}\n",
            "line 2, column 1: unexpected end of data"),
        cmocka_unit_test(values_know_their_lines),
        cmocka_unit_test(keys_know_their_lines_whatever_the_value),
        cmocka_unit_test(lines_do_not_show_in_json_nor_in_copies),
        cmocka_unit_test(json_knows_no_lines),
        DEPTH("64 lists in a row are accepted", "", "- ", "x", "", 64, true),
        DEPTH("65 are not", "", "- ", "x", "", 65, false),
        DEPTH("63 maps below one are accepted", "a: ", "{a: ", "x", "}", 63, true),
        DEPTH("64 are not", "a: ", "{a: ", "x", "}", 64, false),
        DEPTH("a hundred thousand lists are not", "a: ", "[", "", "", 100000, false),
        DEPTH("a hundred thousand blocks are not", "", "- ", "", "", 100000, false),
        DEPTH("JSON has the same limit", "", "[", "1", "]", 64, true),
        DEPTH("JSON has the same limit beyond it", "", "[", "1", "]", 65, false),
        DEPTH("an alias may end at the limit", "- &x {a: {b: 1}}\n- ", "[", "*x", "]", 61, true),
        DEPTH("an alias must not go beyond the limit", "- &x {a: {b: 1}}\n- ", "[", "*x", "]", 62,
              false),
        cmocka_unit_test(a_billion_laughs_are_an_error),
        cmocka_unit_test(aliases_of_long_texts_count_by_length),
        cmocka_unit_test(many_small_aliases_are_fine),
        cmocka_unit_test(a_caller_may_allow_fewer_aliases),
        cmocka_unit_test(aliases_are_copies),
        cmocka_unit_test(every_truncation_is_read_or_refused),
        cmocka_unit_test(no_value_is_quoted),
        cmocka_unit_test(the_caller_can_stop),
        cmocka_unit_test(a_broken_document_spoils_only_what_follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
