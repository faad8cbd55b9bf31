#include "kube/cache.h"

#include "kube/cleanup.h"

#include <string.h>

enum { FIRST_BUCKETS = 256 };

struct kube_cache_entry {
    struct kube_cache_entry *next; /* in the bucket */
    struct kube_object *object;
    struct kube_cache_mark mark;
    uint64_t hash;
    enum kube_kind kind;
    size_t namespace_size; /* with its NUL; the name stands behind it */
    char names[];
};

bool kube_cache_init(struct kube_cache *cache, struct error *err)
{
    *cache = (struct kube_cache){.bucket_count = FIRST_BUCKETS};
    cache->buckets = calloc(FIRST_BUCKETS, sizeof(void *));
    if (!cache->buckets)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    arc4random_buf(&cache->seed, sizeof cache->seed);
    pthread_mutex_init(&cache->mutex, NULL);
    return true;
}

static void free_entry(struct kube_cache_entry *entry)
{
    if (!entry)
        return;
    kube_object_unref(entry->object);
    free(entry);
}

static void free_chain(struct kube_cache_entry *entry)
{
    while (entry) {
        struct kube_cache_entry *next = entry->next;
        free_entry(entry);
        entry = next;
    }
}

void kube_cache_free(struct kube_cache *cache)
{
    for (size_t i = 0; i < cache->bucket_count; i++)
        free_chain(cache->buckets[i]);
    free(TAKE(cache->buckets));
    pthread_mutex_destroy(&cache->mutex);
}

