#include "kube/files.h"

#include "kube/cleanup.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ROW(sentence, function, ...)                                                               \
    {                                                                                              \
        sentence, function, NULL, NULL, &(struct function)                                         \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

/* --- help --- */

struct warnings {
    char text[1024];
};

static void note_warning(void *context, const char *message)
{
    struct warnings *warnings = context;
    size_t used = strlen(warnings->text);
    snprintf(warnings->text + used, sizeof warnings->text - used, "%s\n", message);
}

struct names {
    char text[1024];
};

static bool note_name(void *context, struct json_object *object)
{
    struct names *names = context;
    size_t used = strlen(names->text);
    const char *namespace = kube_json_text(object, "/metadata/namespace");
    snprintf(names->text + used, sizeof names->text - used, "%s%s/%s", used ? " " : "",
             namespace ? namespace : "", kube_json_text(object, "/metadata/name"));
    return true;
}

/* The objects of KIND, "namespace/name namespace/name". */
static void assert_objects(struct kube_files *files, enum kube_kind kind, const char *expected)
{
    struct names names = {""};
    kube_files_each(files, kind, note_name, &names);
    assert_string_equal(names.text, expected);
}

static struct kube_files *files_of(const char *text)
{
    struct kube_files *files = kube_files_new(NULL, NULL);
    struct error err = {0};
    if (!kube_files_add_text(files, "in.yaml", text, strlen(text), &err))
        fail_msg("%s", err.message);
    return files;
}

/* The object as JSON, until it is asked for the next. */
static const char *object_text(struct kube_files *files, enum kube_kind kind, const char *namespace,
                               const char *name)
{
    static char text[4096];
    AUTO_OBJECT struct kube_object *object = NULL;
    struct error err = {0};
    if (!kube_source_get(kube_files_source(files), kind, namespace, name, &object, &err))
        fail_msg("%s", err.message);
    snprintf(text, sizeof text, "%s", kube_json_write(kube_object_tree(object)));
    return text;
}

/* --- texts --- */

static void objects_are_found_by_kind_namespace_and_name(void **state)
{
    (void)state;
    struct kube_files *files =
        files_of("---\n{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: n}, x: 1}\n"
                 "---\n{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: m}, x: 2}\n"
                 "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: n}, x: 3}\n"
                 "---\n{apiVersion: v1, kind: Namespace, metadata: {name: n}, x: 4}\n");
    struct kube_source *source = kube_files_source(files);
    assert_non_null(strstr(object_text(files, KUBE_SECRET, "n", "a"), "\"x\":1"));
    assert_non_null(strstr(object_text(files, KUBE_SECRET, "m", "a"), "\"x\":2"));
    assert_non_null(strstr(object_text(files, KUBE_CONFIG_MAP, "n", "a"), "\"x\":3"));
    assert_non_null(strstr(object_text(files, KUBE_NAMESPACE, "", "n"), "\"x\":4"));
    struct error err = {0};
    struct kube_object *object = NULL;
    assert_false(kube_source_get(source, KUBE_SECRET, "n", "b", &object, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_string_equal(err.message, "Secret n/b is not among the manifests");
    assert_false(kube_source_get(source, KUBE_NAMESPACE, "", "m", &object, &err));
    assert_string_equal(err.message, "Namespace m is not among the manifests");
    assert_false(kube_source_get(source, KUBE_SERVICE, "n", "a", &object, &err));
    assert_null(object);
    assert_true(kube_source_ready(source, &err));
    kube_source_free(source);
}

static void a_namespace_is_covered_once_it_has_one_of_the_kind(void **state)
{
    (void)state;
    struct kube_files *files =
        files_of("---\n{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: n}}\n"
                 "---\n{apiVersion: v1, kind: Namespace, metadata: {name: n}}\n");
    struct kube_source *source = kube_files_source(files);
    assert_true(kube_source_covers(source, KUBE_SECRET, "n"));
    assert_false(kube_source_covers(source, KUBE_SECRET, "m"));
    assert_false(kube_source_covers(source, KUBE_CONFIG_MAP, "n"));
    assert_true(kube_source_covers(source, KUBE_NAMESPACE, ""));
    assert_false(kube_source_covers(source, KUBE_CLUSTER, ""));
    kube_files_free(files);
}

static void the_namespace_of_kinds_without_one_does_not_count(void **state)
{
    (void)state;
    struct kube_files *files =
        files_of("---\n{apiVersion: extensions.gardener.cloud/v1alpha1, kind: Cluster,"
                 " metadata: {name: shoot--a, namespace: odd}, x: 1}\n");
    assert_non_null(strstr(object_text(files, KUBE_CLUSTER, "", "shoot--a"), "\"x\":1"));
    assert_non_null(strstr(object_text(files, KUBE_CLUSTER, "other", "shoot--a"), "\"x\":1"));
    kube_files_free(files);
}

static void a_missing_namespace_is_default(void **state)
{
    (void)state;
    struct kube_files *files =
        files_of("---\n{apiVersion: v1, kind: Secret, metadata: {name: a}}\n"
                 "---\n{apiVersion: v1, kind: Secret, metadata: {name: b, namespace: ''}}\n"
                 "---\n{apiVersion: v1, kind: Secret, metadata: {name: c, namespace: null}}\n"
                 "---\n{apiVersion: v1, kind: Namespace, metadata: {name: n}}\n");
    assert_objects(files, KUBE_SECRET, "default/a default/b default/c");
    assert_string_equal(object_text(files, KUBE_NAMESPACE, "", "n"),
                        "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":"
                        "\"n\"}}");
    kube_files_free(files);
}

/* Names are keys alone; no two of these may be taken for one another, nor for a path. */
static void odd_names_stay_apart(void **state)
{
    (void)state;
    struct kube_files *files = files_of(
        "---\n{apiVersion: v1, kind: Secret, metadata: {namespace: ../../etc, name: passwd}}\n"
        "---\n{apiVersion: v1, kind: Secret, metadata: {namespace: .., name: ../etc/passwd}}\n"
        "---\n{apiVersion: v1, kind: Secret, metadata: {namespace: 'a b', name: c}}\n"
        "---\n{apiVersion: v1, kind: Secret, metadata: {namespace: a, name: 'b c'}}\n"
        "---\n{apiVersion: v1, kind: Secret, metadata: {namespace: 'a 1', name: 'x'}}\n"
        "---\n{apiVersion: v1, kind: Secret, metadata: {namespace: 'a', name: '1 x'}}\n");
    assert_objects(files, KUBE_SECRET, "../../etc/passwd ../../etc/passwd a/1 x a/b c a 1/x a b/c");
    struct kube_object *object = NULL;
    assert_false(
        kube_source_get(kube_files_source(files), KUBE_SECRET, "..", "passwd", &object, NULL));
    assert_non_null(
        strstr(object_text(files, KUBE_SECRET, "..", "../etc/passwd"), "../etc/passwd"));
    kube_files_free(files);
}

static bool stop_at_two(void *context, struct json_object *object)
{
    (void)object;
    return ++*(int *)context < 2;
}

static void objects_come_in_order_until_enough(void **state)
{
    (void)state;
    struct kube_files *files =
        files_of("---\n{apiVersion: v1, kind: Service, metadata: {name: b, namespace: n}}\n"
                 "---\n{apiVersion: v1, kind: Service, metadata: {name: B, namespace: n}}\n"
                 "---\n{apiVersion: v1, kind: Service, metadata: {name: a, namespace: n}}\n"
                 "---\n{apiVersion: v1, kind: Service, metadata: {name: z, namespace: m}}\n");
    assert_objects(files, KUBE_SERVICE, "m/z n/B n/a n/b");
    const char more[] = "{apiVersion: v1, kind: Service, metadata: {name: c, namespace: a}}\n";
    assert_false(kube_files_add_text(files, "j", more, sizeof more - 1, NULL)); /* no JSON */
    const char yaml[] = "---\napiVersion: v1\nkind: Service\nmetadata: {name: c, namespace: a}\n";
    assert_true(kube_files_add_text(files, "y", yaml, sizeof yaml - 1, NULL));
    assert_objects(files, KUBE_SERVICE, "a/c m/z n/B n/a n/b");
    int count = 0;
    kube_files_each(files, KUBE_SERVICE, stop_at_two, &count);
    assert_int_equal(count, 2);
    kube_files_free(files);
}

/* --- what happens to objects --- */

struct kept_row {
    const char *text;
    const char *json;
};

static void kept_row(void **state)
{
    const struct kept_row *row = *state;
    struct kube_files *files = files_of(row->text);
    assert_string_equal(object_text(files, KUBE_SECRET, "n", "a"), row->json);
    kube_files_free(files);
}

/* --- lists --- */

struct list_row {
    const char *text;
    const char *secrets;
    const char *warnings;
};

static void list_row(void **state)
{
    const struct list_row *row = *state;
    struct warnings warnings = {0};
    struct error err = {0};
    struct kube_files *files = kube_files_new(note_warning, &warnings);
    if (!kube_files_add_text(files, "in", row->text, strlen(row->text), &err))
        fail_msg("%s", err.message);
    assert_objects(files, KUBE_SECRET, row->secrets);
    assert_string_equal(warnings.text, row->warnings);
    kube_files_free(files);
}

/* --- errors --- */

struct refused_row {
    const char *text;
    enum error_code code;
    const char *message;
};

static void refused_row(void **state)
{
    const struct refused_row *row = *state;
    struct error err = {0};
    struct kube_files *files = kube_files_new(NULL, NULL);
    assert_false(kube_files_add_text(files, "in", row->text, strlen(row->text), &err));
    assert_string_equal(err.message, row->message);
    assert_int_equal(err.code, row->code);
    kube_files_free(files);
}

static void a_conflict_names_both_files(void **state)
{
    (void)state;
    struct error err = {0};
    struct kube_files *files =
        files_of("\n---\n{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: n}}\n");
    const char text[] = "# again\n\n\napiVersion: v1\nkind: Secret\n"
                        "metadata: {name: a, namespace: n}\n";
    assert_false(kube_files_add_text(files, "b.yaml", text, sizeof text - 1, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    assert_string_equal(err.message, "b.yaml:4: Secret 'n/a' is there already (in.yaml:3)");
    kube_files_free(files);
}

/* --- paths --- */

static char root[] = "/tmp/test-files-XXXXXX";

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/test-files-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static int remove_root(void **state)
{
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *path_of(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    AUTO_FILE FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) >= 0, 1);
}

static void make_directory(const char *name)
{
    assert_int_equal(mkdir(path_of(name), 0755), 0);
}

static void make_link(const char *target, const char *name)
{
    assert_int_equal(symlink(target, path_of(name)), 0);
}

#define SECRET(name) "---\napiVersion: v1\nkind: Secret\nmetadata: {name: " name ", namespace: n}\n"

static void assert_read(const char *path, bool streams, const char *secrets)
{
    struct error err = {0};
    struct kube_files *files = kube_files_new(NULL, NULL);
    if (streams)
        kube_files_take_streams(files);
    if (!kube_files_add(files, path, &err))
        fail_msg("%s", err.message);
    assert_objects(files, KUBE_SECRET, secrets);
    kube_files_free(files);
}

static void assert_added(const char *path, const char *secrets)
{
    assert_read(path, false, secrets);
}

static void assert_not_added(const char *path, enum error_code code, const char *message)
{
    struct error err = {0};
    struct kube_files *files = kube_files_new(NULL, NULL);
    assert_false(kube_files_add(files, path, &err));
    assert_int_equal(err.code, code);
    /* messages begin with the path that was read */
    assert_int_equal(strncmp(err.message, root, strlen(root)), 0);
    assert_string_equal(err.message + strlen(root), message);
    kube_files_free(files);
}

static void a_directory_is_read_as_a_whole(void **state)
{
    (void)state;
    write_file("b.yaml", SECRET("b"));
    write_file("a.yml", SECRET("a") SECRET("a2"));
    write_file("c.json", "{\"apiVersion\": \"v1\", \"kind\": \"Secret\","
                         " \"metadata\": {\"name\": \"c\", \"namespace\": \"n\"}}");
    write_file("README.md", "not: [YAML");
    write_file("yaml", "not: [YAML");
    make_directory("sub");
    make_directory("sub/empty.yaml");
    write_file("sub/d.yaml", SECRET("d"));
    assert_int_equal(mkfifo(path_of("pipe.yaml"), 0644), 0); /* would block */
    assert_added(root, "n/a n/a2 n/b n/c n/d");
    assert_added(path_of("b.yaml"), "n/b");
    assert_added(path_of("sub"), "n/d");
    assert_added(path_of("sub/empty.yaml"), "");
}

/* As the kubelet mounts a ConfigMap, in the middle of an update too. */
static void a_mount_is_read_once(void **state)
{
    (void)state;
    make_directory("..2026_01_02_03_04_05.111");
    write_file("..2026_01_02_03_04_05.111/a.yaml", SECRET("old"));
    make_directory("..2026_02_03_04_05_06.222");
    write_file("..2026_02_03_04_05_06.222/a.yaml", SECRET("new"));
    make_link("..2026_02_03_04_05_06.222", "..data");
    make_link("..data/a.yaml", "a.yaml");
    write_file(".hidden.yaml", SECRET("hidden"));
    assert_added(root, "n/new");
    assert_added(path_of(".hidden.yaml"), "n/hidden");
}

/* Files of several directories in order of their names, whatever order the file system has. */
static void the_order_is_that_of_names(void **state)
{
    (void)state;
    make_directory("b");
    write_file("b/x.yaml", SECRET("x"));
    write_file("c.yaml", SECRET("x"));
    write_file("a.yaml", SECRET("y"));
    char expected[128];
    snprintf(expected, sizeof expected, "/c.yaml:2: Secret 'n/x' is there already (%s/b/x.yaml:2)",
             root);
    assert_not_added(root, ERROR_CONFLICT, expected);
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    assert_not_added(path_of("none.yaml"), ERROR_UNAVAILABLE,
                     "/none.yaml: No such file or directory");
    write_file("broken.yaml", "a: 1\nb: [\n");
    assert_not_added(path_of("broken.yaml"), ERROR_INVALID,
                     "/broken.yaml:3: while parsing a flow node: did not find expected node "
                     "content");
    write_file("broken.json", "{\"a\": 1,\n}");
    assert_not_added(path_of("broken.json"), ERROR_INVALID,
                     "/broken.json:2: column 1: unexpected character");
    make_directory("d");
    make_link("nowhere", "d/dangling.yaml");
    make_link("nowhere", "d/a-dangling-readme");
    assert_not_added(path_of("d"), ERROR_UNAVAILABLE,
                     "/d/dangling.yaml: No such file or directory");
}

static void directories_that_contain_themselves_end(void **state)
{
    (void)state;
    make_directory("loop");
    make_link(".", "loop/again");
    struct error err = {0};
    struct kube_files *files = kube_files_new(NULL, NULL);
    assert_false(kube_files_add(files, root, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    assert_non_null(strstr(err.message, "directories nest deeper than 32"));
    kube_files_free(files);
}

static void *feed(void *descriptor)
{
    static const char text[] = SECRET("a") SECRET("b");
    for (size_t i = 0; i < sizeof text - 1; i++)
        if (write(*(int *)descriptor, text + i, 1) != 1)
            break;
    close(*(int *)descriptor);
    return NULL;
}

/* A pipe that gives a byte at a time. */
static void standard_input_is_read_to_its_end(void **state)
{
    (void)state;
    int ends[2];
    int saved = dup(STDIN_FILENO);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, feed, &ends[1]), 0);
    assert_read("-", true, "n/a n/b");
    pthread_join(writer, NULL);
    dup2(saved, STDIN_FILENO);
    close(saved);
    close(ends[0]);
}

static void a_pipe_that_is_named_is_read(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, feed, &ends[1]), 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    assert_read(path, true, "n/a n/b");
    pthread_join(writer, NULL);
    close(ends[0]);
}

static void a_server_reads_regular_files_only(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(path_of("pipe.yaml"), 0644), 0);
    alarm(20);
    assert_not_added(path_of("pipe.yaml"), ERROR_UNAVAILABLE,
                     "/pipe.yaml: found a pipe, expected a regular file; save what it gives to a "
                     "file and name that");
    struct error err = {0};
    struct kube_files *files = kube_files_new(NULL, NULL);
    assert_false(kube_files_add(files, "-", &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    assert_string_equal(err.message,
                        "-: found standard input, expected a regular file or a directory");
    kube_files_free(files);
    alarm(0);
}

/* A file of holes, of which nothing is read. */
static void files_beyond_a_gigabyte_are_refused(void **state)
{
    (void)state;
    int fd = open(path_of("huge.yaml"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(ftruncate(fd, ((off_t)1 << 30) + 1), 0);
    close(fd);
    assert_not_added(path_of("huge.yaml"), ERROR_RANGE, "/huge.yaml: more than 1 GiB");
}

/* --- many --- */

static void many_objects_are_found_each(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    struct kube_files *files = kube_files_new(NULL, NULL);
    AUTO_FREE char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    fputs("apiVersion: v1\nkind: List\nitems:\n", stream);
    for (int i = 0; i < MANY; i++)
        fprintf(stream, "- {apiVersion: v1, kind: Secret, metadata: {name: s%d, namespace: n%d}}\n",
                i, i % 10);
    fclose(stream);
    assert_true(kube_files_add_text(files, "many", text, length, NULL));
    for (int i = 0; i < MANY; i++) {
        char namespace[16], name[16];
        snprintf(namespace, sizeof namespace, "n%d", i % 10);
        snprintf(name, sizeof name, "s%d", i);
        AUTO_OBJECT struct kube_object *object = NULL;
        assert_true(
            kube_source_get(kube_files_source(files), KUBE_SECRET, namespace, name, &object, NULL));
        assert_string_equal(kube_json_text(kube_object_tree(object), "/metadata/name"), name);
    }
    kube_files_free(files);
}

/* What was handed out lives on when the collection is gone. */
static void objects_outlive_the_collection(void **state)
{
    (void)state;
    struct kube_files *files =
        files_of("---\n{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: n}}\n");
    AUTO_OBJECT struct kube_object *object = NULL;
    assert_true(kube_source_get(kube_files_source(files), KUBE_SECRET, "n", "a", &object, NULL));
    kube_source_free(kube_files_source(files));
    assert_string_equal(kube_json_text(kube_object_tree(object), "/metadata/name"), "a");
    kube_files_free(NULL);
}

static bool count_one(void *context, struct json_object *object)
{
    (void)object;
    ++*(int *)context;
    return true;
}

static void the_shared_manifests_are_read(void **state)
{
    (void)state;
    const char *shared = getenv("SHARED");
    AUTO_FREE char *path = NULL;
    assert_true(asprintf(&path, "%s/data/sources", shared ? shared : "../shared") > 0);
    if (access(path, R_OK) != 0)
        skip();
    AUTO_FREE char *each = NULL;
    assert_true(asprintf(&each, "%s/gardener-main.yaml", path) > 0);
    struct kube_files *files = kube_files_new(NULL, NULL);
    struct error err = {0};
    if (!kube_files_add(files, each, &err))
        fail_msg("%s", err.message);
    int count = 0;
    kube_files_each(files, KUBE_STATEFUL_SET, count_one, &count);
    assert_int_equal(count, 1);
    kube_files_free(files);
}

#define HEAD                                                                                       \
    "\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"}"
#define ON_PATHS(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_found_by_kind_namespace_and_name),
        cmocka_unit_test(a_namespace_is_covered_once_it_has_one_of_the_kind),
        cmocka_unit_test(the_namespace_of_kinds_without_one_does_not_count),
        cmocka_unit_test(a_missing_namespace_is_default),
        cmocka_unit_test(odd_names_stay_apart),
        cmocka_unit_test(objects_come_in_order_until_enough),
        ROW("an object stays as it is", kept_row, "{" HEAD ",\"data\":{\"k\":\"dg==\"}}",
            "{" HEAD ",\"data\":{\"k\":\"dg==\"}}"),
        ROW("managed fields and what kubectl applied go", kept_row,
            "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\",\"namespace\":"
            "\"n\",\"managedFields\":[{\"manager\":\"x\"}],\"annotations\":{\"a\":\"b\",\"kubectl."
            "kubernetes.io/last-applied-configuration\":\"{}\"}}}",
            "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\",\"namespace\":"
            "\"n\",\"annotations\":{\"a\":\"b\"}}}"),
        ROW("annotations that are empty then go too", kept_row,
            "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\",\"namespace\":"
            "\"n\",\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"{}\"}}}",
            "{" HEAD "}"),
        ROW("annotations that were empty stay", kept_row,
            "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\",\"namespace\":"
            "\"n\",\"annotations\":{}}}",
            "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\",\"namespace\":"
            "\"n\",\"annotations\":{}}}"),
        ROW("stringData becomes data", kept_row, "{" HEAD ",\"stringData\":{\"k\":\"v\"}}",
            "{" HEAD ",\"data\":{\"k\":\"dg==\"}}"),
        ROW("stringData wins over data", kept_row,
            "{" HEAD ",\"data\":{\"k\":\"eA==\",\"l\":\"eQ==\"},\"stringData\":{\"k\":\"v\",\"m\":"
            "\"\"}}",
            "{" HEAD ",\"data\":{\"k\":\"dg==\",\"l\":\"eQ==\",\"m\":\"\"}}"),
        ROW("stringData may contain a NUL", kept_row,
            "{" HEAD ",\"stringData\":{\"k\":\"a\\u0000b\"}}",
            "{" HEAD ",\"data\":{\"k\":\"YQBi\"}}"),
        ROW("null in stringData is the empty text", kept_row,
            "{" HEAD ",\"stringData\":{\"k\":null}}", "{" HEAD ",\"data\":{\"k\":\"\"}}"),
        ROW("a List has objects of any kind", list_row,
            "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{" HEAD "},"
            "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"n\"}}]}",
            "n/a", ""),
        ROW("a List may be empty", list_row,
            "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[]}", "", ""),
        ROW("a List may be empty as null", list_row, "{\"kind\":\"List\",\"items\":null}", "", ""),
        ROW("a typed list is read too", list_row,
            "{\"apiVersion\":\"v1\",\"kind\":\"SecretList\",\"items\":[{" HEAD "}]}", "n/a", ""),
        ROW("items of a typed list need not say what they are", list_row,
            "{\"apiVersion\":\"v1\",\"kind\":\"SecretList\",\"items\":["
            "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"}}]}",
            "n/a", ""),
        ROW("lists may contain lists", list_row,
            "kind: List\nitems:\n- kind: List\n  items:\n  - {" HEAD "}\n", "n/a", ""),
        ROW("an unknown kind is left out with a warning", list_row,
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n---\n{" HEAD "}\n", "n/a",
            "in:1: the kind 'Pod' of 'v1' is not known\n"),
        ROW("unknown kinds in a list are named with their lines", list_row,
            "kind: List\nitems:\n- {" HEAD "}\n- apiVersion: v1\n  kind: Pod\n"
            "- {apiVersion: apps/v1, kind: Deployment}\n",
            "n/a",
            "in:4: the kind 'Pod' of 'v1' is not known\n"
            "in:6: the kind 'Deployment' of 'apps/v1' is not known\n"),
        ROW("a kind that ends in List and has no items is a kind", list_row,
            "apiVersion: x.io/v1\nkind: AllowList\nmetadata: {name: x}\n", "",
            "in:1: the kind 'AllowList' of 'x.io/v1' is not known\n"),
        ROW("an object without a kind", refused_row, "a: 1\n---\napiVersion: v1\n", ERROR_INVALID,
            "in:1: /apiVersion: missing, expected a string"),
        ROW("an object without a name", refused_row,
            "\n\napiVersion: v1\nkind: Secret\nmetadata: {generateName: x}\n", ERROR_INVALID,
            "in:3: /metadata/name: missing, expected a string"),
        ROW("an object with an empty name", refused_row,
            "apiVersion: v1\nkind: Secret\nmetadata: {name: ''}\n", ERROR_INVALID,
            "in:1: /metadata/name: is empty"),
        ROW("an object without metadata", refused_row, "apiVersion: v1\nkind: Secret\n",
            ERROR_INVALID, "in:1: /metadata/name: missing, expected a string"),
        ROW("a name that is an integer", refused_row,
            "apiVersion: v1\nkind: Secret\nmetadata: {name: 12}\n", ERROR_INVALID,
            "in:1: /metadata/name: found an integer, expected a string"),
        ROW("a namespace that is a boolean", refused_row,
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: on}\n", ERROR_INVALID,
            "in:1: /metadata/namespace: found a boolean, expected a string"),
        ROW("metadata that is a list", refused_row, "apiVersion: v1\nkind: Secret\nmetadata: []\n",
            ERROR_INVALID, "in:1: /metadata/name: missing, expected a string"),
        ROW("a document that is no object", refused_row, "- a\n", ERROR_INVALID,
            "in:1: /: found a list, expected a map"),
        ROW("a document that is a word", refused_row, "hello", ERROR_INVALID,
            "in:1: /: found a string, expected a map"),
        ROW("an item that is no object", refused_row, "kind: List\nitems:\n- {" HEAD "}\n- word\n",
            ERROR_INVALID, "in:4: /: found a string, expected a map"),
        ROW("an item of JSON is named by its pointer", refused_row,
            "{\"kind\":\"List\",\"items\":[{" HEAD "},\n{\"kind\":\"Secret\"}]}", ERROR_INVALID,
            "in:1: /items/1: /apiVersion: missing, expected a string"),
        ROW("a List whose items are a map", refused_row, "apiVersion: v1\nkind: List\nitems: {}\n",
            ERROR_INVALID, "in:1: /items: found a map, expected a list"),
        ROW("an object twice", refused_row, "---\n{" HEAD "}\n---\n{" HEAD "}\n", ERROR_CONFLICT,
            "in:4: Secret 'n/a' is there already (in:2)"),
        ROW("stringData that is a list", refused_row, "---\n{" HEAD ", stringData: [hunter2]}",
            ERROR_INVALID, "in:2: /stringData: found a list, expected a map"),
        ROW("stringData of an integer, which is not quoted", refused_row,
            "---\n{" HEAD ", stringData: {k: 4711}}", ERROR_INVALID,
            "in:2: /stringData: 'k' is not a string"),
        ROW("data that is a text, which is not quoted", refused_row,
            "---\n{" HEAD ", stringData: {k: v}, data: hunter2}", ERROR_INVALID,
            "in:2: /data: found a string, expected a map"),
        ROW("a broken document", refused_row, "---\n{" HEAD "}\n---\na: [\n", ERROR_INVALID,
            "in:5: while parsing a flow node: did not find expected node content"),
        cmocka_unit_test(a_conflict_names_both_files),
        ON_PATHS(a_directory_is_read_as_a_whole),
        ON_PATHS(a_mount_is_read_once),
        ON_PATHS(the_order_is_that_of_names),
        ON_PATHS(what_cannot_be_read_is_named),
        ON_PATHS(directories_that_contain_themselves_end),
        ON_PATHS(a_server_reads_regular_files_only),
        ON_PATHS(files_beyond_a_gigabyte_are_refused),
        cmocka_unit_test(standard_input_is_read_to_its_end),
        cmocka_unit_test(a_pipe_that_is_named_is_read),
        cmocka_unit_test(many_objects_are_found_each),
        cmocka_unit_test(objects_outlive_the_collection),
        cmocka_unit_test(the_shared_manifests_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
