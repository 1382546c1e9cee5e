/* cost.c - runs one input and compares what it cost with the line of cost.h. */
#undef LLVMFuzzerTestOneInput
#include "cost.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../support/heap.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const double base_seconds = 0.5, seconds_a_byte = 2e-6;

static double processor_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double most_seconds(size_t size)
{
    const double slowdown = heap_can_fail() ? 1 : 20; /* under a sanitizer it cannot */
    return slowdown * (base_seconds + seconds_a_byte * (double)size);
}

typedef struct cost {
    double seconds;
    size_t left; /* bytes that are held afterwards and were not before */
} cost;

/* One run. Its memory is checked in it. */
static cost run(const uint8_t *data, size_t size)
{
    const size_t held = heap_held(), most = hr_cost_most(size);
    heap_peak();
    const double start = processor_seconds();
    fuzz_target(data, size);
    const double seconds = processor_seconds() - start;
    const size_t peak = heap_peak() - held, after = heap_held();
    if (heap_is_counted() && peak > most) {
        fprintf(stderr, "cost: %zu bytes of input took %zu bytes of memory, expected at most %zu\n", size, peak, most);
        abort();
    }
    return (cost){seconds, heap_is_counted() && after > held ? after - held : 0};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { TRIES = 3 };
    cost least = run(data, size);
    for (int i = 1; i < TRIES && (least.seconds > most_seconds(size) || least.left > 0); i++) {
        const cost again = run(data, size);
        if (again.seconds < least.seconds) least.seconds = again.seconds;
        if (again.left < least.left) least.left = again.left; /* libraries set up what they keep at their first use */
    }
    if (least.left > 0) {
        fprintf(stderr, "cost: %zu bytes of memory are left behind\n", least.left);
        abort();
    }
    if (least.seconds > most_seconds(size)) {
        fprintf(stderr, "cost: %zu bytes of input took %.3f s, expected at most %.3f\n", size, least.seconds,
                most_seconds(size));
        abort();
    }
    return 0;
}
