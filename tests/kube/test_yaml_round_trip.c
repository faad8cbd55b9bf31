/* Generated trees, written as YAML and read back by this program's reader and by another
 * implementation, Debian's python3-yaml (skipped where that is absent). */
#include "kube/yaml.h"

#include "kube/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TREES = 2000, DEPTH = 4 };

#define PYTHON "/usr/bin/python3"

/* Texts that some reader takes for something else, and pieces that may make up such texts. */
static const char *const words[] = {
    "y",
    "n",
    "yes",
    "no",
    "On",
    "off",
    "true",
    "FALSE",
    "null",
    "~",
    "",
    "0",
    "-1",
    "+1",
    "1_000",
    "0x1F",
    "0o17",
    "0644",
    "0b1",
    "1.5",
    ".5",
    "1.",
    "1e3",
    "1E+3",
    "1.5e-3",
    ".inf",
    "-.INF",
    ".nan",
    "12:30:45",
    "1:1.5",
    "2020-01-15",
    "2020-01-15T09:42:00Z",
    "2020-01-15 09:42:00",
    "=",
    "<<",
    "- a",
    "-a",
    "?",
    "? a",
    "?a",
    ":a",
    ":",
    "a:",
    "a: b",
    "a:b",
    "a #b",
    "#a",
    "%a",
    "@a",
    "`a",
    "!a",
    "&a",
    "*a",
    "|",
    ">",
    "|-",
    "---",
    "--- a",
    "...",
    "a ",
    "a\n",
    "\na",
    "\n",
    " a",
    "a\n\n",
    "a\nb",
    " a\nb",
    "\ta\nb",
    "a\n b",
    "a\n\n\nb\n\n",
    "a \nb",
    "a\n \nb",
    "a\n\tb",
    "a\r\nb",
    "- a\nb",
    "# a\nb",
    "{\"a\": \"b\"}",
    "it's",
    "it's \"x\"",
    "back\\slash",
    "0.7.3",
    "10.0.0.1:2379",
    "*/5 * * * *",
    "20Gi",
    "1e",
    "0x",
    "+",
    "-",
    ".",
    "..",
    "._",
    "08",
    "[a]",
    "{a}",
    "a, b",
    "\"a\"",
    "'a'",
    "0o8",
    "1e5_0",
    "_1",
    "+_1",
    "-.",
    "+.5",
    "--",
};
static const char *const pieces[] = {
    "a",
    "b",
    "1",
    "0",
    ".",
    ":",
    "-",
    "_",
    " ",
    "\n",
    "\t",
    "#",
    "\"",
    "'",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&",
    "*",
    "!",
    "|",
    ">",
    "%",
    "@",
    "`",
    "?",
    "=",
    "~",
    "e",
    "+",
    "x",
    "true",
    "no",
    ": ",
    " #",
    "- ",
    "---",
    "\n\n",
    "  ",
    "\r",
    "\x01",
    "\x1b",
    "\x7f",
    "\xc2\x85",
    "\xc2\x9f",
    "\xc2\xa0",
    "\xc3\xa9",
    "\xe2\x80\xa8",
    "\xe2\x82\xac",
    "\xef\xbb\xbf",
    "\xef\xbf\xbe",
    "\xf0\x9f\x98\x80",
    "\xf0\x9f\xbf\xbe",
};

/* The same numbers in every run. */
static unsigned next_random(unsigned below)
{
    static uint64_t seed = 20200115;
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % below;
}

static const char *random_text(void)
{
    static char text[128];
    if (next_random(2))
        return words[next_random(sizeof words / sizeof *words)];
    size_t used = 0;
    for (unsigned count = next_random(7); count > 0; count--)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s",
                                 pieces[next_random(sizeof pieces / sizeof *pieces)]);
    text[used] = '\0';
    return text;
}

