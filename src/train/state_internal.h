/*
 * state_internal.h - what writing (state.c) and reading (state_load.c, state_blocks.c) of checkpoint.pth share.
 *
 * Entries of the file are addressed by "scope" and name, a scope being the path of the dictionary they are in:
 *   state_dict                 conv1.weight                ("module." in front of the name is ignored)
 *   optimizer/state/12         exp_avg                     moments of PyTorch's parameter number 12
 *   hrnet/ema                  conv1.weight                the moving average
 * Numbers and texts are addressed by their whole path: "epoch", "hrnet/step", "optimizer/param_groups/0/lr".
 */
#ifndef HR_TRAIN_STATE_INTERNAL_H
#define HR_TRAIN_STATE_INTERNAL_H

#include "io/tensors/tensors.h"
#include "train/state.h"

/* A number of hr_train_state that is stored below "hrnet" under its own name. */
typedef struct hr_state_field {
    const char *name;
    size_t at;   /* offset in hr_train_state */
    int is_real; /* 1: a double, 0: an int64_t */
    int is_new;  /* 1: files of version 0.1 do not have it, and it is then 0 */
} hr_state_field;

enum { HR_N_STATE_FIELDS = 10 };
extern const hr_state_field hr_state_fields[HR_N_STATE_FIELDS];

/* "adam", "adamw", "sgd" */
const char *hr_optimizer_name(const hr_optimizer *optimizer);
/* PyTorch's name of moment block 0 or 1: "exp_avg", "exp_avg_sq"; for SGD "momentum_buffer". */
const char *hr_moment_name(const hr_optimizer *optimizer, int moment);

/* Whether a parameter is trained, and so is one of PyTorch's net.parameters(), which number the optimiser's state. The
 * others are buffers: running means, variances, and counts of batches. */
static inline int hr_param_learns(const hr_param *param)
{
    return param->kind <= HR_PARAM_NORM_BIAS;
}

/* A checkpoint.pth that is being read. */
typedef struct hr_state_loading {
    const char *path;
    const hr_params *params;
    const hr_optimizer *optimizer;
    hr_tensors tensors;
    int is_ours;   /* 1: written by this library, 0: by PyTorch */
    size_t next;   /* item to begin a search with: the one after the last found, since files mostly keep our order */
    size_t n_used; /* tensors of the dictionary being read that the network has */
} hr_state_loading;

/* Whether any tensor is in the scope. */
int hr_state_has_scope(const hr_state_loading *l, const char *scope);
/* The tensor of that scope and name, or NULL. */
const hr_tensor *hr_state_find(hr_state_loading *l, const char *scope, const char *name);
/* Fill those blocks of `found` that are not NULL; they are zeros before. found->step has been read already. */
hrnet_status hr_state_read_blocks(hr_state_loading *l, hr_train_state *found);

#endif
