#include "kube/kubeconfig.h"

#include "kube/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

/* Writes TEXT to NAME in the folder, and gives its path. */
static const char *put_file(const char *name, const char *text)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    AUTO_FILE FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/druid-bridge-kubeconfig.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"config", "ca.crt", "client.crt", "client.key", "token"};
    char path[128];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

/* A kubeconfig of one context whose CLUSTER and USER are in flow style. */
static const char *config_of(const char *cluster, const char *user)
{
    static char text[4096];
    snprintf(text, sizeof text,
             "apiVersion: v1\n"
             "kind: Config\n"
             "current-context: one\n"
             "clusters: [{name: c, cluster: {%s}}]\n"
             "users: [{name: u, user: {%s}}]\n"
             "contexts: [{name: one, context: {cluster: c, user: u}}]\n",
             cluster, user);
    return text;
}

static const char *value_of(struct kube_access *access, enum kube_credential credential)
{
    static char text[256];
    struct kube_credentials *credentials = NULL;
    struct error err = {0};
    if (!kube_access_credentials(access, &credentials, &err))
        fail_msg("%s", err.message);
    const char *bytes = credentials->values[credential].bytes;
    snprintf(text, sizeof text, "%s", bytes ? bytes : "-");
    kube_credentials_release(access, credentials);
    return text;
}

/* --- what is read --- */

struct read_row {
    const char *cluster;
    const char *user;
    const char *server;
    const char *values[KUBE_CREDENTIAL_COUNT]; /* NULL: absent */
};

static void read_row(void **state)
{
    const struct read_row *row = *state;
    AUTO_ACCESS struct kube_access *access = NULL;
    struct error err = {0};
    put_file("ca.crt", "ca of the file");
    put_file("client.crt", "certificate of the file");
    put_file("client.key", "key of the file");
    put_file("token", "  token-of-the-file\n");
    const char *file = put_file("config", config_of(row->cluster, row->user));
    if (!kube_access_from_kubeconfig(file, NULL, &access, &err))
        fail_msg("%s", err.message);
    assert_string_equal(access->server, row->server);
    for (enum kube_credential i = 0; i < KUBE_CREDENTIAL_COUNT; i++)
        assert_string_equal(value_of(access, i), row->values[i] ? row->values[i] : "-");
}

#define SERVER "server: 'https://10.0.0.1:6443'"

/* --- what is refused --- */

struct refuse_row {
    const char *cluster;
    const char *user;
    enum error_code code;
    const char *message; /* behind "FILE: " */
};

static void refuse_row(void **state)
{
    const struct refuse_row *row = *state;
    struct kube_access *access = NULL;
    struct error err = {0};
    const char *file = put_file("config", config_of(row->cluster, row->user));
    assert_false(kube_access_from_kubeconfig(file, NULL, &access, &err));
    assert_null(access);
    assert_int_equal(err.code, row->code);
    if (!strstr(err.message, row->message))
        fail_msg("'%s' is not in: %s", row->message, err.message);
    assert_memory_equal(err.message, folder, strlen(folder));
    assert_null(strstr(err.message, "geheim"));
}

struct text_row {
    const char *text;
    const char *context;
    enum error_code code;
    const char *message;
};

static void text_row(void **state)
{
    const struct text_row *row = *state;
    struct kube_access *access = NULL;
    struct error err = {0};
    const char *file = put_file("config", row->text);
    assert_false(kube_access_from_kubeconfig(file, row->context, &access, &err));
    assert_int_equal(err.code, row->code);
    if (!strstr(err.message, row->message))
        fail_msg("'%s' is not in: %s", row->message, err.message);
}

