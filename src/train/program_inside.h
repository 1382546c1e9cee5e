/* program_inside.h - a program while it is made: what its files share. */
#ifndef HR_TRAIN_PROGRAM_INSIDE_H
#define HR_TRAIN_PROGRAM_INSIDE_H

#include "train/program.h"

typedef struct hr_planner {
    hr_program *program;
    const hr_params *params;
    const hr_program_options *options;
    int *ready;                  /* [n_tensors] phase that makes the value */
    int *passed;                 /* [n_tensors] last phase that touches the gradient, so far */
    int *kept;                   /* [n_tensors] whether the value of forward is there in backward */
    int *first_read, *last_read; /* [n_tensors] in backward; first_read 0: not read */
    int *settled;                /* [n_params] phase that completes the gradient */
    int has_failed;              /* an allocation: rooms and jobs are not to be trusted */
} hr_planner;

static inline int hr_later(int a, int b)
{
    return a > b ? a : b;
}

/* A room that lives from first to last, which hr_plan_touch widens; -1 when it cannot be had. */
int hr_plan_room(hr_planner *p, size_t bytes, int first, int last);
void hr_plan_touch(hr_planner *p, int room, int phase);
void hr_plan_job(hr_planner *p, hr_job job);
/* Bytes of a tensor at the largest batch. */
size_t hr_plan_tensor_bytes(const hr_planner *p, int tensor);

void hr_plan_forward(hr_planner *p);
void hr_plan_backward(hr_planner *p);

#endif
