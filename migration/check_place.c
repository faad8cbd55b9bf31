/* Where the data is: druid's etcd looks for it at one place only. */
#include "migration/internal.h"

#include <stdlib.h>
#include <string.h>

static const char data_name[] = "new.etcd";

static bool is_druids(const struct place *place)
{
    return place->volume && place->certain && strcmp(place->inside, data_name) == 0;
}

/* What kind of volume VOLUME is: "emptyDir", "hostPath", …; the member that is not its name. */
static const char *volume_kind(struct json_object *volume)
{
    json_object_object_foreach(volume, key, value)
    {
        (void)value;
        if (strcmp(key, "name") != 0)
            return key;
    }
    return "emptyDir";
}

static void check_place(struct translation *t, const struct setting *setting,
                        const struct place *place)
{
    const char *value = setting->value;
    if (!value) {
        find_as(t, FINDING_DATA_DIR_MISMATCH, SEVERITY_NONE,
                "write the directory itself into the StatefulSet, or add the ConfigMap that has it "
                "to the input, and translate again",
                setting->path,
                "%s is not known: whether druid looks for the data there is not "
                "either",
                setting->where);
    } else if (!place->volume) {
        find(t, FINDING_NO_PERSISTENT_VOLUME, setting->path,
             "%s is '%s', where no volume is mounted: the data goes with the container",
             setting->where, value);
    } else if (!place->is_claim) {
        find(t, FINDING_NO_PERSISTENT_VOLUME, place->volume_path,
             "%s is '%s', on volume %s (%s), not on one of the StatefulSet's claim templates",
             setting->where, value, place->volume_name, volume_kind(place->volume));
    } else if (!is_druids(place)) {
        find(t, FINDING_DATA_DIR_MISMATCH, setting->path,
             "%s is '%s', which is '%s' in volume %s%s; druid's etcd looks for '%s' at the root of "
             "the "
             "volume and would start empty",
             setting->where, value, *place->inside ? place->inside : "/", place->volume_name,
             place->certain ? "" : " (below a subPathExpr)", data_name);
    }
}

/* --- what is mounted below --- */

/* Whether TEXT is HEAD with TAIL behind it. */
static bool is_joined(const char *text, const char *head, const char *tail)
{
    size_t length = strlen(head);
    return strncmp(text, head, length) == 0 && strcmp(text + length, tail) == 0;
}

/* What is mounted below SETTING's directory, which is PLACE: that part of the data is elsewhere
 * than druid looks. ROUND: nothing is said twice of a mount in it. */
static void check_mounts(struct translation *t, const struct container *container,
                         struct variables *variables, const struct setting *setting,
                         const struct place *place, size_t round)
{
    const struct mounts *mounts = &container->mounts;
    const char *directory = clean_path(t, setting->value);
    size_t length = strlen(directory);
    for (size_t i = mounts_behind(mounts, directory); length && i < mounts->count && goes_on(t);
         i++) {
        struct mount *mount = &mounts->items[i];
        const char *name = kube_json_text(mount->tree, "/name");
        if (strncmp(mount->clean, directory, length) != 0 || mount->clean[length] != '/')
            return;
        const struct place *other =
            name && mount->round != round ? mount_place(t, container, variables, mount) : NULL;
        if (!other || (other->volume == place->volume && other->certain &&
                       is_joined(other->inside, place->inside, mount->clean + length)))
            continue;
        mount->round = round;
        find(t, FINDING_DATA_DIR_MISMATCH,
             pool_text(&t->pool, "%s/volumeMounts/%zu", container->path, mount->index),
             "volume %s is mounted at '%s', below %s: druid's etcd would start without what is on "
             "it",
             name, kube_json_text(mount->tree, "/mountPath"), setting->where);
    }
}

/* --- all that is set --- */

/* A directory is set in few words: as a flag, as a variable, in a file. Each mount may be found in
 * each round. */
enum { ROUNDS_MAX = 8 };

static int compare(const void *a, const void *b)
{
    const struct setting *one = *(const struct setting *const *)a;
    const struct setting *two = *(const struct setting *const *)b;
    int places = strcmp(one->where, two->where);
    return places ? places : strcmp(one->value ? one->value : "", two->value ? two->value : "");
}

/* The data directories of etcd, those of the same words side by side. Returns how many. */
static size_t data_dirs(struct translation *t, const struct setting ***out)
{
    const struct settings *settings = &t->model.etcd_reading.settings;
    const struct setting **found = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < settings->count && goes_on(t); i++) {
        if (strcmp(settings->items[i].name, "data-dir") != 0)
            continue;
        const struct setting **moved =
            pool_grow(&t->pool, found, sizeof(struct setting *), count, &capacity);
        if (!moved)
            return 0;
        found = moved;
        found[count++] = &settings->items[i];
    }
    if (count)
        qsort(found, count, sizeof(struct setting *), compare);
    *out = found;
    return count;
}

static void check_every_data_dir(struct translation *t)
{
    struct variables *variables = &t->model.etcd_reading.variables;
    const struct setting **settings = NULL;
    size_t count = data_dirs(t, &settings), rounds = 0;
    for (size_t i = 0; i < count && goes_on(t); i++) {
        const struct setting *setting = settings[i], *before = i ? settings[i - 1] : NULL;
        struct place place = {0};
        bool same_words = before && strcmp(before->where, setting->where) == 0;
        if (setting->value)
            place_find(t, &t->model.etcd, setting->value, variables, &place);
        check_place(t, setting, &place);
        if (!same_words) {
            t->round++;
            rounds++;
        }
        if (place.volume && rounds <= ROUNDS_MAX &&
            !(same_words && text_is(before->value, setting->value)))
            check_mounts(t, &t->model.etcd, variables, setting, &place, t->round);
    }
}

void check_places(struct translation *t)
{
    struct model *model = &t->model;
    const struct setting *sidecar = model->sidecar_data_setting;
    check_every_data_dir(t);
    if (!sidecar)
        return;
    check_place(t, sidecar, &model->sidecar_data);
    if (model->sidecar_data.volume)
        check_mounts(t, &model->sidecar, &model->sidecar_variables, sidecar, &model->sidecar_data,
                     ++t->round);
}
