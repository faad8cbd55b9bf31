/* Every finding, where it must be and where it must not. */
#include "tests/migration/support.h"

struct row {
    const char *fixture, *edits;
    const char *strategy;
    const char *code;
    const char *severity; /* NULL: it must not be found */
    const char *about;    /* a part of its path or message; NULL: any */
    struct migrate_options options;
    const char *remedy; /* a part of it; NULL: any */
};

#define SPEC "StatefulSet /spec"
#define TEMPLATE SPEC "/template"
#define POD TEMPLATE "/spec"
#define ETCD POD "/containers/0"
#define SIDECAR POD "/containers/1"
/* The list is open at its end. */
#define TLS_BY_FLAGS                                                                               \
    ETCD "/command ['etcd','--data-dir=/data/new.etcd','--cert-file=/tls/server/tls.crt',"         \
         "'--key-file=/tls/server/tls.key','--listen-client-urls=https://0.0.0.0:2379'"
#define NOT_ASKED                                                                                  \
    "'data-dir: /data/new.etcd\\nlisten-client-urls: https://0.0.0.0:2379\\n"                      \
    "client-transport-security: {cert-file: /tls/server/tls.crt, key-file: "                       \
    "/tls/server/tls.key}\\n'"
#define PEERS_NOT_TOLD                                                                             \
    "'data-dir: /data/new.etcd\\nlisten-peer-urls: https://0.0.0.0:2380\\n"                        \
    "peer-transport-security: {cert-file: /tls/peers/peer.crt, key-file: /tls/peers/peer.key, "    \
    "trusted-ca-file: /tls/peers/ca.crt}\\n'"
#define FILE_IS "ConfigMap /data/settings "

static void row(void **state)
{
    const struct row *row = *state;
    struct migrate_options options = row->options;
    options.strategy = MIGRATE_AUTO;
    struct translated t = translate(row->fixture, row->edits, &options);
    if (!t.done)
        fail_msg("%s", t.error.message);
    struct json_object *findings = findings_of(t.result.report, row->strategy);
    struct json_object *finding = finding_of(findings, row->code, row->about);
    if (!finding != !row->severity)
        fail_msg("%s is %s: %s", row->code, finding ? "found" : "missing",
                 kube_json_write(findings));
    if (finding && row->severity) {
        assert_string_equal(kube_json_text(finding, "/severity"), row->severity);
        assert_non_null(kube_json_text(finding, "/path"));
        if (strcmp(row->severity, "info") != 0 && !kube_json_text(finding, "/remedy"))
            fail_msg("%s has no remedy", row->code);
        if (row->remedy && !strstr(kube_json_text(finding, "/remedy"), row->remedy))
            fail_msg("%s: %s", row->code, kube_json_text(finding, "/remedy"));
        /* The path is a place in the StatefulSet. */
        const char *path = kube_json_text(finding, "/path");
        struct json_object *there = NULL;
        for (enum json_type type = json_type_boolean; !there && type <= json_type_string; type++)
            kube_json_get(t.sts, path, type, &there, NULL);
        if (path && *path && !there && !strstr(path, "securityContext"))
            fail_msg("%s: there is no %s", row->code, path);
    }
    free_translated(&t);
}

/* ROW(sentence, fixture, edits, strategy, code, severity[, about[, options]]) */
#define ROW(sentence, from, with, by, what, ...)                                                   \
    {                                                                                              \
        sentence, row, NULL, NULL, &(struct row)                                                   \
        {                                                                                          \
            .fixture = from, .edits = with, .strategy = by, .code = what, .severity = __VA_ARGS__  \
        }                                                                                          \
    }

static struct CMUnitTest tests[] = {
    ROW("data where druid looks for it is no mismatch", "plain", NULL, "adopt", "DataDirMismatch",
        NULL),
    ROW("another directory is", "plain", ETCD "/command/2 '--data-dir=/var/etcd/data/other'",
        "adopt", "DataDirMismatch", "blocker", "'other'"),
    ROW("the volume's root is", "plain", ETCD "/command/2 '--data-dir=/var/etcd/data'", "adopt",
        "DataDirMismatch", "blocker"),
    ROW("a subPath before it is", "plain", ETCD "/volumeMounts/0/subPath 'deep'", "adopt",
        "DataDirMismatch", "blocker", "deep/new.etcd"),
    ROW("a subPath that is new.etcd itself is none", "plain",
        ETCD "/volumeMounts/0/subPath 'new.etcd'\n" ETCD "/command/2 '--data-dir=/var/etcd/data'",
        "adopt", "DataDirMismatch", NULL, "container etcd"),
    ROW("a subPathExpr that cannot be known is", "plain",
        ETCD "/volumeMounts/0/subPathExpr '$(WHERE)'\n" ETCD
             "/env [{'name':'WHERE','valueFrom':{'fieldRef':{'fieldPath':'spec.nodeName'}}}]",
        "adopt", "DataDirMismatch", "blocker"),
    ROW("dots and slashes in the path do not matter", "plain",
        ETCD "/command/2 '--data-dir=//var/etcd/./data/x/../new.etcd/'", "adopt", "DataDirMismatch",
        NULL),
    ROW("the sidecar's directory counts as well", "plain",
        SIDECAR "/args/0 '--data-dir=/var/etcd/data/old.etcd'", "adopt", "DataDirMismatch",
        "blocker", "container backup-restore"),
    ROW("no directory is one below etcd's working directory", "plain", ETCD "/command/2", "adopt",
        "DataDirMismatch", "blocker", "not set"),
    ROW("one that etcd does not obey counts too", "secured",
        ETCD "/env [{'name':'ETCD_DATA_DIR','value':'/data/else'}]", "adopt", "DataDirMismatch",
        "blocker", "ETCD_DATA_DIR"),
    ROW("a log elsewhere is", "plain", ETCD "/command/- '--wal-dir=/var/etcd/data/wal'", "adopt",
        "DataDirMismatch", "blocker", "wal"),
    ROW("a log in its usual place is none", "plain",
        ETCD "/command/- '--wal-dir=/var/etcd/data/new.etcd/member/wal'", "adopt",
        "DataDirMismatch", NULL),
    ROW("a log on another volume is", "plain",
        ETCD "/command/- '--wal-dir=/wal'\n" POD "/volumes [{'name':'wal','emptyDir':{}}]\n" ETCD
             "/volumeMounts/- {'name':'wal','mountPath':'/wal'}",
        "adopt", "DataDirMismatch", "blocker", "wal"),
    ROW("another volume below the directory is", "plain",
        POD "/volumes [{'name':'scratch','emptyDir':{}}]\n" ETCD
            "/volumeMounts/- {'name':'scratch','mountPath':'/var/etcd/data/new.etcd/member'}",
        "adopt", "DataDirMismatch", "blocker", "volumeMounts/1"),
    ROW("another claim for the log is", "plain",
        SPEC "/volumeClaimTemplates/- {'metadata':{'name':'log'},'spec':{}}\n" ETCD
             "/volumeMounts/- {'name':'log','mountPath':'/var/etcd/data/new.etcd/member/wal/'}",
        "adopt", "DataDirMismatch", "blocker", "volume log"),
    ROW("another part of the same volume is", "plain",
        ETCD "/volumeMounts/- {'name':'stock-data','mountPath':'/var/etcd/data/new.etcd/member',"
             "'subPath':'member'}",
        "adopt", "DataDirMismatch", "blocker", "volumeMounts/1"),
    ROW("the same part of it is none", "plain",
        ETCD "/volumeMounts/- {'name':'stock-data','mountPath':'/var/etcd/data/new.etcd/member',"
             "'subPath':'new.etcd/member'}",
        "adopt", "DataDirMismatch", NULL),
    ROW("a volume beside the directory is none", "plain",
        POD "/volumes [{'name':'scratch','emptyDir':{}}]\n" ETCD
            "/volumeMounts/- {'name':'scratch','mountPath':'/var/etcd/data/new.etcd-2'}",
        "adopt", "DataDirMismatch", NULL),
    ROW("pods that are not numbered from 0 have claims of other names", "plain",
        SPEC "/ordinals {'start':3}", "adopt", "DataDirMismatch", "blocker", "ordinals"),
    ROW("joining does not care where the data is", "plain",
        ETCD "/command/2 '--data-dir=/var/etcd/data/other'", "join", "DataDirMismatch", NULL),

