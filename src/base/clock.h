/* clock.h - time that only goes forward, for measuring how long something takes. */
#ifndef HR_BASE_CLOCK_H
#define HR_BASE_CLOCK_H

#include <time.h>

/* Seconds since a moment that is the same for the whole process; unaffected by changes of the date. */
static inline double hr_clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
