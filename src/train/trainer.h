/*
 * trainer.h - the loop's inside: one optimisation step after the other. What a run is at any moment stands in its
 * hr_train_state; everything else follows from the configuration and the data, so that a state that was saved between
 * two steps and read again goes on bit for bit. Reports, files and validation are the library's (lib_train.h).
 *
 * Step number s (from 0) uses ACCUMULATE batches of BATCH_SIZE_PER_GPU x GPUS examples from every process; the last
 * step of an epoch uses what is left. Losses and gradients are means over all examples of the step, wherever they are.
 */
#ifndef HR_TRAIN_TRAINER_H
#define HR_TRAIN_TRAINER_H

#include "train/batch.h"
#include "train/collective.h"
#include "train/loss.h"
#include "train/network.h"
#include "train/state.h"

enum { HR_MAX_PASS = 1024 }; /* examples of one pass: hr_network_options.max_batch */

typedef struct hr_trainer_options {
    int threads, workers; /* 1..64 each */
    int recompute;        /* see hr_network_options */
    unsigned features;    /* base/cpu.h */
} hr_trainer_options;

/* What a step found. */
typedef struct hr_step {
    int64_t index, epoch, position; /* number of the step in the run, its epoch, its number there; all from 0 */
    double loss;                    /* mean over the step's examples */
    double accuracy;                /* of the step's examples as one batch, over n_accuracy joints */
    int n_accuracy;
    double rate;        /* learning rate */
    int64_t n_examples; /* of all processes */
    double waited;      /* seconds that this process waited for examples */
    int stop;           /* some process was asked to stop: hr_trainer.wants_stop */
} hr_step;

/* Seconds by what they went into, for --profile; network: hr_network_take_times tells more. */
typedef struct hr_trainer_times {
    double data, forward, loss, backward, collective, update;
} hr_trainer_times;

typedef struct hr_trainer {
    const hr_config *config;
    const hr_train_set *set;
    hr_collective *collective;
    hr_trainer_options options;
    int rank, n_ranks;
    int batch;        /* examples of one pass of this process */
    int64_t n_passes; /* of an epoch */
    int64_t n_steps;  /* of an epoch */
    hr_graph graph;
    hr_network *net;
    const hr_params *params; /* the layout */
    hr_optimizer optimizer;
    hr_schedule schedule;
    hr_train_state state; /* params: the network's own block */
    hr_batches *batches;  /* of state.epoch; NULL: not begun */
    hr_example *examples; /* [batch], n_examples of the last pass */
    int n_examples;
    float *maps;             /* [batch][n_joints][cells]: what the network made of them */
    volatile int wants_stop; /* set from outside; seen by all processes at the end of a step */
    hr_trainer_times times;
    struct hr_trainer_work *work; /* scratch of a step */
} hr_trainer;

/* Bytes by kind that a trainer with `batch` examples a pass will hold. */
typedef struct hr_trainer_bytes {
    hr_network_bytes network;
    size_t optimizer; /* moments, moving average, copy of the best weights */
    size_t examples;  /* batches, those prepared ahead included */
} hr_trainer_bytes;
hrnet_status hr_trainer_estimate(hr_trainer_bytes *out, const hr_config *config, const hr_trainer_options *options,
                                 int batch);
/* BATCH_SIZE_PER_GPU x the number of GPUS. */
int hr_trainer_batch(const hr_config *config);

/* config, set and collective must outlive it. Weights are zeros until hr_trainer_begin or a state is loaded. */
hrnet_status hr_trainer_create(hr_trainer **out, const hr_config *config, const hr_train_set *set,
                               hr_collective *collective, const hr_trainer_options *options);
void hr_trainer_free(hr_trainer *trainer);

/* Start from weights: everything else of the state as at BEGIN_EPOCH. */
hrnet_status hr_trainer_begin(hr_trainer *trainer, const hr_weights *weights);
/* Copy rank 0's state to all processes. */
hrnet_status hr_trainer_share(hr_trainer *trainer);

/* Seconds of one pass forward and backward, measured on empty pictures; changes nothing. */
hrnet_status hr_trainer_try(hr_trainer *trainer, double *seconds);

/*
 * The next step of the epoch, which must not be at its end. HRNET_ERR_LIMIT when the loss is not finite; the state is
 * then of no use any more. With several processes, another failure of one leaves the others waiting:
 * hr_collective_give_up.
 */
hrnet_status hr_trainer_step(hr_trainer *trainer, hr_step *out);
int hr_trainer_epoch_done(const hr_trainer *trainer);
void hr_trainer_next_epoch(hr_trainer *trainer);

/* The block to validate and to publish: the moving average when TRAIN.EMA is on, else the weights. */
const float *hr_trainer_weights(const hr_trainer *trainer);
/* HRNET_ERR_LIMIT when a number of the state is not finite: such a state is not worth a file. */
hrnet_status hr_trainer_check(const hr_trainer *trainer);

/* ---- between trainer.c, trainer_step.c and trainer_update.c */

struct hr_trainer_work {
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
void hr_trainer_update(hr_trainer *trainer, double rate);
/* Network's call-backs. */
void hr_trainer_reduce(void *context, double *values, size_t n);
void hr_trainer_gradients_ready(void *context, size_t first, size_t n);
enum { HR_TRAINER_CHUNK = 1 << 16 }; /* floats that one task updates */

double hr_trainer_now(void); /* seconds of a clock that only goes forward */

#endif
