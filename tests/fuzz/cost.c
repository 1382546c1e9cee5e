/* cost.c - runs one input and compares what it cost with the line of cost.h. */
#undef LLVMFuzzerTestOneInput
#include "cost.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../support/heap.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const double base_seconds = 0.1, seconds_a_byte = 1e-6;

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

/* Seconds of one run. Memory is checked in it. */
static double run(const uint8_t *data, size_t size, int is_first)
{
    const size_t held = heap_held();
    heap_peak();
    const double start = processor_seconds();
    fuzz_target(data, size);
    const double seconds = processor_seconds() - start;
    const size_t peak = heap_peak() - held, most = hr_cost_most(size);
    if (heap_is_counted() && peak > most) {
        fprintf(stderr, "cost: %zu bytes of input took %zu bytes of memory, expected at most %zu\n", size, peak, most);
        abort();
    }
    /* in the first run libraries may set up what they keep */
    if (heap_is_counted() && !is_first && heap_held() > held) {
        fprintf(stderr, "cost: %zu bytes of memory are left behind\n", heap_held() - held);
        abort();
    }
    return seconds;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { TRIES = 3 };
    static int n_inputs;
    double least = run(data, size, n_inputs++ == 0);
    for (int i = 1; i < TRIES && least > most_seconds(size); i++) {
        const double again = run(data, size, 0);
        if (again < least) least = again;
    }
    if (least > most_seconds(size)) {
        fprintf(stderr, "cost: %zu bytes of input took %.3f s, expected at most %.3f\n", size, least,
                most_seconds(size));
        abort();
    }
    return 0;
}
