/* Everything that starts an etcd in the wild, and how much of it is understood. The quota tells:
 * where it was read, the configuration was. */
#include "tests/migration/support.h"

struct row {
    const char *edits;
    const char *quota;  /* in the Etcd; NULL: it is blocked */
    const char *opaque; /* a part of what ConfigurationOpaque says; NULL: it is not found */
};

#define POD "StatefulSet /spec/template/spec"
#define ETCD POD "/containers/0"
#define SIDECAR POD "/containers/1"
#define VOLUME "{'name':'files','configMap':{'name':'files'}}"
#define MOUNT ETCD "/volumeMounts/- {'name':'files','mountPath':'/files'}\n"
#define FILES(data)                                                                                \
    POD "/volumes [" VOLUME                                                                        \
        "]\n+ - {'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'files',"                 \
        "'namespace':'shop'},'data':" data "}\n"
#define SETTINGS "data-dir: /var/etcd/data/new.etcd\\nquota-backend-bytes: 1073741824\\n"

static void row(void **state)
{
    const struct row *row = *state;
    const struct migrate_options options = {.strategy = MIGRATE_RESTORE, .old_is_stopped = true};
    struct translated t = translate("plain", row->edits, &options);
    if (!t.done)
        fail_msg("%s", t.error.message);
    struct json_object *findings = kube_json_child(t.result.report, "findings");
    struct json_object *opaque = finding_of(findings, "ConfigurationOpaque", row->opaque);
    if (!opaque != !row->opaque)
        fail_msg("it is %s: %s", opaque ? "opaque" : "not opaque", kube_json_write(findings));
    if (!t.result.etcd != !row->quota)
        fail_msg("%s: %s", t.result.etcd ? "not blocked" : "blocked", kube_json_write(findings));
    if (row->quota)
        assert_string_equal(kube_json_text(t.result.etcd, "/spec/etcd/quota"), row->quota);
    free_translated(&t);
}