    ROW("a claim template is persistent", "plain", NULL, "adopt", "NoPersistentVolume", NULL),
    ROW("an emptyDir is not", "plain",
        POD "/volumes [{'name':'stock-data','emptyDir':{}}]\n" SPEC "/volumeClaimTemplates",
        "adopt", "NoPersistentVolume", "blocker", "emptyDir"),
    ROW("a hostPath is not", "plain",
        POD "/volumes [{'name':'stock-data','hostPath':{'path':'/x'}}]\n" SPEC
            "/volumeClaimTemplates",
        "adopt", "NoPersistentVolume", "blocker", "hostPath"),
    ROW("a shared claim is not", "plain",
        POD "/volumes [{'name':'stock-data','persistentVolumeClaim':{'claimName':'x'}}]\n" SPEC
            "/volumeClaimTemplates",
        "adopt", "NoPersistentVolume", "blocker", "persistentVolumeClaim"),
    ROW("the container's own file system is not", "plain", ETCD "/command/2 '--data-dir=/new.etcd'",
        "adopt", "NoPersistentVolume", "blocker", "no volume"),

    ROW("claims that go with the StatefulSet are at risk", "plain",
        SPEC "/persistentVolumeClaimRetentionPolicy {'whenDeleted':'Delete'}", "adopt",
        "ClaimsAtRisk", "blocker", "whenDeleted"),
    ROW("those that stay are not", "plain",
        SPEC "/persistentVolumeClaimRetentionPolicy {'whenDeleted':'Retain','whenScaled':'Retain'}",
        "adopt", "ClaimsAtRisk", NULL),
    ROW("those that go with the pods are when the old one is scaled down", "plain",
        SPEC "/persistentVolumeClaimRetentionPolicy {'whenScaled':'Delete'}", "restore",
        "ClaimsAtRisk", "warning", "whenScaled"),
    ROW("one member is not several", "plain", NULL, "adopt", "MultipleMembers", NULL),
    ROW("three are", "trio", NULL, "adopt", "MultipleMembers", "blocker",
        "quorum-0.quorum-headless"),
    ROW("three that are reached as under druid are fine", "trio",
        ETCD "/env/1/value 'quorum-peer.lab.svc'", "adopt", "MultipleMembers", NULL),
    ROW("not so at another port", "trio",
        ETCD "/env/1/value 'quorum-peer.lab.svc'\n" ETCD "/env/4/value 'http://0.0.0.0:2480'",
        "adopt", "MultipleMembers", "blocker"),
    ROW("not so when they are named otherwise", "trio",
        ETCD "/env/1/value 'quorum-peer.lab.svc'\n" ETCD "/env/2/value 'x-$(WHO)'", "adopt",
        "MultipleMembers", "blocker"),
    ROW("one replica of a cluster that has more is several", "trio", SPEC "/replicas 1", "adopt",
        "MultipleMembers", "blocker"),
    ROW("a sleeping cluster has as many as it was begun with", "trio", SPEC "/replicas 0", "adopt",
        "MultipleMembers", "blocker"),
    ROW("joining is for several", "trio", NULL, "join", "MultipleMembers", NULL),

    ROW("3.4 to 3.4 is fine", "plain", NULL, "adopt", "EtcdVersionTooNew", NULL),
    ROW("3.5 to 3.4 is too new", "plain", ETCD "/image 'registry.example.com/etcd:v3.5.1'", "adopt",
        "EtcdVersionTooNew", "blocker"),
    ROW("3.5 to 3.5 is fine", "plain", ETCD "/image 'registry.example.com/etcd:v3.5.1'", "adopt",
        "EtcdVersionTooNew", NULL, NULL, {.target_etcd_version = "3.5"}),
    ROW("3.6 is too new for any", "plain", ETCD "/image 'registry.example.com/etcd:3.6.0'", "adopt",
        "EtcdVersionTooNew", "blocker", NULL, {.target_etcd_version = "3.5"}),
    ROW("the version that is said wins over the tag", "plain", NULL, "adopt", "EtcdVersionTooNew",
        "blocker", "3.5.9", {.etcd_version = "3.5.9"}),
    ROW("3.3 to 3.4 is one step", "plain", ETCD "/image 'registry.example.com/etcd:v3.3.17'",
        "adopt", "EtcdVersionTooOld", NULL),
    ROW("3.2 to 3.4 is too old", "plain", ETCD "/image 'registry.example.com/etcd:v3.2.32'",
        "adopt", "EtcdVersionTooOld", "blocker"),
    ROW("2.3 is too old", "plain", ETCD "/image 'registry.example.com/etcd:v2.3.8'", "adopt",
        "EtcdVersionTooOld", "blocker"),
    ROW("joining needs the same minor version", "trio", NULL, "join", "EtcdVersionDiffers", NULL),
    ROW("another one is in the way", "trio", ETCD "/image 'registry.example.com/etcd:3.3.27'",
        "join", "EtcdVersionDiffers", "blocker"),
    ROW("so is one that is not known", "trio", ETCD "/image 'registry.example.com/etcd:latest'",
        "join", "EtcdVersionDiffers", "blocker"),
    ROW("adopting does not need it", "plain", ETCD "/image 'registry.example.com/etcd:v3.3.17'",
        "adopt", "EtcdVersionDiffers", NULL),
    ROW("a tag that is a version is known", "plain", NULL, "adopt", "EtcdVersionUnknown", NULL),
    ROW("latest is not", "plain", ETCD "/image 'registry.example.com/etcd:latest'", "adopt",
        "EtcdVersionUnknown", "warning"),
    ROW("a digest is not", "plain", ETCD "/image 'registry.example.com/etcd@sha256:00'", "adopt",
        "EtcdVersionUnknown", "warning"),
    ROW("a tag with a digest is", "plain",
        ETCD "/image 'registry.example.com/etcd:v3.4.13@sha256:00'", "adopt", "EtcdVersionUnknown",
        NULL),
    ROW("a registry's port is no tag", "plain", ETCD "/image 'localhost:5000/etcd'", "adopt",
        "EtcdVersionUnknown", "warning"),
    ROW("a tag of etcd-wrapper is not etcd's version", "plain",
        ETCD "/image 'registry.example.com/etcd-wrapper:v0.3.1'", "adopt", "EtcdVersionUnknown",
        "warning"),
    ROW("saying it settles that", "plain", ETCD "/image 'registry.example.com/etcd:latest'",
        "adopt", "EtcdVersionUnknown", NULL, NULL, {.etcd_version = "3.4.1"}),

