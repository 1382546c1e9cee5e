/*
 * state_internal.h - what the files of a state share: the numbers that stand below "hrnet" in checkpoint.pth, the names
 * of an optimiser's moments in PyTorch, and a file that is being read.
 */
#ifndef HR_TRAIN_STATE_INTERNAL_H
#define HR_TRAIN_STATE_INTERNAL_H

#include "io/tensors/tensors.h"
#include "train/state.h"

typedef struct hr_state_field {
    const char *name;
    size_t at;   /* of an int64_t or a double in hr_train_state */
    int is_real; /* a double */
} hr_state_field;

enum { HR_N_STATE_FIELDS = 8 };
extern const hr_state_field hr_state_fields[HR_N_STATE_FIELDS];

/* "adam", "adamw", "sgd" */
const char *hr_optimizer_name(const hr_optimizer *optimizer);
/* "exp_avg", "exp_avg_sq"; "momentum_buffer" */
const char *hr_moment_name(const hr_optimizer *optimizer, int moment);

/* Whether a parameter learns, and so has a number among PyTorch's net.parameters(). */
static inline int hr_param_learns(const hr_param *param)
{
    return param->kind <= HR_PARAM_NORM_BIAS;
}

typedef struct hr_state_loading {
    const char *path;
    const hr_params *params;
    const hr_optimizer *optimizer;
    hr_tensors tensors;
    int is_ours;
    size_t next; /* item to look at first: behind the last one found, for they stand in the order they are asked for */
    size_t n_used; /* of the dictionary being read */
} hr_state_loading;

int hr_state_has_scope(const hr_state_loading *l, const char *scope);
/* The tensor of that name, "module." or not, or NULL. */
const hr_tensor *hr_state_find(hr_state_loading *l, const char *scope, const char *name);
/* Fill the blocks of found that are not NULL and zeros; its step has been read. */
hrnet_status hr_state_read_blocks(hr_state_loading *l, hr_train_state *found);

#endif
