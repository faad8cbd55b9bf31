/* How the sidecar is started, and values that cannot be known from the manifests. */
#include "tests/migration/support.h"

struct row {
    const char *edits;
    const char *code;             /* NULL: none is looked for */
    const char *severity;         /* NULL: it must not be found */
    const char *about;            /* a part of its path or message; NULL: any */
    const char *pointer, *value;  /* what the Etcd has (NULL: not), if it is there */
    enum migrate_strategy wanted; /* of 0 it is adopt */
};

#define POD "StatefulSet /spec/template/spec"
#define ETCD POD "/containers/0"
#define SIDECAR POD "/containers/1"
#define FLAGS                                                                                      \
    "--data-dir=/var/etcd/data/new.etcd --storage-provider=S3 --store-prefix=deep/stock "          \
    "--garbage-collection-policy=Exponential"
#define STARTED(command) SIDECAR "/args\n" SIDECAR "/command " command
#define SCRIPTS(data)                                                                              \
    "\n" SIDECAR "/volumeMounts/- {'name':'scripts','mountPath':'/scripts'}\n" POD                 \
    "/volumes [{'name':'scripts','configMap':{'name':'scripts'}}]\n+ - "                           \
    "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'scripts','namespace':'shop'},"      \
    "'data':" data "}"
#define FROM_MAP "{'name':'X','valueFrom':{'configMapKeyRef':{'name':'absent','key':'k'}}}"
#define FROM_SECRET "{'name':'X','valueFrom':{'secretKeyRef':{'name':'pfx','key':'k'}}}"
#define FROM_FIELD(field) "{'name':'X','valueFrom':{'fieldRef':{'fieldPath':'" field "'}}}"
#define SIDECAR_X(x) "\n" SIDECAR "/env/0 " x
#define ETCD_X(x) "\n" ETCD "/env [" x "]"
#define PREFIX_IS(value) SIDECAR "/args/2 '--store-prefix=" value "'"
#define PREFIX "/spec/backup/store/prefix"
#define OPAQUE "ConfigurationOpaque", "blocker"

static void row(void **state)
{
    const struct row *row = *state;
    const struct migrate_options options = {.strategy = row->wanted, .old_is_stopped = true};
    struct translated t = translate("plain", row->edits, &options);
    if (!t.done)
        fail_msg("%s", t.error.message);
    struct json_object *findings = kube_json_child(t.result.report, "findings");
    struct json_object *finding = row->code ? finding_of(findings, row->code, row->about) : NULL;
    if (!finding != !row->severity)
        fail_msg("%s is %s: %s", row->code, finding ? "found" : "missing",
                 kube_json_write(findings));
    if (finding) {
        assert_string_equal(kube_json_text(finding, "/severity"), row->severity);
        assert_non_null(kube_json_text(finding, "/remedy"));
        if (strcmp(row->severity, "blocker") == 0)
            assert_null(t.result.etcd);
    }
    if (row->pointer) {
        if (!t.result.etcd)
            fail_msg("it is blocked: %s", kube_json_write(findings));
        const char *value = kube_json_text(t.result.etcd, row->pointer);
        if (!value != !row->value)
            fail_msg("%s is %s", row->pointer, value ? value : "absent");
        if (value)
            assert_string_equal(value, row->value);
    }
    free_translated(&t);
}

/* ROW(sentence, edits, code, severity, about[, pointer, value[, strategy]]) */
#define ROW(sentence, ...)                                                                         \
    {                                                                                              \
        sentence, row, NULL, NULL, &(struct row)                                                   \
        {                                                                                          \
            .edits = __VA_ARGS__                                                                   \
        }                                                                                          \
    }

