/* Whether a text can stand in YAML without quotes: any reader of YAML 1.1 or 1.2 must read the same
 * text from it. Sources: YAML 1.1 and 1.2.2, section 10.3 (core schema), the types of yaml.org. */
#include "kube/internal.h"

#include <string.h>

static const char digits[] = "0123456789";

/* Words that some reader takes for null, a boolean, a number or a merge. */
static bool is_word(const char *text)
{
    static const char *const words[] = {
        "~",  "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE",
        "y",  "Y",    "yes",  "Yes",  "YES",  "n",    "N",    "no",    "No",    "NO",
        "on", "On",   "ON",   "off",  "Off",  "OFF",  "=",    "<<",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], text) == 0)
            return true;
    return false;
}

/* ".inf", "-.Inf", ".NaN", with any case of letters. */
static bool is_not_finite(const char *text)
{
    text += *text == '-' || *text == '+';
    return strcasecmp(text, ".inf") == 0 || strcasecmp(text, ".nan") == 0;
}

/* "0x1F", "0o17", "0b1", with a sign too. */
static bool is_prefixed_integer(const char *text)
{
    text += *text == '-' || *text == '+';
    if (text[0] != '0' || !text[1] || !strchr("xXoObB", text[1]))
        return false;
    size_t length = strspn(text + 2, "0123456789abcdefABCDEF");
    return length > 0 && !text[2 + length];
}

/* "12", "1.5", ".5", "1.", "1e3", and sexagesimals such as "12:30:45.5". */
static bool is_number(const char *text)
{
    text += *text == '-' || *text == '+';
    size_t count = strspn(text, digits);
    text += count;
    while (count && *text == ':' && strspn(text + 1, digits))
        text += 1 + strspn(text + 1, digits);
    if (*text == '.') {
        size_t fraction = strspn(++text, digits);
        text += fraction;
        count += fraction;
    }
    if (count && (*text == 'e' || *text == 'E')) {
        text++;
        text += *text == '-' || *text == '+';
        text += strspn(text, digits);
    }
    return count && !*text;
}

/* What may be a number once its underscores are gone; they may be anywhere ("1_000", "+_1",
 * "0_x1"). */
static bool is_parted_number(const char *text)
{
    return strchr("+-.0123456789", *text) && strchr(text, '_') &&
           !text[strspn(text, "0123456789abcdefABCDEFxXoO+-.:_")];
}

/* "2020-01-15" and whatever follows: dates, and times in several spellings. */
static bool is_timestamp(const char *text)
{
    size_t year = strspn(text, digits);
    if (year != 4 || text[4] != '-')
        return false;
    size_t month = strspn(text + 5, digits);
    if (month < 1 || month > 2 || text[5 + month] != '-')
        return false;
    const char *day = text + 6 + month;
    size_t length = strspn(day, digits);
    return length >= 1 && length <= 2 && (!day[length] || strchr("Tt ", day[length]));
}

/* Whether the first characters mean something other than themselves. */
static bool begins_plain(const char *text)
{
    if (strchr("-?:", *text))
        return text[1] && text[1] != ' ' && strncmp(text, "---", 3) != 0;
    return !strchr(",[]{}#&*!|>'\"%@` ", *text) && strncmp(text, "...", 3) != 0;
}

static bool has_plain_characters(const char *text, size_t length)
{
    for (size_t i = 0, step; i < length; i += step) {
        step = kube_utf8_length(text + i, length - i);
        if (!kube_yaml_is_printable(text + i, step) || text[i] == '\n' || text[i] == '\t')
            return false;
        if ((text[i] == ':' && (i + 1 == length || text[i + 1] == ' ')) ||
            (text[i] == '#' && i > 0 && text[i - 1] == ' '))
            return false;
    }
    return text[length - 1] != ' ';
}

bool kube_yaml_is_printable(const char *character, size_t length)
{
    if (length == 0)
        return false;
    if (*character == '\n' || *character == '\t')
        return true;
    bool is_no_character = length == 3 && (memcmp(character, "\xef\xbf\xbe", 3) == 0 ||
                                           memcmp(character, "\xef\xbf\xbf", 3) == 0);
    return !is_no_character && kube_utf8_is_visible(character, length);
}

bool kube_yaml_is_plain(const char *text, size_t length)
{
    return length > 0 && has_plain_characters(text, length) && begins_plain(text) &&
           !is_word(text) && !is_number(text) && !is_prefixed_integer(text) &&
           !is_parted_number(text) && !is_not_finite(text) && !is_timestamp(text);
}