    ROW("druid v0.37 cannot join", "trio", NULL, "join", "DruidTooOld", "blocker"),
    ROW("druid v0.38 can", "trio", NULL, "join", "DruidTooOld", NULL, NULL,
        {.druid_version = "v0.38"}),
    ROW("adopting does not need v0.38", "plain", NULL, "adopt", "DruidTooOld", NULL),

    ROW("prepared pods have their labels", "plain", NULL, "adopt", "PodLabelsMissing", NULL),
    ROW("pods that are not rolled lack them", "plain",
        TEMPLATE "/metadata/labels {'team':'warehouse'}", "adopt", "PodLabelsMissing", "blocker",
        "does not roll"),
    ROW("one of the two is not enough", "plain",
        TEMPLATE
        "/metadata/labels {'team':'warehouse','app.kubernetes.io/managed-by':'etcd-druid'}",
        "adopt", "PodLabelsMissing", "blocker"),
    ROW("nor are they of another etcd", "plain",
        TEMPLATE "/metadata/labels/app.kubernetes.io~1part-of 'other'", "adopt", "PodLabelsMissing",
        "blocker"),
    ROW("a rollout that is not finished is not", "plain",
        "StatefulSet /status {'currentRevision':'a','updateRevision':'b'}", "adopt",
        "PodLabelsMissing", "blocker", "rollout"),
    ROW("pods that are rolled only when they are deleted may lack them", "plain",
        SPEC "/updateStrategy {'type':'OnDelete'}", "adopt", "PodLabelsMissing", "blocker",
        "OnDelete"),
    ROW("so may those below a partition", "plain",
        SPEC "/updateStrategy {'type':'RollingUpdate','rollingUpdate':{'partition':1}}", "adopt",
        "PodLabelsMissing", "blocker", "partition"),
    ROW("the status knows better", "plain",
        SPEC "/updateStrategy {'type':'OnDelete'}\nStatefulSet /status "
             "{'currentRevision':'a','updateRevision':'a'}",
        "adopt", "PodLabelsMissing", NULL),
    ROW("a finished one is", "plain",
        "StatefulSet /status {'currentRevision':'a','updateRevision':'a'}", "adopt",
        "PodLabelsMissing", NULL),
    ROW("one pod that druid rolls for its TLS gets them, a little late", "secured", NULL, "adopt",
        "PodLabelsMissing", "warning"),
    ROW("not where the pods are rolled only when they are deleted", "secured",
        SPEC "/updateStrategy {'type':'OnDelete'}", "adopt", "PodLabelsMissing", "blocker",
        "OnDelete", .remedy = "delete each pod"),
    ROW("nor where a partition holds them back", "secured",
        SPEC "/updateStrategy {'rollingUpdate':{'partition':1}}\nStatefulSet /status "
             "{'currentRevision':'a','updateRevision':'a'}",
        "adopt", "PodLabelsMissing", "blocker", "partition", .remedy = "{\"partition\":0}}"),
    ROW("a partition of none holds none back", "secured",
        SPEC "/updateStrategy {'rollingUpdate':{'partition':0}}", "adopt", "PodLabelsMissing",
        "warning"),
    ROW("several that druid rolls without waiting do not", "secured",
        SPEC
        "/replicas 2\n" ETCD
        "/volumeMounts/- {'name':'etcd-peer-ca','mountPath':'/var/etcd/ssl/peer/ca'}\n" ETCD
        "/volumeMounts/- {'name':'etcd-peer-server-tls','mountPath':'/var/etcd/ssl/peer/server'}",
        "adopt", "PodLabelsMissing", "blocker", "ten seconds"),
    ROW("several whose peer TLS changes are waited for", "secured", SPEC "/replicas 2", "adopt",
        "PodLabelsMissing", NULL),
    ROW("a template label that wins over druid's is in the way", "secured",
        SPEC
        "/selector/matchLabels {'app.kubernetes.io/name':'x'}\n" TEMPLATE
        "/metadata/labels {'app.kubernetes.io/name':'x','app.kubernetes.io/managed-by':'Helm'}",
        "adopt", "PodLabelsMissing", "blocker", "win"),
    ROW("one that does not win is not", "secured",
        TEMPLATE "/metadata/labels {'app':'vault','app.kubernetes.io/managed-by':'Helm'}", "adopt",
        "PodLabelsMissing", "warning"),
    ROW("an expression in the selector decides as well", "secured",
        SPEC "/selector "
             "{'matchExpressions':[{'key':'app.kubernetes.io/managed-by','operator':'In','values':"
             "['Helm']}]}\n" TEMPLATE "/metadata/labels {'app.kubernetes.io/managed-by':'Helm'}",
        "adopt", "PodLabelsMissing", "blocker", "win"),
    ROW("druid's own selector needs nothing", "plain",
        SPEC
        "/selector "
        "{'matchLabels':{'app.kubernetes.io/managed-by':'etcd-druid','app.kubernetes.io/part-of':"
        "'stock'}}",
        "adopt", "PodLabelsMissing", NULL),
    ROW("no pods need no labels", "plain",
        SPEC "/replicas 0\n" TEMPLATE "/metadata/labels {'team':'warehouse'}", "adopt",
        "PodLabelsMissing", NULL),

    ROW("a key of druid's with another value is overridden", "secured",
        TEMPLATE "/metadata/labels {'app':'vault','app.kubernetes.io/name':'etcd'}", "adopt",
        "LabelOverridden", "warning", "app.kubernetes.io~1name"),
    ROW("with druid's value it is not", "plain", NULL, "adopt", "LabelOverridden", NULL),

