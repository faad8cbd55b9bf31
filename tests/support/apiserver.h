/* API servers for tests, as processes on loopback: one that misbehaves as it is told
 * (apiserver.py), and a real one (apiserver.sh). */
#ifndef TESTS_SUPPORT_APISERVER_H
#define TESTS_SUPPORT_APISERVER_H

#include "kube/live.h"

#include <stdio.h>
#include <sys/types.h>

struct test_apiserver {
    char folder[64]; /* with kubeconfig, ca.crt, token */
    pid_t pid;
    FILE *commands;
    FILE *answers;
};

/* Starts SCRIPT of tests/support with INTERPRETER and waits until it serves. NULL: it says that
 * what it needs is not here (exit status 77). Aborts when it fails otherwise. */
struct test_apiserver *test_apiserver_start(const char *interpreter, const char *script);
void test_apiserver_stop(struct test_apiserver *server);

/* Sends a command, ' for ", and gives the number that is answered. Aborts when it fails. */
long test_apiserver_do(struct test_apiserver *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The access that its kubeconfig describes. */
struct kube_access *test_apiserver_access(struct test_apiserver *server);

#endif
