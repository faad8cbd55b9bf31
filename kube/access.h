/* How to reach an API server and who we are there. Where a credential is a file it is read again
 * for every request, so that it may rotate. Keys and tokens are wiped when they are freed and never
 * stand in a message. */
#ifndef KUBE_ACCESS_H
#define KUBE_ACCESS_H

#include "kube/error.h"

#include <pthread.h>
#include <stddef.h>

enum kube_credential {
    KUBE_CREDENTIAL_CA,          /* PEM, one or more certificates; absent: those of the system */
    KUBE_CREDENTIAL_CERTIFICATE, /* PEM, the client's chain */
    KUBE_CREDENTIAL_KEY,         /* PEM */
    KUBE_CREDENTIAL_TOKEN,       /* of a bearer, without white space */
    KUBE_CREDENTIAL_COUNT,
};

/* The values at one moment; immutable, counted. BYTES is NULL for what is absent, and has a NUL
 * behind LENGTH. */
struct kube_credentials {
    struct {
        char *bytes;
        size_t length;
    } values[KUBE_CREDENTIAL_COUNT];
    unsigned references; /* guarded by the mutex of the struct kube_access */
};

struct kube_access {
    char *server;                       /* "https://10.0.0.1:6443", no slash at the end */
    char *tls_server_name;              /* that its certificate is for; NULL: that of the URL */
    char *files[KUBE_CREDENTIAL_COUNT]; /* from where each is read; NULL: it never changes */
    pthread_mutex_t mutex;
    struct kube_credentials *current;
};

/* Nothing but an empty value and its mutex; NULL: no memory. */
struct kube_access *kube_access_new(void);
void kube_access_free(struct kube_access *access); /* NULL is fine */

/* VALUE becomes the CREDENTIAL; it is copied, and what stood there is wiped. Before ACCESS is
 * shared. */
bool kube_access_set(struct kube_access *access, enum kube_credential credential, const char *value,
                     size_t length, struct error *err);

/* Takes URL's scheme, host, port and path as the server. ERROR_INVALID: it is not https, or has a
 * user, a query or a fragment. */
bool kube_access_set_server(struct kube_access *access, const char *url, struct error *err);

/* The service account of the pod that this runs in: token and ca.crt in the folder DIR (NULL: where
 * a kubelet puts them), the server from KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT.
 * ERROR_NOT_FOUND: not in a pod (these are not set). ERROR_UNAVAILABLE, ERROR_INVALID: a file. */
bool kube_access_in_pod(const char *dir, struct kube_access **out, struct error *err);

/* The credentials as they are now, for kube_credentials_release with the same ACCESS. A file that
 * cannot be read at the moment leaves the value that was read before.
 * ERROR_UNAVAILABLE: there is none. ERROR_INVALID: a token of more than one word. */
bool kube_access_credentials(struct kube_access *access, struct kube_credentials **out,
                             struct error *err);
void kube_credentials_release(struct kube_access *access, struct kube_credentials *credentials);

static inline void cleanup_access(struct kube_access **access)
{
    kube_access_free(*access);
}
#define AUTO_ACCESS __attribute__((cleanup(cleanup_access)))

#endif
