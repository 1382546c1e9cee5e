/*
 * learner.h - the core of training: one optimiser step after the other, without files, logs or validation, which are
 * the trainer's (trainer/trainer.h).
 *
 * A "pass" is forward and backward of one batch on every rank. A "step" is ACCUMULATE passes (the last step of an epoch
 * may have fewer) and one update of the weights:
 *
 *   for each pass:   examples -> input -> forward -> heatmaps -> loss, gradient -> backward (adds to the gradients)
 *   once a step:     gradients and losses summed over ranks -> clipping -> optimiser -> moving average
 *
 * Losses and gradients are means over all examples of the step, of whichever rank and pass. Example: 100 examples, 2
 * ranks with batches of 8, ACCUMULATE 3: 7 passes (the last of 4 examples, all of rank 0), 3 steps.
 *
 * What a run is between two steps is its hr_train_state; all else follows from the configuration and the data. A state
 * that is saved and read again therefore continues bit for bit, for any number of threads.
 */
#ifndef HR_TRAIN_LEARNER_H
#define HR_TRAIN_LEARNER_H

#include "batches/batch.h"
#include "train/collective.h"
#include "train/objective.h"
#include "cpu/backprop/backprop.h"
#include "train/state.h"

enum { HR_MAX_PASS = 1024 }; /* most examples of one pass: hr_backprop_options.max_batch */

typedef struct hr_learner_options {
    int threads, workers; /* 1..64 each: of the network, for examples */
    int recompute;        /* see hr_backprop_options */
    unsigned features;    /* of the processor, base/cpu.h */
} hr_learner_options;

/* The result of a step. */
typedef struct hr_step_report {
    int64_t index, epoch, position; /* number of the step in the run, its epoch, its number in the epoch; from 0 */
    double loss;                    /* mean over the step's examples */
    double accuracy;                /* of the step's examples as one batch; the mean over n_accuracy parts */
    int n_accuracy;
    double rate;        /* learning rate */
    int64_t n_examples; /* of all ranks */
    double waited;      /* seconds that this rank waited for examples */
    int stop;           /* 1: hr_learner.wants_stop was set on some rank */
} hr_step_report;

/* Seconds since create, by activity; hr_backprop_take_times has more about forward and backward. */
typedef struct hr_learner_times {
    double data, forward, loss, backward, collective, update;
} hr_learner_times;

/* Floats [first, end) of a block. */
typedef struct hr_span {
    size_t first, end;
} hr_span;

typedef struct hr_learner {
    const hr_config *config;
    const hr_train_set *set;
    hr_collective *collective;
    hr_learner_options options;
    int rank, n_ranks;
    int batch;        /* most examples of one pass of this rank */
    int64_t n_passes; /* of an epoch */
    int64_t n_steps;  /* of an epoch */
    hr_graph graph;
    hr_backprop *net;
    const hr_params *params; /* the layout of blocks; belongs to net */
    hr_optimizer optimizer;
    hr_learning_rate learning_rate;
    hr_train_state state; /* state.params is the network's own block */
    hr_batches *batches;  /* of epoch state.epoch; NULL: not begun */
    hr_example *examples; /* [batch], n_examples of the last pass, kept for debug images */
    int n_examples;       /* of the last pass */
    hr_objective *objective;
    volatile int wants_stop; /* set by the caller between steps; all ranks learn of it at the end of the next step */
    hr_learner_times times;
    unsigned char *frozen; /* [graph.n_params] 1: TRAIN.FREEZE names it; NULL: everything learns */
    hr_span *spans;        /* [n_spans], ascending: the floats of a block that the optimiser moves */
    int n_spans;
    struct hr_learner_work *work; /* scratch of a step */
} hr_learner;

/* ------------------------------------------------------------------------------------------------ life */

/* Bytes that a learner will hold, by kind. */
typedef struct hr_learner_bytes {
    hr_backprop_bytes network;
    size_t optimizer; /* moments, moving average, copy of the best weights */
    size_t examples;  /* of the pass, and those that workers prepare ahead */
} hr_learner_bytes;

/* Estimate the memory for `batch` examples a pass, without allocating it. */
hrnet_status hr_learner_estimate(hr_learner_bytes *out, const hr_config *config, const hr_learner_options *options,
                                 int batch);

/* Examples of one pass: BATCH_SIZE_PER_GPU x the number of GPUS. HR_MAX_PASS + 1 stands for any larger number. */
int hr_learner_batch(const hr_config *config);

/* Build the network and allocate blocks and scratch. config, set and collective must outlive the learner. Weights are
 * zeros until hr_learner_begin is called or a state is loaded into learner->state. HRNET_ERR_CONFIG: the batch is too
 * large; HRNET_ERR_FORMAT: no examples. */
hrnet_status hr_learner_create(hr_learner **out, const hr_config *config, const hr_train_set *set,
                               hr_collective *collective, const hr_learner_options *options);
void hr_learner_free(hr_learner *learner); /* accepts NULL */

/* ------------------------------------------------------------------------------------------------ training */

/* Begin a run: set the weights, and everything else of the state to that of BEGIN_EPOCH. */
hrnet_status hr_learner_begin(hr_learner *learner, const hr_weights *weights);

/* Collective: copy rank 0's state to all ranks. */
hrnet_status hr_learner_broadcast(hr_learner *learner);

/* Measure the seconds of one pass (forward and backward) on zero pictures, scaled up to a whole batch. The state is the
 * same afterwards. */
hrnet_status hr_learner_time_pass(hr_learner *learner, double *seconds);

/* Collective: run the next step of the epoch, which must not be over (HRNET_ERR_ARGUMENT). HRNET_ERR_LIMIT: the loss is
 * not finite; the weights are those before the step, running statistics are not, so the state must not be used. If one
 * rank fails alone the others wait for it: it must call hr_collective_leave and end the program. */
hrnet_status hr_learner_step(hr_learner *learner, hr_step_report *out);

/* Whether all passes of the epoch are done; begin the next epoch. */
int hr_learner_epoch_done(const hr_learner *learner);
void hr_learner_next_epoch(hr_learner *learner);

/* The block to validate and to publish: the moving average if TRAIN.EMA is on, else the weights. */
const float *hr_learner_weights(const hr_learner *learner);

/* HRNET_ERR_LIMIT if a number of the state is not finite. Called before files are written, so that a diverged run does
 * not replace a good checkpoint. */
hrnet_status hr_learner_check(const hr_learner *learner);

/* ------------------------------------------------------------------------------------------------ internal */

/* Between learner.c, learner_step.c and learner_update.c. */
struct hr_learner_work {
    hr_joint_hits *hits; /* [n_parts] of the step, see objective.h */
    double *sums;        /* summed over ranks after a step: loss, wants_stop, then n_hit and n_tried of each part */
    double *norms;       /* [n_chunks]: sums of squares of the gradients of each chunk */
    int n_chunks;        /* of HR_LEARNER_CHUNK floats, of a block */
    int is_last_pass;    /* 1: the step's gradients are complete after this pass */
    hrnet_status failed; /* of a call-back, which cannot return it */
};
enum { HR_LEARNER_CHUNK = 1 << 16 }; /* floats of a block that one task updates */

/* Move the weights by the gradients of the step. */
void hr_learner_update(hr_learner *learner, double rate);

/* Call-backs of the network, context being the learner: sum values over ranks (statistics of norms); gradients
 * [first, first + n) of the block are complete for this pass. */
void hr_learner_reduce(void *context, double *values, size_t n);
void hr_learner_gradients_ready(void *context, size_t first, size_t n);

#endif
