/* backprop_plan_internal.h - a plan while it is made: what its files share. */
#ifndef HR_CPU_BACKPROP_BACKPROP_PLAN_INTERNAL_H
#define HR_CPU_BACKPROP_BACKPROP_PLAN_INTERNAL_H

#include "cpu/backprop/backprop_plan.h"

typedef struct hr_backprop_planner {
    hr_backprop_plan *plan;
    const hr_params *params;
    const hr_backprop_plan_options *options;
    int *ready;                  /* [n_tensors] phase that makes the value */
    int *passed;                 /* [n_tensors] last phase that touches the gradient, so far */
    int *kept;                   /* [n_tensors] whether the value of forward is there in backward */
    int *first_read, *last_read; /* [n_tensors] in backward; first_read 0: not read */
    int *finalized;              /* [n_params] phase that completes the gradient */
    int has_failed;              /* an allocation: buffers and jobs are not to be trusted */
} hr_backprop_planner;

static inline int hr_later(int a, int b)
{
    return a > b ? a : b;
}

/* A buffer that lives from first to last, which hr_plan_touch widens; -1 when it cannot be had. */
int hr_plan_buffer(hr_backprop_planner *p, size_t bytes, int first, int last);
void hr_plan_touch(hr_backprop_planner *p, int buffer, int phase);
void hr_plan_job(hr_backprop_planner *p, hr_job job);
/* Bytes of a tensor at the largest batch. */
size_t hr_plan_tensor_bytes(const hr_backprop_planner *p, int tensor);

/* HRNET_ERR_UNSUPPORTED names a convolution that has no gradient. */
hrnet_status hr_plan_forward(hr_backprop_planner *p);
void hr_plan_backward(hr_backprop_planner *p);

#endif
