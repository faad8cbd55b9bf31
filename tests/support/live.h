/* A live source on a test's API server, with short delays, and what tests ask of it. */
#ifndef TESTS_SUPPORT_LIVE_H
#define TESTS_SUPPORT_LIVE_H

#include "tests/support/apiserver.h"

#include "kube/duration.h"

struct test_live {
    struct test_apiserver *server;
    struct kube_source *source;
    pthread_mutex_t mutex;
    char log[16384]; /* guarded by MUTEX: "MESSAGE RESOURCE DETAIL" and a newline each */
};

/* Namespaces, Clusters (with their provider alone) and the Secrets of the name etcd-backup. */
extern const struct kube_live_watch test_live_watches[3];

/* Starts LIVE->source; GIVEN (NULL: none) may set watches and times, other than which the usual
 * ones apply. Aborts the test when it fails. */
void test_live_start(struct test_live *live, const struct kube_live_options *given);
void test_live_stop(struct test_live *live);

/* Waits, up to ten seconds, until CONDITION; fails the test with the log otherwise. */
#define test_live_until(live, condition)                                                           \
    do {                                                                                           \
        int64_t begun_ = test_live_clock();                                                        \
        while (!(condition)) {                                                                     \
            if (test_live_clock() - begun_ > 10 * KUBE_SECOND)                                     \
                test_live_fail(live, __FILE__, __LINE__, #condition);                              \
            test_live_sleep(5);                                                                    \
        }                                                                                          \
    } while (0)

_Noreturn void test_live_fail(struct test_live *live, const char *file, int line, const char *what);
bool test_live_logged(struct test_live *live, const char *text);
int64_t test_live_clock(void);
void test_live_sleep(int milliseconds);
bool test_live_is_ready(struct test_live *live);

/* The code that get gives; ERROR_NONE: it is there. */
enum error_code test_live_get(struct test_live *live, enum kube_kind kind, const char *namespace,
                              const char *name);

/* The text at POINTER of the object, copied to OUT, "" where there is none, or no object. */
const char *test_live_text(struct test_live *live, enum kube_kind kind, const char *namespace,
                           const char *name, const char *pointer, char out[256]);

uint64_t test_live_requests(struct test_live *live, enum kube_verb verb);

#endif
