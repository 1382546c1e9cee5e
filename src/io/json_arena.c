/* json_arena.c - few blocks for all that yajl allocates. */
#include "io/json_arena.h"

#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"

enum { GRAIN = 16, FIXED_BYTES = 1 << 15, FIRST_BUFFER = 2048, LEVELS_A_STEP = 128 };

struct hr_json_block {
    hr_json_block *next; /* older one */
    size_t used, capacity;
    alignas(GRAIN) unsigned char bytes[];
};

/* How often a buffer that ends with n bytes is allocated anew at most. */
static size_t n_growths(size_t n)
{
    size_t count = 2;
    for (size_t size = FIRST_BUFFER; size < n; size *= 2) count++;
    return count;
}

static size_t doubled(size_t there, size_t wanted)
{
    return wanted <= there ? there : wanted < 2 * there ? 2 * there : wanted;
}

/* A block has memory for all that yajl takes from an empty state up to the bounds, so it does for what is still to come
 * of it. The stack grows in place while it is the last allocation, and is copied at most once behind every growth of a
 * buffer. Bounds at least double, so that all blocks together take at most about twice what the last one does. */
hrnet_status hr_json_arena_reserve(hr_json_arena *arena, const hr_json_bounds *bounds)
{
    static const hr_json_bounds least = {FIRST_BUFFER, FIRST_BUFFER, LEVELS_A_STEP};
    const hr_json_bounds *const there = arena->newest != NULL ? &arena->bounds : &least;
    if (arena->newest != NULL && bounds->longest_string <= there->longest_string &&
        bounds->longest_word <= there->longest_word && bounds->depth <= there->depth)
        return HRNET_OK;
    const hr_json_bounds next = {doubled(there->longest_string, bounds->longest_string),
                                 doubled(there->longest_word, bounds->longest_word),
                                 doubled(there->depth, bounds->depth)};
    const size_t n_moves = n_growths(next.longest_string) + n_growths(next.longest_word);
    const size_t capacity = FIXED_BYTES + 4 * next.longest_string + 4 * next.longest_word +
                            (next.depth + 2 * LEVELS_A_STEP) * (1 + n_moves);
    hr_json_block *const block = hr_alloc(1, offsetof(hr_json_block, bytes) + capacity);
    if (block == NULL) return hr_fail_memory(capacity);
    *block = (hr_json_block){.next = arena->newest, .capacity = capacity};
    *arena = (hr_json_arena){block, next};
    return HRNET_OK;
}

void hr_json_arena_free(hr_json_arena *arena)
{
    for (hr_json_block *block = arena->newest; block != NULL;) {
        hr_json_block *const next = block->next;
        hr_free(block);
        block = next;
    }
    *arena = (hr_json_arena){0};
}

static size_t rounded(size_t n)
{
    return (n + GRAIN - 1) / GRAIN * GRAIN;
}

/* An allocation begins with its size, which growing needs. */
static void *allocate(void *context, size_t n)
{
    hr_json_block *const block = ((hr_json_arena *)context)->newest;
    if (n > block->capacity || GRAIN + rounded(n) > block->capacity - block->used) return NULL;
    unsigned char *const bytes = block->bytes + block->used + GRAIN;
    memcpy(bytes - GRAIN, &n, sizeof n);
    block->used += GRAIN + rounded(n);
    return bytes;
}

static void *reallocate(void *context, void *old, size_t n)
{
    hr_json_block *const block = ((hr_json_arena *)context)->newest;
    size_t n_old;
    if (old == NULL) return allocate(context, n);
    memcpy(&n_old, (unsigned char *)old - GRAIN, sizeof n_old);
    if ((unsigned char *)old + rounded(n_old) == block->bytes + block->used) {
        block->used -= GRAIN + rounded(n_old);
        return allocate(context, n); /* at the same place: nothing moves */
    }
    unsigned char *const bytes = allocate(context, n);
    if (bytes != NULL) memcpy(bytes, old, n_old < n ? n_old : n);
    return bytes;
}

static void release(void *context, void *bytes)
{
    (void)context;
    (void)bytes;
}

yajl_alloc_funcs hr_json_arena_funcs(hr_json_arena *arena)
{
    return (yajl_alloc_funcs){allocate, reallocate, release, arena};
}
