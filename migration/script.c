/* Start scripts. A script is understood only when it is a list of simple commands of which the last
 * starts etcd; whatever else a shell can do makes it opaque, since a guess here may cost data. */
#include "migration/internal.h"

#include <ctype.h>
#include <string.h>

/* Commands that say nothing about etcd's configuration. */
static const char *const harmless[] = {"set",    "mkdir", "chmod", "chown", "echo",
                                       "ulimit", "umask", "sleep", "true",  "cd"};

struct reader {
    struct translation *t;
    struct variables *variables;
    const char *cursor;
    bool certain;
    const char *program; /* what the script is expected to start */
    bool assigning;      /* the word at the cursor may be an assignment */
};

/* $NAME, ${NAME} and $(hostname) at the cursor; everything else is beyond us. */
static const char *read_expansion(struct reader *r)
{
    struct translation *t = r->t;
    const char *c = r->cursor + 1;
    static const char host_name[] = "(hostname)";
    if (strncmp(c, host_name, sizeof host_name - 1) == 0) {
        r->cursor = c + sizeof host_name - 1;
        r->certain =
            r->certain && variables_spend(r->variables, sizeof host_name - 1, strlen(t->pod));
        return t->pod;
    }
    bool braced = *c == '{';
    if (braced)
        c++;
    size_t length = 0;
    while (isalnum((unsigned char)c[length]) || c[length] == '_')
        length++;
    if (length == 0 || (braced && c[length] != '}')) {
        r->certain = false;
        r->cursor++;
        return "$";
    }
    const char *name = pool_copy(&t->pool, c, length);
    r->cursor = c + length + (braced ? 1 : 0);
    struct variable *variable = variables_find(r->variables, name);
    if (variable)
        variable->used = true;
    /* The container runtime sets it to the name of the pod. */
    const char *value = variable ? variable->value : strcmp(name, "HOSTNAME") == 0 ? t->pod : NULL;
    r->certain = r->certain && value && variables_spend(r->variables, length, strlen(value));
    return r->certain ? value : "";
}

/* TEXT with the expansions of a double-quoted string. */
static const char *expand_text(struct reader *r, const char *text)
{
    struct reader inner = {r->t, r->variables, text, true, NULL, false};
    struct pool_buffer out = {0};
    while (*inner.cursor && goes_on(r->t)) {
        size_t plain = strcspn(inner.cursor, "$`\\");
        pool_append(&r->t->pool, &out, inner.cursor, plain);
        inner.cursor += plain;
        if (out.length > EXPANSION_MAX)
            inner.certain = false;
        if (*inner.cursor == '$') {
            const char *value = read_expansion(&inner);
            if (inner.certain)
                pool_append(&r->t->pool, &out, value, strlen(value));
        } else if (*inner.cursor) {
            inner.certain = false;
            inner.cursor++;
        }
    }
    r->certain = r->certain && inner.certain;
    return pool_buffer_text(&out);
}

/* The quoted part at the cursor, up to QUOTE. */
static const char *read_quoted(struct reader *r, char quote)
{
    const char *begin = ++r->cursor;
    const char *end = strchr(begin, quote);
    if (!end) {
        r->certain = false;
        r->cursor += strlen(r->cursor);
        return "";
    }
    const char *inside = pool_copy(&r->t->pool, begin, (size_t)(end - begin));
    r->cursor = end + 1;
    return quote == '"' ? expand_text(r, inside) : inside;
}

/* NAME=VALUE. */
static bool is_assignment(const char *word)
{
    size_t length = 0;
    while (isalnum((unsigned char)word[length]) || word[length] == '_')
        length++;
    return length && !isdigit((unsigned char)word[0]) && word[length] == '=';
}

/* The part of a word at the cursor. An expansion outside of quotes must not fall apart into several
 * words, or become names of files. */
static const char *read_part(struct reader *r, bool is_value)
{
    if (*r->cursor == '\'' || *r->cursor == '"')
        return read_quoted(r, *r->cursor);
    if (*r->cursor == '$') {
        const char *part = read_expansion(r);
        if (!is_value && strpbrk(part, " \t\n*?["))
            r->certain = false;
        return part;
    }
    const char *begin = r->cursor;
    size_t length = strcspn(begin, " \t;'\"$|&<>()`\\*?[]{}~!");
    r->certain = r->certain && length;
    r->cursor += length ? length : 1;
    return pool_copy(&r->t->pool, begin, length);
}

/* The word at the cursor; NULL at the end of the command. */
static const char *read_word(struct reader *r)
{
    r->cursor += strspn(r->cursor, " \t");
    r->certain = r->certain && goes_on(r->t);
    if (!r->certain || !*r->cursor || strchr("#;", *r->cursor))
        return NULL;
    const char *begin = r->cursor;
    bool is_value = r->assigning && is_assignment(begin);
    struct pool_buffer word = {0};
    pool_append(&r->t->pool, &word, "", 0);
    while (r->certain && *r->cursor && !strchr(" \t;", *r->cursor)) {
        const char *part = read_part(r, is_value);
        pool_append(&r->t->pool, &word, part, strlen(part));
        r->certain = r->certain && word.length <= EXPANSION_MAX;
    }
    /* Of an expansion to nothing no word is left, unless there are quotes. */
    if (!word.length && *begin == '$')
        r->certain = false;
    return pool_buffer_text(&word);
}