static const struct CMUnitTest tests[] = {
    ROW("the fixture is adopted", NULL, "ConfigurationOpaque", NULL, NULL, PREFIX, "backups/stock"),
    ROW("an init program before the sidecar is skipped",
        SIDECAR "/command ['/sbin/tini','--','etcdbrctl','server']", "ConfigurationOpaque", NULL,
        NULL, PREFIX, "backups/stock"),
    ROW("args are for the image's own program", SIDECAR "/command\n" SIDECAR "/args/0 'server'",
        "ConfigurationOpaque", NULL, NULL, PREFIX, "backups/stock"),
    ROW("a script in the image is opaque", STARTED("['/scripts/run.sh']"), OPAQUE,
        "/scripts/run.sh"),
    ROW("with flags as well", SIDECAR "/command ['/scripts/run.sh']", OPAQUE, "/scripts/run.sh"),
    ROW("also where a shell runs it", STARTED("['/bin/sh','/scripts/run.sh']"), OPAQUE,
        "/scripts/run.sh"),
    ROW("and as an argument of the image's own program",
        SIDECAR "/command\n" SIDECAR "/args ['/scripts/run.sh','--storage-provider=S3']", OPAQUE,
        "/scripts/run.sh"),
    ROW("nothing at all is opaque", SIDECAR "/command\n" SIDECAR "/args", OPAQUE,
        "neither command nor args"),
    ROW("nothing but an init program is too", STARTED("['tini','--']"), OPAQUE,
        "neither command nor args"),
    ROW("another program is", STARTED("['server','--storage-provider=S3']"), OPAQUE, "server"),
    ROW("a script in a ConfigMap is read",
        STARTED("['/bin/sh','/scripts/run.sh']")
            SCRIPTS("{'run.sh':'#!/bin/sh\\nexec etcdbrctl server " FLAGS "\\n'}"),
        "ConfigurationOpaque", NULL, NULL, PREFIX, "deep/stock"),
    ROW("without a shell as well",
        STARTED("['/scripts/run.sh']")
            SCRIPTS("{'run.sh':'#!/bin/sh\\nexec etcdbrctl server " FLAGS "\\n'}"),
        "SettingWithoutField", NULL, "volume scripts", PREFIX, "deep/stock"),
    ROW("one that is too clever is opaque",
        STARTED("['/scripts/run.sh']")
            SCRIPTS("{'run.sh':'while true; do etcdbrctl server " FLAGS "; done'}"),
        OPAQUE, "for certain"),
    ROW("words that an expansion falls apart into are opaque",
        STARTED("['sh','-c','exec etcdbrctl server $OPTS']") "\n" SIDECAR
                                                             "/env/- {'name':'OPTS','value':'" FLAGS
                                                             "'}",
        OPAQUE, "for certain"),
    ROW("a container that the script sets counts",
        STARTED("['sh','-c','export STORAGE_CONTAINER=other\\nexec etcdbrctl server " FLAGS "']"),
        NULL, NULL, NULL, "/spec/backup/store/container", "other"),
    ROW("one that it keeps to itself does not",
        STARTED("['sh','-c','STORAGE_CONTAINER=other\\nexec etcdbrctl server " FLAGS
                "']") "\n" SIDECAR "/env/1",
        "StoreContainerUnknown", "blocker", NULL),

    ROW("what stands behind two dashes are no flags",
        SIDECAR "/args/- '--'\n" SIDECAR "/args/- '--store-prefix=other'", "Unaccounted", NULL,
        NULL, PREFIX, "backups/stock"),
    ROW("a value may be attached to a short name", SIDECAR "/args/0 '-d/var/etcd/data/old.etcd'",
        "DataDirMismatch", "blocker", "old.etcd"),
    ROW("or stand behind it",
        SIDECAR "/args/0 '-d'\n" SIDECAR "/args/- '-d'\n" SIDECAR
                "/args/- '/var/etcd/data/old.etcd'",
        "DataDirMismatch", "blocker", "old.etcd"),
    ROW("a number attached to a short name is known", SIDECAR "/args/8 '-m3'",
        "SettingWithoutField", NULL, "-m3"),
    ROW("two names of one period disagree", SIDECAR "/args/- '--delta-snapshot-period-seconds=300'",
        "SourcesDisagree", "warning", "delta-snapshot-period-seconds"),
    ROW("they may say the same", SIDECAR "/args/- '--delta-snapshot-period-seconds=150'",
        "SourcesDisagree", NULL, NULL),
    ROW("an image of a single architecture is etcd's",
        ETCD "/image 'registry.example.com/etcd-amd64:3.2.24'", "EtcdVersionTooOld", "blocker",
        "3.2.24"),
    ROW("etcd-wrapper is not", ETCD "/image 'registry.example.com/etcd-wrapper:v0.3.1'",
        "EtcdVersionUnknown", "warning", NULL),

    ROW("a prefix of an absent ConfigMap is not known", PREFIX_IS("$(X)/stock") SIDECAR_X(FROM_MAP),
        "StorePrefixMissing", "blocker", "not known"),
    ROW("one of the pod's uid is not either",
        PREFIX_IS("$(X)/stock") SIDECAR_X(FROM_FIELD("metadata.uid")), "StorePrefixMissing",
        "blocker", "'$(X)/stock'"),
    ROW("one of a label is",
        PREFIX_IS("$(X)/stock") SIDECAR_X(FROM_FIELD("metadata.labels[\\u0027team\\u0027]")), NULL,
        NULL, NULL, PREFIX, "warehouse/stock"),
    ROW("one of an annotation too",
        PREFIX_IS("$(X)/stock")
            SIDECAR_X(FROM_FIELD("metadata.annotations[\\u0027example.com/owner\\u0027]")),
        NULL, NULL, NULL, PREFIX, "warehouse/stock"),
    ROW("one of a label that the template lacks is not",
        PREFIX_IS("$(X)/stock") SIDECAR_X(FROM_FIELD("metadata.labels[\\u0027other\\u0027]")),
        "StorePrefixMissing", "blocker", "not known"),
    ROW("one of the label with the pod's name is",
        PREFIX_IS("$(X)/stock") SIDECAR_X(
            FROM_FIELD("metadata.labels[\\u0027statefulset.kubernetes.io/pod-name\\u0027]")),
        NULL, NULL, NULL, PREFIX, "stock-0/stock"),
    ROW("one of a Secret is not known", PREFIX_IS("$(X)/stock") SIDECAR_X(FROM_SECRET),
        "StorePrefixMissing", "blocker", "not known"),
    ROW("and that Secret has no credentials", PREFIX_IS("$(X)/stock") SIDECAR_X(FROM_SECRET),
        "SourcesDisagree", NULL, "pfx"),
    ROW("a prefix of variables that are not known is not",
        PREFIX_IS("$(Y)/stock") SIDECAR_X(FROM_MAP) "\n" SIDECAR
                                                    "/env/- {'name':'Y','value':'a$(X)'}",
        "StorePrefixMissing", "blocker", "not known"),
    ROW("a variable that nobody sets stays as it is written", PREFIX_IS("$(X)/stock"), NULL, NULL,
        NULL, PREFIX, "$(X)/stock"),
    ROW("unless an absent object may set it",
        PREFIX_IS("$(X)/stock") "\n" SIDECAR "/envFrom [{'configMapRef':{'name':'absent'}}]",
        "StorePrefixMissing", "blocker", "not known"),
    ROW("one that is optional and known to be absent does not",
        PREFIX_IS(
            "$(X)/stock") "\n" SIDECAR
                          "/envFrom [{'configMapRef':{'name':'absent','optional':true}}]" SCRIPTS(
                              "{}"),
        NULL, NULL, NULL, PREFIX, "$(X)/stock"),
    ROW("an endpoint may be unknown",
        SIDECAR "/args/- '--store-endpoint-override=$(X)'" SIDECAR_X(FROM_MAP), "SettingInvalid",
        "blocker", "store-endpoint-override of container backup-restore is not known"),
    ROW("a container may be, and no variable stands in for it",
        SIDECAR "/args/- '--store-container=$(X)'" SIDECAR_X(FROM_MAP), "StoreContainerUnknown",
        "blocker", NULL),
    ROW("a provider may be", SIDECAR "/args/1 '--storage-provider=$(X)'" SIDECAR_X(FROM_MAP),
        "SettingInvalid", "blocker", "storage-provider of container backup-restore is not known"),
    ROW("a period may be", SIDECAR "/args/4 '--delta-snapshot-period=$(X)'" SIDECAR_X(FROM_MAP),
        "SettingInvalid", "blocker", "delta-snapshot-period of container backup-restore is not"),
    ROW("any flag may be", SIDECAR "/args/- '$(X)'" SIDECAR_X(FROM_MAP), OPAQUE, "any flag"),
    ROW("etcd's directory may be", ETCD "/command/2 '--data-dir=$(X)'" ETCD_X(FROM_MAP),
        "DataDirMismatch", "blocker", "not known"),
    ROW("so may that of its log", ETCD "/command/- '--wal-dir=$(X)'" ETCD_X(FROM_MAP),
        "DataDirMismatch", "blocker", "not known"),
    ROW("its flags may be", ETCD "/command/- '--$(X)=1'" ETCD_X(FROM_MAP), OPAQUE, "any flag"),
    ROW("the word after a flag may be",
        ETCD "/command/- '--quota-backend-bytes'\n" ETCD "/command/- '$(X)'" ETCD_X(FROM_MAP),
        "SettingInvalid", "blocker", "quota-backend-bytes of container etcd is not known"),
    ROW("its compaction may be",
        ETCD "/command/- '--auto-compaction-retention=$(X)'" ETCD_X(FROM_MAP), "SettingInvalid",
        "blocker", "auto-compaction-retention of container etcd is not known"),
    ROW("its certificate may be", ETCD "/command/- '--cert-file=$(X)'" ETCD_X(FROM_MAP),
        "SettingInvalid", "blocker", "cert-file of container etcd is not known"),
    ROW("its configuration file may be", ETCD "/command/- '--config-file=$(X)'" ETCD_X(FROM_MAP),
        OPAQUE, "which configuration file"),
    ROW("all of its variables may be",
        ETCD "/envFrom [{'prefix':'ETCD_','configMapRef':{'name':'absent'}}]", OPAQUE, "variables"),
    ROW("those of a Secret as well", ETCD "/envFrom [{'secretRef':{'name':'absent'}}]", OPAQUE,
        "variables"),
    ROW("a variable of etcd's may be",
        ETCD "/command/2\n" ETCD
             "/env [{'name':'ETCD_DATA_DIR','valueFrom':{'configMapKeyRef':{'name':'absent','key':"
             "'k'}}}]",
        "DataDirMismatch", "blocker", "not known"),
    ROW("an address to listen on need not be known",
        ETCD
        "/command/3 '--listen-client-urls=http://$(X):2379'" ETCD_X(FROM_FIELD("status.podIP")),
        "SettingInvalid", NULL, NULL, PREFIX, "backups/stock"),
    ROW("its port must be",
        ETCD "/command/3 '--listen-client-urls=http://0.0.0.0:$(X)'" ETCD_X(FROM_MAP),
        "SettingInvalid", "blocker", "listen-client-urls"),
    ROW("a name need not be", ETCD "/command/1 '--name=$(X)'" ETCD_X(FROM_FIELD("metadata.uid")),
        "SettingInvalid", NULL, NULL, PREFIX, "backups/stock"),
    ROW("but for members that are to be joined",
        ETCD "/command/1 '--name=$(X)'" ETCD_X(FROM_FIELD("metadata.uid")), "SettingInvalid",
        "blocker", "--name", .wanted = MIGRATE_JOIN),
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
