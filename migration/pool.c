#include "migration/pool.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 16 * 1024 };

struct pool_block {
    struct pool_block *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

struct pool_owned {
    struct pool_owned *next;
    void (*release)(void *what);
    void *what;
};

bool pool_charge(struct pool *pool, size_t bytes)
{
    struct pool_budget *budget = pool->budget;
    if (budget && budget->left < bytes) {
        budget->exceeded = true;
        pool->failed = true;
        return false;
    }
    if (budget)
        budget->left -= bytes;
    pool->taken += bytes;
    return true;
}

static struct pool_block *new_block(struct pool *pool, size_t size)
{
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    if (!pool_charge(pool, sizeof(struct pool_block) + room))
        return NULL;
    struct pool_block *block = calloc(1, sizeof *block + room);
    if (!block) {
        pool->failed = true;
        return NULL;
    }
    block->size = room;
    block->next = pool->blocks;
    pool->blocks = block;
    return block;
}

void *pool_zero(struct pool *pool, size_t size)
{
    size = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    struct pool_block *block = pool->blocks;
    if (!block || block->size - block->used < size)
        block = new_block(pool, size);
    if (!block)
        return NULL;
    void *taken = block->bytes + block->used;
    block->used += size;
    return taken;
}

const char *pool_copy(struct pool *pool, const char *text, size_t length)
{
    char *copy = pool_zero(pool, length + 1);
    if (!copy)
        return "";
    memcpy(copy, text, length);
    return copy;
}

const char *pool_vtext(struct pool *pool, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = length < 0 ? NULL : pool_zero(pool, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, args);
    return text ? text : "";
}

const char *pool_text(struct pool *pool, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = pool_vtext(pool, format, args);
    va_end(args);
    return text;
}

void pool_append(struct pool *pool, struct pool_buffer *buffer, const char *text, size_t length)
{
    if (buffer->capacity - buffer->length <= length) {
        size_t larger = 2 * buffer->capacity + length + 32;
        char *moved = pool_zero(pool, larger);
        if (!moved)
            return;
        if (buffer->length)
            memcpy(moved, buffer->text, buffer->length);
        buffer->text = moved;
        buffer->capacity = larger;
    }
    memcpy(buffer->text + buffer->length, text, length);
    buffer->length += length;
    buffer->text[buffer->length] = '\0';
}

const char *pool_buffer_text(const struct pool_buffer *buffer)
{
    return buffer->text ? buffer->text : "";
}

void *pool_grow(struct pool *pool, void *items, size_t item_size, size_t count, size_t *capacity)
{
    if (count < *capacity)
        return items;
    size_t larger = *capacity ? 2 * *capacity : 16;
    void *moved = pool_zero(pool, larger * item_size);
    if (!moved)
        return NULL;
    if (count)
        memcpy(moved, items, count * item_size);
    *capacity = larger;
    return moved;
}

bool pool_own(struct pool *pool, void (*release)(void *what), void *what)
{
    if (!what)
        return true;
    struct pool_owned *owned = pool_zero(pool, sizeof *owned);
    if (!owned) {
        release(what);
        return false;
    }
    *owned = (struct pool_owned){pool->owned, release, what};
    pool->owned = owned;
    return true;
}

struct pool_mark pool_mark(const struct pool *pool)
{
    return (struct pool_mark){pool->blocks, pool->owned, pool->blocks ? pool->blocks->used : 0,
                              pool->taken};
}

void pool_release(struct pool *pool, struct pool_mark mark)
{
    for (; pool->owned != mark.owned; pool->owned = pool->owned->next)
        pool->owned->release(pool->owned->what);
    while (pool->blocks != mark.block) {
        struct pool_block *next = pool->blocks->next;
        free(pool->blocks);
        pool->blocks = next;
    }
    if (mark.block) {
        memset(mark.block->bytes + mark.used, 0, mark.block->used - mark.used);
        mark.block->used = mark.used;
    }
    if (pool->budget)
        pool->budget->left += pool->taken - mark.taken;
    pool->taken = mark.taken;
}

void pool_free(struct pool *pool)
{
    pool_release(pool, (struct pool_mark){0});
}