static struct json_object *random_leaf(void)
{
    static const double fractions[] = {0.5, 1.5e300, -1e-7, 1e20, 123456.789, 5e-324, 0.1};
    switch (next_random(10)) {
    case 0:
        return kube_json_bool(next_random(2));
    case 1:
        return kube_json_int((int64_t)next_random(1U << 31) << next_random(32));
    case 2:
        return json_object_new_double(fractions[next_random(7)]);
    default:
        return kube_json_string(random_text());
    }
}

static struct json_object *random_tree(int depth)
{
    unsigned form = depth < DEPTH ? next_random(5) : 4;
    if (form > 1)
        return random_leaf();
    struct json_object *tree = form ? kube_json_array(0) : kube_json_object(NULL, NULL);
    for (unsigned count = next_random(5); count > 0; count--) {
        char key[128];
        snprintf(key, sizeof key, "%s", random_text());
        struct json_object *value = random_tree(depth + 1);
        assert_true(form ? kube_json_append(tree, value) : kube_json_set(tree, key, value));
    }
    return tree;
}

static bool keep(void *context, struct json_object *document, unsigned line, struct error *err)
{
    (void)line, (void)err;
    *(struct json_object **)context = json_object_get(document);
    return true;
}

static void our_reader_gives_the_same_tree(void **state)
{
    (void)state;
    for (int i = 0; i < TREES; i++) {
        AUTO_JSON struct json_object *tree = random_tree(0);
        AUTO_FREE char *yaml = kube_yaml_write(tree);
        AUTO_JSON struct json_object *back = NULL;
        struct error err = {0};
        if (!kube_yaml_read(yaml, strlen(yaml), keep, &back, &err))
            fail_msg("%s in\n%s", err.message, yaml);
        if (!json_object_equal(tree, back))
            fail_msg("%s became\n%s", kube_json_write(tree), yaml);
    }
}

/* JSON, one value a line, and the same as YAML documents. */
static void write_trees(FILE *json, FILE *yaml)
{
    for (int i = 0; i < TREES; i++) {
        AUTO_JSON struct json_object *tree = random_tree(0);
        AUTO_FREE char *text = kube_yaml_write(tree);
        fprintf(json, "%s\n", kube_json_write(tree));
        fprintf(yaml, "---\n%s", text);
    }
}

static const char comparison[] =
    "import json, sys, yaml\n"
    "want = [json.loads(line) for line in open(sys.argv[1], newline='\\n', encoding='utf-8')]\n"
    "text = open(sys.argv[2], newline='', encoding='utf-8').read()\n"
    "for loader in [yaml.SafeLoader] + ([yaml.CSafeLoader] if yaml.__with_libyaml__ else []):\n"
    "    have = list(yaml.load_all(text, Loader=loader))\n"
    "    assert len(have) == len(want), (len(have), len(want))\n"
    "    for a, b in zip(want, have):\n"
    "        assert json.dumps(a) == json.dumps(b), (a, b)\n";

static void another_reader_gives_the_same_tree(void **state)
{
    (void)state;
    if (system(PYTHON " -c 'import yaml' 2>/dev/null") != 0)
        skip();
    char names[3][64] = {"/tmp/test-yaml-json-XXXXXX", "/tmp/test-yaml-yaml-XXXXXX",
                         "/tmp/test-yaml-py-XXXXXX"};
    FILE *files[3];
    for (size_t i = 0; i < 3; i++) {
        files[i] = fdopen(mkstemp(names[i]), "w");
        assert_non_null(files[i]);
    }
    write_trees(files[0], files[1]);
    fputs(comparison, files[2]);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(fclose(files[i]), 0);
    char command[256];
    snprintf(command, sizeof command, PYTHON " %s %s %s", names[2], names[0], names[1]);
    int status = system(command);
    for (size_t i = 0; i < 3; i++)
        unlink(names[i]);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_reader_gives_the_same_tree),
        cmocka_unit_test(another_reader_gives_the_same_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
