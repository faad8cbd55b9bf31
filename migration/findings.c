#include "migration/internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct finding_kind {
    const char *code;
    enum severity severity[MIGRATE_STRATEGIES]; /* NONE: it does not matter to that strategy */
    const char *remedy;
};

#define NONE SEVERITY_NONE
#define INFO SEVERITY_INFO
#define WARN SEVERITY_WARNING
#define BLOCK SEVERITY_BLOCKER

/* In the order of the report, within a severity.                 adopt  join   restore */
static const struct finding_kind kinds[FINDINGS] = {
    [FINDING_DATA_DIR_MISMATCH] = {"DataDirMismatch",
                                   {BLOCK, NONE, NONE},
                                   "take the strategy join, or move the data to new.etcd at the "
                                   "root of the volume while etcd is stopped"},
    [FINDING_NO_PERSISTENT_VOLUME] =
        {"NoPersistentVolume",
         {BLOCK, NONE, NONE},
         "take the strategy join, or restore: druid cannot take this volume over"},
    [FINDING_CLAIMS_AT_RISK] = {"ClaimsAtRisk", {BLOCK, WARN, WARN}, NULL},
    [FINDING_MULTIPLE_MEMBERS] = {"MultipleMembers", {BLOCK, NONE, NONE}, "take the strategy join"},
    [FINDING_ETCD_VERSION_TOO_NEW] =
        {"EtcdVersionTooNew",
         {BLOCK, BLOCK, BLOCK},
         "where druid runs a newer etcd (feature gate UpgradeEtcdVersion: 3.5), say so with "
         "--target-etcd-version; etcd's data cannot go back to an older version"},
    [FINDING_ETCD_VERSION_TOO_OLD] = {"EtcdVersionTooOld",
                                      {BLOCK, BLOCK, BLOCK},
                                      "upgrade today's etcd one minor version at a time, up to one "
                                      "before the target, and translate again"},
    [FINDING_ETCD_VERSION_DIFFERS] = {"EtcdVersionDiffers",
                                      {NONE, BLOCK, NONE},
                                      "bring today's etcd to the minor version that druid runs, "
                                      "and say both with --etcd-version and --target-etcd-version"},
    [FINDING_ETCD_VERSION_UNKNOWN] =
        {"EtcdVersionUnknown",
         {WARN, WARN, WARN},
         "ask the running etcd (etcdctl endpoint status) and say it with --etcd-version"},
    [FINDING_DRUID_TOO_OLD] = {"DruidTooOld",
                               {NONE, BLOCK, NONE},
                               "deploy etcd-druid v0.38 with its CustomResourceDefinition, and say "
                               "--druid-version v0.38"},
    [FINDING_POD_LABELS_MISSING] = {"PodLabelsMissing", {BLOCK, NONE, NONE}, NULL},
    [FINDING_LABEL_OVERRIDDEN] =
        {"LabelOverridden",
         {WARN, NONE, NONE},
         "select on other labels of the pods in Services, network policies and disruption budgets"},
    [FINDING_IMMUTABLE_FIELDS_DIFFER] =
        {"ImmutableFieldsDiffer",
         {BLOCK, NONE, NONE},
         "delete the StatefulSet with --cascade=orphan right before the Etcd is created: druid "
         "makes it anew, and it takes the pods over"},
    [FINDING_SERVER_CERTIFICATE_NAMES] =
        {"ServerCertificateNames",
         {BLOCK, BLOCK, BLOCK},
         "issue the certificate anew with these names beside today's, put it into the Secret, "
         "restart etcd with it, and translate again"},
    [FINDING_CERTIFICATE_EXPIRED] = {"CertificateExpired",
                                     {BLOCK, BLOCK, BLOCK},
                                     "renew the certificate and translate again"},
    [FINDING_CERTIFICATE_UNREADABLE] =
        {"CertificateUnreadable",
         {WARN, WARN, WARN},
         "look at the Secret: its names and dates could not be checked"},
    [FINDING_CERTIFICATE_NOT_TRUSTED] = {"CertificateNotTrusted",
                                         {BLOCK, BLOCK, BLOCK},
                                         "put a certificate, its key and the CA that signed it "
                                         "into the Secrets, and translate again"},
    [FINDING_CLIENT_CERT_AUTH_FORCED] =
        {"ClientCertAuthForced",
         {BLOCK, BLOCK, BLOCK},
         "give every client (or peer) a certificate of the CA, then say --accept-client-cert-auth"},
    [FINDING_CLIENT_SECRET_MISSING] = {"ClientSecretMissing",
                                       {BLOCK, BLOCK, BLOCK},
                                       "make a Secret with tls.crt and tls.key of a client "
                                       "certificate, and name it with --client-tls-secret"},
    [FINDING_SECRET_MISSING] = {"SecretMissing",
                                {BLOCK, BLOCK, BLOCK},
                                "create the Secret, or correct its name"},
    [FINDING_SECRET_UNCHECKED] =
        {"SecretUnchecked",
         {WARN, WARN, WARN},
         "add the Secrets of the namespace to the input, and translate again"},
    [FINDING_SECRET_KEY_MISSING] =
        {"SecretKeyMissing",
         {BLOCK, BLOCK, BLOCK},
         "add the key to the Secret: druid's containers read it by this name"},
    [FINDING_TLS_NOT_IN_SECRET] =
        {"TLSNotInSecret",
         {BLOCK, BLOCK, BLOCK},
         "put it into a Secret that is mounted for it, and translate again"},
    [FINDING_AUTOMATIC_TLS] =
        {"AutomaticTLS",
         {BLOCK, BLOCK, BLOCK},
         "give etcd a certificate in a Secret, or turn TLS off, and translate again"},
    [FINDING_STORE_CONTAINER_UNKNOWN] = {"StoreContainerUnknown",
                                         {BLOCK, BLOCK, BLOCK},
                                         "say the container (bucket) with --store-container, or "
                                         "add the Secret that has it to the input"},
    [FINDING_STORE_CONTAINER_INVALID] =
        {"StoreContainerInvalid",
         {BLOCK, BLOCK, BLOCK},
         "the schema of an Etcd takes 3 to 63 letters, digits, '.', '_' and '-': move the backups "
         "to a container with such a name"},
    [FINDING_STORE_PREFIX_MISSING] = {"StorePrefixMissing",
                                      {BLOCK, BLOCK, BLOCK},
                                      "an Etcd's store has a prefix: move the backups below one, "
                                      "set --store-prefix in today's sidecar, and translate again"},
    [FINDING_STORE_PROVIDER_UNKNOWN] = {"StoreProviderUnknown",
                                        {BLOCK, BLOCK, BLOCK},
                                        "use one of S3, ABS, GCS, Swift, OSS, ECS, OCS"},
    [FINDING_STORE_SECRET_UNKNOWN] =
        {"StoreSecretUnknown",
         {BLOCK, BLOCK, BLOCK},
         "put the credentials into a Secret from which today's sidecar takes them, and translate "
         "again; from druid v0.38 on the pod's cloud identity serves as well (--druid-version)"},
    [FINDING_STORE_LOCAL] = {"StoreLocal",
                             {BLOCK, BLOCK, BLOCK},
                             "point today's sidecar at an object store, let it take a full "
                             "snapshot, and translate again"},
    [FINDING_STORE_SHARED] = {"StoreShared",
                              {NONE, NONE, BLOCK},
                              "in this order: take a last full snapshot, scale the old StatefulSet "
                              "to 0, say --old-is-stopped, create the Etcd"},
    [FINDING_STORE_MISSING] = {"StoreMissing",
                               {NONE, NONE, BLOCK},
                               "take the strategy adopt or join"},
    [FINDING_SCHEDULE_NOT_EXPRESSIBLE] = {"ScheduleNotExpressible", {BLOCK, BLOCK, BLOCK}, NULL},
    [FINDING_PERIOD_NOT_EXPRESSIBLE] =
        {"PeriodNotExpressible",
         {WARN, WARN, WARN},
         "nothing is deleted earlier than today; set other periods if that does not suit"},
    [FINDING_SETTING_INVALID] = {"SettingInvalid",
                                 {BLOCK, BLOCK, BLOCK},
                                 "correct the setting: this cannot be what runs"},
    [FINDING_BASIC_AUTH] = {"BasicAuth",
                            {BLOCK, BLOCK, BLOCK},
                            "turn authentication off (etcdctl auth disable) and protect etcd with "
                            "client certificates, then remove the setting and translate again"},
    [FINDING_CONFIGURATION_OPAQUE] = {"ConfigurationOpaque",
                                      {BLOCK, WARN, WARN},
                                      "add the ConfigMaps of the namespace to the input, or give "
                                      "etcd its configuration as a file in a ConfigMap"},
    [FINDING_NAME_INVALID] = {"NameInvalid",
                              {BLOCK, BLOCK, BLOCK},
                              "choose another name with --name"},
    [FINDING_PEER_URLS_UNREACHABLE] =
        {"PeerUrlsUnreachable",
         {NONE, BLOCK, NONE},
         "let etcd listen for peers on all addresses, set the member's peer URL with 'etcdctl "
         "member update', set initial-advertise-peer-urls to the same, and translate again"},
    [FINDING_CLUSTER_NOT_RUNNING] = {"ClusterNotRunning",
                                     {NONE, BLOCK, NONE},
                                     "scale the StatefulSet up and translate again"},
    [FINDING_TOO_MANY_MEMBERS] = {"TooManyMembers",
                                  {NONE, BLOCK, NONE},
                                  "remove members of today's cluster until ten are left"},
    [FINDING_SOURCES_DISAGREE] = {"SourcesDisagree",
                                  {WARN, WARN, WARN},
                                  "make both say the same; what counts today was taken"},
    [FINDING_RUNS_AS_ROOT] =
        {"RunsAsRoot",
         {WARN, NONE, NONE},
         "keep it for the takeover; later hand the files to user 65532 and remove spec.runAsRoot"},
    [FINDING_FS_GROUP_CHANGE] = {"FsGroupChange",
                                 {WARN, NONE, NONE},
                                 "see that the volume's driver applies fsGroup, or hand the files "
                                 "to user 65532 before the takeover"},
    [FINDING_SETTING_WITHOUT_FIELD] = {"SettingWithoutField",
                                       {WARN, WARN, WARN},
                                       "decide whether etcd can do without it"},
    [FINDING_DEFAULT_DIFFERS] = {"DefaultDiffers", {WARN, WARN, WARN}, "decide whether that suits"},
    [FINDING_SELECTORS_OVERLAP] = {"SelectorsOverlap",
                                   {NONE, WARN, WARN},
                                   "let Services and disruption budgets of the old etcd select on "
                                   "statefulset.kubernetes.io/pod-name or another label that the "
                                   "new pods lack, while both run"},
    [FINDING_HIBERNATED_ETCD] =
        {"HibernatedEtcd",
         {INFO, INFO, INFO},
         "set spec.replicas to the number of members when it is to wake up"},
    [FINDING_WILL_ROLL_PODS] = {"WillRollPods", {INFO, NONE, NONE}, NULL},
    [FINDING_STATEFUL_SET_RECREATED] = {"StatefulSetRecreated", {INFO, NONE, NONE}, NULL},
    [FINDING_SERVICE_NAME_CHANGES] = {"ServiceNameChanges",
                                      {INFO, INFO, INFO},
                                      "let clients dial <name>-client"},
    [FINDING_UNACCOUNTED] = {"Unaccounted",
                             {BLOCK, BLOCK, BLOCK},
                             "a defect of this program: report the field; until then remove it if "
                             "etcd can do without it"},
};

