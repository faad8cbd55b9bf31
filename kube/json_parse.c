/* The reading half of kube/json.h. json-c's strict mode still takes single quotes, NaN, "1.",
 * control characters within strings, overlong UTF-8 and integers beyond 64 bits (which it clamps),
 * and cuts keys at a NUL (tried against 0.16). All that is found here, by characters alone; the
 * structure is left to json-c. */
#include "kube/internal.h"

#include "kube/cleanup.h"

#include <errno.h>
#include <json-c/json_tokener.h>
#include <limits.h>
#include <math.h>
#include <string.h>

struct scan {
    const struct kube_text *text;
    size_t at;
    size_t end;
};

static bool fail_at(const struct kube_text *text, size_t offset, const char *what,
                    struct error *err)
{
    size_t column = 1;
    while (column <= offset && text->bytes[offset - column] != '\n')
        column++;
    unsigned line = kube_text_line(text, offset);
    if (text->name)
        return error_set(err, ERROR_INVALID, "%s:%u: column %zu: %s", text->name, line, column,
                         what);
    return error_set(err, ERROR_INVALID, "line %u, column %zu: %s", line, column, what);
}

static bool fail_here(const struct scan *scan, const char *what, struct error *err)
{
    return fail_at(scan->text, scan->at, what, err);
}

/* The character AHEAD of the place; NUL, which is nowhere allowed, behind the end. */
static unsigned char peek(const struct scan *scan, size_t ahead)
{
    return ahead < scan->end - scan->at ? (unsigned char)scan->text->bytes[scan->at + ahead] : 0;
}

/* The bytes of the UTF-8 sequence at the place; 0: it is none. Source: RFC 3629, section 4. */
static size_t utf8_length(const struct scan *scan)
{
    static const struct {
        unsigned char first, last; /* of the first byte */
        unsigned char low, high;   /* of the second byte */
        size_t length;
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    unsigned char c = peek(scan, 0);
    size_t form = 0;
    while (form < sizeof forms / sizeof *forms && (c < forms[form].first || c > forms[form].last))
        form++;
    if (form == sizeof forms / sizeof *forms)
        return 0;
    size_t length = forms[form].length;
    if (length > 1 && (peek(scan, 1) < forms[form].low || peek(scan, 1) > forms[form].high))
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((peek(scan, i) & 0xc0) != 0x80)
            return 0;
    return length;
}

/* Whether the string that ended just now is a key. */
static bool is_key(const struct scan *scan)
{
    size_t ahead = 0;
    while (peek(scan, ahead) && strchr(" \t\r\n", peek(scan, ahead)))
        ahead++;
    return peek(scan, ahead) == ':';
}

static bool check_string(struct scan *scan, struct error *err)
{
    bool has_nul = false;
    size_t begin = scan->at++;
    while (scan->at < scan->end && peek(scan, 0) != '"') {
        size_t length = utf8_length(scan);
        if (!length)
            return fail_here(scan, "invalid UTF-8", err);
        if (peek(scan, 0) < 0x20)
            return fail_here(scan, "a control character within a string", err);
        if (peek(scan, 0) == '\\') {
            has_nul = has_nul || (scan->end - scan->at >= 6 &&
                                  memcmp(scan->text->bytes + scan->at, "\\u0000", 6) == 0);
            scan->at++; /* json-c knows what may follow */
            length = scan->at < scan->end ? utf8_length(scan) : 0;
        }
        scan->at += length;
    }
    if (scan->at >= scan->end) {
        scan->at = scan->end;
        return fail_here(scan, "the text ends within a string", err);
    }
    scan->at++;
    return !has_nul || !is_key(scan) ||
           fail_at(scan->text, begin, "a key that contains a NUL", err);
}

static size_t skip_digits(struct scan *scan)
{
    size_t begin = scan->at;
    while (peek(scan, 0) >= '0' && peek(scan, 0) <= '9')
        scan->at++;
    return scan->at - begin;
}

/* Whether the number that begins at BEGIN and ends here is one that json-c does not bend. */
static bool check_range(const struct scan *scan, size_t begin, bool is_integer, struct error *err)
{
    AUTO_FREE char *number = strndup(scan->text->bytes + begin, scan->at - begin);
    if (!number)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    errno = 0;
    if (is_integer)
        (void)strtoll(number, NULL, 10);
    if (errno == ERANGE || (!is_integer && isinf(strtod(number, NULL))))
        return fail_at(scan->text, begin, "a number that is out of range", err);
    return true;
}

static bool check_number(struct scan *scan, struct error *err)
{
    size_t begin = scan->at;
    scan->at += peek(scan, 0) == '-';
    bool leading_zero = peek(scan, 0) == '0';
    size_t digits = skip_digits(scan);
    bool valid = digits == 1 || (digits > 1 && !leading_zero);
    bool is_integer = true;
    if (valid && peek(scan, 0) == '.') {
        scan->at++;
        valid = skip_digits(scan) > 0;
        is_integer = false;
    }
    if (valid && (peek(scan, 0) == 'e' || peek(scan, 0) == 'E')) {
        scan->at++;
        scan->at += peek(scan, 0) == '+' || peek(scan, 0) == '-';
        valid = skip_digits(scan) > 0;
        is_integer = false;
    }
    if (!valid || (peek(scan, 0) && strchr(".eE+-", peek(scan, 0))))
        return fail_at(scan->text, begin, "a number that is not JSON", err);
    return (is_integer && digits < 19) || check_range(scan, begin, is_integer, err);
}

static bool check_characters(struct scan *scan, struct error *err)
{
    size_t depth = 0;
    while (scan->at < scan->end) {
        unsigned char c = peek(scan, 0);
        bool valid = true;
        if (c == '"')
            valid = check_string(scan, err);
        else if (c == '-' || (c >= '0' && c <= '9'))
            valid = check_number(scan, err);
        else if (!c || !strchr(" \t\r\n{}[]:,truefalsn", c))
            return fail_here(scan, "a character that begins no JSON value", err);
        else if ((c == '{' || c == '[') && ++depth > KUBE_JSON_DEPTH)
            return fail_here(scan, "nested too deeply", err);
        else
            scan->at++;
        if (!valid)
            return false;
        if ((c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return true;
}

bool kube_json_parse_part(const struct kube_text *text, size_t begin, size_t end,
                          struct json_object **out, struct error *err)
{
    size_t length = end - begin;
    if (length >= INT_MAX)
        return error_set(err, ERROR_RANGE, "%zu bytes of JSON are too many", length);
    if (!check_characters(&(struct scan){text, begin, end}, err))
        return false;
    struct json_tokener *tokener = json_tokener_new_ex(KUBE_JSON_DEPTH + 2);
    if (!tokener)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    AUTO_JSON struct json_object *value =
        json_tokener_parse_ex(tokener, text->bytes + begin, (int)length);
    size_t parsed = json_tokener_get_parse_end(tokener);
    enum json_tokener_error status = json_tokener_get_error(tokener);
    /* A number or literal at the very end is complete only once something follows it. */
    if (status == json_tokener_continue) {
        value = json_tokener_parse_ex(tokener, "", 1);
        status = json_tokener_get_error(tokener);
        parsed = length;
    }
    json_tokener_free(tokener);
    if (status != json_tokener_success)
        return fail_at(text, begin + parsed, json_tokener_error_desc(status), err);
    *out = TAKE(value);
    return true;
}

bool kube_json_parse(const char *text, size_t length, struct json_object **out, struct error *err)
{
    return kube_json_parse_part(&(struct kube_text){NULL, text, length}, 0, length, out, err);
}
