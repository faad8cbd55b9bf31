#include "patches/internal.h"

#include "kube/time.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

/* How long before the maintenance window the full snapshot is taken, so that it is there before it.
 */
enum { MINUTES_BEFORE_WINDOW = 75, MINUTES_OF_SPREAD = 60 };

/* The value of SIDECAR's --schedule= flag; NULL if there is none or it is empty. */
static const char *flag_of(struct kube_work *work, struct json_object *sidecar)
{
    static const char flag[] = "--schedule=";
    struct json_object *command = kube_json_child(sidecar, "command");
    if (!json_object_is_type(command, json_type_array))
        return NULL;
    for (size_t i = 0; i < json_object_array_length(command) && kube_work_goes_on(work); i++) {
        const char *text = kube_json_as_text(json_object_array_get_idx(command, i));
        if (text && strncmp(text, flag, sizeof flag - 1) == 0)
            return text[sizeof flag - 1] ? text + sizeof flag - 1 : NULL;
    }
    return NULL;
}

static bool copy_schedule(const char *schedule, char out[PATCH_SCHEDULE_SIZE], struct error *err)
{
    if (strlen(schedule) >= PATCH_SCHEDULE_SIZE)
        return error_set(err, ERROR_RANGE, "schedule '%s' is longer than %d characters", schedule,
                         PATCH_SCHEDULE_SIZE - 1);
    memcpy(out, schedule, strlen(schedule) + 1);
    return true;
}

static void daily(int minute_of_day, char out[PATCH_SCHEDULE_SIZE])
{
    snprintf(out, PATCH_SCHEDULE_SIZE, "%d %d * * *", minute_of_day % 60, minute_of_day / 60);
}

/* The spread comes from the uid, so that not all shoots of one window back up at the same minute.
 */
static bool before_window(struct json_object *cluster, const char *begin,
                          char out[PATCH_SCHEDULE_SIZE], struct error *err)
{
    const char *uid;
    int minute;
    if (!kube_json_need_string(cluster, "/spec/shoot/status/uid", &uid, err))
        return false;
    if (!kube_time_window_minute(begin, &minute, err))
        return error_wrap(err, "/spec/shoot/spec/maintenance/timeWindow/begin");
    unsigned long crc = crc32(0, (const unsigned char *)uid, (unsigned)strlen(uid));
    minute += KUBE_DAY_MINUTES - MINUTES_BEFORE_WINDOW + (int)(crc % MINUTES_OF_SPREAD);
    daily(minute % KUBE_DAY_MINUTES, out);
    return true;
}

/* From what the Cluster says of its Shoot. */
static bool derive(struct json_object *cluster, char out[PATCH_SCHEDULE_SIZE], struct error *err)
{
    const char *begin;
    const char *created;
    int64_t seconds;
    if (!kube_json_get_string(cluster, "/spec/shoot/spec/maintenance/timeWindow/begin", &begin,
                              err))
        return false;
    if (begin)
        return before_window(cluster, begin, out, err);
    if (!kube_json_need_string(cluster, "/spec/shoot/metadata/creationTimestamp", &created, err))
        return false;
    if (!kube_time_parse(created, &seconds, err))
        return error_wrap(err, "/spec/shoot/metadata/creationTimestamp");
    int64_t minute = seconds / 60 % KUBE_DAY_MINUTES;
    daily((int)((minute + KUBE_DAY_MINUTES) % KUBE_DAY_MINUTES), out);
    return true;
}

bool patch_schedule(struct kube_work *work, const char *configured, struct json_object *sidecar,
                    struct json_object *cluster, char out[PATCH_SCHEDULE_SIZE], struct error *err)
{
    const char *kept = configured ? configured : flag_of(work, sidecar);
    if (!kube_work_check(work, err))
        return false;
    if (kept)
        return copy_schedule(kept, out, err);
    const char *name = kube_json_text(cluster, "/metadata/name");
    return derive(cluster, out, err) || error_wrap(err, "Cluster %s", name ? name : "");
}
