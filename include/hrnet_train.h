/*
 * hrnet_train.h - training: the published training loop with its log and files, a preview of its examples, its curves,
 * and the cost of a step. Errors, ownership and threads are as in <hrnet.h>; the example is at hrnet_trainer.
 */
#ifndef HRNET_TRAIN_H
#define HRNET_TRAIN_H

#include <hrnet_eval.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------ training */

/*
 * A training run, as published: examples, loss, gradients, optimiser, learning rate, a validation pass every epoch, and
 * checkpoints that PyTorch reads. A run that was stopped or killed goes on from its last checkpoint.pth, and ends with
 * the same bits as one that was not.
 *
 *   hrnet_trainer *trainer = NULL;
 *   if (hrnet_trainer_create(&trainer, config, &(hrnet_trainer_options){.on_message = print_line}) ||
 *       hrnet_trainer_run(trainer))
 *       fprintf(stderr, "%s\n", hrnet_last_error());
 *   hrnet_trainer_free(trainer);
 *
 * Processes that mpirun starts train one network together: each takes its part of every step, the first one writes and
 * validates. If a call fails in one of them, the others wait for it: that program must end with a status other than 0,
 * upon which mpirun ends them all.
 */
typedef struct hrnet_trainer hrnet_trainer;

typedef enum hrnet_resume {
    HRNET_RESUME_AUTO = 0,   /* resume from checkpoint.pth if it is there and AUTO_RESUME is set, else begin anew */
    HRNET_RESUME_ALWAYS = 1, /* resume; HRNET_ERR_IO if there is no checkpoint.pth */
    HRNET_RESUME_NEVER = 2   /* begin anew; a checkpoint.pth that is there will be replaced */
} hrnet_resume;

/* The published folder of an experiment's files: OUTPUT_DIR/dataset/model/name, with "output" if the configuration has
 * no OUTPUT_DIR. name NULL: the configuration's file name up to its first point. Free *out with hrnet_string_free. */
HRNET_API hrnet_status hrnet_experiment_folder(const hrnet_config *config, const char *name, char **out);

typedef struct hrnet_trainer_options {
    const char *name;                    /* of the experiment, in names of folders and log files; NULL: as above */
    const char *output;                  /* folder of everything that is written; NULL: hrnet_experiment_folder */
    const char *annotations, *images;    /* of the first training set; NULL: found by DATASET.ROOT and TRAIN_SET */
    const hrnet_evaluation_files *valid; /* of the validation set, or NULL; its on_message is not used */
    const hrnet_dataset_info *info; /* description of the keypoints; NULL: that of the annotations. Must outlive the
                                       trainer */
    hrnet_resume resume;
    int threads;                  /* 1..64; 0: as many as this process may use */
    int recompute;                /* 1: less memory, about a third more time */
    int validate_every;           /* epochs; 0: 1; below 0: never. The last epoch is always validated, unless never */
    int log_times;                /* 1: log at the end of a run how much time each activity took */
    hrnet_message_fn *on_message; /* gets every line of the log, on the calling thread; NULL: the log file only */
    void *context;
    const char *category; /* of the annotations (COCO) to train on and to validate with; NULL: see
                             hrnet_annotations_open */
    int skip_broken; /* 1: pictures that are not there or cannot be read are left out and told; 0: they are failures */
    int allow_missing; /* 1: TRAIN.INIT may lack any part of the network; 0: a tenth of the body at most */
    uint64_t reserved[4];
} hrnet_trainer_options;

/* Prepare a run: read the annotations, build the network, take its weights from initial values, MODEL.PRETRAINED or
 * TRAIN.INIT, or the whole state from checkpoint.pth, create the files of the run, and log all of it. options NULL:
 * defaults. Strings and the config are copied. Data and weights are checked first, in seconds: all pictures are looked
 * up and some decoded (HRNET_ERR_IO, HRNET_ERR_FORMAT), TRAIN.INIT must fit (HRNET_ERR_MISMATCH). If the names of the
 * keypoints do not tell left from right and nobody lists flip pairs, DATASET.FLIP and TEST.FLIP_TEST are switched off,
 * with a warning. The folder is locked until hrnet_trainer_free; HRNET_ERR_IO names the process that holds it.
 * HRNET_ERR_LIMIT: it does not fit into memory; the message says which batch would. HRNET_ERR_MISMATCH: checkpoint.pth
 * belongs to another configuration or other data; the message says what differs. Free with hrnet_trainer_free. */
HRNET_API hrnet_status hrnet_trainer_create(hrnet_trainer **out, const hrnet_config *config,
                                            const hrnet_trainer_options *options);

/* Run one step of the optimiser and what follows it: every PRINT_FREQ steps a progress line, every SAVE_MINUTES a
 * checkpoint, at the end of an epoch validation and a checkpoint. Does nothing if the run is done. HRNET_ERR_LIMIT: the
 * loss is not finite; checkpoint.pth stays as it was. After a failure the only valid call is hrnet_trainer_free. */
HRNET_API hrnet_status hrnet_trainer_step(hrnet_trainer *trainer);

/* Run steps until END_EPOCH, then write final_state.pth and, from the best weights, model_best.safetensors; or until
 * hrnet_trainer_stop, then write checkpoint.pth. Failures are those of hrnet_trainer_step. */
HRNET_API hrnet_status hrnet_trainer_run(hrnet_trainer *trainer);

