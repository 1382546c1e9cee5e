/* memory_plan.c - greedy placement by size. */
#include "cpu/engine/memory_plan.h"

#include <stdlib.h>

#include "base/mem.h"

static int larger_first(const void *a, const void *b)
{
    const hr_buffer *x = *(hr_buffer *const *)a, *y = *(hr_buffer *const *)b;
    if (x->size != y->size) return x->size < y->size ? 1 : -1;
    return x < y ? -1 : x > y; /* a fixed order, so that a plan is the same every time */
}

static int lower_first(const void *a, const void *b)
{
    const hr_buffer *x = *(hr_buffer *const *)a, *y = *(hr_buffer *const *)b;
    if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
    return x < y ? -1 : x > y;
}

static int steps_overlap(const void *context, int a, int b)
{
    const hr_buffer *x = (const hr_buffer *)context + a, *y = (const hr_buffer *)context + b;
    return x->first <= y->last && y->first <= x->last;
}

hrnet_status hr_memory_plan(hr_buffer *lifetimes, int n, hr_overlap_fn *overlap, const void *context, size_t *total)
{
    if (overlap == NULL) {
        overlap = steps_overlap;
        context = lifetimes;
    }
    hr_buffer **order = hr_alloc(2 * (size_t)n, sizeof(hr_buffer *));
    if (order == NULL) return hr_fail_memory(2 * (size_t)n * sizeof(hr_buffer *));
    hr_buffer **near = order + n; /* those already placed that live at the same time */
    for (int i = 0; i < n; i++) order[i] = &lifetimes[i];
    qsort(order, (size_t)n, sizeof(hr_buffer *), larger_first);
    *total = 0;
    for (int i = 0; i < n; i++) {
        hr_buffer *const it = order[i];
        size_t n_near = 0, offset = 0;
        for (int j = 0; j < i; j++)
            if (overlap(context, (int)(it - lifetimes), (int)(order[j] - lifetimes))) near[n_near++] = order[j];
        qsort(near, n_near, sizeof(hr_buffer *), lower_first);
        for (size_t j = 0; j < n_near && near[j]->offset < offset + it->size; j++)
            if (near[j]->offset + near[j]->size > offset) offset = near[j]->offset + near[j]->size;
        it->offset = offset;
        if (offset + it->size > *total) *total = offset + it->size;
    }
    hr_free(order);
    return HRNET_OK;
}
