/* Serving from start to end: signals, reloads, draining. */
#ifndef WEBHOOK_SERVE_H
#define WEBHOOK_SERVE_H

#include "webhook/options.h"

/* Serves until SIGTERM or SIGINT, and returns the exit status: 0 after an orderly end, 1 when it
 * cannot start. */
int webhook_serve(const struct webhook_options *options);

#endif