/* FNV-1a, from a random start. */
static uint64_t hash_of(const struct kube_cache *cache, const struct kube_cache_key *key)
{
    const uint64_t prime = 0x100000001b3;
    uint64_t hash = (cache->seed ^ (uint64_t)key->kind) * prime;
    for (const char *c = key->namespace; *c; c++)
        hash = (hash ^ (unsigned char)*c) * prime;
    hash = (hash ^ '/') * prime;
    for (const char *c = key->name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * prime;
    return hash ^ hash >> 32;
}

/* The link that points to the entry of KEY, or to NULL where it would be. */
static struct kube_cache_entry **find(struct kube_cache *cache, const struct kube_cache_key *key,
                                      uint64_t hash)
{
    struct kube_cache_entry **link = &cache->buckets[hash & (cache->bucket_count - 1)];
    for (; *link; link = &(*link)->next) {
        const struct kube_cache_entry *entry = *link;
        if (entry->hash == hash && entry->kind == key->kind &&
            strcmp(entry->names, key->namespace) == 0 &&
            strcmp(entry->names + entry->namespace_size, key->name) == 0)
            break;
    }
    return link;
}

struct kube_object *kube_cache_get(struct kube_cache *cache, const struct kube_cache_key *key)
{
    uint64_t hash = hash_of(cache, key);
    pthread_mutex_lock(&cache->mutex);
    const struct kube_cache_entry *entry = *find(cache, key, hash);
    struct kube_object *object = entry ? kube_object_ref(entry->object) : NULL;
    pthread_mutex_unlock(&cache->mutex);
    return object;
}

/* Twice the buckets; where there is no memory for them, chains grow longer instead. */
static void grow(struct kube_cache *cache)
{
    size_t count = cache->bucket_count * 2;
    struct kube_cache_entry **buckets = calloc(count, sizeof *buckets);
    if (!buckets)
        return;
    for (size_t i = 0; i < cache->bucket_count; i++) {
        while (cache->buckets[i]) {
            struct kube_cache_entry *entry = cache->buckets[i];
            cache->buckets[i] = entry->next;
            entry->next = buckets[entry->hash & (count - 1)];
            buckets[entry->hash & (count - 1)] = entry;
        }
    }
    free(cache->buckets);
    cache->buckets = buckets;
    cache->bucket_count = count;
}

static struct kube_cache_entry *new_entry(const struct kube_cache_key *key, uint64_t hash)
{
    size_t namespace_size = strlen(key->namespace) + 1;
    size_t name_size = strlen(key->name) + 1;
    struct kube_cache_entry *entry = malloc(sizeof *entry + namespace_size + name_size);
    if (!entry)
        return NULL;
    *entry = (struct kube_cache_entry){
        .hash = hash, .kind = key->kind, .namespace_size = namespace_size};
    memcpy(entry->names, key->namespace, namespace_size);
    memcpy(entry->names + namespace_size, key->name, name_size);
    return entry;
}

bool kube_cache_put(struct kube_cache *cache, const struct kube_cache_key *key,
                    const struct kube_cache_mark *mark, bool unless_newer,
                    struct kube_object *object, bool *added)
{
    uint64_t hash = hash_of(cache, key);
    struct kube_cache_entry *entry = new_entry(key, hash);
    *added = false;
    if (!entry) {
        kube_object_unref(object);
        return false;
    }
    entry->object = object;
    entry->mark = *mark;
    pthread_mutex_lock(&cache->mutex);
    struct kube_cache_entry **link = find(cache, key, hash);
    struct kube_cache_entry *old = *link;
    if (old && unless_newer && old->mark.version >= mark->version) {
        old = entry; /* that one goes */
    } else {
        entry->next = old ? old->next : NULL;
        *link = entry;
        *added = !old;
        cache->count += *added;
        if (cache->count > cache->bucket_count)
            grow(cache);
    }
    pthread_mutex_unlock(&cache->mutex);
    free_entry(old); /* outside the lock, since it may be a large tree */
    return true;
}

bool kube_cache_remove(struct kube_cache *cache, const struct kube_cache_key *key, uint64_t version)
{
    uint64_t hash = hash_of(cache, key);
    pthread_mutex_lock(&cache->mutex);
    struct kube_cache_entry **link = find(cache, key, hash);
    struct kube_cache_entry *entry = *link;
    if (entry && entry->mark.version > version)
        entry = NULL;
    if (entry) {
        *link = entry->next;
        cache->count--;
    }
    pthread_mutex_unlock(&cache->mutex);
    free_entry(entry);
    return entry != NULL;
}

size_t kube_cache_sweep(struct kube_cache *cache, unsigned owner, uint64_t list)
{
    struct kube_cache_entry *swept = NULL;
    size_t count = 0;
    pthread_mutex_lock(&cache->mutex);
    for (size_t i = 0; i < cache->bucket_count; i++) {
        for (struct kube_cache_entry **link = &cache->buckets[i]; *link;) {
            struct kube_cache_entry *entry = *link;
            if (entry->mark.owner != owner || entry->mark.list == list) {
                link = &entry->next;
                continue;
            }
            *link = entry->next;
            entry->next = swept;
            swept = entry;
            count++;
        }
    }
    cache->count -= count;
    pthread_mutex_unlock(&cache->mutex);
    free_chain(swept);
    return count;
}

void kube_cache_set_absent(struct kube_cache *cache, const struct kube_cache_key *key,
                           int64_t until)
{
    uint64_t hash = hash_of(cache, key);
    pthread_mutex_lock(&cache->mutex);
    cache->absences[hash % KUBE_CACHE_ABSENCES].hash = hash;
    cache->absences[hash % KUBE_CACHE_ABSENCES].until = until;
    pthread_mutex_unlock(&cache->mutex);
}

bool kube_cache_is_absent(struct kube_cache *cache, const struct kube_cache_key *key, int64_t now)
{
    uint64_t hash = hash_of(cache, key);
    pthread_mutex_lock(&cache->mutex);
    size_t i = hash % KUBE_CACHE_ABSENCES;
    bool absent = cache->absences[i].hash == hash && now < cache->absences[i].until;
    pthread_mutex_unlock(&cache->mutex);
    return absent;
}
