/* How a container is started, and what that says about etcd's settings. */
#include "migration/internal.h"

#include <ctype.h>
#include <string.h>

static const char *const shells[] = {"sh", "bash", "ash", "dash"};
static const char *const inits[] = {"tini", "dumb-init"};

static bool one_of(const char *word, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(base_name(word), names[i]) == 0)
            return true;
    return false;
}

/* ETCD_DATA_DIR is "data-dir". */
static const char *flag_name(struct translation *t, const char *variable)
{
    static const char prefix[] = "ETCD_";
    if (strncmp(variable, prefix, sizeof prefix - 1) != 0)
        return NULL;
    size_t length = strlen(variable) - (sizeof prefix - 1);
    char *name = pool_zero(&t->pool, length + 1);
    for (size_t i = 0; name && i < length; i++) {
        unsigned char c = (unsigned char)variable[sizeof prefix - 1 + i];
        name[i] = (char)(c == '_' ? '-' : tolower(c));
    }
    return name;
}

/* Variables that etcd knows; the others are the image's own and are accounted for as such. */
static void settings_from_variables(struct translation *t, struct reading *reading)
{
    for (size_t i = 0; i < reading->variables.count && goes_on(t); i++) {
        struct variable *variable = &reading->variables.items[i];
        const char *name = flag_name(t, variable->name);
        const struct flag *flag = name ? flag_find(etcd_flags, name) : NULL;
        struct setting *setting = flag ? settings_add(t, &reading->settings) : NULL;
        if (!setting)
            continue;
        variable->used = true;
        *setting = (struct setting){
            .name = flag->name,
            .value = variable->value,
            .written = variable->written,
            .origin = ORIGIN_VARIABLE,
            .path = variable->path,
            .where = pool_text(&t->pool, "variable %s of container %s", variable->name,
                               t->model.etcd.name),
        };
    }
}

static void opaque(struct reading *reading, const char *path, const char *why)
{
    reading->opaque = why;
    reading->opaque_path = path;
}

/* The first of WORDS that may be any flag, since only the pod knows it; NULL: none. The value of a
 * flag may be unknown. */
static const struct word *unknown_flag(const struct words *words, size_t first)
{
    for (size_t i = first; i < words->count; i++) {
        const char *text = words->items[i].text, *hole = strstr(text, "$(");
        const char *equals = strchr(text, '='), *before = i > first ? words->items[i - 1].text : "";
        bool is_flag = text[0] == '-' && equals && hole > equals;
        bool is_value = before[0] == '-' && !strchr(before, '=');
        if (words->items[i].unknown && !is_flag && !is_value)
            return &words->items[i];
    }
    return NULL;
}

/* The configuration file that etcd is told of, by flag or variable. */
static const char *config_flag(struct reading *reading)
{
    const struct setting *found = NULL;
    for (size_t i = 0; i < reading->settings.count; i++) {
        const struct setting *setting = &reading->settings.items[i];
        if (strcmp(setting->name, "config-file") == 0 &&
            (!found || setting->origin <= found->origin))
            found = setting;
    }
    if (found && setting_is_unknown(found))
        opaque(reading, found->path, "which configuration file etcd is given cannot be known");
    return found && found->value && *found->value ? found->value : NULL;
}

/* A script that is there as TEXT: etcd's flags and variables where it can be followed, else the
 * file that it names. One that it only names may lie elsewhere in the manifests than in the image.
 */
static bool read_script_text(struct translation *t, const char *text, const char *path,
                             struct reading *reading)
{
    struct script script;
    bool certain = script_read(t, "etcd", text, path, &reading->variables, &script);
    if (certain)
        settings_from_words(t, &reading->settings, etcd_flags, &script.words, 1,
                            t->model.etcd.name);
    settings_from_variables(t, reading);
    const char *config = certain ? config_flag(reading) : script.config_path;
    if (certain && script.file_path && text_is(config, script.file_path)) {
        config_text_read(t, script.file_text,
                         pool_text(&t->pool, "the here-document %s of container %s",
                                   quoted(t, script.file_path, LONGEST_NAME), t->model.etcd.name),
                         path, reading);
        return true;
    }
    if (config)
        return config_file_read(t, config, !script.config_touched, reading);
    if (!certain)
        opaque(reading, path,
               "a shell script starts etcd, it does more than can be followed for certain, and "
               "does not name one configuration file of etcd");
    return true;
}

