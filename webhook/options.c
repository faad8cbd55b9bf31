#include "webhook/options.h"

#include "kube/cleanup.h"
#include "kube/duration.h"
#include "kube/quantity.h"
#include "webhook/cluster.h"

#include <getopt.h>
#include <string.h>

/* How a value is read, and into what: a const char *, a struct webhook_list, an int64_t (durations,
 * bytes, counts), an int (which of the choices that its argument names), a bool, or the mode. */
enum type { TEXT, LIST, DURATION, BYTES, COUNT, CHOICE, FLAG, MODE };

#define AT(member) offsetof(struct webhook_options, member)
static const struct option_row {
    const char *name;
    const char *argument; /* NULL: takes none */
    enum type type;
    size_t offset;
    enum webhook_mode mode; /* of MODE: which one it asks for */
    const char *help;
} rows[] = {
    {NULL, NULL, TEXT, 0, 0, "Serve (the default)"},
    {"config", "FILE", TEXT, AT(config), 0, "configuration, kind BridgeConfiguration"},
    {"objects", "PATH", LIST, AT(objects), 0,
     "manifests as the object source, file or directory; repeatable"},
    {"kubeconfig", "FILE", TEXT, AT(kubeconfig), 0,
     "the API server as the object source; in a pod the default"},
    {"tls-dir", "DIR", TEXT, AT(tls_dir), 0, "has tls.crt and tls.key; reloaded when they change"},
    {"client-ca", "FILE", TEXT, AT(client_ca), 0,
     "callers must present a certificate that this CA signed"},
    {"client-name", "NAME", LIST, AT(client_names), 0,
     "common or DNS name of a permitted caller; repeatable (any)"},
    {"open-translate", NULL, FLAG, AT(open_translate), 0,
     "answer /translate without a client certificate, too"},
    {"listen", "ADDR:PORT", TEXT, AT(listen), 0, "HTTPS (0.0.0.0:8443); port 0 picks one"},
    {"operations-listen", "ADDR:PORT", TEXT, AT(operations_listen), 0,
     "HTTP for /healthz, /readyz, /metrics (0.0.0.0:8080)"},
    {"drain", "DURATION", DURATION, AT(drain), 0, "keep serving for so long after SIGTERM (10s)"},
    {"request-timeout", "DURATION", DURATION, AT(request_timeout), 0,
     "for a handshake, headers, a body, an answer: each (10s)"},
    {"idle-timeout", "DURATION", DURATION, AT(idle_timeout), 0,
     "between two requests (2m); API servers keep connections for 90s"},
    {"max-connections", "COUNT", COUNT, AT(max_connections), 0,
     "open at once (1024); beyond it callers wait"},
    {"request-memory", "SIZE", BYTES, AT(request_memory), 0,
     "memory for all requests (192Mi); callers beyond it get 429"},
    {"log-format", "text|json", CHOICE, AT(log_format), 0, "of the log on standard error"},
    {NULL, NULL, TEXT, 0, 0, "Translate StatefulSets into Etcds"},
    {"migrate", NULL, MODE, 0, MODE_MIGRATE, "translate the files given, - is standard input"},
    {"only", "NAME", TEXT, AT(migrate.only), 0, "only StatefulSets of this name"},
    {"strategy", "adopt|join|restore|auto", CHOICE, AT(strategy), 0,
     "how druid gets the data (auto)"},
    {"output", "yaml|json", CHOICE, AT(output), 0, "of the Etcds, on standard output"},
    {"report", "FILE", TEXT, AT(report), 0, "where the report goes (standard error)"},
    {"report-format", "text|json", CHOICE, AT(report_format), 0, "for people or for programs"},
    {"strict", NULL, FLAG, AT(strict), 0, "exit with 3 where there are warnings"},
    {"name", "NAME", TEXT, AT(migrate.name), 0,
     "of the Etcd, to join and restore (<StatefulSet>-druid)"},
    {"druid-version", "VERSION", TEXT, AT(migrate.druid_version), 0,
     "that will run it: v0.37 (the default) or v0.38"},
    {"target-etcd-version", "VERSION", TEXT, AT(migrate.target_etcd_version), 0,
     "that druid will run (3.4)"},
    {"etcd-version", "VERSION", TEXT, AT(migrate.etcd_version), 0,
     "that runs today, where the image's tag does not say it"},
    {"store-container", "NAME", TEXT, AT(migrate.store_container), 0,
     "the bucket, where it cannot be resolved"},
    {"client-tls-secret", "NAME", TEXT, AT(migrate.client_tls_secret), 0,
     "has the client certificate for the sidecar"},
    {"accept-client-cert-auth", NULL, FLAG, AT(migrate.accept_client_cert_auth), 0,
     "all clients have certificates, as druid requires"},
    {"old-is-stopped", NULL, FLAG, AT(migrate.old_is_stopped), 0,
     "to restore: nothing writes to the backups any more"},
    {NULL, NULL, TEXT, 0, 0, "Issue certificates"},
    {"issue-certs", "DIR", MODE, AT(issue_certs), MODE_ISSUE_CERTS,
     "write a CA and a serving pair, print the caBundle"},
    {"dns-name", "NAME", LIST, AT(dns_names), 0,
     "that the pair is for, or an IP address; repeatable"},
    {"validity", "DURATION", DURATION, AT(validity), 0, "of both (8760h, a year)"},
    {NULL, NULL, TEXT, 0, 0, "Other"},
    {"help", NULL, MODE, 0, MODE_HELP, "print this"},
    {"version", NULL, MODE, 0, MODE_VERSION, "print the version"},
};
enum { ROWS = sizeof rows / sizeof *rows };