    ROW("immutable fields matter only where the selector is druid's", "plain", NULL, "adopt",
        "ImmutableFieldsDiffer", NULL),
    ROW("then the service name must be", "plain",
        SPEC
        "/selector "
        "{'matchLabels':{'app.kubernetes.io/managed-by':'etcd-druid','app.kubernetes.io/part-of':"
        "'stock'}}\n" SPEC "/podManagementPolicy 'Parallel'",
        "adopt", "ImmutableFieldsDiffer", "blocker", "serviceName"),
    ROW("and the pod management policy", "plain",
        SPEC
        "/selector "
        "{'matchLabels':{'app.kubernetes.io/managed-by':'etcd-druid','app.kubernetes.io/part-of':"
        "'stock'}}\n" SPEC "/serviceName 'stock-peer'",
        "adopt", "ImmutableFieldsDiffer", "blocker", "podManagementPolicy"),
    ROW("and the claim templates", "plain",
        SPEC
        "/selector "
        "{'matchLabels':{'app.kubernetes.io/managed-by':'etcd-druid','app.kubernetes.io/part-of':"
        "'stock'}}\n" SPEC "/volumeClaimTemplates/0/spec/accessModes ['ReadWriteMany']",
        "adopt", "ImmutableFieldsDiffer", "blocker", "volumeClaimTemplates"),
    ROW("all of them druid's are fine", "plain",
        SPEC
        "/selector "
        "{'matchLabels':{'app.kubernetes.io/managed-by':'etcd-druid','app.kubernetes.io/part-of':"
        "'stock'}}\n" SPEC "/podManagementPolicy 'Parallel'\n" SPEC "/serviceName 'stock-peer'",
        "adopt", "ImmutableFieldsDiffer", NULL),

    ROW("a certificate with all names will do", "secured", NULL, "adopt", "ServerCertificateNames",
        NULL),
    ROW("one without -local will not", "secured",
        "Secret/vault-server /stringData/tls.crt '@leaf "
        "DNS:vault-client,DNS:*.vault-peer.bank.svc'",
        "adopt", "ServerCertificateNames", "blocker", "lacks vault-local"),
    ROW("one without -client will not", "secured",
        "Secret/vault-server /stringData/tls.crt '@leaf DNS:vault-local,DNS:*.vault-peer.bank.svc'",
        "adopt", "ServerCertificateNames", "blocker", "lacks vault-client"),
    ROW("one without a member's name will not", "secured",
        SPEC "/replicas 2\nSecret/vault-server /stringData/tls.crt "
             "'@leaf DNS:vault-local,DNS:vault-client,DNS:vault-0.vault-peer.bank.svc'",
        "adopt", "ServerCertificateNames", "blocker", "lacks vault-1.vault-peer.bank.svc"),
    ROW("the peers' must have the members' names", "secured",
        "Secret/vault-peer /stringData/tls.crt '@leaf DNS:vault-0'", "adopt",
        "ServerCertificateNames", "blocker", "peers"),
    ROW("the sidecar's must have -local", "secured",
        "Secret/vault-backup-server /stringData/tls.crt '@leaf DNS:vault'", "adopt",
        "ServerCertificateNames", "blocker", "sidecar"),
    ROW("another Etcd needs its own names", "secured", NULL, "join", "ServerCertificateNames",
        "blocker", "vault-druid-local"),
    ROW("an expired certificate is in the way", "secured",
        "Secret/vault-server /stringData/tls.crt '@expired DNS:vault-local'", "adopt",
        "CertificateExpired", "blocker", "2024-12-31"),
    ROW("so is one that is not valid yet", "secured",
        "Secret/vault-server /stringData/tls.crt '@late DNS:vault-local'", "adopt",
        "CertificateExpired", "blocker"),
    ROW("an expired client certificate too", "secured",
        "Secret/vault-client /stringData/tls.crt '@expired DNS:x'", "adopt", "CertificateExpired",
        "blocker", "client"),
    ROW("a valid one is not", "secured", NULL, "adopt", "CertificateExpired", NULL),
    ROW("what is no certificate is a warning", "secured",
        "Secret/vault-server /stringData {'tls.crt':'x','tls.key':'y'}", "adopt",
        "CertificateUnreadable", "warning", "vault-server"),
    ROW("so is nothing at all", "secured",
        "Secret/vault-server /stringData {'tls.crt':'','tls.key':'y'}", "adopt",
        "CertificateUnreadable", "warning", "tls.crt of Secret vault-server"),
    ROW("and what is not base64", "secured",
        "Secret/vault-server /stringData\nSecret/vault-server /data {'tls.crt':'%%%','tls.key':''}",
        "adopt", "CertificateUnreadable", "warning", "tls.crt of Secret vault-server"),
    ROW("and an empty key", "secured", "Secret/vault-client /stringData/tls.crt '@keyless DNS:x'",
        "adopt", "CertificateUnreadable", "warning", "tls.key of Secret vault-client"),
    ROW("and an empty CA", "secured", "Secret/vault-ca /stringData {'bundle.pem':''}", "adopt",
        "CertificateUnreadable", "warning", "bundle.pem of Secret vault-ca"),
    ROW("and a CA that is none", "secured", "Secret/vault-ca /stringData {'bundle.pem':'x'}",
        "adopt", "CertificateUnreadable", "warning", "clients"),
    ROW("a certificate is none", "secured", NULL, "adopt", "CertificateUnreadable", NULL),
    ROW("a certificate of another CA is not trusted", "secured",
        "Secret/vault-server /stringData/tls.crt '@stranger DNS:vault-local'", "adopt",
        "CertificateNotTrusted", "blocker", "vault-server"),
    ROW("one with another's key is not either", "secured",
        "Secret/vault-server /stringData/tls.crt '@misfit DNS:vault-local'", "adopt",
        "CertificateNotTrusted", "blocker", "vault-server"),
    ROW("a client certificate must be for clients", "secured",
        "Secret/vault-client /stringData/tls.crt '@server DNS:x'", "adopt", "CertificateNotTrusted",
        "blocker", "vault-client"),
    ROW("what the CA signed is", "secured", NULL, "adopt", "CertificateNotTrusted", NULL),

