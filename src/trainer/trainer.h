/*
 * trainer.h - the inside of hrnet_trainer: the learner (train/learner.h) and everything around it that a run needs.
 *
 *   trainer.c               steps, what follows each, the run
 *   trainer_open.c          from a configuration to a trainer that is ready for its next step
 *   trainer_init.c          whether the weights of TRAIN.INIT fit
 *   trainer_resume.c        checkpoint.pth, and the one before it
 *   trainer_start.c         the weights that a new run starts from
 *   trainer_identity.c      which configuration and data a checkpoint belongs to
 *   trainer_log.c           lines of the log
 *   trainer_validate.c      the end of an epoch and of a run: validation, best weights, files that are published
 *   trainer_debug_images.c  contact sheets
 *   trainer_measure.c       hrnet_training_measure
 *
 * Only the first process (rank 0) writes files, logs and validates; the others run steps.
 */
#ifndef HR_TRAINER_TRAINER_H
#define HR_TRAINER_TRAINER_H

#include <stdatomic.h>
#include <stdio.h>
#include <sys/types.h>

#include <hrnet_train.h>

#include "base/text.h"
#include "base/lock.h"
#include "session/model.h"
#include "report/record.h"
#include "train/learner.h"
#include "weights/checkpoint.h"

/* Sums over the steps of this epoch that this process has run, for upstream's meters of time. */
typedef struct hr_trainer_meters {
    double seconds, waited;
    int64_t n; /* steps */
} hr_trainer_meters;

struct hrnet_trainer {
    hr_config config;
    hrnet_trainer_options options; /* after create only on_message, context, info and numbers are valid */
    char *name, *folder, *event_folder, *log_path;
    hr_lock lock;   /* of rank 0: FOLDER/run.lock */
    char stamp[20]; /* when it began: "2019-03-01-17-05" */
    hr_collective *collective;
    pid_t process; /* that made it */
    int is_first;  /* rank 0 */
    hr_train_set *set;
    hr_learner *learner;
    int resumes;  /* rank 0: 1: begins with the state of checkpoint.pth */
    int is_saved; /* 1: checkpoint.pth is of this run and good, so that the next save keeps it as the previous */
    hrnet_checkpoint *init;  /* of TRAIN.INIT, until the run has begun; NULL: there is none */
    hrnet_evaluation *valid; /* of rank 0; NULL: never validated */
    hr_record *record;       /* of rank 0 */
    FILE *log;               /* of rank 0 */
    hr_trainer_meters meters, run_meters;
    double saved_at; /* hr_clock_now() of the last checkpoint */
    double seconds_validating, seconds_saving;
    atomic_int wants_stop;
    int is_stopped, is_finished; /* is_finished: the files of the run's end are written */
    hr_text identity;            /* see trainer_identity.c */
};

/* ------------------------------------------------------------------------------------------------ log */

/* Log one line (rank 0; nothing on the others): to on_message, and with the time of day to the log file. */
void hr_trainer_log(hrnet_trainer *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same as a hrnet_message_fn; context is the trainer. */
void hr_trainer_log_message(void *context, const char *line);
/* To the log file alone. */
void hr_trainer_log_file(hrnet_trainer *t, const char *line);
/* Open FOLDER/<name>_<stamp>_train.log for appending. */
hrnet_status hr_trainer_log_open(hrnet_trainer *t);
/* HRNET_ERR_IO if a line could not be written. */
hrnet_status hr_trainer_log_check(const hrnet_trainer *t);

/* The lines at the beginning of a run: network, data, loss, optimiser, schedule, memory, expected time. */
hrnet_status hr_trainer_log_run(hrnet_trainer *t, const hr_learner_bytes *bytes);
/* Upstream's progress line for a step that took `seconds`. */
void hr_trainer_log_step(hrnet_trainer *t, const hr_step_report *step, double seconds);
/* Where the time went (hrnet_trainer_options.log_times). */
void hr_trainer_log_times(hrnet_trainer *t);
/* "2:03:04" for 7384 seconds. */
void hr_trainer_duration(char out[32], double seconds);

/* FOLDER/NAME, to be freed with hr_free. */
hrnet_status hr_trainer_path(char **out, const hrnet_trainer *t, const char *name);

/* ------------------------------------------------------------------------------------------------ start, resume */

/* Find out whether the run resumes (rank 0). HRNET_ERR_IO: it should, and there is no checkpoint. */
hrnet_status hr_trainer_find_checkpoint(hrnet_trainer *t);
/* Fill the learner's state from checkpoint.pth, or if that is damaged from checkpoint.previous.pth, which is said. */
hrnet_status hr_trainer_resume(hrnet_trainer *t);
/* Keep checkpoint.pth as checkpoint.previous.pth before it is replaced, if it is known to be good. */
hrnet_status hr_trainer_keep_previous(const hrnet_trainer *t, const char *path);

/* Open the file of TRAIN.INIT, NULL for "shipped", and see that its weights fit the network; nothing without the key.
 * HRNET_ERR_MISMATCH: less than 90 % of the body does, and options.allow_missing is not set, or nothing at all. */
hrnet_status hr_trainer_check_init(hrnet_trainer *t, const hr_graph *graph);

/* Begin a new run: fill the learner's state from initial values, MODEL.PRETRAINED or TRAIN.INIT. */
hrnet_status hr_trainer_initial(hrnet_trainer *t);

/* Write the identity of the run to t->identity, and its SHA-256 to the state's fingerprint. */
hrnet_status hr_trainer_identify(hrnet_trainer *t);
/* Compare it with FOLDER/checkpoint.txt, if that is there. HRNET_ERR_MISMATCH names the keys that differ. */
hrnet_status hr_trainer_check_identity(hrnet_trainer *t);
/* Write FOLDER/config.yaml and FOLDER/checkpoint.txt. */
hrnet_status hr_trainer_save_identity(hrnet_trainer *t);

/* ------------------------------------------------------------------------------------------------ ends */

/* Whether the run is over: END_EPOCH is reached, or TRAIN.PATIENCE is used up. */
int hr_trainer_is_over(const hrnet_trainer *t);

/* Write checkpoint.pth (rank 0). HRNET_ERR_LIMIT if the state is not finite; the file is then as before. */
hrnet_status hr_trainer_save(hrnet_trainer *t);
/* Collective, after the last step of an epoch: validate if it is time, keep the best weights, begin the next epoch,
 * save. */
hrnet_status hr_trainer_end_epoch(hrnet_trainer *t);
/* At the end of a run: write final_state.pth and model_best.safetensors (rank 0). */
hrnet_status hr_trainer_finish(hrnet_trainer *t);

/* ------------------------------------------------------------------------------------------------ debug images */

/* Contact sheets of the pass just run, as the configuration's DEBUG asks. */
hrnet_status hr_trainer_debug_images(hrnet_trainer *t, const hr_step_report *step);

/* Contact sheets of a validation pass that runs between begin and end: one of every PRINT_FREQth batch of
 * TEST.BATCH_SIZE_PER_GPU persons. *out stays NULL if DEBUG is off. end returns the first failure; it is called after a
 * failure of begin, too, and accepts NULL. */
typedef struct hr_debug_images hr_debug_images;
hrnet_status hr_debug_images_begin(hr_debug_images **out, hrnet_trainer *t, const hrnet_model_info *about);
hrnet_status hr_debug_images_end(hr_debug_images *images);

#endif
