/*
 * guard.h - numbers in memory whose neighbours may not be touched: a read or write beyond them stops the test. Include
 * <cmocka.h> and what it needs before.
 */
#ifndef TESTS_GUARD_H
#define TESTS_GUARD_H

#include <math.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/rng.h"

/* Where the numbers lie: against the forbidden page behind, against the one before, or one float from the one behind,
 * so that no vector is aligned. */
typedef enum guard_place { GUARD_END, GUARD_BEGIN, GUARD_ODD, N_GUARD_PLACES } guard_place;

typedef struct guarded {
    void *map;
    size_t bytes;
    float *data;
} guarded;

/* n floats, all NaN. */
static inline guarded guard(size_t n, guard_place place)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = (n + 1) * sizeof(float);
    const size_t whole = (bytes + page - 1) / page * page;
    guarded g = {.bytes = whole + 2 * page};
    g.map = mmap(NULL, g.bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(g.map != MAP_FAILED);
    char *begin = (char *)g.map + page;
    assert_int_equal(mprotect(begin, whole, PROT_READ | PROT_WRITE), 0);
    char *end = begin + whole - (place == GUARD_ODD ? sizeof(float) : 0);
    g.data = (float *)(void *)(place == GUARD_BEGIN ? begin : end - n * sizeof(float));
    for (size_t i = 0; i < n; i++) g.data[i] = NAN;
    return g;
}

static inline void unguard(guarded g)
{
    munmap(g.map, g.bytes);
}

/* A number in [-1, 1) as a function of its place. */
static inline float number(uint64_t stream, size_t i)
{
    return 2 * hr_random_uniform(stream, i) - 1;
}

/* n floats, the i-th number(stream, i). */
static inline guarded guard_numbers(size_t n, uint64_t stream, guard_place place)
{
    guarded g = guard(n, place);
    for (size_t i = 0; i < n; i++) g.data[i] = number(stream, i);
    return g;
}

#endif
