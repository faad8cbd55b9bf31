#include "kube/internal.h"

#include "kube/cleanup.h"

#include <string.h>
#include <yaml.h>

/* What aliases may weigh in all: a node and its keys count NODE_WEIGHT and their characters. A
 * short text may have as much as FREE_ALIASES, a longer one a node for each of its bytes, up to a
 * limit: so that reading takes time in proportion to the text, whatever its aliases multiply. */
enum { NODE_WEIGHT = 256, FREE_ALIASES = 1 << 20, ALIAS_LIMIT = 64 << 20 };

/* What one document may have of them; the usual number is none. */
enum { DIRECTIVES = 64 };

/* A map or list that is not finished. */
struct frame {
    struct json_object *container; /* lent: its parent, or the root, owns it */
    bool has_key;                  /* of a map: the next node is a value */
    char *key;                     /* owned; the key of that value; NULL: "<<" */
    unsigned key_line;
    struct json_object *merged; /* owned; what "<<" had, as a list */
    unsigned merge_line;
};

struct reader {
    const struct kube_text *text;
    yaml_parser_t parser;
    struct frame frames[KUBE_JSON_DEPTH];
    size_t depth;
    struct json_object *root; /* owned */
    unsigned root_line;
    struct json_object *anchors; /* owned; name to node */
    size_t budget;               /* what aliases may still weigh */
    struct error *err;
};

static bool no_memory(struct reader *reader)
{
    return error_set(reader->err, ERROR_NO_MEMORY, "out of memory");
}

static bool fail(struct reader *reader, unsigned line, const char *what)
{
    error_set(reader->err, ERROR_INVALID, "%s", what);
    return kube_text_wrap(reader->text, line, reader->err);
}

/* libyaml's own problems are constant texts that quote nothing. */
static bool parser_failed(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return no_memory(reader);
    unsigned line = (unsigned)parser->problem_mark.line + 1;
    if (parser->error == YAML_READER_ERROR) {
        size_t offset = parser->problem_offset;
        size_t length = reader->text->length;
        line = kube_text_line(reader->text, offset < length ? offset : length);
    }
    const char *context = parser->context ? parser->context : "";
    error_set(reader->err, ERROR_INVALID, "%s%s%s", context, *context ? ": " : "",
              parser->problem ? parser->problem : "not YAML");
    return kube_text_wrap(reader->text, line, reader->err);
}

/* --- adding a node --- */

static bool add_to_map(struct reader *reader, struct json_object *map, const char *key,
                       struct json_object *value, unsigned line)
{
    if (json_object_object_add(map, key, value) != 0) {
        json_object_put(value);
        return no_memory(reader);
    }
    return kube_line_add_key(map, line) ? true : no_memory(reader);
}

static bool add_to_list(struct reader *reader, struct json_object *list, struct json_object *value)
{
    if (list && json_object_array_add(list, value) == 0)
        return true;
    json_object_put(value);
    return no_memory(reader);
}

/* Makes VALUE (lent) the key of what comes next, as kubectl makes texts of other scalars. */
static bool add_key(struct reader *reader, struct frame *frame, struct json_object *value,
                    unsigned line)
{
    if (!value || json_object_is_type(value, json_type_object) ||
        json_object_is_type(value, json_type_array))
        return fail(reader, line, "a key that is null, a map or a list");
    if (json_object_is_type(value, json_type_string) && !kube_json_as_text(value))
        return fail(reader, line, "a key that contains a NUL");
    const char *key = json_object_get_string(value);
    if (key && json_object_object_get_ex(frame->container, key, NULL)) {
        error_set(reader->err, ERROR_INVALID, "the key '%s' is there already (line %u)", key,
                  kube_yaml_key_line(frame->container, key));
        return kube_text_wrap(reader->text, line, reader->err);
    }
    frame->key = key ? strdup(key) : NULL;
    frame->key_line = line;
    frame->has_key = true;
    return frame->key ? true : no_memory(reader);
}

