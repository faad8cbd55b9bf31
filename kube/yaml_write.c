#include "kube/internal.h"

#include "kube/stream.h"

#include <stdio.h>
#include <string.h>

/* Readers look for the colon of a key only so far, in characters as they are written; longer ones
 * are written with "?". An escape takes up to so many for one byte. */
enum { KEY_LIMIT = 1000, ESCAPE_LENGTH = 6 };

/* --- texts --- */

static void write_character(FILE *out, const char *text, size_t step)
{
    if (kube_yaml_is_printable(text, step) && *text != '\n' && *text != '\t') {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fwrite(text, 1, step, out);
        return;
    }
    unsigned code = step ? kube_utf8_code(text, step) : 0xfffd; /* no UTF-8 */
    if (code == '\n' || code == '\t' || code == '\r')
        fprintf(out, "\\%c", code == '\n' ? 'n' : code == '\t' ? 't' : 'r');
    else
        fprintf(out, code > 0xffff ? "\\U%08x" : "\\u%04x", code);
}

static void write_double_quoted(FILE *out, const char *text, size_t length)
{
    fputc('"', out);
    for (size_t i = 0; i < length;) {
        size_t step = kube_utf8_length(text + i, length - i);
        write_character(out, text + i, step);
        i += step ? step : 1;
    }
    fputc('"', out);
}

/* Whether single quotes spare escapes: there is something to escape, in a line that needs no other.
 */
static bool wants_single_quotes(const char *text, size_t length)
{
    bool has_escapes = false;
    for (size_t i = 0, step; i < length; i += step) {
        step = kube_utf8_length(text + i, length - i);
        if (!kube_yaml_is_printable(text + i, step) || strchr("'\n\t", text[i]))
            return false;
        has_escapes = has_escapes || text[i] == '"' || text[i] == '\\';
    }
    return has_escapes;
}

static void write_in_line(FILE *out, const char *text, size_t length)
{
    if (kube_yaml_is_plain(text, length))
        fwrite(text, 1, length, out);
    else if (wants_single_quotes(text, length))
        fprintf(out, "'%s'", text);
    else
        write_double_quoted(out, text, length);
}

/* Whether a person would see in a literal block what is there: several lines of printable
 * characters, no blanks at the end of one. */
static bool wants_literal(const char *text, size_t length)
{
    bool has_line_end = false;
    for (size_t i = 0, step; i < length; i += step) {
        step = kube_utf8_length(text + i, length - i);
        if (!kube_yaml_is_printable(text + i, step))
            return false;
        bool is_blank = text[i] == ' ' || text[i] == '\t';
        if (is_blank && (i + 1 == length || text[i + 1] == '\n'))
            return false;
        has_line_end = has_line_end || text[i] == '\n';
    }
    return has_line_end && strspn(text, "\n") < length;
}

/* The lines are indented by two more than INDENT, the column of the map or list that this is in. */
static void write_literal(FILE *out, const char *text, size_t length, int indent)
{
    bool ends_in_line_end = text[length - 1] == '\n';
    bool has_empty_end = length > 1 && ends_in_line_end && text[length - 2] == '\n';
    fprintf(out, "|%s%s", strchr(" \t\n", *text) ? "2" : "",
            !ends_in_line_end ? "-"
            : has_empty_end   ? "+"
                              : "");
    const char *end = text + length;
    while (text < end) {
        size_t line = strcspn(text, "\n");
        fprintf(out, "\n%*s%.*s", line ? indent + 2 : 0, "", (int)line, text);
        text += line + 1;
    }
}

/* --- trees --- */

static void write_fraction(FILE *out, double value)
{
    char text[40];
    int precision = 0;
    do
        snprintf(text, sizeof text, "%.*g", ++precision, value);
    while (precision < 17 && strtod(text, NULL) != value);
    /* YAML 1.1 wants a point in every fraction, and a sign in every exponent, which is there. */
    size_t mantissa = strcspn(text, "e");
    bool has_point = memchr(text, '.', mantissa) != NULL;
    fprintf(out, "%.*s%s%s", (int)mantissa, text, has_point ? "" : ".0", text + mantissa);
}

static bool is_nested(struct json_object *value)
{
    return !kube_json_is_empty(value) && (json_object_is_type(value, json_type_object) ||
                                          json_object_is_type(value, json_type_array));
}

/* What ends in the line it begins in, apart from literal blocks. */
static void write_leaf(FILE *out, struct json_object *value, int indent)
{
    const char *text;
    size_t length;
    switch (json_object_get_type(value)) {
    case json_type_string:
        text = json_object_get_string(value);
        length = (size_t)json_object_get_string_len(value);
        if (wants_literal(text, length))
            write_literal(out, text, length, indent);
        else
            write_in_line(out, text, length);
        break;
    case json_type_double:
        write_fraction(out, json_object_get_double(value));
        break;
    case json_type_int:
        fprintf(out, "%lld", (long long)json_object_get_int64(value));
        break;
    case json_type_boolean:
        fputs(json_object_get_boolean(value) ? "true" : "false", out);
        break;
    case json_type_null:
        fputs("null", out);
        break;
    case json_type_object:
        fputs("{}", out);
        break;
    case json_type_array:
        fputs("[]", out);
    }
    fputc('\n', out);
}

/* Writes VALUE, whose first line begins at column INDENT, in a place that is there already. Trees
 * are no deeper than what was read, or than this program builds them. */
static void write_value(FILE *out, struct json_object *value, int indent);

static bool may_be_too_long(const char *key, size_t length)
{
    return length > KEY_LIMIT ||
           (length > KEY_LIMIT / ESCAPE_LENGTH && !kube_yaml_is_plain(key, length));
}

static void write_member(FILE *out, const char *key, struct json_object *value, int indent)
{
    size_t length = strlen(key);
    bool is_long = may_be_too_long(key, length);
    if (is_long)
        fputs("? ", out);
    write_in_line(out, key, length);
    if (is_long)
        fprintf(out, "\n%*s", indent, "");
    fputc(':', out);
    if (!is_nested(value)) {
        fputc(' ', out);
        write_leaf(out, value, indent);
        return;
    }
    /* The items of a list stand below the key, as kubectl has them. */
    int column = json_object_is_type(value, json_type_array) ? indent : indent + 2;
    fprintf(out, "\n%*s", column, "");
    write_value(out, value, column);
}

static void write_map(FILE *out, struct json_object *map, int indent)
{
    bool first = true;
    json_object_object_foreach(map, key, value)
    {
        if (!first)
            fprintf(out, "%*s", indent, "");
        first = false;
        write_member(out, key, value, indent);
    }
}

static void write_list(FILE *out, struct json_object *list, int indent)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        fprintf(out, "%*s- ", i ? indent : 0, "");
        if (is_nested(item))
            write_value(out, item, indent + 2);
        else
            write_leaf(out, item, indent);
    }
}

static void write_value(FILE *out, struct json_object *value, int indent)
{
    if (!is_nested(value))
        write_leaf(out, value, indent);
    else if (json_object_is_type(value, json_type_array))
        write_list(out, value, indent);
    else
        write_map(out, value, indent);
}

char *kube_yaml_write(struct json_object *value)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return NULL;
    write_value(out, value, 0);
    if (!kube_stream_close(out, NULL, NULL)) {
        free(text);
        return NULL;
    }
    return text;
}
