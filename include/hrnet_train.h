/*
 * hrnet_train.h - the loop that makes a network better: the published training, its log and its files. The manners are
 * those of <hrnet.h>; the example stands at hrnet_trainer.
 */
#ifndef HRNET_TRAIN_H
#define HRNET_TRAIN_H

#include <hrnet_eval.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------ training */

/*
 * The published training loop: examples, loss, gradients, optimiser, schedule, a validation pass every epoch,
 * checkpoints that PyTorch reads. A run that was stopped or killed at any moment goes on from its last checkpoint.pth
 * to the same bits as if it had never been.
 *
 *   hrnet_trainer *trainer = NULL;
 *   if (hrnet_trainer_create(&trainer, config, &(hrnet_trainer_options){.on_message = print_line}) ||
 *       hrnet_trainer_run(trainer))
 *       fprintf(stderr, "%s\n", hrnet_last_error());
 *   hrnet_trainer_free(trainer);
 *
 * A program that mpirun started trains together with the others: each process takes its part of every step, the first
 * one writes and validates. When a call fails in one of them, the others wait for it in vain: end that
 * program, with a status other than 0, and mpirun ends them all.
 */
typedef struct hrnet_trainer hrnet_trainer;

typedef enum hrnet_resume {
    HRNET_RESUME_AUTO = 0,   /* go on with checkpoint.pth if it is there and AUTO_RESUME is set */
    HRNET_RESUME_ALWAYS = 1, /* it must be there */
    HRNET_RESUME_NEVER = 2   /* begin anew */
} hrnet_resume;

/* OUTPUT_DIR/dataset/model/name, where the published code puts what an experiment makes; OUTPUT_DIR is "output" when
 * the configuration has none. name NULL: the configuration's file name up to its first point. Free with
 * hrnet_string_free. */
HRNET_API hrnet_status hrnet_experiment_folder(const hrnet_config *config, const char *name, char **out);

typedef struct hrnet_trainer_options {
    const char *name;                 /* of the experiment: in names of folders and log files; NULL: as above */
    const char *output;               /* folder of everything that is written; NULL: hrnet_experiment_folder */
    const char *annotations, *images; /* of the (first) training set, when not where DATASET.ROOT and TRAIN_SET say */
    const hrnet_evaluation_files *valid; /* the same for the validation set; its on_message is not used */
    const hrnet_dataset_info *info; /* what keypoints are; NULL: what the annotations say. Must outlive the trainer */
    hrnet_resume resume;
    int threads;        /* 0: as many as this process may use; else 1..64 */
    int recompute;      /* 1: less memory for about a third more time */
    int validate_every; /* epochs; 0: 1; below 0: never. The last epoch is always validated unless it is below 0 */
    int log_times;     /* 1: what the time went into, at the end of a run */
    hrnet_message_fn *on_message; /* every line of the log, on the thread that made the call; NULL: the log file only */
    void *context;
} hrnet_trainer_options;

/* Read the data, make the network, its weights (initial values, MODEL.PRETRAINED, TRAIN.INIT) or the whole state from
 * checkpoint.pth, and the files of the run; say all of it. Strings and the config are copied. HRNET_ERR_LIMIT when it
 * does not fit into memory, HRNET_ERR_MISMATCH when checkpoint.pth belongs to another configuration or other data,
 * naming what differs. */
HRNET_API hrnet_status hrnet_trainer_create(hrnet_trainer **out, const hrnet_config *config,
                                            const hrnet_trainer_options *options);

/* One step of the optimiser and what belongs behind it: progress line, checkpoint, and at an epoch's end validation. A
 * loss that is not finite is HRNET_ERR_LIMIT; checkpoint.pth then stays as it was. After a failure only
 * hrnet_trainer_free is allowed. Does nothing when the run is done. */
HRNET_API hrnet_status hrnet_trainer_step(hrnet_trainer *trainer);

/* Steps until END_EPOCH, or until hrnet_trainer_stop; then a checkpoint. At the end final_state.pth and, from the best
 * weights, model_best.safetensors. */
HRNET_API hrnet_status hrnet_trainer_run(hrnet_trainer *trainer);

/* Ask hrnet_trainer_run to save and return after the step under way. May be called from a signal handler or another
 * thread. */
HRNET_API void hrnet_trainer_stop(hrnet_trainer *trainer);

typedef struct hrnet_trainer_info {
    const char *output;  /* folder; owned by the trainer */
    int is_first;        /* 1: the process that writes; without mpirun always */
    int is_done;         /* END_EPOCH is reached */
    int is_stopped;      /* hrnet_trainer_run ended because of hrnet_trainer_stop */
    int64_t epoch, step; /* epoch under way; optimiser steps done, over all epochs */
    int64_t steps_per_epoch;
    size_t n_persons, n_examples; /* of the training set; n_examples an epoch */
    double loss, accuracy;        /* means of the epoch under way */
    double perf, best_perf;       /* of the last and the best validation: AP, or PCKh in percent; -1: none yet */
} hrnet_trainer_info;
HRNET_API hrnet_trainer_info hrnet_trainer_get_info(const hrnet_trainer *trainer);

HRNET_API void hrnet_trainer_free(hrnet_trainer *trainer);

/* Draw the first n (1..1024) examples of the first epoch, as they come out of augmentation, with their targets:
 * <prefix>_gt.jpg and <prefix>_hm_gt.jpg. Of the options only where the data are and on_message are looked at. */
HRNET_API hrnet_status hrnet_train_preview(const hrnet_config *config, const hrnet_trainer_options *options,
                                           const char *prefix, int n);

/* Draw the curves of a run's train.jsonl as an SVG, below 500 KB for any number of reports.
 * HRNET_ERR_FORMAT for a log without numbers. */
HRNET_API hrnet_status hrnet_train_plot(const char *log_path, const char *svg_path);

/* Write it as CSV, a row an epoch: epoch, its last step, and the mean of each of its numbers (the last learning rate).
 */
HRNET_API hrnet_status hrnet_train_table(const char *log_path, const char *csv_path);

/* One step of training on made-up pictures, in seconds. */
typedef struct hrnet_training_step {
    double seconds; /* the whole */
    double forward, loss, backward, update;
} hrnet_training_step;

/* Seconds of one step, summed over threads, by what was computed; and bytes, by what they hold. */
typedef struct hrnet_training_cost {
    double conv, input_gradient, weight_gradient, pack, combine, combine_gradient, other;
    size_t param_bytes, gradient_bytes, moment_bytes;
    size_t activation_bytes; /* kept from forward for backward */
    size_t work_bytes;       /* gradients of activations, packed weights, scratch */
} hrnet_training_cost;

typedef struct hrnet_training_options {
    int threads;   /* 0: as many as this process may use */
    int batch;     /* pictures of a step, 1..1024 */
    int recompute; /* 1: less memory, more time */
} hrnet_training_options;

/* Time n_steps steps (forward, JointsMSELoss, backward, TRAIN.OPTIMIZER) after one that is not timed. Without data: the
 * loader is not part of it. steps [n_steps]. */
HRNET_API hrnet_status hrnet_training_measure(const hrnet_config *config, const hrnet_training_options *options,
                                              int n_steps, hrnet_training_step *steps, hrnet_training_cost *cost);

#ifdef __cplusplus
}
#endif
#endif