static bool append(struct webhook_list *list, const char *item, struct error *err)
{
    const char **grown = reallocarray(list->items, list->count + 1, sizeof *grown);
    if (!grown)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    list->items = grown;
    grown[list->count++] = item;
    return true;
}

static bool parse_count(const char *text, int64_t *count, struct error *err)
{
    char *end;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || value < 1 || value > 1000000)
        return error_set(err, ERROR_INVALID, "'%s' is not a number from 1 to 1000000", text);
    *count = value;
    return true;
}

/* Which of CHOICES ("yaml|json") TEXT is. */
static bool parse_choice(const char *choices, const char *text, int *index, struct error *err)
{
    size_t length = strlen(text);
    int at = 0;
    for (const char *choice = choices; choice; at++) {
        const char *end = strchr(choice, '|');
        size_t size = end ? (size_t)(end - choice) : strlen(choice);
        if (size == length && strncmp(choice, text, size) == 0) {
            *index = at;
            return true;
        }
        choice = end ? end + 1 : NULL;
    }
    return error_set(err, ERROR_INVALID, "'%s' is none of %s", text, choices);
}

static bool apply(const struct option_row *row, const char *value, struct webhook_options *options,
                  struct error *err)
{
    char *target = (char *)options + row->offset;
    switch (row->type) {
    case MODE:
        if (row->mode > options->mode)
            options->mode = row->mode;
        if (!row->argument)
            return true;
        *(const char **)(void *)target = value;
        return true;
    case TEXT:
        *(const char **)(void *)target = value;
        return true;
    case LIST:
        return append((struct webhook_list *)(void *)target, value, err);
    case DURATION:
        return kube_duration_parse(value, (int64_t *)(void *)target, err);
    case BYTES:
        return kube_quantity_bytes(value, (int64_t *)(void *)target, err);
    case COUNT:
        return parse_count(value, (int64_t *)(void *)target, err);
    case CHOICE:
        return parse_choice(row->argument, value, (int *)(void *)target, err);
    case FLAG:
        *(bool *)(void *)target = true;
        return true;
    }
    return true;
}

/* What getopt_long takes, one row each; the headings of groups are left out. */
static void fill_long_options(struct option options[ROWS + 1])
{
    size_t used = 0;
    for (int i = 0; i < ROWS; i++)
        if (rows[i].name)
            options[used++] = (struct option){
                rows[i].name, rows[i].argument ? required_argument : no_argument, NULL, i + 256};
    options[used] = (struct option){0};
}

