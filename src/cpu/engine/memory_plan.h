/* memory_plan.h - places in one block of memory for tensors that live at different times. */
#ifndef HR_CPU_ENGINE_MEMORY_PLAN_H
#define HR_CPU_ENGINE_MEMORY_PLAN_H

#include "base/status.h"

typedef struct hr_buffer {
    size_t size;     /* in any unit; 0 takes no place */
    int first, last; /* steps at which it is written and last read, both included */
    size_t offset;   /* out: in the same unit */
} hr_buffer;

/* Whether lifetimes a and b (indices) may overlap in time; the same as of b and a. */
typedef int hr_overlap_fn(const void *context, int a, int b);

/* Give every lifetime an offset so that two that overlap in time do not overlap in space: largest first, each at the
 * lowest free place (the greedy-by-size planner of Pisarchyk and Lee, 2020). *total is the size of the block. overlap
 * NULL: by their first and last steps, which are not read otherwise. */
hrnet_status hr_memory_plan(hr_buffer *lifetimes, int n, hr_overlap_fn *overlap, const void *context, size_t *total);

#endif