/* The text of the script WORD of CONTAINER, where a ConfigMap has it, and which; else NULL. */
static bool script_text(struct translation *t, const struct container *container,
                        const struct word *word, struct variables *variables,
                        struct projected_file *file, const char **out)
{
    struct json_object *map = NULL;
    *out = NULL;
    projected_find(t, container, word->text, variables, file);
    if (file->kind != KUBE_CONFIG_MAP || !file->key)
        return true;
    if (!object_get(t, KUBE_CONFIG_MAP, t->model.namespace, file->object, &map, NULL))
        return false;
    *out = kube_json_as_text(kube_json_child(kube_json_child(map, "data"), file->key));
    return true;
}

/* WORD is a program that is neither etcd nor a shell: a script, perhaps one from a ConfigMap. Where
 * its text is absent a file that is mounted under a usual name tells. */
static bool read_program(struct translation *t, const struct word *word, struct reading *reading)
{
    struct projected_file file;
    const char *text;
    if (!script_text(t, &t->model.etcd, word, &reading->variables, &file, &text))
        return false;
    if (file.kind == KUBE_CONFIG_MAP && file.key)
        reading->script = file;
    if (text)
        return read_script_text(t, text, file.name_path, reading);
    settings_from_variables(t, reading);
    if (!config_file_read(t, NULL, true, reading))
        return false;
    if (!reading->file_where && !reading->opaque)
        opaque(reading, word->path,
               pool_text(&t->pool,
                         "%s starts etcd, its text is not in the input, and no configuration file "
                         "of etcd is mounted",
                         word->text));
    return true;
}

/* The words behind an init program ("tini -- etcd …"). */
static size_t skip_init(const struct words *words)
{
    size_t first = 0;
    if (words->count && one_of(words->items[0].text, inits, 2)) {
        first = 1;
        while (first < words->count && words->items[first].text[0] == '-')
            first++;
    }
    return first;
}

/* The script behind "-c" of a shell, or NULL. */
static const struct word *inline_script(const struct words *words, size_t first)
{
    for (size_t i = first; i + 1 < words->count && words->items[i].text[0] == '-'; i++) {
        const char *text = words->items[i].text;
        if (text[1] != '-' && text[strlen(text) - 1] == 'c')
            return &words->items[i + 1];
    }
    return NULL;
}

/* etcd-wrapper gets etcd's configuration from the sidecar, which mounts it. */
static bool read_wrapper(struct translation *t, const struct words *words, size_t first,
                         struct reading *reading)
{
    reading->is_wrapper = true;
    settings_from_variables(t, reading);
    settings_from_words(t, &reading->wrapper, wrapper_flags, words, first, t->model.etcd.name);
    settings_resolve(t, &reading->wrapper, false);
    const char *config = NULL;
    const struct container *sidecar = &t->model.sidecar;
    struct variable *named = variables_find(&t->model.sidecar_variables, "ETCD_CONF");
    if (sidecar->tree && named)
        config = named->value;
    if (!config_file_read(t, config, true, reading))
        return false;
    if (!reading->file_where && !reading->opaque)
        opaque(reading, t->model.etcd.path,
               "etcd-wrapper starts etcd, and no ConfigMap with its configuration is in the input");
    return true;
}

static bool read_command(struct translation *t, const struct words *words, struct reading *reading)
{
    size_t first = skip_init(words);
    bool none = first >= words->count;
    const char *program = none ? "" : words->items[first].text;
    for (size_t i = first; i < words->count && i < first + 2; i++)
        if (strcmp(words->items[i].text, "start-etcd") == 0)
            return read_wrapper(t, words, i + 1, reading);
    if (!none && one_of(program, shells, 4)) {
        const struct word *script = inline_script(words, first + 1);
        if (script)
            return read_script_text(t, script->text, script->path, reading);
        if (first + 1 < words->count)
            return read_program(t, &words->items[first + 1], reading);
        return read_program(t, &words->items[first], reading);
    }
    bool is_etcd = none || program[0] == '-' || strcmp(base_name(program), "etcd") == 0;
    if (!is_etcd)
        return read_program(t, &words->items[first], reading);
    settings_from_words(t, &reading->settings, etcd_flags, words, first, t->model.etcd.name);
    settings_from_variables(t, reading);
    const struct word *unknown = unknown_flag(words, first);
    if (unknown)
        opaque(
            reading, unknown->path,
            pool_text(&t->pool, "'%s' may be any flag of etcd: it cannot be known", unknown->text));
    const char *config = config_flag(reading);
    return !config || config_file_read(t, config, false, reading);
}

