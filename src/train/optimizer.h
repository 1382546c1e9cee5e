/*
 * optimizer.h - Adam, AdamW and SGD on flat blocks, as torch.optim computes them, and the learning rate as a function
 * of the step. Blocks are those of cpu/backprop/params.h; only their first n_trainable floats are touched.
 */
#ifndef HR_TRAIN_OPTIMIZER_H
#define HR_TRAIN_OPTIMIZER_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

typedef enum hr_optimizer_kind { HR_ADAM, HR_ADAMW, HR_SGD } hr_optimizer_kind;

typedef struct hr_optimizer {
    hr_optimizer_kind kind;
    double weight_decay;          /* Adam: 0, because upstream passes none; AdamW, SGD: TRAIN.WD */
    double momentum;              /* SGD */
    int nesterov;                 /* SGD */
    double beta1, beta2, epsilon; /* Adam, AdamW: 0.9, 0.999, 1e-8 */
} hr_optimizer;

/* From TRAIN.OPTIMIZER ("adam", "adamw", "sgd"), WD, MOMENTUM, NESTEROV. HRNET_ERR_CONFIG for another name. */
hrnet_status hr_optimizer_init(hr_optimizer *out, const hr_train_config *config);

/* How many moment blocks it needs: 2 (first, second moment), or 1 (momentum), 0 for SGD without momentum. */
int hr_optimizer_n_moments(const hr_optimizer *optimizer);

/* Step number `step` (the first is 1) on floats [first, first + n) of the blocks; any cut gives the same bits. moments:
 * [n_moments] blocks, zeros before step 1. gradient_scale multiplies gradients first (clipping, accumulation). */
void hr_optimizer_step(const hr_optimizer *optimizer, int64_t step, double learning_rate, double gradient_scale,
                       float *params, const float *gradients, float *const *moments, size_t first, size_t n);

/* What the learning rate depends on. */
typedef struct hr_learning_rate {
    int is_cosine; /* else MultiStep */
    double rate, factor;
    int n_steps;
    int steps[HR_MAX_STEPS]; /* epochs */
    int end_epoch;
    int warmup_steps; /* optimiser steps: rate * (step + 1) / (warmup_steps + 1) before that */
} hr_learning_rate;

/* From TRAIN.LR, LR_STEP, LR_FACTOR, SCHEDULE ("multistep", "cosine"), END_EPOCH, WARMUP_STEPS. */
hrnet_status hr_learning_rate_init(hr_learning_rate *out, const hr_train_config *config);

/* The rate of optimiser step `step` (from 0) in `epoch` (from 0) of steps_per_epoch. MultiStep: rate * factor ^ (number
 * of steps <= epoch), the schedule of torch >= 1.1 called once an epoch after training (drops at LR_STEP exactly).
 * Cosine: by step, from rate to 0 at the end of END_EPOCH. */
double hr_learning_rate_at(const hr_learning_rate *schedule, int epoch, int64_t step, int64_t steps_per_epoch);

#endif
