/* The rows of a report: small maps, of which there may be very many. */
#include "migration/internal.h"

#include <json-c/linkhash.h>

/* json-c makes a map with sixteen slots; no row has more than five members. */
enum { SLOTS = 8 };

static struct json_object *text_of(const struct cell *cell)
{
    struct shared_text *shared = cell->shared;
    if (!shared)
        return kube_json_string(cell->text);
    if (shared->text != cell->text) {
        json_object_put(shared->string);
        *shared = (struct shared_text){cell->text, kube_json_string(cell->text)};
    }
    return json_object_get(shared->string);
}

struct json_object *row_new(const struct cell *cells, size_t count)
{
    static const unsigned flags = JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY;
    AUTO_JSON struct json_object *row = json_object_new_object();
    for (size_t i = 0; row && i < count; i++) {
        struct json_object *text = cells[i].text ? text_of(&cells[i]) : NULL;
        if (!cells[i].text)
            continue;
        if (!text || json_object_object_add_ex(row, cells[i].key, text, flags) != 0) {
            json_object_put(text);
            return NULL;
        }
    }
    if (!row || lh_table_resize(json_object_get_object(row), SLOTS) != 0)
        return NULL;
    return TAKE(row);
}

void shared_texts_free(struct shared_text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        json_object_put(texts[i].string);
}
