/*
 * state.h - everything that a run needs to go on as if it had never been stopped, in the published checkpoint.pth and
 * readable by PyTorch: {epoch, model, state_dict ("module." names), best_state_dict, perf, optimizer, and ours below
 * "hrnet"}. Also the published model_best.pth and final_state.pth: flat state dicts.
 */
#ifndef HR_TRAIN_STATE_H
#define HR_TRAIN_STATE_H

#include "train/optimizer.h"
#include "cpu/backprop/params.h"

typedef struct hr_train_state {
    int64_t epoch;               /* the one to go on with */
    int64_t position;            /* batches of it that are done */
    int64_t step;                /* optimiser steps done */
    double best_perf, last_perf; /* best_perf -1: none yet */
    int64_t best_epoch;
    double loss_sum, accuracy_sum; /* meters of the epoch under way */
    int64_t n_loss, n_accuracy;
    double rate; /* learning rate of the latest step; for PyTorch, nothing here depends on it */
    uint64_t seed;
    char fingerprint[65]; /* of what must not change between stop and resume (hr_sha256 of configuration and data) */
    float *params;        /* block */
    float *moments[2];    /* blocks, or NULL */
    float *average;       /* block of the moving average (TRAIN.EMA), or NULL */
    float *best;          /* block of the best weights, or NULL */
} hr_train_state;

/* Write checkpoint.pth: temporary name, fsync, rename, fsync of the folder. Parameters are converted one at a time; no
 * block is copied. Without best weights, best_state_dict is the current ones, as upstream has it. "hrnet.config" holds
 * the configuration, so that the file is a model too. */
hrnet_status hr_train_state_save(const hr_train_state *state, const hr_params *params, const hr_config *config,
                                 const hr_optimizer *optimizer, const char *path);

/*
 * Read it into a state whose blocks are allocated (those that are NULL are not read). Exact: blocks and numbers come
 * back with the bits they had. On failure the state is as it was, at the price of a second set of blocks meanwhile.
 *
 * state->fingerprint is the one expected; "": any. HRNET_ERR_MISMATCH when the file is of another network, optimiser or
 * fingerprint, naming what differs; HRNET_ERR_FORMAT when it is damaged.
 *
 * A published checkpoint.pth (PyTorch's) gives what it has: weights, best weights, moments and their step, rate, epoch,
 * perf (which is the best one too). Its epoch is at its beginning; the average starts as the weights; moments that it
 * does not have are zeros; seed and fingerprint stay.
 */
hrnet_status hr_train_state_load(hr_train_state *state, const hr_params *params, const hr_config *config,
                                 const hr_optimizer *optimizer, const char *path);

/* Write a block as a flat state dict under the published names (model_best.pth, final_state.pth). */
hrnet_status hr_train_state_save_weights(const hr_params *params, const float *block, const char *path);

#endif
