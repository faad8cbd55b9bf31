/* Every row of the field table: what a StatefulSet says, and what the Etcd then says. */
#include "tests/migration/support.h"

struct row {
    const char *fixture, *edits;
    enum migrate_strategy strategy;
    const char *pointer;  /* in the Etcd */
    const char *expected; /* JSON with ' for "; NULL: nothing stands there */
    const char *client_tls_secret;
};

#define SPEC "StatefulSet /spec"
#define POD SPEC "/template/spec"
#define ETCD POD "/containers/0"
#define SIDECAR POD "/containers/1"
#define FILE_IS "ConfigMap /data/settings "
#define ENTRY                                                                                      \
    "{'apiVersion':'extensions.gardener.cloud/v1alpha1','kind':'BackupEntry','metadata':{'name':"  \
    "'id--1'},'spec':{'bucketName':'bucket-of-entry'}"
#define GARDENERS                                                                                  \
    "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'etcd-backup','namespace':'shop'},"     \
    "'stringData':{'region':'x','accessKeyID':'y','secretAccessKey':'z'}}"

static void row(void **state)
{
    const struct row *row = *state;
    const struct migrate_options options = {.strategy = row->strategy,
                                            .druid_version = "v0.38",
                                            .etcd_version = "3.4.13",
                                            .client_tls_secret = row->client_tls_secret,
                                            .old_is_stopped = true};
    struct translated t = translate(row->fixture, row->edits, &options);
    if (!t.done)
        fail_msg("%s", t.error.message);
    if (!t.result.etcd)
        fail_msg("blocked: %s", kube_json_write(kube_json_child(t.result.report, "findings")));
    struct json_object *found = NULL;
    for (enum json_type type = json_type_boolean; !found && type <= json_type_string; type++)
        kube_json_get(t.result.etcd, row->pointer, type, &found, NULL);
    struct json_object *expected = row->expected ? test_json(row->expected) : NULL;
    if (!json_object_equal(found, expected))
        fail_msg("%s: found %s, expected %s", row->pointer,
                 found ? kube_json_write(found) : "nothing",
                 expected ? kube_json_write(expected) : "nothing");
    json_object_put(expected);
    free_translated(&t);
}

/* ROW(sentence, fixture, edits, strategy, pointer, expected[, Secret of a client]) */
#define ROW(sentence, from, with, by, at, ...)                                                     \
    {                                                                                              \
        sentence, row, NULL, NULL, &(struct row)                                                   \
        {                                                                                          \
            .fixture = from, .edits = with, .strategy = by, .pointer = at, .expected = __VA_ARGS__ \
        }                                                                                          \
    }
#define PLAIN(sentence, edits, pointer, expected)                                                  \
    ROW(sentence, "plain", edits, MIGRATE_ADOPT, pointer, expected)
#define SECURED(sentence, edits, pointer, expected)                                                \
    ROW(sentence, "secured", edits, MIGRATE_ADOPT, pointer, expected)
#define JOIN(sentence, edits, pointer, expected)                                                   \
    ROW(sentence, "trio", edits, MIGRATE_JOIN, pointer, expected)