/* The line at *CURSOR, with the lines that a backslash joins to it; moves behind it. */
static const char *next_line(struct translation *t, const char **cursor)
{
    struct pool_buffer line = {0};
    for (;;) {
        size_t length = strcspn(*cursor, "\n");
        bool joined = length && (*cursor)[length - 1] == '\\' && (*cursor)[length];
        pool_append(&t->pool, &line, *cursor, joined ? length - 1 : length);
        *cursor += length;
        if (**cursor)
            (*cursor)++;
        if (!joined)
            return pool_buffer_text(&line);
    }
}

/* A variable that was in the environment before stays there with its new value. */
static void assign(struct reader *r, const char *word, const char *path, bool exported)
{
    const char *equals = strchr(word, '=');
    const char *name = pool_copy(&r->t->pool, word, (size_t)(equals - word));
    const struct variable *before = variables_find(r->variables, name);
    exported = exported || (before && (!before->assigned || before->exported));
    variables_add(r->t, r->variables,
                  &(struct variable){
                      .name = name,
                      .value = equals + 1,
                      .path = path,
                      .used = true,
                      .assigned = true,
                      .exported = exported,
                  });
    /* Words would be split otherwise from here on; nobody has that many. */
    if (strcmp(name, "IFS") == 0 || r->variables->count > WORDS_MAX)
        r->certain = false;
}

/* What follows "export": all of it is expanded before any of it is assigned. */
static void read_export(struct reader *r, const char *path)
{
    struct words words = {0};
    for (const char *word = read_word(r); word; word = read_word(r))
        words_add(r->t, &words, word, path);
    for (size_t i = 0; i < words.count && r->certain && goes_on(r->t); i++) {
        const char *text = words.items[i].text;
        struct variable *variable = variables_find(r->variables, text);
        if (is_assignment(text))
            assign(r, text, path, true);
        else if (variable)
            variable->exported = true;
        else
            r->certain = false; /* an option, or what is to be assigned later */
    }
}

/* "cat >FILE <<EOF" in either order; the lines up to EOF become the file. */
static bool read_here_document(struct reader *r, const char *line, const char **cursor,
                               struct script *out)
{
    const char *mark = strstr(line, "<<");
    const char *to = strchr(line, '>');
    if (strncmp(line, "cat ", 4) != 0 || !mark || !to || to[1] == '>')
        return false;
    mark += 2;
    bool strip_tabs = *mark == '-';
    mark += strip_tabs;
    mark += strspn(mark, " \t");
    bool literal = *mark == '\'' || *mark == '"' || *mark == '\\';
    mark += literal;
    const char *end = pool_copy(&r->t->pool, mark, strcspn(mark, " \t'\">"));
    to++;
    to += strspn(to, " \t");
    struct reader target = {r->t, r->variables, pool_copy(&r->t->pool, to, strcspn(to, " \t<")),
                            true, NULL,         false};
    out->file_path = read_word(&target);
    struct pool_buffer text = {0};
    while (**cursor && goes_on(r->t)) {
        size_t length = strcspn(*cursor, "\n");
        const char *body = pool_copy(&r->t->pool, *cursor, length);
        *cursor += length + ((*cursor)[length] ? 1 : 0);
        if (strip_tabs)
            body += strspn(body, "\t");
        if (strcmp(body, end) == 0)
            break;
        pool_append(&r->t->pool, &text, body, strlen(body));
        pool_append(&r->t->pool, &text, "\n", 1);
    }
    out->file_text = literal ? pool_buffer_text(&text) : expand_text(r, pool_buffer_text(&text));
    r->certain = r->certain && target.certain && out->file_path;
    return true;
}

/* The words of a command that says nothing about etcd; "set -a" would export all that follows. */
static void skip_words(struct reader *r, bool is_set)
{
    for (const char *word = read_word(r); word; word = read_word(r))
        if (is_set && ((word[0] == '-' && strchr(word, 'a')) || strcmp(word, "allexport") == 0))
            r->certain = false;
}

static bool is_harmless(const char *word)
{
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strcmp(word, harmless[i]) == 0)
            return true;
    return false;
}