bool etcd_read(struct translation *t, int64_t ordinal, struct reading *out)
{
    *out = (struct reading){.file = {.kind = KUBE_KINDS}, .script = {.kind = KUBE_KINDS}};
    t->ordinal = ordinal;
    t->pod = pod_name(t, ordinal);
    struct words words;
    if (!variables_read(t, &t->model.etcd, ordinal, &out->variables) ||
        !words_read(t, &t->model.etcd, &out->variables, &words))
        return false;
    if (!read_command(t, &words, out))
        return false;
    if (out->variables.missing && !out->file_where && !out->opaque)
        opaque(out, out->variables.missing,
               "etcd has variables of an object that is not in the input");
    settings_resolve(t, &out->settings, out->file_where != NULL);
    for (size_t i = 0; i < out->settings.count && goes_on(t); i++)
        out->shadowed += out->file_where && out->settings.items[i].origin != ORIGIN_FILE;
    return true;
}

static void sidecar_is_opaque(struct translation *t, struct words *words, const char *path,
                              const char *why)
{
    t->model.sidecar_opaque = why;
    t->model.sidecar_opaque_path = path;
    words->count = 0;
}

/* The script at PATH starts the sidecar. */
static void follow_sidecar_script(struct translation *t, const char *text, const char *path,
                                  struct words *words)
{
    struct script script;
    if (script_read(t, "etcdbrctl", text, path, &t->model.sidecar_variables, &script))
        *words = script.words;
    else
        sidecar_is_opaque(t, words, path,
                          "a shell script starts the sidecar, and it does more than can be "
                          "followed for certain");
}

/* Turns WORDS into those of etcdbrctl itself; none where they cannot be known. */
static bool find_sidecar_words(struct translation *t, struct words *words)
{
    const struct container *sidecar = &t->model.sidecar;
    size_t first = skip_init(words);
    if (first >= words->count) {
        sidecar_is_opaque(t, words, sidecar->path,
                          "neither command nor args say how the sidecar is started");
        return true;
    }
    words->items += first;
    words->count -= first;
    const struct word *program = words->items;
    bool is_image = list_length(kube_json_child(sidecar->tree, "command")) == 0;
    if (strcmp(base_name(program->text), "etcdbrctl") == 0 ||
        (is_image && (program->text[0] == '-' || strcmp(program->text, "server") == 0))) {
        const struct word *unknown = unknown_flag(words, 0);
        if (unknown)
            sidecar_is_opaque(t, words, unknown->path,
                              pool_text(&t->pool,
                                        "'%s' may be any flag of the sidecar: it cannot "
                                        "be known",
                                        unknown->text));
        return true;
    }
    if (one_of(program->text, shells, 4)) {
        const struct word *inlined = inline_script(words, 1);
        if (inlined) {
            follow_sidecar_script(t, inlined->text, inlined->path, words);
            return true;
        }
        program += words->count > 1;
    }
    const char *text;
    struct projected_file *script = &t->model.sidecar_script;
    if (!script_text(t, sidecar, program, &t->model.sidecar_variables, script, &text))
        return false;
    if (text)
        follow_sidecar_script(t, text, script->name_path, words);
    else
        sidecar_is_opaque(t, words, program->path,
                          pool_text(&t->pool,
                                    "%s starts the sidecar, and its text is not in the "
                                    "input",
                                    program->text));
    return true;
}

bool sidecar_read(struct translation *t)
{
    struct model *model = &t->model;
    struct words words;
    model->sidecar_script.kind = KUBE_KINDS;
    t->pod = pod_name(t, 0);
    if (!model->sidecar.tree)
        return true;
    if (!variables_read(t, &model->sidecar, 0, &model->sidecar_variables) ||
        !words_read(t, &model->sidecar, &model->sidecar_variables, &words) ||
        !find_sidecar_words(t, &words))
        return false;
    settings_from_words(t, &model->sidecar_settings, sidecar_flags, &words, 0, model->sidecar.name);
    settings_resolve(t, &model->sidecar_settings, false);
    for (size_t i = 0; i < model->sidecar_settings.count && goes_on(t); i++) {
        const struct setting *setting = &model->sidecar_settings.items[i];
        if (strstr(setting->name, "-period-seconds"))
            model->legacy_sidecar = true;
        if (strcmp(setting->name, "config-file") == 0) {
            model->sidecar_opaque = "the sidecar is configured by a file";
            model->sidecar_opaque_path = setting->path;
        }
    }
    return true;
}