    ROW("client certificates that are asked for today change nothing", "secured", NULL, "adopt",
        "ClientCertAuthForced", NULL),
    ROW("so do those that are asked for by another word", "secured",
        TLS_BY_FLAGS ",'--client-cert-auth=1']", "adopt", "ClientCertAuthForced", NULL),
    ROW("a word for no asks for none", "secured", TLS_BY_FLAGS ",'--client-cert-auth=F']", "adopt",
        "ClientCertAuthForced", "blocker", "clients"),
    ROW("those that are not asked for today will be", "secured", FILE_IS NOT_ASKED, "adopt",
        "ClientCertAuthForced", "blocker", "clients"),
    ROW("which can be accepted", "secured", FILE_IS NOT_ASKED, "adopt", "ClientCertAuthForced",
        "warning", "clients", {.accept_client_cert_auth = true}),
    ROW("peers are asked as well", "secured",
        ETCD "/image 'registry.example.com/etcd:v3.3.17'\n" FILE_IS PEERS_NOT_TOLD, "adopt",
        "ClientCertAuthForced", "blocker", "peers"),
    ROW("from 3.4 on a CA for clients asks for them", "secured",
        TLS_BY_FLAGS ",'--trusted-ca-file=/tls/ca/bundle.pem','--client-cert-auth=false']", "adopt",
        "ClientCertAuthForced", NULL),
    ROW("3.3 wants to be told", "secured",
        ETCD "/image 'registry.example.com/etcd:v3.3.17'\n" TLS_BY_FLAGS
             ",'--trusted-ca-file=/tls/ca/bundle.pem']",
        "adopt", "ClientCertAuthForced", "blocker", "clients"),
    ROW("so may a version that is not known", "secured",
        ETCD "/image 'registry.example.com/etcd:latest'\n" TLS_BY_FLAGS
             ",'--trusted-ca-file=/tls/ca/bundle.pem']",
        "adopt", "ClientCertAuthForced", "blocker", "clients"),
    ROW("peers of 3.4 are asked as soon as they have a CA", "secured", FILE_IS PEERS_NOT_TOLD,
        "adopt", "ClientCertAuthForced", NULL, "peers"),
    ROW("the sidecar's client certificate is known", "secured", NULL, "adopt",
        "ClientSecretMissing", NULL),
    ROW("without it druid cannot start", "secured", SIDECAR "/args/12", "adopt",
        "ClientSecretMissing", "blocker"),
    ROW("naming one settles it", "secured", SIDECAR "/args/12", "adopt", "ClientSecretMissing",
        NULL, NULL, {.client_tls_secret = "vault-client"}),
    ROW("the sidecar's own TLS needs one too", "secured", POD "/volumes/7", "adopt",
        "ClientSecretMissing", "blocker"),
    ROW("all Secrets are there", "secured", NULL, "adopt", "SecretMissing", NULL),
    ROW("one that is absent is missing", "secured", "Secret/vault-server -", "adopt",
        "SecretMissing", "blocker", "vault-server"),
    ROW("one that is named by hand is looked at", "secured", NULL, "adopt", "SecretMissing",
        "blocker", "nowhere", {.client_tls_secret = "nowhere"}),
    ROW("without any Secret in the input they are not checked", "plain", "Secret -", "adopt",
        "SecretUnchecked", "warning", "stock-backup"),
    ROW("nor is one that is all variables", "plain",
        "Secret -\n" SIDECAR "/env [{'name':'STORAGE_CONTAINER','value':'some'}]\n" SIDECAR
        "/envFrom [{'secretRef':{'name':'stock-backup'}}]",
        "adopt", "SecretUnchecked", "warning", "stock-backup"),
    ROW("which is not to say that they are missing", "plain", "Secret -", "adopt", "SecretMissing",
        NULL),
    ROW("all keys are there", "secured", NULL, "adopt", "SecretKeyMissing", NULL),
    ROW("a missing credential is seen", "plain", "Secret /stringData/region", "adopt",
        "SecretKeyMissing", "blocker", "no key region"),
    ROW("a role with a token serves as well", "plain",
        "Secret /stringData {'bucketName':'some','region':'x','roleARN':'y','token':'z'}", "adopt",
        "SecretKeyMissing", NULL),
    ROW("a missing key of the CA is seen", "secured",
        "Secret/vault-ca /stringData {'ca.crt':'@ca'}", "adopt", "SecretKeyMissing", "blocker",
        "bundle.pem"),
    ROW("a CA from a ConfigMap is not in a Secret", "secured",
        POD "/volumes/1 {'name':'client-ca','configMap':{'name':'vault-start'}}", "adopt",
        "TLSNotInSecret", "blocker", "ConfigMap vault-start"),
    ROW("TLS from Secrets is", "secured", NULL, "adopt", "TLSNotInSecret", NULL),
    ROW("certificates that etcd makes up are in the way", "plain", ETCD "/command/- '--auto-tls'",
        "adopt", "AutomaticTLS", "blocker", "clients"),
    ROW("so are the peers'", "plain", ETCD "/command/- '--peer-auto-tls=true'", "adopt",
        "AutomaticTLS", "blocker", "peers"),
    ROW("on by another word they are as well", "plain", ETCD "/command/- '--auto-tls=1'", "adopt",
        "AutomaticTLS", "blocker", "clients"),
    ROW("so are the peers' in a variable", "plain",
        ETCD "/env [{'name':'ETCD_PEER_AUTO_TLS','value':'TRUE'}]", "adopt", "AutomaticTLS",
        "blocker", "peers"),
    ROW("off by another word they are not", "plain", ETCD "/command/- '--auto-tls=F'", "adopt",
        "AutomaticTLS", NULL),
    ROW("off they are not", "plain", ETCD "/command/- '--auto-tls=false'", "adopt", "AutomaticTLS",
        NULL),

    ROW("the container in the Secret is known", "plain", NULL, "adopt", "StoreContainerUnknown",
        NULL),
    ROW("without the Secret it is not", "plain", "Secret -", "adopt", "StoreContainerUnknown",
        "blocker"),
    ROW("saying it settles that", "plain", "Secret -", "adopt", "StoreContainerUnknown", NULL, NULL,
        {.store_container = "warehouse-backups"}),
    ROW("an empty one is none", "plain", SIDECAR "/env/1 {'name':'STORAGE_CONTAINER','value':''}",
        "adopt", "StoreContainerUnknown", "blocker"),
    ROW("no variable and no flag is none", "plain", SIDECAR "/env/1", "adopt",
        "StoreContainerUnknown", "blocker"),
    ROW("a name that the schema refuses is in the way", "plain",
        "Secret /stringData/bucketName 'a/b'", "adopt", "StoreContainerInvalid", "blocker"),
    ROW("a good one is not", "plain", NULL, "adopt", "StoreContainerInvalid", NULL),
    ROW("a prefix is needed", "plain", SIDECAR "/args/2", "adopt", "StorePrefixMissing", "blocker"),
    ROW("an empty one is none", "plain", SIDECAR "/args/2 '--store-prefix='", "adopt",
        "StorePrefixMissing", "blocker"),
    ROW("with one it is fine", "plain", NULL, "adopt", "StorePrefixMissing", NULL),
    ROW("an unknown provider is in the way", "plain", SIDECAR "/args/1 '--storage-provider=Floppy'",
        "adopt", "StoreProviderUnknown", "blocker", "Floppy"),
    ROW("a known one is not", "plain", SIDECAR "/args/1 '--storage-provider=OCS'", "adopt",
        "StoreProviderUnknown", NULL),
    ROW("druid v0.37 needs the credentials' Secret", "secured", SIDECAR "/env", "adopt",
        "StoreSecretUnknown", "blocker"),
    ROW("v0.38 does not", "secured", SIDECAR "/env", "adopt", "StoreSecretUnknown", NULL, NULL,
        {.druid_version = "v0.38"}),
    ROW("a Secret of another purpose is none", "plain",
        SIDECAR "/env [{'name':'STORAGE_CONTAINER','value':'some'},{'name':'HTTPS_PROXY',"
                "'valueFrom':{'secretKeyRef':{'name':'proxy','key':'url'}}}]",
        "adopt", "StoreSecretUnknown", "blocker"),
    ROW("a local store on a volume is in the way", "plain",
        SIDECAR "/args/1 '--storage-provider=Local'\n" SIDECAR
                "/args/- '--store-container=/var/etcd/data/backups'",
        "adopt", "StoreLocal", "blocker"),
    ROW("one in the container itself has nothing to keep", "plain",
        SIDECAR "/args/1 '--storage-provider=Local'\n" SIDECAR "/env/1", "adopt", "StoreLocal",
        "warning"),
    ROW("a restore needs the old one stopped", "plain", NULL, "restore", "StoreShared", "blocker"),
    ROW("saying so settles it", "plain", NULL, "restore", "StoreShared", NULL, NULL,
        {.old_is_stopped = true}),
    ROW("joining has a prefix of its own", "plain", NULL, "join", "StoreShared", NULL),
    ROW("a restore needs backups", "trio", NULL, "restore", "StoreMissing", "blocker"),
    ROW("with them it is fine", "plain", NULL, "restore", "StoreMissing", NULL),

