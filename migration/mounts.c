/* Where a path in a container lies. The mounts are ordered as a walk through the tree of their
 * paths meets them, so that the one a path lies in is found without a look at the others. */
#include "migration/internal.h"

#include <stdlib.h>
#include <string.h>

/* What is below a directory comes right behind it, before its neighbour "directory-2". */
static int weight(char c)
{
    return c == '\0' ? 0 : c == '/' ? 1 : (unsigned char)c + 1;
}

static size_t common(const char *a, const char *b)
{
    size_t same = 0;
    while (a[same] && a[same] == b[same])
        same++;
    return same;
}

static int compare_paths(const char *a, const char *b)
{
    size_t same = common(a, b);
    return weight(a[same]) - weight(b[same]);
}

static int compare(const void *a, const void *b)
{
    const struct mount *one = a, *two = b;
    int paths = compare_paths(one->clean, two->clean);
    if (paths)
        return paths;
    return one->index < two->index ? -1 : 1;
}

/* FROM, or the mount around it, in which PATH lies and whose own path is shorter than BELOW. */
static struct mount *around(struct mount *from, const char *path, size_t below)
{
    size_t same = from ? common(from->clean, path) : 0;
    for (; from; from = from->parent) {
        size_t length = from->length;
        if (length <= same && length < below && (!length || !path[length] || path[length] == '/'))
            break;
    }
    return from;
}

void mounts_read(struct translation *t, struct container *container)
{
    struct json_object *list = kube_json_child(container->tree, "volumeMounts");
    struct mounts *mounts = &container->mounts;
    if (list_length(list))
        mounts->items = pool_zero(&t->pool, list_length(list) * sizeof *mounts->items);
    for (size_t i = 0; mounts->items && i < list_length(list) && goes_on(t); i++) {
        struct json_object *tree = list_item(list, i);
        const char *path = kube_json_text(tree, "/mountPath");
        const char *volume = kube_json_text(tree, "/name");
        if (volume)
            names_add(&t->pool, &mounts->volumes, volume, tree);
        if (!path)
            continue;
        const char *clean = clean_path(t, path);
        mounts->items[mounts->count++] =
            (struct mount){.tree = tree, .index = i, .clean = clean, .length = strlen(clean)};
    }
    if (mounts->count)
        qsort(mounts->items, mounts->count, sizeof *mounts->items, compare);
    for (size_t i = 1; i < mounts->count && goes_on(t); i++) {
        struct mount *mount = &mounts->items[i];
        mount->parent = around(mount - 1, mount->clean, mount->length);
    }
}

bool is_mounted(const struct container *container, const char *volume)
{
    return names_get(&container->mounts.volumes, volume) != NULL;
}

size_t mounts_behind(const struct mounts *mounts, const char *path)
{
    size_t low = 0, high = mounts->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_paths(mounts->items[middle].clean, path) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool place_find(struct translation *t, const struct container *container, const char *path,
                struct variables *variables, struct place *out)
{
    *out = (struct place){0};
    if (!container->tree || !path || path[0] != '/')
        return false;
    const struct mounts *mounts = &container->mounts;
    const char *wanted = clean_path(t, path);
    size_t behind = mounts_behind(mounts, wanted);
    const struct mount *mount =
        behind ? around(&mounts->items[behind - 1], wanted, SIZE_MAX) : NULL;
    out->inside = mount ? wanted + mount->length : "";
    const char *name = mount ? kube_json_text(mount->tree, "/name") : NULL;
    if (!name)
        return false;
    const char *sub_path = kube_json_text(mount->tree, "/subPath");
    const char *expression = kube_json_text(mount->tree, "/subPathExpr");
    out->certain = true;
    if (expression)
        sub_path = variables_expand(t, variables, expression, &out->certain);
    out->inside =
        clean_path(t, pool_text(&t->pool, "%s/%s", sub_path ? sub_path : "", out->inside));
    out->volume_name = name;
    out->volume = pod_volume(t, name, &out->volume_path);
    /* A claim template wins over a volume of the same name, as in the StatefulSet controller. */
    const char *claim_path;
    struct json_object *claim = claim_named(t, name, &claim_path);
    if (claim) {
        out->volume = claim;
        out->volume_path = claim_path;
        out->is_claim = true;
    }
    return out->volume != NULL;
}

const struct place *mount_place(struct translation *t, const struct container *container,
                                struct variables *variables, struct mount *mount)
{
    if (mount->place)
        return mount->place;
    struct place *place = pool_zero(&t->kept, sizeof *place);
    if (!place)
        return NULL;
    struct pool_mark mark = pool_mark(&t->pool);
    if (place_find(t, container, kube_json_text(mount->tree, "/mountPath"), variables, place))
        place->inside = pool_copy(&t->kept, place->inside, strlen(place->inside));
    else
        *place = (struct place){0};
    place->volume_path = NULL;
    pool_release(&t->pool, mark);
    mount->place = place;
    return place;
}