static struct CMUnitTest tests[] = {
    PLAIN("the Etcd has the StatefulSet's name", NULL, "/metadata/name", "'stock'"),
    PLAIN("the Etcd has the StatefulSet's namespace", NULL, "/metadata/namespace", "'shop'"),
    PLAIN("labels of the StatefulSet are kept, a package manager's are not", NULL,
          "/metadata/labels", "{'team':'warehouse'}"),
    PLAIN("no labels is no section", "StatefulSet /metadata/labels", "/metadata/labels", NULL),
    PLAIN("replicas are kept", NULL, "/spec/replicas", "1"),
    PLAIN("absent replicas are one", SPEC "/replicas", "/spec/replicas", "1"),
    PLAIN("a sleeping etcd sleeps on", SPEC "/replicas 0", "/spec/replicas", "0"),
    PLAIN("pod labels are kept, without the package manager's key", NULL, "/spec/labels",
          "{'team':'warehouse','app.kubernetes.io/part-of':'stock'}"),
    PLAIN("the deprecated selector is left out", NULL, "/spec/selector", NULL),
    PLAIN("pod annotations are kept, checksums are not", NULL, "/spec/annotations",
          "{'example.com/owner':'warehouse'}"),
    PLAIN("no annotations is no section", SPEC "/template/metadata/annotations",
          "/spec/annotations", NULL),
    PLAIN("the priority class is kept", NULL, "/spec/priorityClassName", "'important'"),
    PLAIN("affinity is kept as it is", NULL,
          "/spec/schedulingConstraints/affinity/nodeAffinity/"
          "requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions/0/"
          "values",
          "['fast']"),
    PLAIN("topology spread is kept as it is", NULL,
          "/spec/schedulingConstraints/topologySpreadConstraints/0/topologyKey", "'zone'"),
    PLAIN("without either there is no section", POD "/affinity\n" POD "/topologySpreadConstraints",
          "/spec/schedulingConstraints", NULL),
    PLAIN("an empty selector within affinity means something and stays",
          POD "/affinity {'podAntiAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':"
              "[{'labelSelector':{},'topologyKey':'zone'}]}}",
          "/spec/schedulingConstraints/affinity/podAntiAffinity/"
          "requiredDuringSchedulingIgnoredDuringExecution/0/labelSelector",
          "{}"),
    PLAIN("nulls within affinity are left out",
          POD "/affinity {'nodeAffinity':null,'podAffinity':{'x':null,'y':1}}",
          "/spec/schedulingConstraints/affinity", "{'podAffinity':{'y':1}}"),
    PLAIN("the storage class of the data's claim is kept", NULL, "/spec/storageClass", "'fast'"),
    PLAIN("a class in the annotation of old counts",
          SPEC "/volumeClaimTemplates/0/metadata/annotations "
               "{'volume.beta.kubernetes.io/storage-class':'old'}",
          "/spec/storageClass", "'old'"),
    PLAIN("no class is left out", SPEC "/volumeClaimTemplates/0/spec/storageClassName",
          "/spec/storageClass", NULL),
    PLAIN("the capacity is kept", NULL, "/spec/storageCapacity", "'25Gi'"),
    PLAIN("the claim template's name is kept, since the claims are named after it", NULL,
          "/spec/volumeClaimTemplate", "'stock-data'"),
    PLAIN("user 65532 is druid's own", NULL, "/spec/runAsRoot", NULL),
    PLAIN("uid 0 runs as root on", POD "/securityContext/runAsUser 0", "/spec/runAsRoot", "true"),
    PLAIN("no security context runs as root on", POD "/securityContext", "/spec/runAsRoot", "true"),
    PLAIN("the container's user wins over the pod's",
          POD "/securityContext {'runAsUser':0}\n" ETCD "/securityContext {'runAsUser':1000}",
          "/spec/runAsRoot", NULL),
    PLAIN("a user of the image that is not root is not root",
          POD "/securityContext {'runAsNonRoot':true}", "/spec/runAsRoot", NULL),

