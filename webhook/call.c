#include "webhook/call.h"

#include <poll.h>
#include <time.h>

long long webhook_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Unread bytes, such as the end of a TLS session, do not hide a closed connection here. */
static bool is_closed(int fd)
{
    struct pollfd descriptor = {fd, POLLRDHUP, 0};
    return poll(&descriptor, 1, 0) == 1;
}

static const char *check(void *context)
{
    const struct webhook_call *call = context;
    if (call->deadline && webhook_clock() >= call->deadline)
        return "the caller's deadline has passed";
    if (call->fd >= 0 && is_closed(call->fd))
        return "the caller has closed the connection";
    return NULL;
}

void webhook_call_begin(struct webhook_call *call)
{
    call->work = (struct kube_work){.check = check, .context = call};
}

bool webhook_call_take(struct webhook_call *call, long long bytes)
{
    bool small = call->held + bytes <= WEBHOOK_SMALL;
    if (call->budget && !webhook_budget_take(call->budget, bytes, small))
        return false;
    call->held += bytes;
    return true;
}

void webhook_call_keep(struct webhook_call *call, long long bytes)
{
    if (call->held <= bytes)
        return;
    if (call->budget)
        webhook_budget_give(call->budget, call->held - bytes);
    call->held = bytes;
}