static const char *const severity_names[] = {"none", "info", "warning", "blocker"};
static const char *const verdict_names[] = {"ready", "attention", "blocked"};
static const char *const strategy_names[] = {"adopt", "join", "restore", "auto"};

const char *verdict_name(enum migrate_verdict verdict)
{
    return verdict_names[verdict];
}

const char *strategy_name(enum migrate_strategy strategy)
{
    return strategy_names[strategy];
}

bool migrate_strategy_parse(const char *text, enum migrate_strategy *out, struct error *err)
{
    for (enum migrate_strategy s = 0; s <= MIGRATE_AUTO; s++) {
        if (strcmp(text, strategy_names[s]) == 0) {
            *out = s;
            return true;
        }
    }
    return error_set(err, ERROR_INVALID, "'%s' is none of auto, adopt, join, restore", text);
}

struct finding {
    enum finding_code code;
    enum severity severity;
    const char *path, *message, *remedy; /* lent; a remedy may be NULL */
    size_t order;                        /* how many were found before it */
};

static void add(struct translation *t, struct finding finding)
{
    const struct finding_kind *kind = &kinds[finding.code];
    struct findings *findings = &t->findings;
    if (kind->severity[t->strategy] == SEVERITY_NONE)
        return;
    if (finding.severity == SEVERITY_NONE)
        finding.severity = kind->severity[t->strategy];
    if (!finding.remedy)
        finding.remedy = kind->remedy;
    if (!finding.path)
        finding.path = "";
    struct finding *items =
        pool_grow(&t->pool, findings->items, sizeof *items, findings->count, &findings->capacity);
    if (!items)
        return;
    findings->items = items;
    finding.order = findings->count;
    items[findings->count++] = finding;
}