    PLAIN("the client port is that of the listen URL", NULL, "/spec/etcd/clientPort", "2379"),
    PLAIN("another client port is kept",
          ETCD "/command/3 '--listen-client-urls=http://0.0.0.0:4001'", "/spec/etcd/clientPort",
          "4001"),
    PLAIN("a URL for the pod alone does not decide the port",
          ETCD "/command/3 '--listen-client-urls=http://127.0.0.1:4002,http://0.0.0.0:4001'",
          "/spec/etcd/clientPort", "4001"),
    PLAIN("without a listen URL the container's port counts",
          ETCD "/command/3\n" ETCD "/ports/0/containerPort 4003", "/spec/etcd/clientPort", "4003"),
    PLAIN("without both there is no client port to write", ETCD "/command/3\n" ETCD "/ports",
          "/spec/etcd/clientPort", NULL),
    PLAIN("the peer port is that of the listen URL", NULL, "/spec/etcd/serverPort", "2380"),
    PLAIN("metrics are kept", NULL, "/spec/etcd/metrics", "'extensive'"),
    PLAIN("unset metrics are left out", ETCD "/command/12", "/spec/etcd/metrics", NULL),
    PLAIN("the quota is a quantity", NULL, "/spec/etcd/quota", "'4Gi'"),
    PLAIN("no quota is etcd's own default", ETCD "/command/8", "/spec/etcd/quota", "'2Gi'"),
    PLAIN("quota 0 is etcd's own default", ETCD "/command/8 '--quota-backend-bytes=0'",
          "/spec/etcd/quota", "'2Gi'"),
    PLAIN("an odd quota is kept to the byte", ETCD "/command/8 '--quota-backend-bytes=4294967297'",
          "/spec/etcd/quota", "'4294967297'"),
    PLAIN("the snapshot count is kept", NULL, "/spec/etcd/snapshotCount", "50000"),
    PLAIN("no snapshot count is etcd's own default", ETCD "/command/9", "/spec/etcd/snapshotCount",
          "100000"),
    PLAIN("the sidecar's heartbeat is kept", SIDECAR "/args/- '--k8s-heartbeat-duration=25s'",
          "/spec/etcd/heartbeatDuration", "'25s'"),
    PLAIN("etcd's heartbeat interval is not the sidecar's heartbeat",
          ETCD "/command/- '--heartbeat-interval=250'", "/spec/etcd/heartbeatDuration", NULL),
    PLAIN("the gateway is kept", ETCD "/command/- '--enable-grpc-gateway=false'",
          "/spec/etcd/enableGRPCGateway", "false"),
    PLAIN("a flag without a value is true", ETCD "/command/- '--enable-grpc-gateway'",
          "/spec/etcd/enableGRPCGateway", "true"),
    PLAIN("the freelist type is kept", ETCD "/command/- '--backend-bbolt-freelist-type=map'",
          "/spec/etcd/backendBboltFreelistType", "'map'"),
    PLAIN("the defragmentation schedule is kept", NULL, "/spec/etcd/defragmentationSchedule",
          "'30 2 * * *'"),
    PLAIN("the defragmentation timeout is kept", NULL, "/spec/etcd/etcdDefragTimeout", "'6m'"),
    PLAIN("unset it is what the sidecar does today", SIDECAR "/args/11",
          "/spec/etcd/etcdDefragTimeout", "'8m'"),
    PLAIN("etcd's resources are kept", NULL, "/spec/etcd/resources",
          "{'limits':{'memory':'2Gi'},'requests':{'cpu':'200m','memory':'1Gi'}}"),
    PLAIN("no resources stay none", ETCD "/resources", "/spec/etcd/resources", "{}"),
    PLAIN("no TLS is no section", NULL, "/spec/etcd/clientUrlTls", NULL),
    PLAIN("an image would break druid", NULL, "/spec/etcd/image", NULL),
    PLAIN("so would the sidecar's", NULL, "/spec/backup/image", NULL),

