/* The room certs/: X.509 with OpenSSL. Issues a CA and a serving pair (issue), loads the pair that
 * is served (pair), reads and judges certificates that others made (inspect). PEM bytes cross its
 * edge, never OpenSSL's types. Knows no clock: the caller says what time it is. Uses kube/. */
#ifndef CERTS_CERTS_H
#define CERTS_CERTS_H

#include "certs/inspect.h"
#include "certs/issue.h"
#include "certs/pair.h"

#endif