static bool add_value(struct reader *reader, struct frame *frame, struct json_object *value)
{
    AUTO_FREE char *key = TAKE(frame->key);
    frame->has_key = false;
    if (key)
        return add_to_map(reader, frame->container, key, value, frame->key_line);
    if (!frame->merged)
        frame->merged = json_object_new_array();
    return add_to_list(reader, frame->merged, value);
}

/* Puts the node VALUE (taken) where it belongs. */
static bool add(struct reader *reader, struct json_object *value, unsigned line)
{
    struct frame *frame = reader->depth ? &reader->frames[reader->depth - 1] : NULL;
    bool is_map = frame && json_object_is_type(frame->container, json_type_object);
    kube_line_set(value, is_map && frame->has_key ? frame->key_line : line);
    if (!frame) {
        reader->root = value;
        reader->root_line = line;
        return true;
    }
    if (!is_map)
        return add_to_list(reader, frame->container, value);
    if (frame->has_key)
        return add_value(reader, frame, value);
    AUTO_JSON struct json_object *key = value;
    return add_key(reader, frame, key, line);
}

/* Remembers VALUE under the name that an alias will call it by; NAME may be NULL. */
static bool anchor(struct reader *reader, const yaml_char_t *name, struct json_object *value)
{
    if (!name)
        return true;
    if (!reader->anchors)
        reader->anchors = json_object_new_object();
    json_object_get(value);
    if (reader->anchors && json_object_object_add(reader->anchors, (const char *)name, value) == 0)
        return true;
    json_object_put(value);
    return no_memory(reader);
}

/* --- events --- */