    ROW("a schedule without an equal is in the way, with the nearest", "plain",
        SIDECAR "/args/3 '--schedule=0,7,31 * * * *'", "adopt", "ScheduleNotExpressible", "blocker",
        "nearest"),
    ROW("so is an interval", "plain", SIDECAR "/args/3 '--schedule=@every 6h'", "adopt",
        "ScheduleNotExpressible", "blocker", "'0 */6 * * *'"),
    ROW("that of defragmentation as well", "plain",
        SIDECAR "/args/12 '--defragmentation-schedule=0 0 1,2,9 * *'", "adopt",
        "ScheduleNotExpressible", "blocker"),
    ROW("one with an equal is not", "plain", SIDECAR "/args/3 '--schedule=0 1,13 * * *'", "adopt",
        "ScheduleNotExpressible", NULL),
    ROW("periods that the schema refuses are said", "plain",
        SIDECAR "/args/6 '--garbage-collection-period=2m'", "adopt", "PeriodNotExpressible",
        "warning", "2m31s"),
    ROW("a collection that never runs has no equal beside deltas", "plain",
        SIDECAR "/args/6 '--garbage-collection-period=0s'", "adopt", "PeriodNotExpressible",
        "blocker", "deletes no backups", .remedy = "87600h"),
    ROW("nor has one of no seconds", "plain",
        SIDECAR "/args/6 '--garbage-collection-period-seconds=0'\n" SIDECAR
                "/args/4 '--delta-snapshot-period-seconds=300'",
        "adopt", "PeriodNotExpressible", "blocker", "deletes no backups"),
    ROW("to the sidecar a second is never, too", "plain",
        SIDECAR "/args/6 '--garbage-collection-period=1s'", "adopt", "PeriodNotExpressible",
        "blocker", "deletes no backups"),
    ROW("without deltas it is fine", "plain",
        SIDECAR "/args/6 '--garbage-collection-period=1s'\n" SIDECAR
                "/args/4 '--delta-snapshot-period=0s'",
        "adopt", "PeriodNotExpressible", NULL),
    ROW("equal periods at the default need no word", "plain",
        SIDECAR "/args/6 '--garbage-collection-period=1m'", "adopt", "PeriodNotExpressible", NULL),
    ROW("a setting that etcd would refuse is in the way", "plain",
        ETCD "/command/9 '--snapshot-count=many'", "adopt", "SettingInvalid", "blocker", "many"),
    ROW("so is a broken duration", "plain", SIDECAR "/args/4 '--delta-snapshot-period=soon'",
        "adopt", "SettingInvalid", "blocker", "soon"),
    ROW("and a broken schedule", "plain", SIDECAR "/args/3 '--schedule=often'", "adopt",
        "SettingInvalid", "blocker"),
    ROW("and an endpoint that is only a name", "plain",
        SIDECAR "/args/- '--store-endpoint-override=minio'", "adopt", "SettingInvalid", "blocker",
        "minio", .remedy = "as a URL"),
    ROW("or a name with a path", "plain",
        SIDECAR "/args/- '--store-endpoint-override=minio.local/path'", "adopt", "SettingInvalid",
        "blocker", "URL"),
    ROW("or one with blanks", "plain",
        SIDECAR "/args/- '--store-endpoint-override=https://not a url'", "adopt", "SettingInvalid",
        "blocker", "URL"),
    ROW("or without a host", "plain", SIDECAR "/args/- '--store-endpoint-override=https:///x'",
        "adopt", "SettingInvalid", "blocker", "URL"),
    ROW("or with a port that is a word", "plain",
        SIDECAR "/args/- '--store-endpoint-override=https://minio:web'", "adopt", "SettingInvalid",
        "blocker", "URL"),
    ROW("one with port and path is fine", "plain",
        SIDECAR "/args/- '--store-endpoint-override=http://[::1]:9000/a%20b?c'", "adopt",
        "SettingInvalid", NULL),
    ROW("a retention that is no time is in the way", "plain",
        ETCD "/command/11 '--auto-compaction-retention=long'", "adopt", "SettingInvalid", "blocker",
        "auto-compaction-retention"),
    ROW("so is one without a unit", "plain", ETCD "/command/11 '--auto-compaction-retention=0.5'",
        "adopt", "SettingInvalid", "blocker", "hours"),
    ROW("and more hours than there are", "plain",
        ETCD "/command/11 '--auto-compaction-retention=99999999999'", "adopt", "SettingInvalid",
        "blocker", "hours"),
    ROW("and a time where revisions count", "plain",
        ETCD "/command/10 '--auto-compaction-mode=revision'\n" ETCD
             "/command/11 '--auto-compaction-retention=1h'",
        "adopt", "SettingInvalid", "blocker", "revisions"),
    ROW("good ones are not", "plain", NULL, "adopt", "SettingInvalid", NULL),

