#include "kube/work.h"

bool kube_work_check(struct kube_work *work, struct error *err)
{
    if (work && !work->stopped)
        work->stopped = work->check(work->context);
    return !work || !work->stopped || error_set(err, ERROR_STOPPED, "stopped: %s", work->stopped);
}