#define ROW(sentence, ...)                                                                         \
    {                                                                                              \
        sentence, row, NULL, NULL, &(struct row)                                                   \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define SCRIPT(text) ETCD "/command ['/bin/sh','-ec','" text "']"

static const struct CMUnitTest tests[] = {
    ROW("flags", NULL, "4Gi", NULL),
    ROW("flags with one dash", ETCD "/command ['etcd','-quota-backend-bytes=1073741824']", "1Gi",
        NULL),
    ROW("flags with values of their own",
        ETCD "/command ['etcd','--quota-backend-bytes','1073741824']", "1Gi", NULL),
    ROW("a switch takes no word",
        ETCD "/command ['etcd','--client-cert-auth','--quota-backend-bytes=1073741824']", "1Gi",
        NULL),
    ROW("the last of two flags",
        ETCD "/command ['etcd','--quota-backend-bytes=1','--quota-backend-bytes=1073741824']",
        "1Gi", NULL),
    ROW("command and args alike",
        ETCD "/command ['/usr/local/bin/etcd']\n" ETCD "/args ['--quota-backend-bytes=1073741824']",
        "1Gi", NULL),
    ROW("args for the image's own program",
        ETCD "/command\n" ETCD "/args ['--quota-backend-bytes=1073741824']", "1Gi", NULL),
    ROW("an init program before it",
        ETCD "/command ['/sbin/tini','-g','--','etcd','--quota-backend-bytes=1073741824']", "1Gi",
        NULL),
    ROW("variables in args",
        ETCD "/command ['etcd','--quota-backend-bytes=$(Q)']\n" ETCD
             "/env [{'name':'Q','value':'1073741824'}]",
        "1Gi", NULL),
    ROW("variables of variables",
        ETCD "/command ['etcd','--quota-backend-bytes=$(Q)']\n" ETCD
             "/env [{'name':'G','value':'1073741'},{'name':'Q','value':'$(G)824'}]",
        "1Gi", NULL),
    ROW("a dollar that is meant",
        ETCD "/command ['etcd','--quota-backend-bytes=1073741824','--name=$$(Q)']", "1Gi", NULL),
    ROW("variables of etcd",
        ETCD "/command ['etcd']\n" ETCD
             "/env [{'name':'ETCD_QUOTA_BACKEND_BYTES','value':'1073741824'}]",
        "1Gi", NULL),
    ROW("a flag wins over a variable",
        ETCD "/command ['etcd','--quota-backend-bytes=1073741824']\n" ETCD
             "/env [{'name':'ETCD_QUOTA_BACKEND_BYTES','value':'1'}]",
        "1Gi", NULL),
    ROW("variables from a ConfigMap's key",
        ETCD "/command ['etcd']\n" ETCD
             "/env [{'name':'ETCD_QUOTA_BACKEND_BYTES','valueFrom':{'configMapKeyRef':"
             "{'name':'files','key':'q'}}}]\n" FILES("{'q':'1073741824'}"),
        "1Gi", NULL),
    ROW("all of a ConfigMap as variables",
        ETCD "/command ['etcd']\n" ETCD
             "/envFrom [{'prefix':'ETCD_','configMapRef':{'name':'files'}}]\n" FILES(
                 "{'QUOTA_BACKEND_BYTES':'1073741824'}"),
        "1Gi", NULL),
    ROW("a configuration file that a flag names",
        ETCD "/command ['etcd','--config-file=/files/x']\n" MOUNT FILES("{'x':'" SETTINGS "'}"),
        "1Gi", NULL),
    ROW("a file beside which flags count for nothing",
        ETCD "/command ['etcd','--config-file','/files/x','--quota-backend-bytes=1']\n" MOUNT FILES(
            "{'x':'" SETTINGS "'}"),
        "1Gi", NULL),
    ROW("a file that a variable names",
        ETCD "/command ['etcd']\n" ETCD
             "/env [{'name':'ETCD_CONFIG_FILE','value':'/files/x'}]\n" MOUNT FILES("{'x':'" SETTINGS
                                                                                   "'}"),
        "1Gi", NULL),
    ROW("a file that the mount calls otherwise",
        ETCD "/command ['etcd','--config-file=/files/y']\n" MOUNT FILES("{'x':'" SETTINGS "'}") POD
        "/volumes/0/configMap/items [{'key':'x','path':'y'}]",
        "1Gi", NULL),
    ROW("a file that is mounted alone",
        ETCD "/command ['etcd','--config-file=/etc/etcd.yml']\n" ETCD
             "/volumeMounts/- {'name':'files','mountPath':'/etc/etcd.yml','subPath':'x'}\n" FILES(
                 "{'x':'" SETTINGS "'}"),
        "1Gi", NULL),
    ROW("a file that is mounted but that nobody names counts for nothing",
        MOUNT FILES("{'etcd.conf.yml':'" SETTINGS "'}"), "4Gi", NULL),
    ROW("a file that is absent is opaque",
        ETCD "/command ['etcd','--config-file=/files/z']\n" MOUNT FILES("{'x':'y'}"), "2Gi",
        "no key z"),
    ROW("a script that only starts it", SCRIPT("exec etcd --quota-backend-bytes=1073741824"), "1Gi",
        NULL),
    ROW("a script on several lines",
        SCRIPT("# start\\nset -e\\nmkdir -p /var/etcd\\nexec etcd \\\\\\n  --name=x \\\\\\n  "
               "--quota-backend-bytes=1073741824\\n"),
        "1Gi", NULL),
    ROW("quotes in a script",
        SCRIPT("exec etcd --name=\\\"a b\\\" --quota-backend-bytes=\\\"1073741824\\\""), "1Gi",
        NULL),
    ROW("variables in a script",
        SCRIPT("G=1073741\\nexport Q=\\\"${G}824\\\"\\nexec etcd --name=$HOSTNAME "
               "--quota-backend-bytes=$Q"),
        "1Gi", NULL),
    ROW("the name of the host in a script",
        SCRIPT("exec etcd --name=$(hostname) --quota-backend-bytes=1073741824"), "1Gi", NULL),
    ROW("a here-document as the configuration file",
        SCRIPT("cat > /tmp/e.yml <<EOF\\n" SETTINGS "EOF\\nexec etcd --config-file=/tmp/e.yml"),
        "1Gi", NULL),
    ROW("a here-document with a variable",
        SCRIPT("Q=1073741824\\ncat <<EOF >/tmp/e.yml\\ndata-dir: "
               "/var/etcd/data/new.etcd\\nquota-backend-bytes: $Q\\nEOF\\nexec "
               "etcd --config-file /tmp/e.yml"),
        "1Gi", NULL),
    ROW("a script that decides something is opaque",
        SCRIPT("if [ -d /x ]; then Q=1; fi\\nexec etcd --quota-backend-bytes=$Q"), "2Gi",
        "for certain"),
    ROW("a pipe is opaque", SCRIPT("exec etcd --quota-backend-bytes=1 | tee /log"), "2Gi",
        "for certain"),
    ROW("a command in a command is opaque", SCRIPT("exec etcd --quota-backend-bytes=$(cat /q)"),
        "2Gi", "for certain"),
    ROW("a variable that is not known is opaque", SCRIPT("exec etcd --quota-backend-bytes=$Q"),
        "2Gi", "for certain"),
    ROW("a command after etcd is opaque", SCRIPT("etcd --quota-backend-bytes=1\\necho done"), "2Gi",
        "for certain"),
    ROW("an opaque script with a usual file goes by that",
        SCRIPT("while true; do exec etcd; done") "\n" MOUNT FILES("{'etcd.conf.yaml':'" SETTINGS
                                                                  "'}"),
        "1Gi", NULL),
    ROW("an opaque script that names a file goes by that",
        SCRIPT("until ready; do sleep 1; done; exec etcd --config-file /files/a") "\n" MOUNT FILES(
            "{'a':'" SETTINGS "','etcd.conf.yml':'data-dir: /x'}"),
        "1Gi", NULL),
    ROW("a file of any name that can only be etcd's",
        ETCD "/command ['/start.sh']\n" MOUNT FILES("{'a':'some: text','b':'" SETTINGS "'}"), "1Gi",
        NULL),
    ROW("a script in a ConfigMap",
        ETCD "/command ['/files/start']\n" MOUNT FILES(
            "{'start':'#!/bin/sh\\nexec etcd --quota-backend-bytes=1073741824\\n'}"),
        "1Gi", NULL),
    ROW("a script in the image is opaque", ETCD "/command ['/start.sh']", "2Gi", "/start.sh"),
    ROW("etcd-wrapper gets it from what the sidecar mounts",
        ETCD "/command\n" ETCD "/args ['start-etcd','--etcd-client-port=2379']\n" SIDECAR
             "/volumeMounts/- {'name':'files','mountPath':'/var/etcd/config'}\n" FILES(
                 "{'etcd.conf.yaml':'" SETTINGS "'}"),
        "1Gi", NULL),
    ROW("etcd-wrapper without it is opaque", ETCD "/command\n" ETCD "/args ['start-etcd']", "2Gi",
        "etcd-wrapper"),
    ROW("a sidecar in a shell is read as well",
        SIDECAR "/command ['sh','-c','exec etcdbrctl server --storage-provider=S3 "
                "--store-prefix=p']\n" SIDECAR "/args",
        "4Gi", NULL),
    ROW("unless it is too clever",
        SIDECAR "/command ['sh','-c','etcdbrctl server --storage-provider=S3 || true']\n" SIDECAR
                "/args",
        NULL, "sidecar"),
};

static int free_cas(void **state)
{
    (void)state;
    free_authorities();
    return 0;
}

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, free_cas);
}