    ROW("a user name of the sidecar is basic authentication", "plain",
        SIDECAR "/args/- '--etcd-username=root'", "adopt", "BasicAuth", "blocker", "etcd-username"),
    ROW("so is a root password from a Secret", "trio",
        ETCD
        "/env/- {'name':'ETCD_ROOT_PASSWORD','valueFrom':{'secretKeyRef':{'name':'x','key':'y'}}}",
        "join", "BasicAuth", "blocker", "ETCD_ROOT_PASSWORD"),
    ROW("without there is none", "plain", NULL, "adopt", "BasicAuth", NULL),
    ROW("a script that is not in the input is opaque", "secured", "ConfigMap -", "adopt",
        "ConfigurationOpaque", "blocker"),
    ROW("so it is for joining, where a Secret may be for TLS", "secured", "ConfigMap -", "join",
        "ConfigurationOpaque", "blocker", "vault-server"),
    ROW("without any that is a warning", "plain", ETCD "/command ['/run.sh']", "join",
        "ConfigurationOpaque", "warning", "/run.sh"),
    ROW("Secrets whose purpose is known change nothing", "secured",
        "ConfigMap -\n" ETCD
        "/volumeMounts [{'name':'vault-data','mountPath':'/data'},{'name':'server-pair',"
        "'mountPath':'/s'}]\n" ETCD
        "/env [{'name':'ETCD_CERT_FILE','value':'/s/tls.crt'},{'name':'ETCD_LISTEN_CLIENT_URLS',"
        "'value':'https://0.0.0.0:2379'}]",
        "restore", "ConfigurationOpaque", "warning"),
    ROW("a configuration file that is not in the input is opaque", "plain",
        ETCD "/command ['etcd','--config-file=/etc/etcd.yml']", "adopt", "ConfigurationOpaque",
        "blocker"),
    ROW("a file that is no YAML is opaque", "secured", FILE_IS "'{'", "adopt",
        "ConfigurationOpaque", "blocker"),
    ROW("a sidecar with a configuration file is opaque", "plain",
        SIDECAR "/args/- '--config-file=/x'", "adopt", "ConfigurationOpaque", "blocker", "sidecar"),
    ROW("what can be read is not", "secured", NULL, "adopt", "ConfigurationOpaque", NULL),
    ROW("a name that is too long for a Service is in the way", "plain",
        "StatefulSet /metadata/name 'a-name-of-more-than-fifty-six-letters-that-is-one-too-long'",
        "adopt", "NameInvalid", "blocker"),
    ROW("the old name is none for another Etcd", "plain", NULL, "join", "NameInvalid", "blocker",
        "itself", {.name = "stock"}),
    ROW("members must not look like the new ones", "trio", NULL, "join", "NameInvalid", "blocker",
        "quorum-0", {.name = "quorum"}),
    ROW("members of one name cannot be told apart", "trio", ETCD "/env/2/value 'same'", "join",
        "NameInvalid", "blocker", "both"),
    ROW("good names are fine", "trio", NULL, "join", "NameInvalid", NULL),
    ROW("members that advertise themselves locally cannot be joined", "trio",
        ETCD "/env/6/value 'http://localhost:2380'", "join", "PeerUrlsUnreachable", "blocker"),
    ROW("those that advertise nothing neither", "trio", ETCD "/env/6", "join",
        "PeerUrlsUnreachable", "blocker"),
    ROW("the scheme must be that of the TLS section", "trio",
        ETCD "/env/6/value 'https://$(WHO).$(WHERE):2380'", "join", "PeerUrlsUnreachable",
        "blocker"),
    ROW("others can be", "trio", NULL, "join", "PeerUrlsUnreachable", NULL),
    ROW("a sleeping cluster cannot be joined", "trio", SPEC "/replicas 0", "join",
        "ClusterNotRunning", "blocker"),
    ROW("a running one can", "trio", NULL, "join", "ClusterNotRunning", NULL),
    ROW("eleven members are too many", "trio", SPEC "/replicas 11", "join", "TooManyMembers",
        "blocker"),
    ROW("three are not", "trio", NULL, "join", "TooManyMembers", NULL),

    ROW("two sources that differ are said", "secured",
        ETCD "/env [{'name':'ETCD_QUOTA_BACKEND_BYTES','value':'1'}]", "adopt", "SourcesDisagree",
        "warning", "ETCD_QUOTA_BACKEND_BYTES"),
    ROW("two that agree are not", "secured",
        ETCD "/env [{'name':'ETCD_QUOTA_BACKEND_BYTES','value':'8589934592'}]", "adopt",
        "SourcesDisagree", NULL),
    ROW("so do two words for one boolean", "plain",
        ETCD "/command/- '--enable-grpc-gateway=true'\n" ETCD
             "/env [{'name':'ETCD_ENABLE_GRPC_GATEWAY','value':'T'}]",
        "adopt", "SourcesDisagree", NULL),
    ROW("a flag against a variable is said", "plain",
        ETCD "/env [{'name':'ETCD_SNAPSHOT_COUNT','value':'7'}]", "adopt", "SourcesDisagree",
        "warning", "ETCD_SNAPSHOT_COUNT"),
    ROW("a certificate that etcd does not use is said", "secured",
        TLS_BY_FLAGS ",'--listen-client-urls=http://0.0.0.0:2379']", "adopt", "SourcesDisagree",
        "warning", "cert-file"),
    ROW("so is the volume that has it", "secured",
        TLS_BY_FLAGS ",'--listen-client-urls=http://0.0.0.0:2379']", "adopt", "SettingWithoutField",
        "warning", "volume server-pair"),
    ROW("so is one without a URL to listen at", "secured",
        ETCD "/command ['etcd','--data-dir=/data/new.etcd','--cert-file=/tls/server/tls.crt']",
        "adopt", "SourcesDisagree", "warning", "not set"),
    ROW("and a peer's", "secured",
        ETCD "/command ['etcd','--data-dir=/data/new.etcd','--peer-cert-file=/tls/peers/peer.crt',"
             "'--listen-peer-urls=http://0.0.0.0:2380']",
        "adopt", "SourcesDisagree", "warning", "peer-cert-file"),
    ROW("one that it uses at one of its URLs is not", "secured",
        TLS_BY_FLAGS ",'--listen-client-urls=http://127.0.0.1:2381,https://0.0.0.0:2379']", "adopt",
        "SourcesDisagree", NULL, "cert-file is"),
    ROW("etcd's directory against the sidecar's is said", "plain",
        SIDECAR "/args/0 '--data-dir=/var/etcd/data/old.etcd'", "adopt", "SourcesDisagree",
        "warning"),
    ROW("credentials of two Secrets are said", "plain",
        SIDECAR "/env/4/valueFrom/secretKeyRef/name 'other'", "adopt", "SourcesDisagree", "warning",
        "other"),
    ROW("data of root is said", "plain", POD "/securityContext", "adopt", "RunsAsRoot", "warning"),
    ROW("data of druid's user is not", "plain", NULL, "adopt", "RunsAsRoot", NULL),
    ROW("data of another user is said", "plain", POD "/securityContext/runAsUser 1001", "adopt",
        "FsGroupChange", "warning", "1001"),
    ROW("data of druid's user is not", "plain", NULL, "adopt", "FsGroupChange", NULL),
    ROW("a joining cluster has data of its own", "plain", POD "/securityContext/runAsUser 1001",
        "join", "FsGroupChange", NULL),

