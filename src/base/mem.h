/*
 * mem.h - all heap memory of the library. Every block is aligned to 64 bytes (a cache line, an AVX-512 vector), sizes
 * are checked for overflow, and a test can make the k-th allocation fail. Also: how much memory is left.
 */
#ifndef HR_BASE_MEM_H
#define HR_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { HR_ALIGN = 64 }; /* bytes */

/* An uninitialised block of count * size bytes, to be freed with hr_free. NULL if the product overflows or there is no
 * memory; no message is set (see hr_fail_memory). A count or size of 0 gives a valid block without usable bytes. */
void *hr_alloc(size_t count, size_t size);
/* hr_alloc with all bytes 0. */
void *hr_calloc(size_t count, size_t size);
/* Move a block of old_count elements into a new one of count elements, keeping what fits; the old block is freed. NULL
 * on failure: the old block then stays valid. block may be NULL (old_count 0). */
void *hr_resize(void *block, size_t old_count, size_t count, size_t size);
/* NULL is allowed. */
void hr_free(void *block);

/* A copy of text, or of at most its first n bytes, with a NUL at the end. NULL on failure; free with hr_free. */
char *hr_strdup(const char *text);
char *hr_strndup(const char *text, size_t n);

/* Allocate count zeroed elements into pointer, or return HRNET_ERR_MEMORY from the calling function. */
#define HR_NEW(pointer, count)                                                                                         \
    do {                                                                                                               \
        (pointer) = hr_calloc((count), sizeof *(pointer));                                                             \
        if ((pointer) == NULL) return hr_fail_memory((size_t)(count) * sizeof *(pointer));                             \
    } while (0)

/* Ensure that an array can take one more element: n elements are used, capacity are allocated. Doubles the capacity
 * when they are equal (from 0 to 64), or returns HRNET_ERR_MEMORY from the calling function with block, n and capacity
 * as they were. The caller writes block[n++]. */
#define HR_GROW(block, n, capacity)                                                                                    \
    do {                                                                                                               \
        if ((n) == (capacity)) {                                                                                       \
            const size_t wanted_ = (capacity) != 0 ? (size_t)(capacity)*2 : 64;                                        \
            void *const grown_ = hr_resize((block), (n), wanted_, sizeof *(block));                                    \
            if (grown_ == NULL) return hr_fail_memory(wanted_ * sizeof *(block));                                      \
            (block) = grown_;                                                                                          \
            (capacity) = wanted_;                                                                                      \
        }                                                                                                              \
    } while (0)

/* Bytes that this process can still allocate before the system or its cgroup (version 2) runs out of memory. UINT64_MAX
 * if neither reports a number. */
uint64_t hr_memory_available(void);

/* Bytes of memory that the system has, or its cgroup (version 2) may use. UINT64_MAX if neither reports a number. */
uint64_t hr_memory_total(void);

/* For tests: the next n allocations succeed, every later one fails; n < 0 ends this. Returns the number of allocations
 * since the last call. Counts for all threads together. */
long hr_mem_fail_after(long n);

/* For tests: bytes of all blocks that are not freed, and the most that they were at once since the last call of
 * hr_mem_peak. Of all threads together. */
size_t hr_mem_held(void);
size_t hr_mem_peak(void);

#endif
