/*
 * backprop_plan.h - the plan of a training step: which jobs the forward and the backward pass consist of, when each
 * runs, and where everything lies that jobs leave for each other.
 *
 * Time is cut into phases with a barrier between them. A job runs in the earliest phase in which all it reads is there;
 * the jobs of one phase are independent. Example, y = relu(norm(conv(x))), z = conv2(y), a loss on z:
 *
 *   phase 0   pack conv's weights               phase 6   conv2: partial sums of dweights; pack turned weights
 *   phase 1   conv                              phase 7   conv2: their total; input gradient, which is dy
 *   phase 2   batch statistics of conv's output phase 8   sum: gate dy by the ReLU; sums over pixels
 *   phase 3   sum: relu(norm(.)); pack conv2    phase 9   norm: the gradient of conv's output
 *   phase 4   conv2                             phase 10  conv: partial sums of dweights ...
 *   (the caller computes the loss and its gradient)
 *
 * Memory is one block. Every value, gradient and scratch list is a buffer with the phases from first to last in which
 * it lives; buffers of different times share memory (cpu/engine/memory_plan.h). A value that backward reads lives until
 * then, unless it can be recomputed from kept ones without a convolution and the caller prefers memory to time.
 *
 * A gradient that nobody needs any more gives its buffer to the one computed from it: what the backward of a sum does
 * to the gradient of its output (gate it, pass it on to a term) happens in place where that is possible.
 */
#ifndef HR_CPU_BACKPROP_BACKPROP_PLAN_H
#define HR_CPU_BACKPROP_BACKPROP_PLAN_H

#include "cpu/engine/memory_plan.h"
#include "cpu/conv/conv_gradient.h"
#include "cpu/backprop/params.h"
#include "cpu/backprop/tape.h"

/* In the order in which jobs of one phase are begun: long tasks first, so that threads end together. */
typedef enum hr_job_kind {
    HR_JOB_CONV,
    HR_JOB_INPUT_GRADIENT,
    HR_JOB_WEIGHT_SUMS, /* the weight gradient's phase 0 */
    HR_JOB_WEIGHT_TOTAL,
    HR_JOB_PACK,        /* weights of a convolution, for this pass */
    HR_JOB_PACK_TURNED, /* for the gradient of its input */
    HR_JOB_OP,
    HR_JOB_OP_GRADIENT, /* of one of its inputs */
    HR_JOB_STATISTICS,  /* of one norm */
    HR_JOB_SUM,
    HR_JOB_RECOMPUTE,         /* a sum once more in backward, where its output was not kept */
    HR_JOB_SUM_BACKWARD,      /* of a sum: gate by the ReLU, add up what upsampling spread, pass on to the terms; sums
                                 over pixels that the gradients of norms need */
    HR_JOB_NORM_BACKWARD,     /* the gradient of one norm's input */
    HR_JOB_BIAS_GRADIENT,     /* a convolution's bias gradient */
    HR_JOB_REDUCE_STATISTICS, /* with other processes, on the caller's thread */
    HR_JOB_REDUCE_GRADIENT,
    HR_N_JOB_KINDS
} hr_job_kind;

typedef struct hr_job {
    hr_job_kind kind;
    int step, term; /* term: of OP_GRADIENT, STATISTICS, NORM_BACKWARD, REDUCE_*; else 0 */
    int phase;
    int buffer; /* packed weights, what weight gradients share, partial sums; -1: none */
    int add;    /* INPUT_GRADIENT, OP_GRADIENT: to a gradient that is there. SUM_BACKWARD: bit i: term i adds */
} hr_job;

/* Where a tensor lives: buffers; -1: nowhere. */
typedef struct hr_tensor_buffers {
    int value;    /* in forward, and in backward when it is kept */
    int again;    /* in backward, when it is made again */
    int gradient; /* tensors may share one, one after the other */
} hr_tensor_buffers;

typedef struct hr_layer { /* of a convolution step */
    hr_conv conv, turned;
    hr_weight_gradient gradient;
} hr_layer;

typedef struct hr_backprop_plan {
    hr_tape tape;
    hr_layer *layers;           /* [n_steps]; conv.algorithm NULL: no convolution */
    hr_tensor_buffers *tensors; /* [n_tensors] */
    hr_job *jobs;               /* by phase, then kind */
    int n_jobs, job_capacity;
    int n_phases, first_backward;
    int *phase_jobs;    /* [n_phases + 1] first job of each */
    size_t *complete;   /* [n_phases] after it, gradients from this float on are complete */
    hr_buffer *buffers; /* in lines of HR_ALIGN bytes, at the largest batch */
    int n_buffers, buffer_capacity;
    size_t n_lines;    /* of all buffers together */
    size_t kept_lines; /* of values that backward reads */
    int has_idle;      /* some parameters get no gradient */
} hr_backprop_plan;

typedef struct hr_backprop_plan_options {
    const hr_kern *kern;
    int max_batch, recompute;
    int shared; /* several processes: sums go through REDUCE jobs */
} hr_backprop_plan_options;

/* tape: becomes the plan's. params: of the tape's graph. */
hrnet_status hr_backprop_plan_make(hr_backprop_plan *out, hr_tape *tape, const hr_params *params,
                                   const hr_backprop_plan_options *options);
void hr_backprop_plan_free(hr_backprop_plan *plan);

/* Rows of a tensor [n * h][w][ld] that one task of a sum takes: whole cells of upsampling by `factor`. */
int hr_task_rows(const hr_tape_tensor *tensor, int factor);
/* The largest upsampling factor of a sum's terms. */
int hr_tape_step_factor(const hr_tape_step *step);
/* Whether the ReLU of a sum must be undone by its output's sign. A sum of one plain norm term needs no output: the
 * norm's input tells the sign as well, so the output need not be kept. */
int hr_gates_by_output(const hr_tape_step *step);
/* Partial sums [slots][2][ld] of a tensor cut into such tasks, one slot a task, and the doubles they take, with space
 * for a count behind the first slot. */
int hr_sum_slots(const hr_tape_tensor *tensor, int factor, int n);
size_t hr_sum_doubles(const hr_tape_tensor *tensor, int slots);

#endif
