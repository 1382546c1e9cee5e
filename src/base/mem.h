/*
 * mem.h - the only door to the heap. Every block is 64-byte aligned (a cache line, an AVX-512 vector), sizes are
 * checked for overflow, and a test can make the k-th allocation fail.
 */
#ifndef HR_BASE_MEM_H
#define HR_BASE_MEM_H

#include "base/status.h"

enum { HR_ALIGN = 64 };

/* count * size bytes, uninitialised. NULL when it overflows, is refused, or fails. count or size 0 gives a block that
 * may be freed. */
void *hr_alloc(size_t count, size_t size);
/* The same, zeroed. */
void *hr_calloc(size_t count, size_t size);
/* Grow or shrink a block from old_count to count entries, keeping its content. NULL on failure: the old block stays. */
void *hr_resize(void *block, size_t old_count, size_t count, size_t size);
void hr_free(void *block);

/* Copies of text; NULL on failure. hr_strndup takes at most n characters. */
char *hr_strdup(const char *text);
char *hr_strndup(const char *text, size_t n);

/* Allocate into a pointer or return HRNET_ERR_MEMORY from the calling function. */
#define HR_NEW(pointer, count)                                                                                         \
    do {                                                                                                               \
        (pointer) = hr_calloc((count), sizeof *(pointer));                                                             \
        if ((pointer) == NULL) return hr_fail_memory((size_t)(count) * sizeof *(pointer));                             \
    } while (0)

/* For tests: let the next n allocations pass and every later one fail; n < 0 turns it off. Returns how many
 * allocations were made since the last call. */
long hr_mem_fail_after(long n);

#endif
