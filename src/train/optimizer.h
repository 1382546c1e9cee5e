/*
 * optimizer.h - Adam, AdamW and SGD on flat blocks of floats, as torch.optim computes them, and the learning rate as a
 * function of the step. Blocks have the layout of cpu/backprop/params.h; only their first n_trainable floats are given
 * to the optimiser (the rest are running statistics).
 */
#ifndef HR_TRAIN_OPTIMIZER_H
#define HR_TRAIN_OPTIMIZER_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

/* ------------------------------------------------------------------------------------------------ optimiser */

typedef enum hr_optimizer_kind { HR_ADAM, HR_ADAMW, HR_SGD } hr_optimizer_kind;

typedef struct hr_optimizer {
    hr_optimizer_kind kind;
    double weight_decay;          /* AdamW, SGD: TRAIN.WD; Adam: 0, because upstream passes none to it */
    double momentum;              /* SGD */
    int nesterov;                 /* SGD */
    double beta1, beta2, epsilon; /* Adam, AdamW: 0.9, 0.999, 1e-8 */
} hr_optimizer;

/* From TRAIN.OPTIMIZER ("adam", "adamw", "sgd"), WD, MOMENTUM and NESTEROV. HRNET_ERR_CONFIG names the key. */
hrnet_status hr_optimizer_init(hr_optimizer *out, const hr_train_config *config);

/* The number of moment blocks that it needs, each of the size of the parameters: Adam 2 (first, second moment), SGD 1
 * (momentum buffer), SGD without momentum 0. */
int hr_optimizer_n_moments(const hr_optimizer *optimizer);

/* Optimiser step number `step` (the first is 1) on floats [first, first + n) of the blocks, in place. Elements are
 * independent, so any cut into ranges, on any threads, gives the same bits. gradient_scale multiplies the gradients
 * first (clipping). moments [n_moments]: blocks that are zero before step 1. */
void hr_optimizer_step(const hr_optimizer *optimizer, int64_t step, double learning_rate, double gradient_scale,
                       float *params, const float *gradients, float *const *moments, size_t first, size_t n);

/* ------------------------------------------------------------------------------------------------ learning rate */

typedef struct hr_learning_rate {
    int is_cosine; /* 0: MultiStep */
    double rate;   /* at the beginning */
    double factor; /* MultiStep: multiplies the rate at each entry of steps */
    int n_steps;
    int steps[HR_MAX_STEPS]; /* epochs */
    int end_epoch;
    int warmup_steps; /* optimiser steps of linear warm-up */
} hr_learning_rate;

/* From TRAIN.LR, LR_STEP, LR_FACTOR, SCHEDULE ("multistep", "cosine"), END_EPOCH and WARMUP_STEPS. HRNET_ERR_CONFIG
 * names the key. */
hrnet_status hr_learning_rate_init(hr_learning_rate *out, const hr_train_config *config);

/* The rate of optimiser step `step` (of the run, from 0) in `epoch` (from 0).
 *   MultiStep  rate * factor ^ (number of steps[] <= epoch): torch's MultiStepLR, stepped once an epoch after training
 *   Cosine     rate * (1 + cos(pi step / (end_epoch * steps_per_epoch))) / 2: CosineAnnealingLR, stepped every step
 * and during warm-up (step < warmup_steps) times (step + 1) / (warmup_steps + 1). */
double hr_learning_rate_at(const hr_learning_rate *lr, int epoch, int64_t step, int64_t steps_per_epoch);

#endif