/* Ask hrnet_trainer_run to save and return after the current step. May be called from a signal handler or another
 * thread. */
HRNET_API void hrnet_trainer_stop(hrnet_trainer *trainer);

typedef struct hrnet_trainer_info {
    const char *output;  /* folder; owned by the trainer */
    int is_first;        /* 1: the process that writes; without mpirun always */
    int is_done;         /* 1: END_EPOCH is reached, or TRAIN.PATIENCE is used up */
    int is_stopped;      /* 1: hrnet_trainer_run ended because of hrnet_trainer_stop */
    int64_t epoch, step; /* current epoch, from 0; optimiser steps done, over all epochs */
    int64_t steps_per_epoch;
    size_t n_persons, n_examples; /* of the training set; examples of an epoch */
    double loss, accuracy;        /* means of the current epoch so far */
    double perf, best_perf;       /* of the last and the best validation: AP, or PCKh in percent; -1: none yet */
    uint64_t reserved[4];
} hrnet_trainer_info;
HRNET_API hrnet_trainer_info hrnet_trainer_get_info(const hrnet_trainer *trainer);

HRNET_API void hrnet_trainer_free(hrnet_trainer *trainer); /* accepts NULL */

/* ------------------------------------------------------------------------------------------------ fine-tuning */

typedef struct hrnet_fine_tune_options {
    const hrnet_config *config; /* the network and how it is trained; NULL: those of the model, with a batch and epochs
                                   that suit the number of persons */
    const char *init; /* file of the model to begin with; NULL (without a config), "shipped": the one that ships */
    const char *data; /* folder with pictures and annotations in COCO's layout, or as CVAT, COCO Annotator or
                         Roboflow export them; or an annotations file among its pictures; or NULL */
    const char *annotations, *valid_annotations; /* files that will be given to the trainer; or NULL */
    const char *category;                        /* of the annotations; NULL: see hrnet_annotations_open */
    const hrnet_dataset_info *info;              /* description of the keypoints; NULL: that of the annotations */
    const char *const *overrides;                /* "KEY", "VALUE", ..., NULL; applied last */
    hrnet_message_fn *on_message;                /* gets a line about everything that was chosen; or NULL */
    void *context;
    uint64_t reserved[4];
} hrnet_fine_tune_options;

/* Make a configuration to train a model on other keypoints or other pictures: sets and the number of joints are the
 * data's; a set without a part to validate with is divided by DATASET.VALID_PART. Annotations are read, pictures are
 * not.
 *
 *   hrnet_config *config = NULL;
 *   if (hrnet_fine_tune_config(&config, &(hrnet_fine_tune_options){.data = "arrows"})) ...;
 *   hrnet_trainer_create(&trainer, config, &(hrnet_trainer_options){.output = "output/arrows"});
 *
 * HRNET_ERR_CONFIG: no annotations, or several sets of which none is called "train". Free with hrnet_config_free. */
HRNET_API hrnet_status hrnet_fine_tune_config(hrnet_config **out, const hrnet_fine_tune_options *options);

/* ------------------------------------------------------------------------------------------------ around a run */

/* Draw the first n (1..1024) examples of the first epoch, after augmentation, with their targets: <prefix>_gt.jpg and
 * <prefix>_hm_gt.jpg. Of the options (or NULL) annotations, images, info, skip_broken, on_message and context are used.
 */
HRNET_API hrnet_status hrnet_train_preview(const hrnet_config *config, const hrnet_trainer_options *options,
                                           const char *prefix, int n);

/* Draw the curves of a run's train.jsonl as an SVG, below 500 KB for any number of reports.
 * HRNET_ERR_FORMAT for a log without numbers. */
HRNET_API hrnet_status hrnet_train_plot(const char *log_path, const char *svg_path);

/* Write a run's train.jsonl as CSV, a row an epoch: epoch, its last step, the last learning rate, and the means of all
 * other numbers. */
HRNET_API hrnet_status hrnet_train_table(const char *log_path, const char *csv_path);

/* ------------------------------------------------------------------------------------------------ cost of a step */

/* Seconds of one step. */
typedef struct hrnet_training_step {
    double seconds; /* of the whole step */
    double forward, loss, backward, update;
    uint64_t reserved[2];
} hrnet_training_step;

/* Means over the steps of seconds, summed over threads, by what was computed; and bytes, by what they hold. */
typedef struct hrnet_training_cost {
    double conv, input_gradient, weight_gradient, pack, norm_add_relu, norm_add_relu_gradient, other;
    size_t param_bytes, gradient_bytes, moment_bytes;
    size_t activation_bytes; /* kept from forward for backward */
    size_t work_bytes;       /* gradients of activations, packed weights, scratch */
    uint64_t reserved[4];
} hrnet_training_cost;

typedef struct hrnet_training_options {
    int threads;   /* 0: as many as this process may use */
    int batch;     /* pictures of a step, 1..1024 */
    int recompute; /* 1: less memory, more time */
    uint64_t reserved[4];
} hrnet_training_options;

/* Measure n_steps steps (forward, JointsMSELoss, backward, TRAIN.OPTIMIZER) on random pictures, after one that is not
 * counted; reading and augmenting pictures is not part of it. steps [n_steps]. */
HRNET_API hrnet_status hrnet_training_measure(const hrnet_config *config, const hrnet_training_options *options,
                                              int n_steps, hrnet_training_step *steps, hrnet_training_cost *cost);

#ifdef __cplusplus
}
#endif
#endif