static bool read_arguments(int argc, char **argv, struct webhook_options *options,
                           struct error *err)
{
    struct option long_options[ROWS + 1];
    int found;
    fill_long_options(long_options);
    optind = 0; /* GNU: start anew, also in a second call */
    while ((found = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        if (found == 'h') {
            options->mode = MODE_HELP;
            continue;
        }
        if (found < 256)
            return error_set(err, ERROR_INVALID, "%s: %s", argv[optind - 1],
                             found == ':' ? "needs a value" : "there is no such option");
        const struct option_row *row = &rows[found - 256];
        if (!apply(row, optarg, options, err))
            return error_wrap(err, "--%s", row->name);
    }
    while (optind < argc)
        if (!append(&options->arguments, argv[optind++], err))
            return false;
    return true;
}

static bool check_callers(const struct webhook_options *options, struct error *err)
{
    if (options->client_names.count && !options->client_ca)
        return error_set(err, ERROR_INVALID,
                         "--client-name needs --client-ca: the CA that signs the callers' "
                         "certificates");
    for (size_t i = 0; i < options->client_names.count; i++) {
        const char *name = options->client_names.items[i];
        if (!*name || strchr(name, '*'))
            return error_set(err, ERROR_INVALID,
                             "--client-name: '%s' is not a name; there are no wildcards, and "
                             "without --client-name any certificate of the CA will do",
                             name);
    }
    return true;
}

static bool check_serve(const struct webhook_options *options, struct error *err)
{
    if (options->objects.count && options->kubeconfig)
        return error_set(err, ERROR_INVALID,
                         "--objects and --kubeconfig are two object sources; give one");
    if (!options->objects.count && !options->kubeconfig && !webhook_cluster_is_here())
        return error_set(err, ERROR_INVALID,
                         "no object source: give --objects with the manifests of Namespaces, "
                         "Clusters and Secrets, or --kubeconfig");
    if (!options->tls_dir)
        return error_set(err, ERROR_INVALID,
                         "no certificate: give --tls-dir with tls.crt and tls.key "
                         "(--issue-certs makes them)");
    if (options->request_timeout < KUBE_SECOND || options->idle_timeout < KUBE_SECOND)
        return error_set(err, ERROR_INVALID,
                         "--request-timeout and --idle-timeout take one second or more");
    if (options->request_memory < WEBHOOK_REQUEST_MEMORY_MIN)
        return error_set(err, ERROR_INVALID, "--request-memory takes 16Mi or more");
    return check_callers(options, err);
}

static bool check(const struct webhook_options *options, struct error *err)
{
    if (options->mode == MODE_HELP || options->mode == MODE_VERSION)
        return true;
    if (options->mode == MODE_MIGRATE)
        return options->arguments.count > 0 ||
               error_set(err, ERROR_INVALID,
                         "--migrate needs files with StatefulSets, - for standard input");
    if (options->arguments.count)
        return error_set(err, ERROR_INVALID, "%s: there is no place for this argument",
                         options->arguments.items[0]);
    if (options->mode == MODE_SERVE)
        return check_serve(options, err);
    return options->dns_names.count > 0 || error_set(err, ERROR_INVALID,
                                                     "--issue-certs needs --dns-name, for example "
                                                     "druid-bridge.druid-bridge.svc");
}

bool webhook_options_parse(int argc, char **argv, struct webhook_options *options,
                           struct error *err)
{
    *options = (struct webhook_options){
        .mode = MODE_SERVE,
        .strategy = MIGRATE_AUTO,
        .listen = "0.0.0.0:8443",
        .operations_listen = "0.0.0.0:8080",
        .drain = 10 * KUBE_SECOND,
        .request_timeout = 10 * KUBE_SECOND,
        .idle_timeout = 120 * KUBE_SECOND,
        .max_connections = 1024,
        .request_memory = 192 << 20,
        .validity = 365 * 24 * KUBE_HOUR,
    };
    return read_arguments(argc, argv, options, err) && check(options, err);
}

void webhook_options_free(struct webhook_options *options)
{
    free(TAKE(options->objects.items));
    free(TAKE(options->client_names.items));
    free(TAKE(options->dns_names.items));
    free(TAKE(options->arguments.items));
}

void webhook_options_help(FILE *out)
{
    fputs(
        "usage: druid-bridge [options]                      serve the admission webhook\n"
        "       druid-bridge --migrate [FILE|-]...              translate StatefulSets into Etcds\n"
        "       druid-bridge --issue-certs DIR --dns-name NAME...\n"
        "\n"
        "Patches etcd StatefulSets with their cloud provider's backup sidecar and storage, and\n"
        "translates them into the Etcd resources of etcd-druid.\n",
        out);
    for (size_t i = 0; i < ROWS; i++) {
        char usage[48];
        if (!rows[i].name) {
            fprintf(out, "\n%s:\n", rows[i].help);
            continue;
        }
        snprintf(usage, sizeof usage, "--%s%s%s", rows[i].name, rows[i].argument ? " " : "",
                 rows[i].argument ? rows[i].argument : "");
        fprintf(out, "  %-34s %s\n", usage, rows[i].help);
    }
    fputs(
        "\n--kubeconfig and --objects also supply what the files given to --migrate do not have.\n"
        "Durations as 90s, 1h30m; sizes as 64Mi. SIGHUP reads configuration, objects and\n"
        "certificates again; SIGTERM drains and ends. Exit status: 0 done, 1 usage, input or "
        "output;\n"
        "of --migrate also 2 where an Etcd is blocked, 3 with --strict where there are warnings.\n",
        out);
}
