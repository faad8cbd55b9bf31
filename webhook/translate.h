/* POST /translate without HTTP: a StatefulSet or a List in, their Etcds and reports out. What is
 * mounted comes from the object source. */
#ifndef WEBHOOK_TRANSLATE_H
#define WEBHOOK_TRANSLATE_H

#include "migration/migration.h"
#include "webhook/mutate.h"

/* What the translation of one StatefulSet may hold; see struct migrate_options. */
enum { WEBHOOK_TRANSLATION_MEMORY = 32 << 20 };

/* Translates BODY as --migrate does with its defaults, and writes one line of log. */
struct webhook_answer webhook_translate(struct webhook_call *call);

#endif
