/*
 * learner.h - the loop's inside: one optimisation step after the other. What a run is at any moment stands in its
 * hr_train_state; everything else follows from the configuration and the data, so that a state that was saved between
 * two steps and read again goes on bit for bit. Reports, files and validation are the library's (trainer/trainer.h).
 *
 * Step number s (from 0) uses ACCUMULATE batches of BATCH_SIZE_PER_GPU x GPUS examples from every process; the last
 * step of an epoch uses what is left. Losses and gradients are means over all examples of the step, wherever they are.
 */
#ifndef HR_TRAIN_LEARNER_H
#define HR_TRAIN_LEARNER_H

#include "batches/batch.h"
#include "train/collective.h"
#include "train/loss.h"
#include "cpu/backprop/backprop.h"
#include "train/state.h"

enum { HR_MAX_PASS = 1024 }; /* examples of one pass: hr_backprop_options.max_batch */

typedef struct hr_learner_options {
    int threads, workers; /* 1..64 each */
    int recompute;        /* see hr_backprop_options */
    unsigned features;    /* base/cpu.h */
} hr_learner_options;

/* What a step found. */
typedef struct hr_step_report {
    int64_t index, epoch, position; /* number of the step in the run, its epoch, its number there; all from 0 */
    double loss;                    /* mean over the step's examples */
    double accuracy;                /* of the step's examples as one batch, over n_accuracy joints */
    int n_accuracy;
    double rate;        /* learning rate */
    int64_t n_examples; /* of all processes */
    double waited;      /* seconds that this process waited for examples */
    int stop;           /* some process was asked to stop: hr_learner.wants_stop */
} hr_step_report;

/* Seconds by what they went into, for --profile; network: hr_backprop_take_times tells more. */
typedef struct hr_learner_times {
    double data, forward, loss, backward, collective, update;
} hr_learner_times;

typedef struct hr_learner {
    const hr_config *config;
    const hr_train_set *set;
    hr_collective *collective;
    hr_learner_options options;
    int rank, n_ranks;
    int batch;        /* examples of one pass of this process */
    int64_t n_passes; /* of an epoch */
    int64_t n_steps;  /* of an epoch */
    hr_graph graph;
    hr_backprop *net;
    const hr_params *params; /* the layout */
    hr_optimizer optimizer;
    hr_learning_rate schedule;
    hr_train_state state; /* params: the network's own block */
    hr_batches *batches;  /* of state.epoch; NULL: not begun */
    hr_example *examples; /* [batch], n_examples of the last pass */
    int n_examples;
    float *maps;             /* [batch][n_joints][cells]: what the network made of them */
    volatile int wants_stop; /* set from outside; seen by all processes at the end of a step */
    hr_learner_times times;
    struct hr_learner_work *work; /* scratch of a step */
} hr_learner;

/* Bytes by kind that a trainer with `batch` examples a pass will hold. */
typedef struct hr_learner_bytes {
    hr_backprop_bytes network;
    size_t optimizer; /* moments, moving average, copy of the best weights */
    size_t examples;  /* batches, those prepared ahead included */
} hr_learner_bytes;
hrnet_status hr_learner_estimate(hr_learner_bytes *out, const hr_config *config, const hr_learner_options *options,
                                 int batch);
/* BATCH_SIZE_PER_GPU x the number of GPUS. */
int hr_learner_batch(const hr_config *config);

/* config, set and collective must outlive it. Weights are zeros until hr_learner_begin or a state is loaded. */
hrnet_status hr_learner_create(hr_learner **out, const hr_config *config, const hr_train_set *set,
                               hr_collective *collective, const hr_learner_options *options);
void hr_learner_free(hr_learner *trainer);

/* Start from weights: everything else of the state as at BEGIN_EPOCH. */
hrnet_status hr_learner_begin(hr_learner *trainer, const hr_weights *weights);
/* Copy rank 0's state to all processes. */
hrnet_status hr_learner_share(hr_learner *trainer);

/* Seconds of one pass forward and backward, measured on empty pictures; changes nothing. */
hrnet_status hr_learner_try(hr_learner *trainer, double *seconds);

/*
 * The next step of the epoch, which must not be at its end. HRNET_ERR_LIMIT when the loss is not finite; the state is
 * then of no use any more. With several processes, another failure of one leaves the others waiting:
 * hr_collective_give_up.
 */
hrnet_status hr_learner_step(hr_learner *trainer, hr_step_report *out);
int hr_learner_epoch_done(const hr_learner *trainer);
void hr_learner_next_epoch(hr_learner *trainer);

/* The block to validate and to publish: the moving average when TRAIN.EMA is on, else the weights. */
const float *hr_learner_weights(const hr_learner *trainer);
/* HRNET_ERR_LIMIT when a number of the state is not finite: such a state is not worth a file. */
hrnet_status hr_learner_check(const hr_learner *trainer);

/* ---- between trainer.c, trainer_step.c and trainer_update.c */

struct hr_learner_work {
    double *losses;       /* [batch] */
    double *joint_losses; /* [batch][n_joints] */
    hr_joint_hits *hits;  /* [batch][n_joints] */
    float *gradients;     /* [batch][n_joints][cells]: of the loss with respect to maps */
    double *sums;         /* what processes add up after a step */
    double *norms;        /* [n_chunks] partial sums of squares */
    int n_chunks;         /* of the block, for updates */
    int is_last_pass;
    hrnet_status failed; /* of a call-back */
};
/* Move the weights by the gradients of the step. */
void hr_learner_update(hr_learner *trainer, double rate);
/* Network's call-backs. */
void hr_learner_reduce(void *context, double *values, size_t n);
void hr_learner_gradients_ready(void *context, size_t first, size_t n);
enum { HR_LEARNER_CHUNK = 1 << 16 }; /* floats that one task updates */

#endif
