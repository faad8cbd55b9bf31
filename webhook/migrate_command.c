#include "webhook/migrate_command.h"

#include "kube/cleanup.h"
#include "kube/stream.h"
#include "kube/yaml.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_TRANSLATED = 0, EXIT_UNREADABLE = 1, EXIT_BLOCKED = 2, EXIT_STRICT = 3 };

struct output {
    const struct migrate_command *command;
    FILE *etcds;              /* in memory, so that an error half-way leaves no half of a list */
    FILE *report;             /* NULL: it goes to standard error */
    const char *report_name;  /* in messages */
    bool report_colour;       /* the report goes to a terminal */
    bool progress;            /* standard error is a terminal that nothing else is written to */
    bool list_begun;          /* JSON: the first of several was written */
    struct json_object *held; /* JSON: the first Etcd, until it is known whether there are more */
    struct json_object *skipped;
    size_t written, reports, blocked, attention;
    time_t last_progress;
};

static void warn(void *context, const char *message)
{
    (void)context;
    kube_stream_say(stderr, "druid-bridge: warning: ", message);
}

static void show_progress(struct output *output, size_t index, size_t total)
{
    time_t now = time(NULL);
    if (!output->progress || now == output->last_progress)
        return;
    output->last_progress = now;
    fprintf(stderr, "\r%zu of %zu", index, total);
    fflush(stderr);
}

static bool out_of_memory(struct error *err)
{
    return error_set(err, ERROR_NO_MEMORY, "out of memory");
}

/* --- Etcds --- */

static bool write_json(FILE *out, struct json_object *value, int indent, struct error *err)
{
    const char *text = json_object_to_json_string_ext(
        value, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (!text)
        return out_of_memory(err);
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        fprintf(out, "%*s%.*s", line == text ? 0 : indent, "", (int)length, line);
        line += length;
        if (*line) {
            fputc('\n', out);
            line++;
        }
    }
    return true;
}

/* One Etcd is printed as itself, several as a List: the first waits for the second. */
static bool write_etcd_json(struct output *output, struct json_object *etcd, struct error *err)
{
    if (!output->held && !output->list_begun) {
        output->held = json_object_get(etcd);
        return true;
    }
    if (!output->list_begun) {
        fputs("{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [\n    ",
              output->etcds);
        if (!write_json(output->etcds, output->held, 4, err))
            return false;
        output->list_begun = true;
    }
    fputs(",\n    ", output->etcds);
    return write_json(output->etcds, etcd, 4, err);
}

static bool end_etcds(struct output *output, struct error *err)
{
    if (output->list_begun) {
        fputs("\n  ]\n}\n", output->etcds);
    } else if (output->held) {
        if (!write_json(output->etcds, output->held, 0, err))
            return false;
        fputc('\n', output->etcds);
    }
    return kube_stream_flush(output->etcds, NULL, err);
}

static bool write_etcd(struct output *output, struct json_object *etcd, struct error *err)
{
    if (output->command->json)
        return write_etcd_json(output, etcd, err);
    AUTO_FREE char *text = kube_yaml_write(etcd);
    if (!text)
        return out_of_memory(err);
    fprintf(output->etcds, "%s%s", output->written++ ? "---\n" : "", text);
    return !ferror(output->etcds) || out_of_memory(err);
}

/* --- the report --- */

static bool write_report(struct output *output, struct json_object *report, struct error *err)
{
    FILE *out = output->report ? output->report : stderr;
    if (output->command->report_json) {
        fputs(output->reports ? ",\n    " : "{\n  \"items\": [\n    ", out);
        output->reports++;
        return write_json(out, report, 4, err);
    }
    AUTO_FREE char *text = migrate_report_text(report, output->report_colour);
    if (!text)
        return out_of_memory(err);
    fprintf(out, "%s%s", output->reports ? "\n" : "", text);
    output->reports++;
    return true;
}

static bool end_report(struct output *output, struct error *err)
{
    FILE *out = output->report ? output->report : stderr;
    size_t skipped = json_object_array_length(output->skipped);
    if (output->command->report_json) {
        fputs(output->reports ? "\n  ],\n  \"skipped\": " : "{\n  \"items\": [],\n  \"skipped\": ",
              out);
        if (!write_json(out, output->skipped, 2, err))
            return false;
        fputs("\n}\n", out);
    } else if (skipped) {
        fprintf(out, "%sSkipped\n", output->reports ? "\n" : "");
        for (size_t i = 0; i < skipped; i++) {
            struct json_object *item = json_object_array_get_idx(output->skipped, i);
            AUTO_FREE char *line = NULL;
            if (asprintf(&line, "%s/%s: %s", kube_json_text(item, "/namespace"),
                         kube_json_text(item, "/statefulSet"), kube_json_text(item, "/reason")) < 0)
                return out_of_memory(err);
            kube_stream_say(out, "  StatefulSet ", line);
        }
    }
    return kube_stream_flush(out, output->report_name, err);
}