static bool is_merge_key(const struct reader *reader, const yaml_event_t *event)
{
    const struct frame *frame = reader->depth ? &reader->frames[reader->depth - 1] : NULL;
    const char *tag = (const char *)event->data.scalar.tag;
    return frame && json_object_is_type(frame->container, json_type_object) && !frame->has_key &&
           strcmp((const char *)event->data.scalar.value, "<<") == 0 &&
           (tag ? strcmp(tag, "tag:yaml.org,2002:merge") == 0
                : event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
}

static bool take_merge_key(struct reader *reader, unsigned line)
{
    struct frame *frame = &reader->frames[reader->depth - 1];
    if (frame->merged)
        return fail(reader, line, "the key '<<' is there already");
    frame->has_key = true;
    frame->key_line = line;
    frame->merge_line = line;
    return true;
}

static bool take_scalar(struct reader *reader, const yaml_event_t *event, unsigned line)
{
    if (is_merge_key(reader, event))
        return take_merge_key(reader, line);
    bool is_plain =
        event->data.scalar.plain_implicit && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    struct json_object *value = NULL;
    if (!kube_yaml_scalar((const char *)event->data.scalar.value, event->data.scalar.length,
                          (const char *)event->data.scalar.tag, is_plain, &value, reader->err))
        return kube_text_wrap(reader->text, line, reader->err);
    AUTO_JSON struct json_object *held = json_object_get(value);
    return add(reader, value, line) && anchor(reader, event->data.scalar.anchor, held);
}

/* Takes the weight of VALUE, which would stand DEPTH deep, off the budget. */
static bool weigh(struct reader *reader, struct json_object *value, size_t depth)
{
    size_t weight = NODE_WEIGHT;
    bool is_container = false;
    bool fits = true;
    if (json_object_is_type(value, json_type_string))
        weight += (size_t)json_object_get_string_len(value);
    if (json_object_is_type(value, json_type_array)) {
        is_container = true;
        for (size_t i = 0; fits && i < json_object_array_length(value); i++)
            fits = weigh(reader, json_object_array_get_idx(value, i), depth + 1);
    }
    if (json_object_is_type(value, json_type_object)) {
        is_container = true;
        json_object_object_foreach(value, key, member)
        {
            weight += strlen(key);
            fits = fits && weigh(reader, member, depth + 1);
        }
    }
    if (!fits || weight > reader->budget || (is_container && depth >= KUBE_JSON_DEPTH))
        return false;
    reader->budget -= weight;
    return true;
}

static bool take_alias(struct reader *reader, const yaml_event_t *event, unsigned line)
{
    struct json_object *value;
    const char *name = (const char *)event->data.alias.anchor;
    if (!reader->anchors || !json_object_object_get_ex(reader->anchors, name, &value))
        return fail(reader, line, "an alias of an anchor that is not there");
    for (size_t i = 0; value && i < reader->depth; i++)
        if (reader->frames[i].container == value)
            return fail(reader, line, "an alias of what it is a part of");
    if (!weigh(reader, value, reader->depth))
        return fail(reader, line, "aliases make too much of the text, or nest too deeply");
    struct json_object *copy = kube_json_copy(value);
    if (value && !copy)
        return no_memory(reader);
    return add(reader, copy, line);
}

static bool begin_container(struct reader *reader, struct json_object *container,
                            const yaml_char_t *name, const yaml_char_t *tag, const char *known_tag,
                            unsigned line)
{
    if (!container)
        return no_memory(reader);
    AUTO_JSON struct json_object *held = json_object_get(container);
    if (!add(reader, container, line) || !anchor(reader, name, held))
        return false;
    if (tag && strcmp((const char *)tag, known_tag) != 0 && strcmp((const char *)tag, "!") != 0)
        return fail(reader, line, "a tag that is not known here");
    if (reader->depth == KUBE_JSON_DEPTH)
        return fail(reader, line, "nested too deeply");
    reader->frames[reader->depth++] = (struct frame){.container = container};
    return true;
}

/* Adds what FROM has and the map does not: its own keys win, then the first that was merged. The
 * values may have two parents now; nothing changes them until the other one is gone. */
static bool merge(struct reader *reader, struct frame *frame, struct json_object *from)
{
    if (!json_object_is_type(from, json_type_object))
        return fail(reader, frame->merge_line, "'<<' wants a map or a list of maps");
    json_object_object_foreach(from, key, value)
    {
        if (!json_object_object_get_ex(frame->container, key, NULL) &&
            !add_to_map(reader, frame->container, key, json_object_get(value), frame->merge_line))
            return false;
    }
    return true;
}

static bool end_container(struct reader *reader)
{
    struct frame *frame = &reader->frames[reader->depth - 1];
    AUTO_JSON struct json_object *merged = TAKE(frame->merged);
    struct json_object *from = merged ? json_object_array_get_idx(merged, 0) : NULL;
    bool merged_all = true;
    if (merged && json_object_is_type(from, json_type_array)) {
        for (size_t i = 0; merged_all && i < json_object_array_length(from); i++)
            merged_all = merge(reader, frame, json_object_array_get_idx(from, i));
    } else if (merged) {
        merged_all = merge(reader, frame, from);
    }
    if (json_object_is_type(frame->container, json_type_array))
        json_object_array_shrink(frame->container, 0); /* it was made for 32 items */
    reader->depth--;
    return merged_all;
}

static bool take_event(struct reader *reader, const yaml_event_t *event)
{
    unsigned line = (unsigned)event->start_mark.line + 1;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(reader, event, line);
    case YAML_ALIAS_EVENT:
        return take_alias(reader, event, line);
    case YAML_MAPPING_START_EVENT:
        return begin_container(reader, kube_line_new_map(), event->data.mapping_start.anchor,
                               event->data.mapping_start.tag, YAML_MAP_TAG, line);
    case YAML_SEQUENCE_START_EVENT:
        return begin_container(reader, json_object_new_array(), event->data.sequence_start.anchor,
                               event->data.sequence_start.tag, YAML_SEQ_TAG, line);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        return end_container(reader);
    default:
        return true;
    }
}

