/* The reading half of kube/json.h. json-c's strict mode still takes single quotes, NaN, "1.",
 * control characters within strings, overlong UTF-8 and integers beyond 64 bits (which it clamps),
 * and cuts keys at a NUL (tried against 0.16). All that is found here, by characters alone; the
 * structure is left to json-c. */
#include "kube/internal.h"

#include "kube/cleanup.h"

#include <errno.h>
#include <json-c/json_tokener.h>
#include <json-c/printbuf.h>
#include <limits.h>
#include <math.h>
#include <openssl/crypto.h>
#include <string.h>

/* json-c takes some 770 bytes for a map, however small. Kubernetes' objects have one map or list in
 * some 40 bytes of text, in 20 where managedFields prevail; a text with more than one in 12 is made
 * to use memory up. Small texts may be as they like. */
enum { CONTAINER_LENGTH = 12, FREE_CONTAINERS = 4096 };

struct scan {
    const struct kube_text *text;
    size_t at;
    size_t end;
    size_t longest; /* string so far, in bytes with its quotes */
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

/* The bytes of the UTF-8 sequence at the place; 0: it is none. */
static size_t utf8_length(const struct scan *scan)
{
    return kube_utf8_length(scan->text->bytes + scan->at, scan->end - scan->at);
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
    if (scan->at - begin > scan->longest)
        scan->longest = scan->at - begin;
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
    size_t containers = 0;
    size_t limit = FREE_CONTAINERS + (scan->end - scan->at) / CONTAINER_LENGTH;
    while (scan->at < scan->end) {
        unsigned char c = peek(scan, 0);
        bool valid = kube_work_goes_on(scan->text->work) || kube_work_check(scan->text->work, err);
        if (!valid)
            return false;
        if (c == '"')
            valid = check_string(scan, err);
        else if (c == '-' || (c >= '0' && c <= '9'))
            valid = check_number(scan, err);
        else if (!c || !strchr(" \t\r\n{}[]:,truefalsn", c))
            return fail_here(scan, "a character that begins no JSON value", err);
        else if ((c == '{' || c == '[') && ++depth > KUBE_JSON_DEPTH)
            return fail_here(scan, "nested too deeply", err);
        else if ((c == '{' || c == '[') && ++containers > limit)
            return fail_here(scan, "too many maps and lists for so short a text", err);
        else
            scan->at++;
        if (!valid)
            return false;
        if ((c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return true;
}

/* A tokener for strings of up to LONGEST bytes. It copies each to a buffer, which has its final
 * size from the start, so that none of them, which may be secrets, stays behind where it grew. */
static struct json_tokener *new_tokener(size_t longest)
{
    struct json_tokener *tokener = json_tokener_new_ex(KUBE_JSON_DEPTH + 2);
    if (!tokener)
        return NULL;
    if (printbuf_memset(tokener->pb, 0, 0, (int)longest + 2) != 0) {
        json_tokener_free(tokener);
        return NULL;
    }
    printbuf_reset(tokener->pb);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    return tokener;
}

static void free_tokener(struct json_tokener *tokener)
{
    OPENSSL_cleanse(tokener->pb->buf, (size_t)tokener->pb->size);
    json_tokener_free(tokener);
}

/* Feeds BEGIN..END of TEXT to TOKENER, a piece at a time. *PARSED says how far it came. */
static bool tokenize(struct json_tokener *tokener, const struct kube_text *text, size_t begin,
                     size_t end, size_t *parsed, struct json_object **out, struct error *err)
{
    enum { PIECE = 64 << 10 };
    enum json_tokener_error status = json_tokener_continue;
    struct json_object *value = NULL;
    size_t at = begin;
    while (status == json_tokener_continue && at < end) {
        size_t length = end - at < PIECE ? end - at : PIECE;
        if (!kube_work_check(text->work, err))
            return false;
        value = json_tokener_parse_ex(tokener, text->bytes + at, (int)length);
        status = json_tokener_get_error(tokener);
        at += json_tokener_get_parse_end(tokener);
    }
    /* A number or literal at the very end is complete only once something follows it. */
    if (status == json_tokener_continue) {
        value = json_tokener_parse_ex(tokener, "", 1);
        status = json_tokener_get_error(tokener);
    }
    if (status != json_tokener_success)
        return fail_at(text, at, json_tokener_error_desc(status), err);
    *parsed = at;
    *out = value;
    return true;
}

/* Nothing but blanks may follow the value. */
static bool check_end(const struct kube_text *text, size_t at, size_t end, struct error *err)
{
    while (at < end && strchr(" \t\r\n", text->bytes[at]))
        at++;
    return at == end ||
           fail_at(text, at, json_tokener_error_desc(json_tokener_error_parse_unexpected), err);
}

bool kube_json_parse_part(const struct kube_text *text, size_t begin, size_t end,
                          struct json_object **out, struct error *err)
{
    size_t length = end - begin;
    if (length >= INT_MAX - 1)
        return error_set(err, ERROR_RANGE, "%zu bytes of JSON are too many", length);
    struct scan scan = {text, begin, end, 0};
    if (!kube_work_check(text->work, err) || !check_characters(&scan, err))
        return false;
    struct json_tokener *tokener = new_tokener(scan.longest);
    if (!tokener)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    AUTO_JSON struct json_object *value = NULL;
    size_t parsed = begin;
    bool whole = tokenize(tokener, text, begin, end, &parsed, &value, err) &&
                 check_end(text, parsed, end, err);
    free_tokener(tokener);
    if (whole)
        *out = TAKE(value);
    return whole;
}

bool kube_json_parse(const char *text, size_t length, struct json_object **out, struct error *err)
{
    return kube_json_parse_while(NULL, text, length, out, err);
}

bool kube_json_parse_while(struct kube_work *work, const char *text, size_t length,
                           struct json_object **out, struct error *err)
{
    const struct kube_text whole = {.bytes = text, .length = length, .work = work};
    return kube_json_parse_part(&whole, 0, length, out, err);
}

/* --- several values in one text --- */

static size_t skip_blanks(const struct kube_text *text, size_t at)
{
    while (at < text->length && text->bytes[at] && strchr(" \t\r\n", text->bytes[at]))
        at++;
    return at;
}

static bool is_container_at(const struct kube_text *text, size_t at)
{
    return at < text->length && (text->bytes[at] == '{' || text->bytes[at] == '[');
}

bool kube_json_is_likely(const struct kube_text *text)
{
    return is_container_at(text, skip_blanks(text, 0));
}

/* Where the list or map at BEGIN ends; the end of the text where it does not. */
static size_t json_end(const struct kube_text *text, size_t begin)
{
    bool in_string = false;
    size_t depth = 0;
    for (size_t i = begin; i < text->length; i++) {
        char c = text->bytes[i];
        if (c == '"')
            in_string = !in_string;
        else if (in_string && c == '\\')
            i++;
        else if (!in_string && (c == '{' || c == '['))
            depth++;
        else if (!in_string && (c == '}' || c == ']') && --depth == 0)
            return i + 1;
    }
    return text->length;
}

bool kube_json_read_text(const struct kube_text *text, kube_yaml_document *each, void *context,
                         struct error *err)
{
    size_t begin = skip_blanks(text, 0);
    unsigned line = 1;
    size_t counted = 0;
    while (begin < text->length) {
        size_t value_end = is_container_at(text, begin) ? json_end(text, begin) : text->length;
        AUTO_JSON struct json_object *value = NULL;
        if (!kube_json_parse_part(text, begin, value_end, &value, err))
            return false;
        for (; counted < begin; counted++)
            line += text->bytes[counted] == '\n';
        if (value && !each(context, value, line, err))
            return false;
        begin = skip_blanks(text, value_end);
    }
    return true;
}
