/* POST /translate without HTTP: a StatefulSet or a List in, their Etcds and reports out. What is
 * mounted comes from the object source. */
#ifndef WEBHOOK_TRANSLATE_H
#define WEBHOOK_TRANSLATE_H

#include "webhook/mutate.h"

/* Translates BODY as --migrate does with its defaults, and writes one line of log. */
struct webhook_answer webhook_translate(struct webhook_call *call);

#endif