/* --- documents --- */

static void forget(struct reader *reader)
{
    while (reader->depth > 0) {
        struct frame *frame = &reader->frames[--reader->depth];
        free(frame->key);
        json_object_put(frame->merged);
    }
    json_object_put(TAKE(reader->anchors));
    json_object_put(TAKE(reader->root));
}

static bool take_document(struct reader *reader, kube_yaml_document *each, void *context)
{
    json_object_put(TAKE(reader->anchors)); /* the tree is its own from here on */
    bool taken = !reader->root || each(context, reader->root, reader->root_line, reader->err);
    json_object_put(TAKE(reader->root));
    return taken;
}

static bool read_yaml(struct reader *reader, kube_yaml_document *each, void *context)
{
    bool good = true;
    for (bool more = true; good && more;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&reader->parser, &event))
            return parser_failed(reader);
        good = take_event(reader, &event);
        if (good && event.type == YAML_DOCUMENT_END_EVENT)
            good = take_document(reader, each, context);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    return good;
}

/* --- what would take longer than in proportion to the text --- */

/* Whether a document begins between FROM and TO, behind a line end that is one for certain. */
static bool begins_document(const char *from, const char *to)
{
    static const char mark[] = "\n---";
    return memmem(from, (size_t)(to - from), mark, sizeof mark - 1) != NULL;
}

/* libyaml compares each directive of a document with all before it. A line begins behind any byte
 * that may end one of YAML's line ends: CR, LF, and the last of NEL, LS and PS. */
static bool check_directives(const struct kube_text *text, struct error *err)
{
    static const char ends[] = {'\r', '\n', '\x85', '\xa8', '\xa9'};
    const char *end = text->bytes + text->length;
    const char *last = text->bytes;
    size_t count = 0;
    for (const char *c = text->bytes; (c = memchr(c, '%', (size_t)(end - c))); c++) {
        if (c > text->bytes && !memchr(ends, c[-1], sizeof ends))
            continue;
        count = begins_document(last, c) ? 1 : count + 1;
        last = c;
        if (count > DIRECTIVES) {
            error_set(err, ERROR_INVALID, "more than %d directives before a document", DIRECTIVES);
            return kube_text_wrap(text, kube_text_line(text, (size_t)(c - text->bytes)), err);
        }
    }
    return true;
}

static size_t alias_budget(size_t length)
{
    bool within = length < (ALIAS_LIMIT - FREE_ALIASES) / NODE_WEIGHT;
    return within ? FREE_ALIASES + length * NODE_WEIGHT : ALIAS_LIMIT;
}

static bool read_text(const struct kube_text *text, size_t aliases, kube_yaml_document *each,
                      void *context, struct error *err)
{
    if (kube_json_is_likely(text))
        return kube_json_read_text(text, each, context, err);
    if (!check_directives(text, err))
        return false;
    struct reader reader = {.text = text, .budget = aliases, .err = err};
    if (!yaml_parser_initialize(&reader.parser))
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text->bytes, text->length);
    bool good = read_yaml(&reader, each, context);
    forget(&reader);
    yaml_parser_delete(&reader.parser);
    return good;
}

bool kube_yaml_read_text(const struct kube_text *text, kube_yaml_document *each, void *context,
                         struct error *err)
{
    return read_text(text, alias_budget(text->length), each, context, err);
}

bool kube_yaml_read(const char *text, size_t length, kube_yaml_document *each, void *context,
                    struct error *err)
{
    return kube_yaml_read_text(&(struct kube_text){.bytes = text, .length = length}, each, context,
                               err);
}

bool kube_yaml_read_bounded(const char *text, size_t length, size_t aliases,
                            kube_yaml_document *each, void *context, struct error *err)
{
    return read_text(&(struct kube_text){.bytes = text, .length = length}, aliases, each, context,
                     err);
}
