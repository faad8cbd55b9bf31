/* Everything that starts an etcd in the wild, and how much of it is understood. The quota tells:
 * where it was read, the configuration was. */
#include "tests/migration/support.h"

struct row {
    const char *edits;
    const char *quota;  /* in the Etcd, "" for none; NULL: it is blocked */
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
    if (row->quota && !*row->quota)
        assert_null(kube_json_text(t.result.etcd, "/spec/etcd/quota"));
    else if (row->quota)
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
#define ENV(list) "\n" ETCD "/env " list
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
        ETCD "/command ['etcd','--config-file=/files/z']\n" MOUNT FILES("{'x':'y'}"), "",
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
        SCRIPT("if [ -d /x ]; then Q=1; fi\\nexec etcd --quota-backend-bytes=$Q"), "",
        "for certain"),
    ROW("a pipe is opaque", SCRIPT("exec etcd --quota-backend-bytes=1 | tee /log"), "",
        "for certain"),
    ROW("a command in a command is opaque", SCRIPT("exec etcd --quota-backend-bytes=$(cat /q)"), "",
        "for certain"),
    ROW("a variable that is not known is opaque", SCRIPT("exec etcd --quota-backend-bytes=$Q"), "",
        "for certain"),
    ROW("a command after etcd is opaque", SCRIPT("etcd --quota-backend-bytes=1\\necho done"), "",
        "for certain"),
    ROW("what a script exports counts",
        SCRIPT("export ETCD_QUOTA_BACKEND_BYTES=1073741824; exec etcd"), "1Gi", NULL),
    ROW("the last time counts",
        SCRIPT(
            "export ETCD_QUOTA_BACKEND_BYTES=1\\nexport ETCD_QUOTA_BACKEND_BYTES=1073741824\\nexec "
            "etcd"),
        "1Gi", NULL),
    ROW("what it exports later counts too",
        SCRIPT("ETCD_QUOTA_BACKEND_BYTES=1073741824\\nexport ETCD_QUOTA_BACKEND_BYTES\\nexec etcd"),
        "1Gi", NULL),
    ROW("what it sets in front of etcd counts",
        SCRIPT("ETCD_QUOTA_BACKEND_BYTES=1073741824 exec etcd"), "1Gi", NULL),
    ROW("what it puts in the place of the pod's variable counts",
        SCRIPT("ETCD_QUOTA_BACKEND_BYTES=1073741824\\nexec etcd")
            ENV("[{'name':'ETCD_QUOTA_BACKEND_BYTES','value':'7'}]"),
        "1Gi", NULL),
    ROW("what it keeps to itself does not", SCRIPT("ETCD_QUOTA_BACKEND_BYTES=1\\nexec etcd"), "2Gi",
        NULL),
    ROW("a flag wins over what it exports",
        SCRIPT("export ETCD_QUOTA_BACKEND_BYTES=1\\nexec etcd --quota-backend-bytes=1073741824"),
        "1Gi", NULL),
    ROW("what is set in front of etcd is not in its words yet",
        SCRIPT("Q=1073741824\\nQ=1 exec etcd --quota-backend-bytes=$Q"), "1Gi", NULL),
    ROW("what is exported at once is not in its own words yet",
        SCRIPT("Q=1073741824\\nexport Q=1 ETCD_QUOTA_BACKEND_BYTES=$Q\\nexec etcd"), "1Gi", NULL),
    ROW("a file that it exports counts",
        SCRIPT("export ETCD_CONFIG_FILE=/files/x\\nexec etcd") "\n" MOUNT FILES("{'x':'" SETTINGS
                                                                                "'}"),
        "1Gi", NULL),
    ROW("a script that exports all is opaque",
        SCRIPT("set -ea\\nETCD_QUOTA_BACKEND_BYTES=1\\nexec etcd"), "", "for certain"),
    ROW("a script that takes exports back is opaque",
        SCRIPT("export -n ETCD_QUOTA_BACKEND_BYTES\\nexec etcd"), "", "for certain"),
    ROW("a command between semicolons counts", SCRIPT("true; exec etcd --name=x; echo done"), "",
        "for certain"),
    ROW("one value that is not known makes all uncertain", SCRIPT("A=$NOPE B=1\\nexec etcd"), "",
        "for certain"),
    ROW("what is exported before it is set is opaque",
        SCRIPT("export ETCD_QUOTA_BACKEND_BYTES\\nETCD_QUOTA_BACKEND_BYTES=1\\nexec etcd"), "",
        "for certain"),
    ROW("words that an expansion falls apart into are opaque",
        SCRIPT("exec etcd $MORE") ENV("[{'name':'MORE','value':'--name=x --wal-dir=/wal'}]"), "",
        "for certain"),
    ROW("words that it would look for files by as well",
        SCRIPT("exec etcd --name=$MORE") ENV("[{'name':'MORE','value':'x*'}]"), "", "for certain"),
    ROW("an expansion to nothing is no word",
        SCRIPT("exec etcd --name $MORE --quota-backend-bytes=1")
            ENV("[{'name':'MORE','value':''}]"),
        "", "for certain"),
    ROW("in quotes, or as a value, it stays one word",
        SCRIPT("A=$MORE\\nexec etcd --name=\\\"$A\\\" --quota-backend-bytes=1073741824")
            ENV("[{'name':'MORE','value':'x --quota-backend-bytes=1'}]"),
        "1Gi", NULL),
    ROW("words that are split otherwise are opaque",
        SCRIPT("IFS=,\\nexec etcd $MORE") ENV("[{'name':'MORE','value':'--name=x,--wal-dir=/y'}]"),
        "", "for certain"),
    ROW("a usual file beside a script that does not name it counts for nothing",
        SCRIPT("while true; do exec etcd --data-dir=/else; done") "\n" MOUNT FILES(
            "{'etcd.conf.yaml':'" SETTINGS "'}"),
        "", "for certain"),
    ROW("a usual file beside a script that is not there counts",
        ETCD "/command ['/start.sh']\n" MOUNT FILES("{'etcd.conf.yaml':'" SETTINGS "'}"), "1Gi",
        NULL),
    ROW("a file in a comment is not named",
        SCRIPT("# was: etcd --config-file /files/old\\nuntil ready; do sleep 1; done # "
               "--config-file=/files/older\\nexec etcd --config-file /files/a") "\n" MOUNT
            FILES("{'a':'" SETTINGS "','old':'data-dir: /x','older':'data-dir: /x'}"),
        "1Gi", NULL),
    ROW("a mark in quotes is no comment",
        SCRIPT("test \\\"$A\\\" = \\\"a # b\\\" || exec etcd --config-file /files/a") "\n" MOUNT
            FILES("{'a':'" SETTINGS "'}"),
        "1Gi", NULL),
    ROW("of two files nobody knows which",
        SCRIPT("if first; then exec etcd --config-file /files/a; fi\\nexec etcd --config-file "
               "/files/b") "\n" MOUNT FILES("{'a':'" SETTINGS "','b':'" SETTINGS "'}"),
        "", "one configuration file"),
    ROW("a file whose name is made up is none",
        SCRIPT("for F in a b; do :; done\\nexec etcd --config-file /files/$F") "\n" MOUNT FILES(
            "{'etcd.conf.yml':'" SETTINGS "'}"),
        "", "one configuration file"),
    ROW("a file that the script writes is not the one that is mounted",
        SCRIPT("sed s/a/b/ /files/etcd.conf.yml > /tmp/e.yml\\nexec etcd --config-file "
               "/tmp/e.yml") "\n" MOUNT FILES("{'etcd.conf.yml':'" SETTINGS "'}"),
        "", "/tmp/e.yml does not come"),
    ROW("nor is one on a volume that is written to",
        SCRIPT("exec etcd --config-file /var/etcd/data/e.yml") "\n" MOUNT FILES(
            "{'etcd.conf.yml':'" SETTINGS "'}"),
        "", "/var/etcd/data/e.yml does not come"),
    ROW("one that only lies elsewhere may be",
        SCRIPT("exec etcd --config-file /elsewhere/etcd.conf.yml") "\n" MOUNT FILES(
            "{'etcd.conf.yaml':'" SETTINGS "'}"),
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
    ROW("a script in the image is opaque", ETCD "/command ['/start.sh']", "", "/start.sh"),
    ROW("etcd-wrapper gets it from what the sidecar mounts",
        ETCD "/command\n" ETCD "/args ['start-etcd','--etcd-client-port=2379']\n" SIDECAR
             "/volumeMounts/- {'name':'files','mountPath':'/var/etcd/config'}\n" FILES(
                 "{'etcd.conf.yaml':'" SETTINGS "'}"),
        "1Gi", NULL),
    ROW("etcd-wrapper without it is opaque", ETCD "/command\n" ETCD "/args ['start-etcd']", "",
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
