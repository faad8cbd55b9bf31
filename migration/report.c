/* The report for people. */
#include "migration/internal.h"

#include "kube/stream.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 100 };

struct paper {
    FILE *out;
    bool colour;
};

static const char *colour_of(const char *severity)
{
    return text_is(severity, "blocker") || text_is(severity, "blocked")     ? "\033[31m"
           : text_is(severity, "warning") || text_is(severity, "attention") ? "\033[33m"
           : text_is(severity, "ready")                                     ? "\033[32m"
                                                                            : "\033[36m";
}

static void coloured(struct paper *paper, const char *kind, const char *text)
{
    if (paper->colour)
        fprintf(paper->out, "%s%s\033[0m", colour_of(kind), text);
    else
        fputs(text, paper->out);
}

/* TEXT in lines of WIDTH, each indented by INDENT. */
static void paragraph(struct paper *paper, int indent, const char *text)
{
    int column = fprintf(paper->out, "%*s", indent, "");
    int hanging = column;
    while (*text) {
        text += strspn(text, " \n");
        int length = (int)strcspn(text, " \n");
        if (column > hanging && column + 1 + length > WIDTH)
            column = fprintf(paper->out, "\n%*s", hanging, "") - 1;
        else if (column > hanging)
            column += fprintf(paper->out, " ");
        kube_stream_show(paper->out, text, (size_t)length);
        column += length;
        text += length;
    }
    fputc('\n', paper->out);
}

static void print_finding(struct paper *paper, struct json_object *finding)
{
    const char *severity = kube_json_text(finding, "/severity");
    const char *path = kube_json_text(finding, "/path");
    const char *remedy = kube_json_text(finding, "/remedy");
    fputs("  ", paper->out);
    coloured(paper, severity, severity);
    fprintf(paper->out, " %s", kube_json_text(finding, "/code"));
    if (path && *path) {
        fputs("  ", paper->out);
        kube_stream_show(paper->out, path, strlen(path));
    }
    fputc('\n', paper->out);
    paragraph(paper, 4, kube_json_text(finding, "/message"));
    /* In one line: a remedy may have a command to copy. */
    if (remedy) {
        fputs("    → ", paper->out);
        kube_stream_show(paper->out, remedy, strlen(remedy));
        fputc('\n', paper->out);
    }
}

static size_t count_of(struct json_object *findings, const char *severity)
{
    size_t count = 0;
    for (size_t i = 0; i < list_length(findings); i++)
        count += text_is(kube_json_text(list_item(findings, i), "/severity"), severity);
    return count;
}

/* The findings of SEVERITY, or those of another one. */
static void print_findings(struct paper *paper, struct json_object *findings, bool infos,
                           const char *title)
{
    bool titled = false;
    for (size_t i = 0; i < list_length(findings); i++) {
        struct json_object *finding = list_item(findings, i);
        if (text_is(kube_json_text(finding, "/severity"), "info") != infos)
            continue;
        if (!titled)
            fprintf(paper->out, "\n%s\n", title);
        titled = true;
        print_finding(paper, finding);
    }
}

static void print_alternatives(struct paper *paper, struct json_object *alternatives)
{
    for (size_t i = 0; i < list_length(alternatives); i++) {
        struct json_object *other = list_item(alternatives, i);
        struct json_object *findings = kube_json_child(other, "findings");
        const char *verdict = kube_json_text(other, "/verdict");
        fprintf(paper->out, "\nStrategy %s: ", kube_json_text(other, "/strategy"));
        coloured(paper, verdict, verdict);
        fputc('\n', paper->out);
        for (size_t f = 0; f < list_length(findings); f++)
            if (text_is(kube_json_text(list_item(findings, f), "/severity"), "blocker"))
                print_finding(paper, list_item(findings, f));
    }
}

/* How much of A and B, two pointers, is the same up to whole segments. */
static size_t common(const char *a, size_t length, const char *b)
{
    size_t same = 0;
    for (size_t i = 0; i <= length; i++) {
        bool a_ends = i == length || a[i] == '/', b_ends = !b[i] || b[i] == '/';
        if (a_ends && b_ends)
            same = i;
        if (i == length || a[i] != b[i])
            break;
    }
    return same;
}

/* Fields of OUTCOME, those with one note together: they are many. */
static void print_fields(struct paper *paper, struct json_object *fields, const char *outcome,
                         const char *title)
{
    bool titled = false;
    size_t count = list_length(fields);
    for (size_t i = 0; i < count; i++) {
        struct json_object *field = list_item(fields, i);
        if (!text_is(kube_json_text(field, "/outcome"), outcome))
            continue;
        const char *path = kube_json_text(field, "/path");
        const char *note = kube_json_text(field, "/note");
        size_t length = strlen(path), last = i;
        while (note && last + 1 < count &&
               text_is(kube_json_text(list_item(fields, last + 1), "/outcome"), outcome) &&
               text_is(kube_json_text(list_item(fields, last + 1), "/note"), note)) {
            last++;
            length = common(path, length, kube_json_text(list_item(fields, last), "/path"));
        }
        fprintf(paper->out, "%s%s%s  ", titled ? "" : "\n", titled ? "" : title,
                titled ? "" : "\n");
        titled = true;
        kube_stream_show(paper->out, path, length);
        if (last > i)
            fprintf(paper->out, " (%zu fields)", last - i + 1);
        fputc('\n', paper->out);
        if (note)
            paragraph(paper, 4, note);
        i = last;
    }
}

static void print_text(struct paper *paper, const char *lead, const char *text)
{
    fputs(lead, paper->out);
    if (text)
        kube_stream_show(paper->out, text, strlen(text));
}

static void print_head(struct paper *paper, struct json_object *item)
{
    struct json_object *findings = kube_json_child(item, "findings");
    const char *verdict = kube_json_text(item, "/verdict");
    print_text(paper, "StatefulSet ", kube_json_text(item, "/namespace"));
    print_text(paper, "/", kube_json_text(item, "/statefulSet"));
    print_text(paper, " → Etcd ", kube_json_text(item, "/etcd"));
    print_text(paper, ", strategy ", kube_json_text(item, "/strategy"));
    fputs(": ", paper->out);
    coloured(paper, verdict, verdict);
    size_t blockers = count_of(findings, "blocker"), warnings = count_of(findings, "warning");
    if (blockers)
        fprintf(paper->out, ", %zu blocker%s", blockers, blockers == 1 ? "" : "s");
    if (warnings)
        fprintf(paper->out, ", %zu warning%s", warnings, warnings == 1 ? "" : "s");
    fputc('\n', paper->out);
}

char *migrate_report_text(struct json_object *item, bool colour)
{
    char *text = NULL;
    size_t length = 0;
    struct paper paper = {open_memstream(&text, &length), colour};
    if (!paper.out)
        return NULL;
    struct json_object *findings = kube_json_child(item, "findings");
    struct json_object *fields = kube_json_child(item, "fields");
    print_head(&paper, item);
    print_findings(&paper, findings, false, "Findings");
    print_findings(&paper, findings, true, "What will happen");
    print_alternatives(&paper, kube_json_child(item, "alternatives"));
    print_fields(&paper, fields, "unaccounted", "Not accounted for");
    print_fields(&paper, fields, "dropped", "Dropped");
    print_fields(&paper, fields, "replaced", "Replaced by druid's own");
    bool whole = !ferror(paper.out);
    if (fclose(paper.out) != 0 || !whole) {
        free(text);
        return NULL;
    }
    return text;
}
