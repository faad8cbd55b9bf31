/* druid-bridge: etcd StatefulSets with their backup sidecar, and the way from them to etcd-druid.
 */
#include "certs/issue.h"
#include "kube/duration.h"
#include "kube/stream.h"
#include "kube/time.h"
#include "webhook/cluster.h"
#include "webhook/migrate_command.h"
#include "webhook/options.h"
#include "webhook/serve.h"

#include <time.h>

static const char standard_output[] = "standard output";

/* A usage or input error, as every program says it. */
static int fail(const struct error *err)
{
    kube_stream_say(stderr, "druid-bridge: ", err->message);
    return 1;
}

static int issue_certs(const struct webhook_options *options)
{
    AUTO_CERT_ISSUED struct cert_issued issued = {0};
    struct error err = {0};
    char expiry[KUBE_TIME_SIZE];
    if (!cert_issue(options->issue_certs, options->dns_names.items, options->dns_names.count,
                    options->validity / KUBE_SECOND, time(NULL), &issued, &err))
        return fail(&err);
    kube_time_format(issued.not_after, expiry);
    for (size_t i = 0; i < CERT_FILES; i++)
        kube_stream_say(stderr, "wrote ", issued.paths[i]);
    fprintf(stderr, "valid until %s; the caBundle follows\n", expiry);
    puts(issued.ca_base64);
    struct error why = {0};
    if (kube_stream_flush(stdout, standard_output, &why))
        return 0;
    /* A second call would not overwrite them. */
    error_set(&err, ERROR_UNAVAILABLE,
              "%s; the files are complete; the caBundle is ca.crt of %s in base64", why.message,
              options->issue_certs);
    return fail(&err);
}

static int migrate(const struct webhook_options *options)
{
    struct migrate_command command = {
        .options = options->migrate,
        .inputs = options->arguments.items,
        .input_count = options->arguments.count,
        .objects = options->objects.items,
        .object_count = options->objects.count,
        .json = options->output == 1,
        .strict = options->strict,
        .report_path = options->report,
        .report_json = options->report_format == 1,
    };
    command.options.strategy = (enum migrate_strategy)options->strategy;
    command.options.now = time(NULL);
    struct error err = {0};
    if (options->kubeconfig && !webhook_cluster_ask(options->kubeconfig, &command.source, &err))
        return fail(&err);
    int status = migrate_command(&command);
    kube_source_free(command.source);
    return status;
}

static int run(const struct webhook_options *options)
{
    switch (options->mode) {
    case MODE_HELP:
        webhook_options_help(stdout);
        return 0;
    case MODE_VERSION:
        puts("druid-bridge " DRUID_BRIDGE_VERSION);
        return 0;
    case MODE_MIGRATE:
        return migrate(options);
    case MODE_ISSUE_CERTS:
        return issue_certs(options);
    case MODE_SERVE:
        return webhook_serve(options);
    }
    return 1;
}

/* The status of a program whose output has to arrive. Where it failed it has said why. */
static int finish(int status)
{
    struct error err = {0};
    bool written = status == 1 || (kube_stream_flush(stdout, standard_output, &err) &&
                                   kube_stream_flush(stderr, "standard error", &err));
    return written ? status : fail(&err);
}

int main(int argc, char **argv)
{
    struct webhook_options options = {0};
    struct error err = {0};
    int status;
    if (!kube_stream_reserve(&err)) {
        status = fail(&err);
    } else if (webhook_options_parse(argc, argv, &options, &err)) {
        status = run(&options);
    } else {
        status = fail(&err);
        fputs("druid-bridge --help lists the options\n", stderr);
    }
    webhook_options_free(&options);
    return finish(status);
}