    ROW("nothing is left without a field", "plain", NULL, "adopt", "SettingWithoutField", NULL),
    ROW("a heartbeat interval is", "plain", ETCD "/command/- '--heartbeat-interval=500'", "adopt",
        "SettingWithoutField", "warning", "heartbeat-interval"),
    ROW("etcd's own is not", "plain", ETCD "/command/- '--heartbeat-interval=100'", "adopt",
        "SettingWithoutField", NULL),
    ROW("a boolean at etcd's own default is not, in any word", "plain",
        ETCD "/command/- '--strict-reconfig-check=1'", "adopt", "SettingWithoutField", NULL),
    ROW("one at another value is", "plain", ETCD "/command/- '--strict-reconfig-check=0'", "adopt",
        "SettingWithoutField", "warning", "strict-reconfig-check"),
    ROW("an election timeout is", "plain", ETCD "/command/- '--election-timeout=5000'", "adopt",
        "SettingWithoutField", "warning", "election-timeout"),
    ROW("one of a file is", "secured",
        FILE_IS "'data-dir: /data/new.etcd\\nelection-timeout: 5000\\n'", "adopt",
        "SettingWithoutField", "warning", "election-timeout"),
    ROW("an unknown flag is", "plain", ETCD "/command/- '--experimental-wonder'", "adopt",
        "SettingWithoutField", "warning", "experimental-wonder"),
    ROW("an unknown flag of the sidecar is", "plain", SIDECAR "/args/- '--wonder=1'", "adopt",
        "SettingWithoutField", "warning", "--wonder"),
    ROW("no limit at all is", "plain", ETCD "/command/8 '--quota-backend-bytes=-1'", "adopt",
        "SettingWithoutField", "warning", "no limit"),
    ROW("a larger request is", "plain", ETCD "/command/- '--max-request-bytes=10000000'", "adopt",
        "SettingWithoutField", "warning", "max-request-bytes"),
    ROW("another timeout of the sidecar is", "plain",
        SIDECAR "/args/9 '--etcd-connection-timeout=30s'", "adopt", "SettingWithoutField",
        "warning", "etcd-connection-timeout"),
    ROW("an extra container is", "plain", POD "/containers/- {'name':'metrics','image':'x'}",
        "adopt", "SettingWithoutField", "warning", "container metrics"),
    ROW("an init container is", "plain", POD "/initContainers [{'name':'chown','image':'x'}]",
        "adopt", "SettingWithoutField", "warning", "init container chown"),
    ROW("tolerations are", "plain", POD "/tolerations [{'key':'a','operator':'Exists'}]", "adopt",
        "SettingWithoutField", "warning", "/tolerations"),
    ROW("no tolerations are not", "plain", POD "/tolerations []", "adopt", "SettingWithoutField",
        NULL),
    ROW("a node selector is", "plain", POD "/nodeSelector {'a':'b'}", "adopt",
        "SettingWithoutField", "warning", "/nodeSelector"),
    ROW("pull secrets are", "plain", POD "/imagePullSecrets [{'name':'a'}]", "adopt",
        "SettingWithoutField", "warning", "/imagePullSecrets"),
    ROW("a variable of the process is", "plain", ETCD "/env [{'name':'GOMAXPROCS','value':'4'}]",
        "adopt", "SettingWithoutField", "warning", "GOMAXPROCS"),
    ROW("a longer grace period is", "plain", POD "/terminationGracePeriodSeconds 90", "adopt",
        "SettingWithoutField", "warning", "terminationGracePeriodSeconds"),
    ROW("the API server's is not", "plain", POD "/terminationGracePeriodSeconds 30", "adopt",
        "SettingWithoutField", NULL),
    ROW("another volume of etcd's is", "plain",
        POD "/volumes [{'name':'scratch','emptyDir':{}}]\n" ETCD
            "/volumeMounts/- {'name':'scratch','mountPath':'/tmp'}",
        "adopt", "SettingWithoutField", "warning", "volume scratch"),
    ROW("another claim is", "plain",
        SPEC "/volumeClaimTemplates/- {'metadata':{'name':'more'},'spec':{}}", "adopt",
        "SettingWithoutField", "warning", "claim template more"),
    ROW("an empty storage class is", "plain",
        SPEC "/volumeClaimTemplates/0/spec/storageClassName ''", "adopt", "SettingWithoutField",
        "warning", "storageClassName"),

    ROW("compaction that is off today is said", "plain", ETCD "/command/11", "adopt",
        "DefaultDiffers", "warning", "auto-compaction-retention"),
    ROW("compaction that is on is not", "plain", NULL, "adopt", "DefaultDiffers", NULL),
    ROW("the v2 API of etcd 3.3 is said", "plain",
        ETCD "/image 'registry.example.com/etcd:v3.3.17'", "adopt", "DefaultDiffers", "warning",
        "enable-v2"),
    ROW("pods with the labels of the old ones are said", "plain", NULL, "join", "SelectorsOverlap",
        "warning"),
    ROW("a selector that does not match them is fine", "plain",
        SPEC "/selector {'matchLabels':{'app.kubernetes.io/part-of':'stock'}}", "join",
        "SelectorsOverlap", NULL),
    ROW("a sleeping etcd is said", "plain", SPEC "/replicas 0", "adopt", "HibernatedEtcd", "info"),
    ROW("a waking one is not", "plain", NULL, "adopt", "HibernatedEtcd", NULL),
    ROW("pods will be rolled", "plain", NULL, "adopt", "WillRollPods", "info"),
    ROW("those of a joined cluster will not", "plain", NULL, "join", "WillRollPods", NULL),
    ROW("the StatefulSet will be made anew", "plain", NULL, "adopt", "StatefulSetRecreated",
        "info"),
    ROW("not where its selector is druid's", "plain",
        SPEC
        "/selector "
        "{'matchLabels':{'app.kubernetes.io/managed-by':'etcd-druid','app.kubernetes.io/part-of':"
        "'stock'}}",
        "adopt", "StatefulSetRecreated", NULL),
    ROW("pods will be reached under another name", "plain", NULL, "adopt", "ServiceNameChanges",
        "info", "stock-peer"),
    ROW("not where they are already", "secured", NULL, "adopt", "ServiceNameChanges", NULL),
    ROW("a field that nobody knows is a defect of ours", "plain", POD "/novelty {'deep':1}",
        "adopt", "Unaccounted", "blocker", "/novelty/deep"),
    ROW("fields that are known are not", "plain", NULL, "adopt", "Unaccounted", NULL),
    ROW("nor are those of a secured one", "secured", NULL, "adopt", "Unaccounted", NULL),
    ROW("nor are those of three", "trio", NULL, "adopt", "Unaccounted", NULL),
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
