/*
 * state.h - the state of a training run between two steps, and its file checkpoint.pth, which is both the published
 * format that PyTorch reads and complete: a run that goes on from it computes the same bits as one that never stopped.
 *
 *   {"epoch": 3, "model": "pose_hrnet", "state_dict": {"module.conv1.weight": ...}, "best_state_dict": {...},
 *    "perf": 0.71, "optimizer": {"state": {0: {"step", "exp_avg", "exp_avg_sq"}, ...}, "param_groups": [...]},
 *    "hrnet": {"optimizer", "fingerprint", "seed", "position", "step", ..., "ema": {...}}, "hrnet.config": "...",
 *    "hrnet.keypoints": "...", ...}
 *
 * What begins with "hrnet" is ours. Blocks have the layout of cpu/backprop/params.h.
 */
#ifndef HR_TRAIN_STATE_H
#define HR_TRAIN_STATE_H

#include "io/tensors/tensors.h"
#include "train/optimizer.h"
#include "cpu/backprop/params.h"

typedef struct hr_train_state {
    int64_t epoch;                 /* the epoch to go on with, from 0 */
    int64_t position;              /* passes (batches of all ranks) of it that are done */
    int64_t step;                  /* optimiser steps done, over all epochs */
    double best_perf, last_perf;   /* of validations: AP, or PCKh in percent; -1: none yet */
    int64_t best_epoch;            /* -1: none yet */
    double loss_sum, accuracy_sum; /* of the epoch so far, weighted by n_loss (examples) and n_accuracy (joints) */
    int64_t n_loss, n_accuracy;
    int64_t n_worse;   /* validations since the one that last improved best_perf (TRAIN.PATIENCE) */
    int64_t end_epoch; /* END_EPOCH of the run that wrote the file; 0: unknown */
    double rate;       /* learning rate of the latest step; written for PyTorch, never read back into a computation */
    uint64_t seed;
    char fingerprint[65];    /* SHA-256, in hexadecimal, of all that must not change between stop and resume; "": any */
    float *params;           /* block of the weights */
    float *moments[2];       /* blocks of the optimiser; NULL: it has none */
    float *average;          /* block of the moving average (TRAIN.EMA), or NULL */
    float *best;             /* block of the best weights, or NULL */
    const hr_entry *entries; /* more texts to write beside "hrnet.config", of what the joints are; not read back */
    size_t n_entries;
} hr_train_state;

/* Write checkpoint.pth: temporary name, fsync, rename, fsync of the folder, so that a crash leaves the old file or the
 * new one. Parameters are converted one at a time; no block is copied. If state->best is NULL, "best_state_dict" refers
 * to the current weights, as upstream's does. "hrnet.config" holds the configuration as YAML, so that the file can be
 * loaded as a model. */
hrnet_status hr_train_state_save(const hr_train_state *state, const hr_params *params, const hr_config *config,
                                 const hr_optimizer *optimizer, const char *path);

/*
 * Read checkpoint.pth into a state whose blocks are allocated; blocks that are NULL are not read. Blocks and numbers
 * come back with the bits they had. On failure the state is unchanged; that costs a second set of blocks while reading.
 *
 * state->fingerprint is the one expected. HRNET_ERR_MISMATCH: the file belongs to another network, optimiser or
 * fingerprint; the message names what differs. HRNET_ERR_FORMAT: it is damaged.
 *
 * From a checkpoint.pth of PyTorch come weights, best weights, moments and their step, rate, epoch and perf (taken for
 * the best one too). The run goes on at the beginning of that epoch; the moving average starts as the weights, moments
 * that are missing are zeros, seed and fingerprint stay those of `state`.
 */
hrnet_status hr_train_state_load(hr_train_state *state, const hr_params *params, const hr_config *config,
                                 const hr_optimizer *optimizer, const char *path);

/* Write a block as a flat state dict with the published names (model_best.pth, final_state.pth). */
hrnet_status hr_train_state_save_weights(const hr_params *params, const float *block, const char *path);

#endif