void find_text(struct translation *t, enum finding_code code, const char *path, const char *message)
{
    add(t, (struct finding){.code = code, .path = path, .message = message});
}

void find(struct translation *t, enum finding_code code, const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = pool_vtext(&t->pool, format, args);
    va_end(args);
    find_text(t, code, path, message);
}

void find_as(struct translation *t, enum finding_code code, enum severity severity,
             const char *remedy, const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = pool_vtext(&t->pool, format, args);
    va_end(args);
    add(t, (struct finding){code, severity, path, message, remedy, 0});
}

/* --- order, verdict, report --- */

/* Orders what is found twice, too: the first one comes first. */
static int compare(const void *a, const void *b)
{
    const struct finding *one = a, *two = b;
    if (one->code != two->code)
        return one->code < two->code ? -1 : 1;
    int paths = strcmp(one->path, two->path);
    int messages = paths ? paths : strcmp(one->message, two->message);
    if (messages)
        return messages;
    return one->order < two->order ? -1 : 1;
}

static bool is_same(const struct finding *one, const struct finding *two)
{
    return one->code == two->code && strcmp(one->path, two->path) == 0 &&
           strcmp(one->message, two->message) == 0;
}

static void sort(struct findings *findings)
{
    size_t kept = 0;
    if (findings->count)
        qsort(findings->items, findings->count, sizeof *findings->items, compare);
    for (size_t i = 0; i < findings->count; i++)
        if (!kept || !is_same(&findings->items[kept - 1], &findings->items[i]))
            findings->items[kept++] = findings->items[i];
    findings->count = kept;
}

