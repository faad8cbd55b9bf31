/* The reference of the benchmark: a server of the same library, with the same loops, TLS and
 * limits, that reads a body and answers with a constant. echo TLS-DIR prints the port it picked. */
#include "certs/pair.h"
#include "kube/cleanup.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum MHD_Result on_request(void *context, struct MHD_Connection *handle, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **request)
{
    static char answer[] = "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\","
                           "\"response\":{\"uid\":\"1\",\"allowed\":true}}";
    static char begun;
    (void)context, (void)url, (void)method, (void)version, (void)data;
    if (!*request || *size) {
        *request = &begun;
        *size = 0;
        return MHD_YES;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(sizeof answer - 1, answer, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    enum MHD_Result result = MHD_queue_response(handle, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

int main(int argc, char **argv)
{
    AUTO_CERT_PAIR struct cert_pair pair = {0};
    struct error err = {0};
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (argc != 2 || !cert_pair_load(argv[1], time(NULL), &pair, &err)) {
        fprintf(stderr, "usage: echo TLS-DIR: %s\n", err.message);
        return 1;
    }
    unsigned loops = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_TLS, 0, NULL, NULL, on_request,
        NULL, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_THREAD_POOL_SIZE, loops > 1 ? loops : 0,
        MHD_OPTION_CONNECTION_TIMEOUT, 120U, MHD_OPTION_HTTPS_MEM_CERT, pair.cert_pem,
        MHD_OPTION_HTTPS_MEM_KEY, pair.key_pem, MHD_OPTION_HTTPS_PRIORITIES,
        "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", MHD_OPTION_END);
    if (!daemon)
        return 1;
    printf("%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    getchar(); /* until standard input ends */
    MHD_stop_daemon(daemon);
    return 0;
}
