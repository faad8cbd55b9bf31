/* What a YAML scalar means to kubectl, which resolves plain ones as YAML 1.1 does, apart from
 * sexagesimals and timestamps (tried against kubectl 1.32). One difference: a plain y or n is a
 * text here, as to most readers. kubectl takes it for a boolean, and so refuses it as a name. */
#include "kube/internal.h"

#include "kube/base64.h"
#include "kube/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <yaml.h>

#define BINARY_TAG "tag:yaml.org,2002:binary"

static bool no_memory(struct error *err)
{
    return error_set(err, ERROR_NO_MEMORY, "out of memory");
}

static bool invalid(const char *what, struct error *err)
{
    return error_set(err, ERROR_INVALID, "%s", what);
}

enum meaning { TEXT, NOTHING, TRUTH, WHOLE, FRACTION, NOT_FINITE };

struct scalar {
    enum meaning meaning;
    bool truth;
    int64_t whole;
    double fraction;
};

static const struct word {
    const char *spellings[5];
    struct scalar scalar;
} words[] = {
    {{"", "~", "null", "Null", "NULL"}, {.meaning = NOTHING}},
    {{"true", "True", "TRUE"}, {.meaning = TRUTH, .truth = true}},
    {{"yes", "Yes", "YES"}, {.meaning = TRUTH, .truth = true}},
    {{"on", "On", "ON"}, {.meaning = TRUTH, .truth = true}},
    {{"false", "False", "FALSE"}, {.meaning = TRUTH}},
    {{"no", "No", "NO"}, {.meaning = TRUTH}},
    {{"off", "Off", "OFF"}, {.meaning = TRUTH}},
    {{".nan", ".NaN", ".NAN"}, {.meaning = NOT_FINITE}},
    {{".inf", ".Inf", ".INF"}, {.meaning = NOT_FINITE}},
    {{"+.inf", "+.Inf", "+.INF"}, {.meaning = NOT_FINITE}},
    {{"-.inf", "-.Inf", "-.INF"}, {.meaning = NOT_FINITE}},
};

static bool find_word(const char *text, struct scalar *out)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        for (size_t j = 0; j < 5 && words[i].spellings[j]; j++) {
            if (strcmp(words[i].spellings[j], text) == 0) {
                *out = words[i].scalar;
                return true;
            }
        }
    }
    return false;
}

/* "-12", "0x1F", "0b11", "0o17", "017". What needs 64 bits and has no sign is a fraction, as JSON's
 * readers have it; what needs more is no integer. */
static bool parse_integer(const char *text, struct scalar *out)
{
    static const struct {
        const char *prefix;
        int base;
        const char *digits;
    } forms[] = {
        {"0x", 16, "0123456789abcdefABCDEF"},
        {"0b", 2, "01"},
        {"0o", 8, "01234567"},
        {"0", 8, "01234567"},
        {"", 10, "0123456789"},
    };
    bool negative = *text == '-';
    bool has_sign = negative || *text == '+';
    text += has_sign;
    size_t form = 0;
    while (strncasecmp(text, forms[form].prefix, strlen(forms[form].prefix)) != 0)
        form++;
    if (strcmp(text, "0") != 0)
        text += strlen(forms[form].prefix);
    size_t digits = strspn(text, forms[form].digits);
    if (digits == 0 || text[digits])
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, NULL, forms[form].base);
    if (errno || (has_sign && value > INT64_MAX + (unsigned long long)negative))
        return false;
    *out = (struct scalar){.meaning = WHOLE, .whole = (int64_t)(negative ? 0 - value : value)};
    if (!negative && value > INT64_MAX)
        *out = (struct scalar){.meaning = FRACTION, .fraction = (double)value};
    return true;
}

/* "1.5", ".5", "1.", "1e3". One that is whole after all is an integer, as it is once kubectl has
 * written it as JSON; one beyond doubles is a text. */
static bool parse_fraction(const char *text, struct scalar *out)
{
    static const char digits[] = "0123456789";
    const char *c = text + (*text == '-' || *text == '+');
    size_t before = strspn(c, digits);
    c += before;
    size_t behind = *c == '.' ? strspn(c + 1, digits) : 0;
    c += behind + (*c == '.');
    if (before + behind == 0)
        return false;
    if (*c == 'e' || *c == 'E') {
        c++;
        c += *c == '-' || *c == '+';
        size_t exponent = strspn(c, digits);
        c += exponent;
        if (exponent == 0)
            return false;
    }
    double value = strtod(text, NULL);
    if (*c || isinf(value))
        return false;
    if (value > -9223372036854775808.0 && value < 9223372036854775808.0 &&
        (double)(int64_t)value == value)
        *out = (struct scalar){.meaning = WHOLE, .whole = (int64_t)value};
    else
        *out = (struct scalar){.meaning = FRACTION, .fraction = value};
    return true;
}

