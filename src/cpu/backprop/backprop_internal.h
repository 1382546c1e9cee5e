/*
 * backprop_internal.h - what the files of a network in training share: its parts, and what its jobs do
 * (cpu/backprop/backprop_plan.h says which there are). run does one task; a kind with finish calls it behind the job's
 * last task, on that thread.
 */
#ifndef HR_CPU_BACKPROP_BACKPROP_INTERNAL_H
#define HR_CPU_BACKPROP_BACKPROP_INTERNAL_H

#include <stdatomic.h>

#include "base/mem.h"
#include "base/pool.h"
#include "cpu/backprop/backprop.h"
#include "cpu/backprop/backprop_plan.h"

/* What a norm's forward pass leaves for its backward pass, and that for its input's gradient: [ld] each. */
typedef struct hr_norm_state {
    float *mean, *scale, *shift; /* hr_norm */
    float *inverse;              /* 1 / standard deviation */
    float *offset, *slope;       /* of kern->norm_gradient */
    double count;                /* pixels of all processes */
    int is_frozen;               /* 1: mean and inverse are those of the running statistics */
} hr_norm_state;

typedef struct hr_job_state {
    int first_task, n_tasks; /* within its phase, for the batch at hand */
    atomic_int n_done;
} hr_job_state;

/* Sizes of the blocks that are allocated. */
typedef struct hr_backprop_sizes {
    size_t scratch_bytes; /* of a thread */
    size_t norm_floats;   /* of all norm states */
    size_t zeros;         /* floats */
} hr_backprop_sizes;

struct hr_backprop {
    hr_graph graph;
    hr_backprop_options options;
    hr_params layout;
    hr_backprop_plan plan;
    hr_backprop_sizes sizes;
    const hr_kern *kern;
    hrnet_pool *pool;
    float *params, *gradients, *zeros, *norm_numbers;
    char *block, *scratch; /* buffers; [threads][scratch_bytes] */
    hr_norm_state *norms;  /* [n_norms] */
    hr_job_state *states;  /* [n_jobs] */
    int *phase_tasks;      /* [n_phases] */
    atomic_int *next;      /* [n_phases] task to draw */
    double *times;         /* [threads][HR_N_JOB_KINDS] seconds */
    int planned, n;        /* pictures that states are counted for; pictures of this pass */
    int first, last, add;  /* phases of this pass; backward: add to the gradients */
};

static inline int hr_is_shared(const hr_backprop *net)
{
    return net->options.all_reduce != NULL && net->options.share > 1;
}

static inline void *hr_buffer_at(const hr_backprop *net, int buffer)
{
    return net->block + net->plan.buffers[buffer].offset * HR_ALIGN;
}

static inline float *hr_value(const hr_backprop *net, int tensor)
{
    return hr_buffer_at(net, net->plan.tensors[tensor].value);
}

/* As backward has it. */
static inline float *hr_kept_value(const hr_backprop *net, int tensor)
{
    const hr_tensor_buffers *buffers = &net->plan.tensors[tensor];
    return hr_buffer_at(net, buffers->again >= 0 ? buffers->again : buffers->value);
}

static inline float *hr_gradient(const hr_backprop *net, int tensor)
{
    return hr_buffer_at(net, net->plan.tensors[tensor].gradient);
}

static inline hr_norm hr_norm_of(const hr_norm_state *state)
{
    return (hr_norm){state->mean, state->scale, state->shift};
}

/* Rows [first, last) of a task that takes `rows` of them. */
typedef struct hr_rows {
    int first, last;
} hr_rows;

static inline hr_rows hr_rows_of(const hr_backprop *net, const hr_tape_tensor *tensor, int rows, int task)
{
    const int last = (task + 1) * rows, all = net->n * tensor->h;
    return (hr_rows){task * rows, last < all ? last : all};
}

typedef struct hr_job_functions {
    int (*n_tasks)(const hr_backprop *net, const hr_job *job, int n); /* n > 0; NULL: none, the caller runs it */
    void (*run)(hr_backprop *net, const hr_job *job, int task, int thread);
    void (*finish)(hr_backprop *net, const hr_job *job); /* or NULL */
} hr_job_functions;

/* backprop_conv.c */
extern const hr_job_functions hr_job_pack, hr_job_pack_turned, hr_job_conv, hr_job_input_gradient, hr_job_weight_sums,
    hr_job_weight_total, hr_job_bias_gradient;
/* backprop_norm.c, backprop_sum.c */
extern const hr_job_functions hr_job_statistics, hr_job_reduce_statistics, hr_job_sum_backward, hr_job_reduce_gradient,
    hr_job_sum, hr_job_recompute, hr_job_norm_backward;
/* backprop_op.c */
extern const hr_job_functions hr_job_op, hr_job_op_gradient;

/* The sums of slots 1.. onto slot 0, in their order. */
void hr_add_slots(double *sums, int n_slots, int ld);
/* Backward's sums of one norm [2][ld] become the gradients of its weight and bias; over all processes, what its input's
 * gradient needs. */
void hr_norm_gradients(hr_backprop *net, const hr_term *term, const double *sums);
void hr_norm_finalize_gradient(hr_backprop *net, const hr_term *term, const double *sums);

#endif
