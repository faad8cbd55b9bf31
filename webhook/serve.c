#include "webhook/serve.h"

#include "kube/cleanup.h"
#include "kube/duration.h"
#include "kube/time.h"
#include "webhook/cluster.h"
#include "webhook/operations.h"
#include "webhook/server.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* Events miss what happens to a directory that is moved away: so the pair is looked at also every
 * so often. */
enum { TICK_MILLISECONDS = 250, TICKS_BETWEEN_LOOKS = 40, STALLED_SECONDS = 10 };

struct service {
    const struct webhook_options *options;
    struct webhook_log log;
    struct webhook_metrics metrics;
    struct webhook_state state;
    struct webhook_tls tls;
    struct webhook_server server;
    struct webhook_operations operations;
    int signals; /* descriptors */
    int watch;
    char tls_error[1024]; /* that was logged last, so that it is not logged at every look */
};

static void warn(void *context, const char *message)
{
    const struct service *service = context;
    webhook_log(&service->log, WEBHOOK_LOG_WARNING, "objects", "warning", message, NULL);
}

static void complain(const struct service *service, const char *what, const struct error *err)
{
    webhook_log(&service->log, WEBHOOK_LOG_ERROR, what, "error", err->message, NULL);
}

/* --- reloads --- */

static void say_certificate(struct service *service)
{
    char expiry[KUBE_TIME_SIZE];
    service->metrics.certificate_expiry = webhook_tls_expiry(&service->tls);
    kube_time_format(service->metrics.certificate_expiry, expiry);
    webhook_log(&service->log, WEBHOOK_LOG_INFO, "certificate loaded", "dir",
                service->options->tls_dir, "expires", expiry, "weakness",
                service->tls.loaded.weakness, NULL);
}

/* An error that stays is told once, not at every look. */
static void complain_once(struct service *service, const struct error *err)
{
    if (strcmp(service->tls_error, err->message) == 0)
        return;
    memcpy(service->tls_error, err->message, sizeof service->tls_error);
    webhook_metrics_reload(&service->metrics, WEBHOOK_RELOAD_CERTIFICATE, false);
    complain(service, "certificate not reloaded; the old one stays", err);
}

static void reload_certificate(struct service *service)
{
    struct error err = {0};
    bool changed = false;
    if (webhook_tls_reload(&service->tls, time(NULL), &changed, &err))
        service->tls_error[0] = '\0';
    else
        complain_once(service, &err);
    if (!changed)
        return;
    webhook_metrics_reload(&service->metrics, WEBHOOK_RELOAD_CERTIFICATE, true);
    say_certificate(service);
}

static void reload_state(struct service *service)
{
    struct error err = {0};
    bool done = webhook_state_reload(&service->state, &err);
    webhook_metrics_reload(&service->metrics, WEBHOOK_RELOAD_CONFIGURATION, done);
    if (done)
        webhook_log(&service->log, WEBHOOK_LOG_INFO, "configuration and objects reloaded", NULL);
    else
        complain(service, "configuration and objects not reloaded; the old ones stay", &err);
}

/* Empties the queue of events: which file it was does not matter. */
static void drain_watch(const struct service *service)
{
    char events[4096];
    while (read(service->watch, events, sizeof events) > 0)
        ;
}

/* --- start --- */

/* Signals are blocked before any thread is made, and so in all of them; the main loop reads them.
 */
static bool open_descriptors(struct service *service, struct error *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return error_set(err, ERROR_UNAVAILABLE, "signals cannot be blocked");
    service->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    service->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (service->signals < 0 || service->watch < 0)
        return error_set(err, ERROR_UNAVAILABLE, "signals or files cannot be watched: %m");
    /* Best effort: without it there still are the looks. */
    inotify_add_watch(service->watch, service->options->tls_dir,
                      IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE);
    return true;
}

/* The API server, unless there are manifests. Which Secrets are watched is decided once, here. */
static bool start_source(struct service *service, struct error *err)
{
    struct webhook_config config;
    if (service->options->objects.count)
        return true;
    if (!webhook_config_load(service->options->config, &config, err))
        return false;
    bool started =
        webhook_cluster_start(service->options->kubeconfig, config.secrets, config.secret_count,
                              &service->log, &service->state.live, err);
    webhook_config_free(&config);
    return started;
}

static void warn_of_any_caller(const struct service *service)
{
    if (service->tls.client_ca_file && !service->tls.client_name_count)
        webhook_log(&service->log, WEBHOOK_LOG_WARNING,
                    "every certificate of the client CA may call; --client-name names the callers",
                    "client-ca", service->tls.client_ca_file, NULL);
}