static void a_file_that_is_absent_is_named(void **state)
{
    (void)state;
    struct kube_access *access = NULL;
    struct error err = {0};
    assert_false(kube_access_from_kubeconfig("/nowhere/config", NULL, &access, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    assert_string_equal(err.message, "/nowhere/config: No such file or directory");
}

static void a_context_can_be_chosen(void **state)
{
    (void)state;
    AUTO_ACCESS struct kube_access *access = NULL;
    struct error err = {0};
    const char *file =
        put_file("config", "current-context: one\n"
                           "clusters:\n"
                           "- {name: a, cluster: {server: 'https://a', tls-server-name: b}}\n"
                           "- {name: bad, cluster: {insecure-skip-tls-verify: true}}\n"
                           "users:\n"
                           "- {name: u, user: {token: t}}\n"
                           "- {name: bad, user: {exec: {command: aws}}}\n"
                           "contexts:\n"
                           "- {name: one, context: {cluster: bad, user: bad}}\n"
                           "- {name: two, context: {cluster: a, user: u}}\n");
    if (!kube_access_from_kubeconfig(file, "two", &access, &err))
        fail_msg("%s", err.message);
    assert_string_equal(access->server, "https://a:443");
    assert_string_equal(access->tls_server_name, "b");
}

/* --- rotation --- */

static void files_are_read_again(void **state)
{
    (void)state;
    AUTO_ACCESS struct kube_access *access = NULL;
    struct error err = {0};
    struct kube_credentials *before = NULL;
    put_file("token", "first");
    put_file("ca.crt", "old");
    const char *file =
        put_file("config", config_of(SERVER ", certificate-authority: ca.crt", "tokenFile: token"));
    if (!kube_access_from_kubeconfig(file, NULL, &access, &err))
        fail_msg("%s", err.message);
    assert_true(kube_access_credentials(access, &before, &err));
    put_file("token", "second");
    put_file("ca.crt", "new");
    assert_string_equal(value_of(access, KUBE_CREDENTIAL_TOKEN), "second");
    assert_string_equal(value_of(access, KUBE_CREDENTIAL_CA), "new");
    assert_string_equal(before->values[KUBE_CREDENTIAL_TOKEN].bytes, "first"); /* as it was taken */
    kube_credentials_release(access, before);
    put_file("token", ""); /* between two values */
    assert_string_equal(value_of(access, KUBE_CREDENTIAL_TOKEN), "second");
    char path[128];
    snprintf(path, sizeof path, "%s/token", folder);
    unlink(path);
    assert_string_equal(value_of(access, KUBE_CREDENTIAL_TOKEN), "second");
    assert_int_equal(mkfifo(path, 0600), 0); /* would block, and all requests with it */
    alarm(20);
    assert_string_equal(value_of(access, KUBE_CREDENTIAL_TOKEN), "second");
    alarm(0);
    unlink(path);
    put_file("token", "third");
    assert_string_equal(value_of(access, KUBE_CREDENTIAL_TOKEN), "third");
}

/* --- the pod --- */

struct pod_row {
    const char *host;
    const char *port;
    const char *token;
    const char *server; /* NULL: it fails */
    enum error_code code;
    const char *message;
};

static void pod_row(void **state)
{
    const struct pod_row *row = *state;
    AUTO_ACCESS struct kube_access *access = NULL;
    struct error err = {0};
    row->host ? setenv("KUBERNETES_SERVICE_HOST", row->host, 1)
              : unsetenv("KUBERNETES_SERVICE_HOST");
    setenv("KUBERNETES_SERVICE_PORT", row->port, 1);
    put_file("ca.crt", "ca of the file");
    if (row->token)
        put_file("token", row->token);
    bool read = kube_access_in_pod(folder, &access, &err);
    if (row->server) {
        if (!read)
            fail_msg("%s", err.message);
        assert_string_equal(access->server, row->server);
        assert_string_equal(value_of(access, KUBE_CREDENTIAL_TOKEN), row->token);
        assert_string_equal(value_of(access, KUBE_CREDENTIAL_CA), "ca of the file");
        return;
    }
    assert_false(read);
    assert_int_equal(err.code, row->code);
    if (!strstr(err.message, row->message))
        fail_msg("'%s' is not in: %s", row->message, err.message);
    assert_null(strstr(err.message, "geheim"));
}

static void a_pod_does_not_wait_for_its_token(void **state)
{
    (void)state;
    struct kube_access *access = NULL;
    struct error err = {0};
    char path[128];
    setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    put_file("ca.crt", "ca of the file");
    snprintf(path, sizeof path, "%s/token", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    alarm(20);
    assert_false(kube_access_in_pod(folder, &access, &err));
    alarm(0);
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    assert_non_null(strstr(err.message, "/token: found a pipe, expected a regular file"));
}

#define ROW(sentence, function, ...)                                                               \
    {                                                                                              \
        sentence, function, make_folder, remove_folder, &(struct function)                         \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
#define AT "https://10.0.0.1:6443"

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW("data is decoded", read_row, SERVER ", certificate-authority-data: Y2E=",
            "client-certificate-data: Y2VydA==, client-key-data: a2V5", AT,
            {"ca", "cert", "key", NULL}),
        ROW("files are beside the kubeconfig", read_row, SERVER ", certificate-authority: ca.crt",
            "client-certificate: ./client.crt, client-key: client.key", AT,
            {"ca of the file", "certificate of the file", "key of the file", NULL}),
        ROW("data wins over a file", read_row,
            SERVER ", certificate-authority-data: Y2E=, certificate-authority: /nowhere",
            "token: t", AT, {"ca", NULL, NULL, "t"}),
        ROW("a token file wins over a token", read_row, SERVER, "token: t, tokenFile: token", AT,
            {NULL, NULL, NULL, "token-of-the-file"}),
        ROW("verification that is not skipped is fine", read_row,
            SERVER ", insecure-skip-tls-verify: false", "token: t", AT, {NULL, NULL, NULL, "t"}),
        ROW("a server may have a path", read_row, "server: 'https://rancher.example/k8s/c-1/'",
            "token: t", "https://rancher.example:443/k8s/c-1", {NULL, NULL, NULL, "t"}),
        ROW("a server may be an IPv6 address", read_row, "server: 'https://[::1]:6443'", "token: t",
            "https://[::1]:6443", {NULL, NULL, NULL, "t"}),
        ROW("nobody in particular is a user too", read_row, SERVER, "", AT, {0}),
        ROW("exec is refused", refuse_row, SERVER, "exec: {command: aws}", ERROR_INVALID,
            "user 'u': exec is not supported: no programs are run"),
        ROW("auth-provider is refused", refuse_row, SERVER, "auth-provider: {name: gcp}",
            ERROR_INVALID, "user 'u': auth-provider is not supported"),
        ROW("a password is refused", refuse_row, SERVER, "username: a, password: geheim",
            ERROR_INVALID, "user 'u': username is not supported"),
        ROW("a password alone is refused", refuse_row, SERVER, "password: geheim", ERROR_INVALID,
            "user 'u': password is not supported"),
        ROW("acting as another is refused", refuse_row, SERVER, "token: geheim, as: admin",
            ERROR_INVALID, "user 'u': as is not supported"),
        ROW("skipping verification is refused", refuse_row,
            SERVER ", insecure-skip-tls-verify: true", "token: geheim", ERROR_INVALID,
            "cluster 'c': insecure-skip-tls-verify is not supported"),
        ROW("a proxy is refused", refuse_row, SERVER ", proxy-url: 'http://p'", "token: geheim",
            ERROR_INVALID, "cluster 'c': proxy-url is not supported: set the environment"),
        ROW("plain HTTP is refused", refuse_row, "server: 'http://10.0.0.1'", "token: geheim",
            ERROR_INVALID, "cluster 'c': server: the URL must begin with https://"),
        ROW("a port beyond 65535 is refused", refuse_row, "server: 'https://10.0.0.1:99999'",
            "token: t", ERROR_INVALID,
            "cluster 'c': server: the URL is malformed: Port number was not"),
        ROW("a host alone is no server", refuse_row, "server: 10.0.0.1", "token: geheim",
            ERROR_INVALID, "cluster 'c': server: the URL is malformed"),
        ROW("a user in the URL is refused", refuse_row, "server: 'https://a:geheim@b'", "token: t",
            ERROR_INVALID, "cluster 'c': server: the URL has more than"),
        ROW("a query in the URL is refused", refuse_row, "server: 'https://b/?a=1'", "token: t",
            ERROR_INVALID, "cluster 'c': server: the URL has more than"),
        ROW("a cluster needs a server", refuse_row, "", "token: geheim", ERROR_INVALID,
            "cluster 'c': it has no server"),
        ROW("data is base64", refuse_row, SERVER, "client-key-data: '%geheim%'", ERROR_INVALID,
            "user 'u': client-key-data: "),
        ROW("a certificate needs its key", refuse_row, SERVER, "client-certificate-data: Y2VydA==",
            ERROR_INVALID, "user 'u': a client certificate and its key come together"),
        ROW("a token is one word", refuse_row, SERVER, "token: \"geheim\\r\\nHost: x\"",
            ERROR_INVALID, "user 'u': token: a token is one word"),
        ROW("a token is a string", refuse_row, SERVER, "token: 5", ERROR_INVALID,
            "user 'u': /token: found an integer"),
        ROW("a file that is named is there", refuse_row, SERVER, "tokenFile: absent",
            ERROR_UNAVAILABLE, "/absent: No such file or directory"),
        ROW("an empty file is no kubeconfig", text_row, "", NULL, ERROR_INVALID, "it is empty"),
        ROW("a list is no kubeconfig", text_row, "- a\n", NULL, ERROR_INVALID, "/"),
        ROW("there is one document", text_row,
            "---\n{current-context: x, contexts: [{name: x, context: {cluster: c, user: u}}],\n"
            " clusters: [{name: c, cluster: {server: 'https://a'}}], users: [{name: u, user: "
            "{}}]}\n"
            "---\nb: 1\n",
            NULL, ERROR_INVALID, "a second document begins on line 5"),
        ROW("a context must be there", text_row, "current-context: x\ncontexts: []\n", NULL,
            ERROR_NOT_FOUND, "/contexts: there is no context 'x'"),
        ROW("the context asked for must be there", text_row, "current-context: x\ncontexts: []\n",
            "y", ERROR_NOT_FOUND, "/contexts: there is no context 'y'"),
        ROW("a context names a cluster", text_row,
            "current-context: x\ncontexts: [{name: x, context: {user: u}}]\n", NULL, ERROR_INVALID,
            "context 'x': it names no cluster"),
        ROW("a cluster must be there", text_row,
            "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n", NULL,
            ERROR_NOT_FOUND, "/clusters: there is no cluster 'c'"),
        TEST(a_file_that_is_absent_is_named),
        TEST(a_context_can_be_chosen),
        TEST(files_are_read_again),
        ROW("the pod's environment says where", pod_row, "10.96.0.1", "443", "pod-token",
            "https://10.96.0.1:443", ERROR_NONE, NULL),
        ROW("the pod's cluster may speak IPv6", pod_row, "fd00::1", "443", "pod-token",
            "https://[fd00::1]:443", ERROR_NONE, NULL),
        ROW("outside a pod there is no account", pod_row, NULL, "443", "pod-token", NULL,
            ERROR_NOT_FOUND, "not in a pod"),
        TEST(a_pod_does_not_wait_for_its_token),
        ROW("a pod needs its token", pod_row, "10.96.0.1", "443", NULL, NULL, ERROR_UNAVAILABLE,
            "/token: No such file or directory"),
        ROW("a pod's token is one word", pod_row, "10.96.0.1", "443", "geheim geheim", NULL,
            ERROR_INVALID, "/token: a token is one word"),
    };
    return cmocka_run_group_tests_name("kubeconfig", tests, NULL, NULL);
}