/* What a finding takes in the report besides its path and its message. */
enum { BYTES_OF_FINDING = 800 };

enum { SHARED = 4 };

static void report(struct translation *t, const struct finding *finding,
                   struct shared_text shared[SHARED], struct json_object *out)
{
    const struct cell cells[] = {
        {"code", kinds[finding->code].code, &shared[0]},
        {"severity", severity_names[finding->severity], &shared[1]},
        {"path", finding->path, NULL},
        {"message", finding->message, &shared[2]},
        {"remedy", finding->remedy, &shared[3]},
    };
    size_t bytes = BYTES_OF_FINDING + strlen(finding->path) + strlen(finding->message);
    if (pool_charge(&t->kept, bytes) && !kube_json_append(out, row_new(cells, 5)))
        t->failed = true;
}

struct json_object *findings_report(struct translation *t, enum migrate_verdict *verdict)
{
    static const enum migrate_verdict verdicts[] = {MIGRATE_READY, MIGRATE_READY, MIGRATE_ATTENTION,
                                                    MIGRATE_BLOCKED};
    struct findings *findings = &t->findings;
    struct json_object *out = made(t, json_object_new_array());
    struct shared_text shared[SHARED] = {0};
    enum severity worst = SEVERITY_NONE;
    sort(findings);
    for (enum severity s = SEVERITY_BLOCKER; s > SEVERITY_NONE; s--) {
        for (size_t i = 0; i < findings->count && goes_on(t); i++) {
            if (findings->items[i].severity != s)
                continue;
            worst = s > worst ? s : worst;
            report(t, &findings->items[i], shared, out);
        }
    }
    shared_texts_free(shared, SHARED);
    *verdict = verdicts[worst];
    return out;
}
