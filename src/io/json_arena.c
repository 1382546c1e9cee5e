/* json_arena.c - one block for all that yajl allocates. */
#include "io/json_arena.h"

#include <string.h>

#include "base/mem.h"

enum { GRAIN = 16, FIXED_BYTES = 1 << 15, FIRST_BUFFER = 2048, LEVELS_A_STEP = 128 };

/* What decides how much yajl takes for a text. */
typedef struct text_bounds {
    size_t longest_string; /* bytes between quotes, with an escape or without an end */
    size_t longest_word;   /* of a number or another word */
    size_t depth;
} text_bounds;

/* Step over a string whose opening quote is before p. Returns the byte behind its closing one. */
static const char *scan_string(text_bounds *bounds, const char *p, const char *end)
{
    const char *const start = p;
    int is_escaped = 0;
    while (p < end && *p != '"') {
        const int is_escape = *p == '\\';
        is_escaped |= is_escape;
        p += is_escape && end - p > 1 ? 2 : 1;
    }
    const size_t length = (size_t)(p - start);
    if ((is_escaped || p == end) && length > bounds->longest_string) bounds->longest_string = length;
    return p < end ? p + 1 : p;
}

/* Pairs quotes as yajl does, up to where the text is no JSON any more, which is where yajl stops. */
static text_bounds scan(const char *text, size_t n)
{
    text_bounds bounds = {0};
    size_t depth = 0, word = 0;
    const char *const end = text + n;
    for (const char *p = text; p < end;) {
        const char c = *p++;
        const int is_open = c == '[' || c == '{', is_close = c == ']' || c == '}';
        const int ends_word = is_open || is_close || c == ',' || c == ':' || c == '"' || c == ' ' || c == '\n';
        word = ends_word ? 0 : word + 1;
        if (word > bounds.longest_word) bounds.longest_word = word;
        if (is_open && ++depth > bounds.depth) bounds.depth = depth;
        if (is_close && depth > 0) depth--;
        if (c == '"') p = scan_string(&bounds, p, end);
    }
    return bounds;
}

/* How often a buffer that ends with n bytes is allocated anew at most. */
static size_t n_growths(size_t n)
{
    size_t count = 2;
    for (size_t size = FIRST_BUFFER; size < n; size *= 2) count++;
    return count;
}

/* The stack grows in place while it is the last block, and is copied at most once behind every growth of a buffer. */
hrnet_status hr_json_arena_make(hr_json_arena *arena, const char *text, size_t n)
{
    const text_bounds bounds = scan(text, n);
    const size_t n_moves = n_growths(bounds.longest_string) + n_growths(bounds.longest_word);
    const size_t capacity = FIXED_BYTES + 4 * bounds.longest_string + 4 * bounds.longest_word +
                            (bounds.depth + 2 * LEVELS_A_STEP) * (1 + n_moves);
    *arena = (hr_json_arena){.block = hr_alloc(capacity, 1), .capacity = capacity};
    return arena->block != NULL ? HRNET_OK : hr_fail_memory(capacity);
}

void hr_json_arena_free(hr_json_arena *arena)
{
    hr_free(arena->block);
    *arena = (hr_json_arena){0};
}

static size_t rounded(size_t n)
{
    return (n + GRAIN - 1) / GRAIN * GRAIN;
}

/* A block begins with its size, which growing needs. */
static void *allocate(void *context, size_t n)
{
    hr_json_arena *const arena = context;
    if (n > arena->capacity || GRAIN + rounded(n) > arena->capacity - arena->used) return NULL;
    unsigned char *const block = arena->block + arena->used + GRAIN;
    memcpy(block - GRAIN, &n, sizeof n);
    arena->used += GRAIN + rounded(n);
    return block;
}

static void *reallocate(void *context, void *old, size_t n)
{
    hr_json_arena *const arena = context;
    size_t n_old;
    if (old == NULL) return allocate(context, n);
    memcpy(&n_old, (unsigned char *)old - GRAIN, sizeof n_old);
    if ((unsigned char *)old + rounded(n_old) == arena->block + arena->used) {
        arena->used -= GRAIN + rounded(n_old);
        return allocate(context, n); /* at the same place: nothing moves */
    }
    unsigned char *const block = allocate(context, n);
    if (block != NULL) memcpy(block, old, n_old < n ? n_old : n);
    return block;
}

static void release(void *context, void *block)
{
    (void)context;
    (void)block;
}

yajl_alloc_funcs hr_json_arena_funcs(hr_json_arena *arena)
{
    return (yajl_alloc_funcs){allocate, reallocate, release, arena};
}