/* The simple command at the cursor. *DONE: it was the one that starts etcd. */
static void read_command(struct reader *r, const char *path, struct script *out, bool *done)
{
    size_t before = r->variables->count;
    r->assigning = true;
    const char *word;
    for (;;) {
        r->cursor += strspn(r->cursor, " \t");
        bool assignment = is_assignment(r->cursor);
        word = read_word(r);
        if (!assignment || !word)
            break;
        assign(r, word, path, false);
    }
    r->assigning = false;
    if (!word)
        return;
    /* In front of a command they are for it alone, and its own words do not see them. */
    size_t own = r->variables->count - before;
    variables_hide(r->t, r->variables, before);
    bool is_exec = strcmp(word, "exec") == 0;
    if (is_exec)
        word = read_word(r);
    *done = word && strcmp(base_name(word), r->program) == 0;
    if (*done) {
        out->words = (struct words){0};
        for (; word && out->words.count < WORDS_MAX; word = read_word(r))
            words_add(r->t, &out->words, word, path);
        r->certain = r->certain && !word;
        variables_show(r->t, r->variables, before + own);
        for (size_t i = before; i < before + own; i++)
            r->variables->items[i].exported = true;
    } else if (!own && !is_exec && strcmp(word, "export") == 0) {
        read_export(r, path);
    } else if (!own && !is_exec && is_harmless(word)) {
        skip_words(r, strcmp(word, "set") == 0);
    } else {
        r->certain = false;
    }
}

/* The commands of a line, with ";" between them. */
static void read_line(struct reader *r, const char *line, const char *path, struct script *out,
                      bool *done)
{
    r->cursor = line;
    while (r->certain && *r->cursor && *r->cursor != '#' && goes_on(r->t)) {
        if (*done)
            r->certain = false;
        else
            read_command(r, path, out, done);
        r->cursor += strspn(r->cursor, "; \t\r");
    }
}

/* TEXT with blanks for its comments. */
static const char *without_comments(struct translation *t, const char *text)
{
    size_t length = strlen(text);
    char *plain = pool_zero(&t->pool, length + 1);
    char quote = '\0', before = '\n';
    bool comment = false;
    for (size_t i = 0; plain && i < length; i++) {
        char c = text[i];
        if (c == quote || c == '\n')
            quote = '\0'; /* an apostrophe in a here-document begins no quote */
        else if (!quote && !comment && (c == '\'' || c == '"'))
            quote = c;
        comment = c != '\n' && (comment || (!quote && c == '#' && strchr(" \t\n;", before)));
        plain[i] = c;
        if (comment)
            plain[i] = ' ';
        before = c;
    }
    return plain ? plain : "";
}

/* Whether WANTED stands more than TIMES times in TEXT. It looks for no more, since they may
 * overlap, and by memmem: strstr may take the product of both lengths. */
static bool stands_more_often(const char *text, const char *wanted, size_t times)
{
    const char *end = text + strlen(text);
    size_t count = 0, length = strlen(wanted);
    const char *c = memmem(text, (size_t)(end - text), wanted, length);
    for (; c && count <= times; c = memmem(c + 1, (size_t)(end - c - 1), wanted, length))
        count++;
    return count > times;
}

/* The configuration file that TEXT names for etcd; NULL where it names none, several, or one that
 * it makes up. *TOUCHED: it does more with the file than that. */
static const char *named_config(struct translation *t, const char *text, bool *touched)
{
    static const char *const flags[] = {"-config-file", "ETCD_CONFIG_FILE"};
    const char *plain = without_comments(t, text), *name = NULL;
    size_t times = 0;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        for (const char *c = strstr(plain, flags[i]); c && goes_on(t); c = strstr(c, flags[i])) {
            c += strlen(flags[i]);
            if (isalnum((unsigned char)*c) || *c == '-' || *c == '_')
                continue; /* another name that begins like this one */
            c += strspn(c, " \t=\"'\\\n");
            const char *one = pool_copy(&t->pool, c, strcspn(c, " \t\r\n\"';&|)"));
            if (*c != '/' || strpbrk(one, "$`*?[{") || (name && strcmp(name, one) != 0))
                return NULL;
            name = one;
            times++;
        }
    }
    *touched = name && stands_more_often(plain, name, times);
    return name;
}

static bool follow(struct reader *r, const char *text, const char *path, struct script *out)
{
    const char *cursor = text;
    bool done = false;
    while (*cursor && goes_on(r->t)) {
        const char *line = next_line(r->t, &cursor);
        line += strspn(line, " \t\r");
        if (!*line || *line == '#')
            continue;
        if (done)
            return false;
        if (!read_here_document(r, line, &cursor, out))
            read_line(r, line, path, out, &done);
        if (!r->certain)
            return false;
    }
    return done;
}

bool script_read(struct translation *t, const char *program, const char *text, const char *path,
                 struct variables *variables, struct script *out)
{
    *out = (struct script){0};
    out->config_path = named_config(t, text, &out->config_touched);
    struct reader reader = {t, variables, text, true, program, false};
    size_t before = variables->count, kept = before;
    if (!follow(&reader, text, path, out)) {
        variables_hide(t, variables, before);
        return false;
    }
    /* The shell's own variables are not in the environment of what it starts. */
    size_t all = variables->count;
    variables_hide(t, variables, before);
    for (size_t i = before; i < all; i++)
        if (variables->items[i].exported)
            variables->items[kept++] = variables->items[i];
    variables_show(t, variables, kept);
    return true;
}
