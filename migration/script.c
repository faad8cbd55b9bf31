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
};

/* $NAME, ${NAME} and $(hostname) at the cursor; everything else is beyond us. */
static const char *read_expansion(struct reader *r)
{
    struct translation *t = r->t;
    const char *c = r->cursor + 1;
    static const char host_name[] = "(hostname)";
    if (strncmp(c, host_name, sizeof host_name - 1) == 0) {
        r->cursor = c + sizeof host_name - 1;
        return pod_name(t, t->ordinal);
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
    if (variable && variable->value)
        return variable->value;
    /* The container runtime sets it to the name of the pod. */
    if (!variable && strcmp(name, "HOSTNAME") == 0)
        return pod_name(t, t->ordinal);
    r->certain = false;
    return "";
}

/* TEXT with the expansions of a double-quoted string. */
static const char *expand_text(struct reader *r, const char *text)
{
    struct reader inner = {r->t, r->variables, text, true, NULL};
    struct pool_buffer out = {0};
    while (*inner.cursor) {
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

/* The word at the cursor; NULL at the end of the command. */
static const char *read_word(struct reader *r)
{
    r->cursor += strspn(r->cursor, " \t");
    if (!*r->cursor || *r->cursor == '#')
        return NULL;
    struct pool_buffer word = {0};
    pool_append(&r->t->pool, &word, "", 0);
    while (*r->cursor && !strchr(" \t", *r->cursor)) {
        const char *part;
        if (*r->cursor == '\'' || *r->cursor == '"') {
            part = read_quoted(r, *r->cursor);
        } else if (*r->cursor == '$') {
            part = read_expansion(r);
        } else if (strchr("|&;<>()`\\*?[]{}~!", *r->cursor)) {
            r->certain = false;
            r->cursor++;
            continue;
        } else {
            pool_append(&r->t->pool, &word, r->cursor, 1);
            r->cursor++;
            continue;
        }
        if (word.length > EXPANSION_MAX)
            r->certain = false;
        if (r->certain)
            pool_append(&r->t->pool, &word, part, strlen(part));
    }
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

/* NAME=VALUE, after which "export" may have stood. */
static bool is_assignment(const char *word)
{
    size_t length = 0;
    while (isalnum((unsigned char)word[length]) || word[length] == '_')
        length++;
    return length && !isdigit((unsigned char)word[0]) && word[length] == '=';
}

static void assign(struct reader *r, const char *word, const char *path)
{
    const char *equals = strchr(word, '=');
    struct variable *variable = variables_add(r->t, r->variables);
    if (variable)
        *variable = (struct variable){
            .name = pool_copy(&r->t->pool, word, (size_t)(equals - word)),
            .value = equals + 1,
            .path = path,
            .used = true,
            .assigned = true,
        };
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
                            true, NULL};
    out->file_path = read_word(&target);
    struct pool_buffer text = {0};
    while (**cursor) {
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

/* One simple command. *DONE: it was the one that starts etcd. */
static void read_command(struct reader *r, const char *line, const char *path, struct script *out,
                         bool *done)
{
    r->cursor = line;
    const char *word = read_word(r);
    if (text_is(word, "export"))
        word = read_word(r);
    while (word && is_assignment(word)) {
        assign(r, word, path);
        word = read_word(r);
    }
    if (text_is(word, "exec"))
        word = read_word(r);
    if (!word)
        return;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        if (strcmp(word, harmless[i]) == 0) {
            while (read_word(r)) {
            }
            return;
        }
    }
    if (strcmp(base_name(word), r->program) != 0) {
        r->certain = false;
        return;
    }
    out->words = (struct words){0};
    for (; word && out->words.count < WORDS_MAX; word = read_word(r))
        words_add(r->t, &out->words, word, path);
    r->certain = r->certain && !word;
    *done = true;
}

/* The path behind "--config-file" anywhere in TEXT. */
static const char *named_config(struct translation *t, const char *text)
{
    static const char flag[] = "-config-file";
    const char *found = strstr(text, flag);
    if (!found)
        return NULL;
    found += sizeof flag - 1;
    found += strspn(found, " \t=\"'");
    size_t length = strcspn(found, " \t\n\"';&|)");
    return length && *found == '/' ? pool_copy(&t->pool, found, length) : NULL;
}

bool script_read(struct translation *t, const char *program, const char *text, const char *path,
                 struct variables *variables, struct script *out)
{
    *out = (struct script){.config_path = named_config(t, text)};
    struct reader reader = {t, variables, text, true, program};
    const char *cursor = text;
    bool done = false;
    while (*cursor) {
        const char *line = next_line(t, &cursor);
        line += strspn(line, " \t\r");
        if (!*line || *line == '#')
            continue;
        if (done)
            return false;
        if (!read_here_document(&reader, line, &cursor, out))
            read_command(&reader, line, path, out, &done);
        if (!reader.certain)
            return false;
    }
    return done;
}