/* --- all of it --- */

static bool take_result(void *context, size_t index, size_t total,
                        const struct migrate_result *result, struct json_object *skipped,
                        struct error *err)
{
    struct output *output = context;
    show_progress(output, index, total);
    if (skipped)
        return kube_json_append(output->skipped, json_object_get(skipped)) || out_of_memory(err);
    output->blocked += result->verdict == MIGRATE_BLOCKED;
    output->attention += result->verdict == MIGRATE_ATTENTION;
    return (!result->etcd || write_etcd(output, result->etcd, err)) &&
           write_report(output, result->report, err);
}

static bool read_inputs(const struct migrate_command *command, struct kube_files *files,
                        struct error *err)
{
    kube_files_take_streams(files);
    for (size_t i = 0; i < command->input_count; i++)
        if (!kube_files_add(files, command->inputs[i], err))
            return false;
    for (size_t i = 0; i < command->object_count; i++)
        if (!kube_files_add(files, command->objects[i], err))
            return false;
    return true;
}

/* What is looked for among the StatefulSets. */
struct search {
    const char *only; /* a name; NULL: any */
    bool any, found;
};

static bool search_one(void *context, struct json_object *object)
{
    struct search *search = context;
    const char *name = kube_json_text(object, "/metadata/name");
    search->any = true;
    search->found = !search->only || (name && strcmp(name, search->only) == 0);
    return !search->found;
}

/* An input of nothing is what a command that failed leaves behind, and a name that is not there is
 * mistyped: neither is a success. */
static bool check_inputs(const struct migrate_command *command, struct kube_files *files,
                         struct error *err)
{
    struct search search = {.only = command->options.only};
    kube_files_each(files, KUBE_STATEFUL_SET, search_one, &search);
    if (!search.any)
        return error_set(err, ERROR_INVALID, "there is no StatefulSet in the input");
    return search.found ||
           error_set(err, ERROR_INVALID, "--only '%s': no StatefulSet of the input has this name",
                     search.only);
}

static bool open_report(const struct migrate_command *command, struct output *output,
                        struct error *err)
{
    if (!command->report_path) {
        output->report_name = "standard error";
        output->report_colour = isatty(STDERR_FILENO) && !getenv("NO_COLOR");
        return true;
    }
    output->report_name = command->report_path;
    output->report = fopen(command->report_path, "we");
    if (!output->report)
        return error_set(err, ERROR_UNAVAILABLE, "--report %s: %s", command->report_path,
                         strerror(errno));
    output->report_colour = isatty(fileno(output->report)) && !getenv("NO_COLOR");
    output->progress = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
    return true;
}

static bool translate(const struct migrate_command *command, struct output *output,
                      struct error *err)
{
    struct kube_files *files = kube_files_new(warn, NULL);
    if (!files)
        return out_of_memory(err);
    bool opened = migrate_options_check(&command->options, err) &&
                  read_inputs(command, files, err) && check_inputs(command, files, err) &&
                  open_report(command, output, err);
    bool done = opened &&
                migrate_files(files, command->source, &command->options, take_result, output, err);
    if (output->progress)
        fprintf(stderr, "\r\033[K");
    /* A report that was begun is ended, whatever came in between. */
    done = opened && end_report(output, done ? err : NULL) && done;
    kube_files_free(files);
    return done && end_etcds(output, err);
}

static bool print_etcds(const char *text, size_t length, struct error *err)
{
    fwrite(text, 1, length, stdout);
    return kube_stream_flush(stdout, "standard output", err);
}

int migrate_command(const struct migrate_command *command)
{
    struct error error = {0};
    AUTO_FREE char *etcds = NULL;
    size_t length = 0;
    struct output output = {.command = command,
                            .skipped = json_object_new_array(),
                            .etcds = open_memstream(&etcds, &length)};
    bool done = output.etcds && output.skipped ? translate(command, &output, &error)
                                               : out_of_memory(&error);
    if (output.etcds && !kube_stream_close(output.etcds, NULL, done ? &error : NULL))
        done = false;
    done = done && print_etcds(etcds, length, &error);
    json_object_put(output.held);
    json_object_put(output.skipped);
    if (output.report &&
        !kube_stream_close(output.report, output.report_name, done ? &error : NULL))
        done = false;
    if (!done) {
        kube_stream_say(stderr, "druid-bridge: ", error.message);
        return EXIT_UNREADABLE;
    }
    if (output.blocked)
        return EXIT_BLOCKED;
    return command->strict && output.attention ? EXIT_STRICT : EXIT_TRANSLATED;
}