static bool start(struct service *service, struct error *err)
{
    const struct webhook_options *options = service->options;
    if (!open_descriptors(service, err) || !start_source(service, err) ||
        !webhook_state_reload(&service->state, err) ||
        !webhook_tls_reload(&service->tls, time(NULL), NULL, err))
        return false;
    say_certificate(service);
    warn_of_any_caller(service);
    if (!webhook_server_start(&service->server, err) ||
        !webhook_operations_start(&service->operations, options->operations_listen, err))
        return false;
    webhook_log(&service->log, WEBHOOK_LOG_INFO, "serving", "address", service->server.address,
                "operations", service->operations.address, "version", DRUID_BRIDGE_VERSION, NULL);
    return true;
}

/* --- the main loop --- */

/* The next signal that came, 0 if there is none. */
static int next_signal(const struct service *service)
{
    struct signalfd_siginfo info;
    return read(service->signals, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

/* Serves until UNTIL (milliseconds; -1: without end) or a signal to end; returns that signal or 0.
 */
static int loop(struct service *service, long long until)
{
    struct pollfd descriptors[] = {{service->signals, POLLIN, 0}, {service->watch, POLLIN, 0}};
    unsigned ticks = 0;
    long long last = webhook_clock();
    while (until < 0 || webhook_clock() < until) {
        poll(descriptors, 2, TICK_MILLISECONDS);
        for (int found = next_signal(service); found; found = next_signal(service)) {
            if (found != SIGHUP)
                return found;
            service->tls_error[0] = '\0'; /* who asks is told again */
            reload_state(service);
            reload_certificate(service);
        }
        if (descriptors[1].revents) {
            drain_watch(service);
            reload_certificate(service);
        }
        if (webhook_clock() - last >= TICK_MILLISECONDS) {
            last = webhook_clock();
            webhook_server_tick(&service->server);
            webhook_operations_tick(&service->operations);
            if (++ticks % TICKS_BETWEEN_LOOKS == 0)
                reload_certificate(service);
        }
    }
    return 0;
}

/* A second signal ends it at once, as if nothing were caught. */
static void die_of(int signal_number)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void drain(struct service *service)
{
    webhook_log(&service->log, WEBHOOK_LOG_INFO, "draining", NULL);
    service->operations.stopping = true;
    webhook_server_drain(&service->server);
    int again = loop(service, webhook_clock() + service->options->drain / KUBE_MILLISECOND);
    if (again)
        die_of(again);
    /* What is still in flight gets its time; a second signal is heard by its default action now. */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    webhook_server_stop(&service->server, STALLED_SECONDS);
}

static void free_service(struct service *service)
{
    if (service->server.daemon)
        webhook_server_stop(&service->server, 0);
    if (service->operations.daemon)
        webhook_operations_stop(&service->operations);
    webhook_tls_free(&service->tls);
    webhook_state_free(&service->state);
    webhook_fleet_free(&service->metrics.fleet);
    if (service->signals >= 0)
        close(service->signals);
    if (service->watch >= 0)
        close(service->watch);
    free(service);
}

static struct service *new_service(const struct webhook_options *options)
{
    struct service *service = calloc(1, sizeof *service);
    if (!service)
        return NULL;
    service->options = options;
    service->log = (struct webhook_log){.format = (enum webhook_log_format)options->log_format,
                                        .fd = STDERR_FILENO};
    service->signals = service->watch = -1;
    service->state = (struct webhook_state){
        .mutex = PTHREAD_MUTEX_INITIALIZER,
        .config_file = options->config,
        .object_paths = options->objects.items,
        .object_path_count = options->objects.count,
        .warn = warn,
        .warn_context = service,
    };
    service->tls = (struct webhook_tls){
        .dir = options->tls_dir,
        .client_ca_file = options->client_ca,
        .client_names = options->client_names.items,
        .client_name_count = options->client_names.count,
        .mutex = PTHREAD_MUTEX_INITIALIZER,
    };
    service->server.options = (struct webhook_server_options){
        .listen = options->listen,
        .max_connections = (unsigned)options->max_connections,
        .request_memory = options->request_memory,
        .request_timeout = (int)(options->request_timeout / KUBE_SECOND),
        .idle_timeout = (int)(options->idle_timeout / KUBE_SECOND),
        .open_translate = options->open_translate,
    };
    service->server.tls = service->operations.tls = &service->tls;
    service->server.state = service->operations.state = &service->state;
    service->server.metrics = service->operations.metrics = &service->metrics;
    service->server.log = &service->log;
    pthread_mutex_init(&service->metrics.fleet.mutex, NULL);
    return service;
}

int webhook_serve(const struct webhook_options *options)
{
    struct error err = {0};
    struct service *service = new_service(options);
    if (!service) {
        fputs("druid-bridge: out of memory\n", stderr);
        return 1;
    }
    bool started = start(service, &err);
    if (started) {
        loop(service, -1);
        drain(service);
        webhook_log(&service->log, WEBHOOK_LOG_INFO, "ended", NULL);
    } else {
        complain(service, "cannot start", &err);
    }
    free_service(service);
    return started ? 0 : 1;
}
