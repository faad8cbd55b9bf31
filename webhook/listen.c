#include "webhook/server.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

/* getaddrinfo takes more than that, and cuts a number that is too large. */
static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && !text[digits] && strtoul(text, NULL, 10) <= UINT16_MAX;
}

/* Splits ADDR:PORT at its last colon and takes the brackets of an IPv6 address away. */
static bool split(const char *listen, char host[64], const char **port, struct error *err)
{
    const char *colon = strrchr(listen, ':');
    size_t length = colon ? (size_t)(colon - listen) : 0;
    if (!colon || !colon[1] || length >= 64)
        return error_set(err, ERROR_INVALID, "'%s' is not ADDR:PORT", listen);
    if (!is_port(colon + 1))
        return error_set(err, ERROR_INVALID, "'%s': expected a port from 0 to 65535, found '%s'",
                         listen, colon + 1);
    if (length >= 2 && listen[0] == '[' && listen[length - 1] == ']') {
        listen++;
        length -= 2;
    }
    memcpy(host, listen, length);
    host[length] = '\0';
    *port = colon + 1;
    return true;
}

static bool describe(int fd, char *address, size_t size)
{
    struct sockaddr_storage bound = {0};
    socklen_t length = sizeof bound;
    char host[48];
    char port[8];
    if (getsockname(fd, (struct sockaddr *)&bound, &length) != 0 ||
        getnameinfo((struct sockaddr *)&bound, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    snprintf(address, size, bound.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    return true;
}

int webhook_listen(const char *listen_on, char *address, size_t size, struct error *err)
{
    const struct addrinfo hints = {
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
    };
    struct addrinfo *found;
    char host[64];
    const char *port = NULL;
    if (!split(listen_on, host, &port, err))
        return -1;
    int status = getaddrinfo(*host ? host : NULL, port, &hints, &found);
    if (status != 0) {
        error_set(err, ERROR_INVALID, "'%s' is not ADDR:PORT with an IP address: %s", listen_on,
                  gai_strerror(status));
        return -1;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool bound = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) == 0 &&
                 bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0 &&
                 describe(fd, address, size);
    freeaddrinfo(found);
    if (bound)
        return fd;
    error_set(err, ERROR_UNAVAILABLE, "%s: %s", listen_on, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

unsigned webhook_allow_files(unsigned wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return wanted;
    struct rlimit raised = {limit.rlim_max < wanted ? limit.rlim_max : wanted, limit.rlim_max};
    return (unsigned)(setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised : limit).rlim_cur;
}