    PLAIN("the sidecar's port is that of its container", NULL, "/spec/backup/port", "8080"),
    PLAIN("its flag wins", SIDECAR "/args/- '--server-port=9090'", "/spec/backup/port", "9090"),
    PLAIN("the sidecar's resources are kept", NULL, "/spec/backup/resources",
          "{'requests':{'cpu':'20m','memory':'100Mi'}}"),
    PLAIN("the store is druid's name for it", NULL, "/spec/backup/store/provider", "'aws'"),
    PLAIN("the container comes from the Secret", NULL, "/spec/backup/store/container",
          "'warehouse-backups'"),
    PLAIN("the flag for the container wins over the variable",
          SIDECAR "/args/- '--store-container=elsewhere'", "/spec/backup/store/container",
          "'elsewhere'"),
    PLAIN("a literal container counts",
          SIDECAR "/env/1 {'name':'STORAGE_CONTAINER','value':'plain'}",
          "/spec/backup/store/container", "'plain'"),
    PLAIN("the prefix is kept", NULL, "/spec/backup/store/prefix", "'backups/stock'"),
    PLAIN("the credentials' Secret is named", NULL, "/spec/backup/store/secretRef",
          "{'name':'stock-backup'}"),
    PLAIN("another Secret's variable before them does not matter",
          SIDECAR "/env/0 {'name':'HTTPS_PROXY','valueFrom':{'secretKeyRef':{'name':'proxy',"
                  "'key':'url'}}}",
          "/spec/backup/store/secretRef", "{'name':'stock-backup'}"),
    PLAIN("nor does one with a key of credentials",
          SIDECAR "/env/0 {'name':'HTTPS_PROXY','valueFrom':{'secretKeyRef':{'name':'proxy',"
                  "'key':'region'}}}",
          "/spec/backup/store/secretRef", "{'name':'stock-backup'}"),
    PLAIN("without names that the sidecar knows the keys tell",
          SIDECAR "/env [{'name':'STORAGE_CONTAINER','value':'some'},{'name':'HTTPS_PROXY',"
                  "'valueFrom':{'secretKeyRef':{'name':'proxy','key':'url'}}},{'name':'KEY',"
                  "'valueFrom':{'secretKeyRef':{'name':'stock-backup','key':'accessKeyID'}}}]",
          "/spec/backup/store/secretRef", "{'name':'stock-backup'}"),
    PLAIN("a Secret that is no credentials is not taken for them",
          SIDECAR "/env [{'name':'STORAGE_CONTAINER','value':'some'},{'name':'HTTPS_PROXY',"
                  "'valueFrom':{'secretKeyRef':{'name':'proxy','key':'url'}}}]",
          "/spec/backup/store/secretRef", NULL),
    PLAIN("one that is all variables is taken on trust where it cannot be seen",
          "Secret -\n" SIDECAR "/env [{'name':'STORAGE_CONTAINER','value':'some'}]\n" SIDECAR
          "/envFrom [{'secretRef':{'name':'stock-backup'}}]",
          "/spec/backup/store/secretRef", "{'name':'stock-backup'}"),
    PLAIN("one that can be seen is known by its keys",
          "Secret /stringData/AWS_REGION 'x'\n" SIDECAR
          "/env [{'name':'STORAGE_CONTAINER','value':'some'}]\n" SIDECAR
          "/envFrom [{'secretRef':{'name':'stock-backup'}}]",
          "/spec/backup/store/secretRef", "{'name':'stock-backup'}"),
    PLAIN("without variables the bucket and the Secret are Gardener's, by the BackupEntry",
          SIDECAR "/env\n" SIDECAR "/args/2 '--store-prefix=id--1/stock'\n+ - " ENTRY
                  "}\n+ - " GARDENERS,
          "/spec/backup/store",
          "{'container':'bucket-of-entry','prefix':'id--1/"
          "stock','provider':'aws','secretRef':{'name':'etcd-"
          "backup'}}"),
    PLAIN("newer Gardeners name the Secret in the entry's status",
          SIDECAR
          "/env\n" SIDECAR "/args/2 '--store-prefix=id--1/stock'\n+ - " ENTRY
          ",'status':{'resources':[{'name':'secret','resourceRef':{'apiVersion':'v1','kind':"
          "'Secret','name':'stock-backup'}}]}}",
          "/spec/backup/store/secretRef/name", "'stock-backup'"),
    PLAIN("what the sidecar is told counts for more than the entry",
          SIDECAR "/args/2 '--store-prefix=id--1/stock'\n+ - " ENTRY "}",
          "/spec/backup/store/container", "'warehouse-backups'"),
    PLAIN("an endpoint is kept",
          SIDECAR "/args/- '--store-endpoint-override=https://s3.example.com'",
          "/spec/backup/store/endpointOverride", "'https://s3.example.com'"),
    PLAIN("an empty endpoint is none", SIDECAR "/args/- '--store-endpoint-override='",
          "/spec/backup/store/endpointOverride", NULL),
    PLAIN("an empty provider is no store", SIDECAR "/args/1 '--storage-provider='",
          "/spec/backup/store", NULL),
    PLAIN("without a sidecar the section is empty", SIDECAR, "/spec/backup", "{}"),
    PLAIN("the schedule is kept", NULL, "/spec/backup/fullSnapshotSchedule", "'5 */6 * * *'"),
    PLAIN("an equal schedule replaces one that the schema refuses",
          SIDECAR "/args/3 '--schedule=0 1,13 * * *'", "/spec/backup/fullSnapshotSchedule",
          "'0 1/12 * * *'"),
    PLAIN("@daily is written out", SIDECAR "/args/3 '--schedule=@daily'",
          "/spec/backup/fullSnapshotSchedule", "'0 0 * * *'"),
    PLAIN("Sunday is every seventh day", SIDECAR "/args/3 '--schedule=0 3 * * SUN'",
          "/spec/backup/fullSnapshotSchedule", "'0 3 * * */7'"),
    PLAIN("the short flag is the schedule too", SIDECAR "/args/3 '-s=1 2 * * *'",
          "/spec/backup/fullSnapshotSchedule", "'1 2 * * *'"),
    PLAIN("a value may be a word of its own",
          SIDECAR "/args/3 '--schedule'\n" SIDECAR "/args/4 '4 5 * * *'",
          "/spec/backup/fullSnapshotSchedule", "'4 5 * * *'"),
    PLAIN("the delta period is kept", NULL, "/spec/backup/deltaSnapshotPeriod", "'2m30s'"),
    PLAIN("seconds of the sidecar of 2019 are a duration",
          SIDECAR "/args/4 '--delta-snapshot-period-seconds=300'",
          "/spec/backup/deltaSnapshotPeriod", "'5m'"),
    PLAIN("no deltas stay none", SIDECAR "/args/4 '--delta-snapshot-period-seconds=0'",
          "/spec/backup/deltaSnapshotPeriod", "'0s'"),
    PLAIN("the memory limit is a quantity", NULL, "/spec/backup/deltaSnapshotMemoryLimit",
          "'50Mi'"),
    PLAIN("unset it is the sidecar's own default", SIDECAR "/args/5",
          "/spec/backup/deltaSnapshotMemoryLimit", "'10Mi'"),
    PLAIN("the retention of deltas is kept",
          SIDECAR "/args/- '--delta-snapshot-retention-period=48h'",
          "/spec/backup/deltaSnapshotRetentionPeriod", "'48h'"),
    PLAIN("the snapshot timeout is kept", NULL, "/spec/backup/etcdSnapshotTimeout", "'4m'"),
    PLAIN("profiling is kept", SIDECAR "/args/- '--enable-profiling=true'",
          "/spec/backup/enableProfiling", "true"),
    PLAIN("the policy is kept", NULL, "/spec/backup/garbageCollectionPolicy", "'LimitBased'"),
    PLAIN("unset it is Exponential, or druid would delete backups", SIDECAR "/args/7",
          "/spec/backup/garbageCollectionPolicy", "'Exponential'"),
    PLAIN("the number of backups is kept", NULL, "/spec/backup/maxBackupsLimitBasedGC", "12"),
    PLAIN("the collection period is kept", NULL, "/spec/backup/garbageCollectionPeriod", "'3h'"),
    PLAIN("seconds are a duration there too",
          SIDECAR "/args/6 '--garbage-collection-period-seconds=43200'",
          "/spec/backup/garbageCollectionPeriod", "'12h'"),
    PLAIN("a minute, which the schema refuses beside longer deltas, is the sidecar's default",
          SIDECAR "/args/6 '--garbage-collection-period=60s'",
          "/spec/backup/garbageCollectionPeriod", NULL),
    PLAIN("the deltas are then still written", SIDECAR "/args/6 '--garbage-collection-period=60s'",
          "/spec/backup/deltaSnapshotPeriod", "'2m30s'"),
    PLAIN("else garbage is collected less often than the schema forbids",
          SIDECAR "/args/6 '--garbage-collection-period=2m'",
          "/spec/backup/garbageCollectionPeriod", "'2m31s'"),
    PLAIN("compression is kept",
          SIDECAR "/args/- '--compress-snapshots=true'\n" SIDECAR
                  "/args/- '--compression-policy=zlib'",
          "/spec/backup/compression", "{'enabled':true,'policy':'zlib'}"),
    PLAIN("unset it is left out", NULL, "/spec/backup/compression", NULL),
    PLAIN("leader election is kept",
          SIDECAR "/args/- '--reelection-period=7s'\n" SIDECAR
                  "/args/- '--etcd-connection-timeout-leader-election=9s'",
          "/spec/backup/leaderElection", "{'reelectionPeriod':'7s','etcdConnectionTimeout':'9s'}"),
    PLAIN("the compaction mode is kept", NULL, "/spec/sharedConfig/autoCompactionMode",
          "'periodic'"),
    PLAIN("a bare retention is hours", NULL, "/spec/sharedConfig/autoCompactionRetention", "'2h'"),
    PLAIN("a duration is kept", ETCD "/command/11 '--auto-compaction-retention=45m'",
          "/spec/sharedConfig/autoCompactionRetention", "'45m'"),
    PLAIN("no retention keeps history, which druid would compact", ETCD "/command/11",
          "/spec/sharedConfig/autoCompactionRetention", "'0'"),
    PLAIN("no hours are none", ETCD "/command/11 '--auto-compaction-retention=0h'",
          "/spec/sharedConfig/autoCompactionRetention", "'0'"),
    PLAIN("revisions stay revisions", ETCD "/command/10 '--auto-compaction-mode=revision'",
          "/spec/sharedConfig/autoCompactionRetention", "'2'"),