/* NUMBER is a copy that may be changed. */
static bool parse_number(char *number, struct scalar *out)
{
    if (*number == '.')
        return parse_fraction(number, out);
    char *to = number;
    for (const char *from = number; *from; from++)
        if (*from != '_')
            *to++ = *from;
    *to = '\0';
    return parse_integer(number, out) || parse_fraction(number, out);
}

/* What VALUE is without quotes. */
static bool resolve(const char *value, size_t length, struct scalar *out, struct error *err)
{
    *out = (struct scalar){.meaning = TEXT};
    if (strlen(value) != length || find_word(value, out) || !strchr("+-.0123456789", *value))
        return true;
    AUTO_FREE char *number = strdup(value);
    if (!number)
        return no_memory(err);
    parse_number(number, out);
    return true;
}

static bool new_text(const char *value, size_t length, struct json_object **out, struct error *err)
{
    struct json_object *text =
        length <= INT_MAX ? json_object_new_string_len(value, (int)length) : NULL;
    if (!text)
        return no_memory(err);
    *out = text;
    return true;
}

/* The shortest text that gives VALUE again. */
static struct json_object *new_fraction(double value)
{
    char text[32];
    int digits = 0;
    do
        snprintf(text, sizeof text, "%.*g", ++digits, value);
    while (digits < 17 && strtod(text, NULL) != value);
    return json_object_new_double_s(value, text);
}

static bool new_binary(const char *value, struct json_object **out, struct error *err)
{
    AUTO_FREE unsigned char *bytes = NULL;
    size_t length;
    if (!kube_base64_decode(value, &bytes, &length, err))
        return error_wrap(err, "!!binary");
    for (size_t at = 0, step; at < length; at += step) {
        step = kube_utf8_length((char *)bytes + at, length - at);
        if (!step)
            return invalid("!!binary: no text in UTF-8", err);
    }
    return new_text((char *)bytes, length, out, err);
}

static bool new_value(const struct scalar *scalar, struct json_object **out, struct error *err)
{
    struct json_object *value = NULL;
    if (scalar->meaning == TRUTH)
        value = json_object_new_boolean(scalar->truth);
    if (scalar->meaning == WHOLE)
        value = json_object_new_int64(scalar->whole);
    if (scalar->meaning == FRACTION)
        value = new_fraction(scalar->fraction);
    if (!value && scalar->meaning != NOTHING)
        return no_memory(err);
    *out = value;
    return true;
}

/* Checks that a value with TAG is what the tag says. */
static bool check_tag(const char *tag, enum meaning meaning, struct error *err)
{
    static const struct {
        const char *tag, *name;
        enum meaning meanings[2];
    } tags[] = {
        {YAML_NULL_TAG, "!!null", {NOTHING, NOTHING}},
        {YAML_BOOL_TAG, "!!bool", {TRUTH, TRUTH}},
        {YAML_INT_TAG, "!!int", {WHOLE, WHOLE}},
        {YAML_FLOAT_TAG, "!!float", {FRACTION, WHOLE}},
    };
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (strcmp(tags[i].tag, tag) == 0)
            return meaning == tags[i].meanings[0] || meaning == tags[i].meanings[1] ||
                   error_set(err, ERROR_INVALID, "%s before something else", tags[i].name);
    return invalid("a tag that is not known here", err);
}

bool kube_yaml_scalar(const char *value, size_t length, const char *tag, bool plain,
                      struct json_object **out, struct error *err)
{
    struct scalar scalar;
    if (!plain && (!tag || strcmp(tag, YAML_STR_TAG) == 0))
        return new_text(value, length, out, err);
    if (!plain && strcmp(tag, BINARY_TAG) == 0)
        return new_binary(value, out, err);
    if (!resolve(value, length, &scalar, err))
        return false;
    if (scalar.meaning == NOT_FINITE)
        return invalid("a number that is not finite", err);
    if (!plain && !check_tag(tag, scalar.meaning, err))
        return false;
    if (scalar.meaning == TEXT)
        return new_text(value, length, out, err);
    return new_value(&scalar, out, err);
}