    SECURED("the CA's key is named where it is not ca.crt", NULL,
            "/spec/etcd/clientUrlTls/tlsCASecretRef", "{'name':'vault-ca','dataKey':'bundle.pem'}"),
    SECURED("the server's Secret is found through mount and volume", NULL,
            "/spec/etcd/clientUrlTls/serverTLSSecretRef", "{'name':'vault-server'}"),
    SECURED("etcd that listens without TLS has no section",
            FILE_IS "'data-dir: /data/new.etcd\\nlisten-client-urls: http://0.0.0.0:2379\\n"
                    "client-transport-security: {cert-file: /tls/server/tls.crt, key-file: "
                    "/tls/server/tls.key, trusted-ca-file: /tls/ca/bundle.pem}\\n'",
            "/spec/etcd/clientUrlTls", NULL),
    SECURED("the client's comes from the sidecar", NULL,
            "/spec/etcd/clientUrlTls/clientTLSSecretRef", "{'name':'vault-client'}"),
    ROW("a client's Secret that is named by hand wins for etcd", "secured", NULL, MIGRATE_ADOPT,
        "/spec/etcd/clientUrlTls/clientTLSSecretRef", "{'name':'vault-backup-client'}",
        "vault-backup-client"),
    ROW("but not for the sidecar's own clients", "secured", NULL, MIGRATE_ADOPT,
        "/spec/backup/tls/clientTLSSecretRef", "{'name':'vault-backup-client'}", "vault-client"),
    SECURED(
        "the peers' is found in a projected volume", NULL, "/spec/etcd/peerUrlTls",
        "{'tlsCASecretRef':{'name':'vault-peer-ca'},'serverTLSSecretRef':{'name':'vault-peer'}}"),
    SECURED(
        "the sidecar's TLS is found", NULL, "/spec/backup/tls",
        "{'tlsCASecretRef':{'name':'vault-backup-ca'},'serverTLSSecretRef':{'name':'vault-backup-"
        "server'},'clientTLSSecretRef':{'name':'vault-backup-client'}}"),
    SECURED("ports come from the configuration file", NULL, "/spec/etcd/clientPort", "12379"),
    SECURED("peer ports too", NULL, "/spec/etcd/serverPort", "12380"),
    SECURED("revisions are kept as they are", NULL, "/spec/sharedConfig",
            "{'autoCompactionMode':'revision','autoCompactionRetention':'1000'}"),
    SECURED("credentials in a mounted file are found", NULL, "/spec/backup/store/secretRef",
            "{'name':'vault-credentials'}"),
    SECURED("the container is a flag", NULL, "/spec/backup/store/container", "'bank-backups'"),
    SECURED("the sidecar's port is a flag", NULL, "/spec/backup/port", "9080"),
    SECURED("flags count for nothing beside a file",
            ETCD "/env [{'name':'ETCD_QUOTA_BACKEND_BYTES','value':'1'}]", "/spec/etcd/quota",
            "'8Gi'"),

    JOIN("a cluster that joins has a name of its own", NULL, "/metadata/name", "'quorum-druid'"),
    JOIN("variables are read", NULL, "/spec/etcd/quota", "'1Gi'"),
    JOIN("the members are named, each with its own URL", NULL,
         "/spec/etcd/bootstrapWithExistingCluster/members/2",
         "{'name':'quorum-2','peerUrls':['http://quorum-2.quorum-headless.lab.svc:2380']}"),
    JOIN("so are their endpoints", NULL, "/spec/etcd/bootstrapWithExistingCluster/clientEndpoints",
         "['http://quorum-0.quorum-headless.lab.svc:2379','http://"
         "quorum-1.quorum-headless.lab.svc:2379',"
         "'http://quorum-2.quorum-headless.lab.svc:2379']"),
    JOIN("endpoints that are not advertised are those of the Service", ETCD "/env/7",
         "/spec/etcd/bootstrapWithExistingCluster/clientEndpoints/0",
         "'http://quorum-0.quorum-headless.lab.svc:2379'"),
    JOIN("new volumes have names of their own", NULL, "/spec/volumeClaimTemplate", NULL),
    JOIN("the data is not root's there", NULL, "/spec/runAsRoot", NULL),
    ROW("the prefix of a store is its own, too", "plain", NULL, MIGRATE_JOIN,
        "/spec/backup/store/prefix", "'backups/druid/stock-druid'"),
    ROW("one without a folder gets one", "plain", SIDECAR "/args/2 '--store-prefix=all'",
        MIGRATE_JOIN, "/spec/backup/store/prefix", "'druid/stock-druid'"),
    ROW("slashes at its end do not matter", "plain", SIDECAR "/args/2 '--store-prefix=a/b//'",
        MIGRATE_JOIN, "/spec/backup/store/prefix", "'a/druid/stock-druid'"),
    ROW("the new one does not begin with the old", "plain",
        SIDECAR "/args/2 '--store-prefix=a/druid'", MIGRATE_JOIN, "/spec/backup/store/prefix",
        "'a/of-druid/stock-druid'"),
    ROW("not even with a part of a word", "plain", SIDECAR "/args/2 '--store-prefix=d'",
        MIGRATE_JOIN, "/spec/backup/store/prefix", "'of-druid/stock-druid'"),
    ROW("a longer word is another one", "plain", SIDECAR "/args/2 '--store-prefix=druids'",
        MIGRATE_JOIN, "/spec/backup/store/prefix", "'druid/stock-druid'"),
    ROW("no collection and no deltas are kept", "plain",
        SIDECAR "/args/6 '--garbage-collection-period=0s'\n" SIDECAR "/args/4", MIGRATE_ADOPT,
        "/spec/backup/garbageCollectionPeriod", "'0s'"),
    ROW("a restored one starts from the old prefix", "plain", NULL, MIGRATE_RESTORE,
        "/spec/backup/store/prefix", "'backups/stock'"),
    ROW("a quota that cannot be read is not made up", "plain", ETCD "/command ['/run.sh']",
        MIGRATE_RESTORE, "/spec/etcd/quota", NULL),
    ROW("nor is a snapshot count", "plain", ETCD "/command ['/run.sh']", MIGRATE_RESTORE,
        "/spec/etcd/snapshotCount", NULL),
    ROW("what a variable says is known nevertheless", "plain",
        ETCD "/command ['/run.sh']\n" ETCD
             "/env [{'name':'ETCD_QUOTA_BACKEND_BYTES','value':'1073741824'},"
             "{'name':'ETCD_AUTO_COMPACTION_RETENTION','value':'3'}]",
        MIGRATE_RESTORE, "/spec/etcd/quota", "'1Gi'"),
    ROW("and joins nothing", "plain", NULL, MIGRATE_RESTORE,
        "/spec/etcd/bootstrapWithExistingCluster", NULL),
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
