/*
 * trainer/trainer.h - the inside of hrnet_trainer: the loop's core (train/learner.h) with what surrounds it.
 * trainer/trainer.c runs, trainer/trainer_open.c makes it, trainer/trainer_start.c finds what it starts from,
 * trainer/trainer_identity.c decides what a checkpoint belongs to, trainer/trainer_log.c talks,
 * trainer/trainer_validate.c judges and publishes, trainer/trainer_debug_images.c draws.
 */
#ifndef HR_LEARNER_TRAINER_H
#define HR_LEARNER_TRAINER_H

#include <stdatomic.h>
#include <stdio.h>

#include <hrnet_train.h>

#include "base/text.h"
#include "session/model.h"
#include "report/record.h"
#include "train/learner.h"

/* What this process met since it began the epoch: upstream's meters of time. */
typedef struct hr_trainer_meters {
    double seconds, waited;
    int64_t n;
} hr_trainer_meters;

struct hrnet_trainer {
    hr_config config;
    hrnet_trainer_options options; /* pointers in it are gone after create, but for on_message and info */
    char *name, *folder, *event_folder, *log_path;
    char stamp[20]; /* when it began: "2019-03-01-17-05" */
    hr_collective *collective;
    int is_first;
    hr_train_set *set;
    hr_learner *core;
    hrnet_evaluation *valid; /* of the first process; NULL: never validated */
    hr_record *record;       /* of the first process */
    FILE *log;
    hr_trainer_meters meters, run_meters;
    double saved_at; /* hr_clock_now() of the last checkpoint */
    double seconds_validating, seconds_saving;
    atomic_int wants_stop;
    int is_stopped, is_finished; /* finished: the files of the end are written */
    hr_text identity;            /* trainer/trainer_identity.c */
};

/* One line of the log: to on_message, and with the time of day to the log file. Only the first process speaks. */
void hr_trainer_log(hrnet_trainer *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same as a hrnet_message_fn; context is the trainer. */
void hr_trainer_log_message(void *context, const char *line);
/* To the log file only; only the first process has one. */
void hr_trainer_log_file(hrnet_trainer *t, const char *line);
/* <name>_<time>_train.log. */
hrnet_status hr_trainer_log_open(hrnet_trainer *t);
/* HRNET_ERR_IO when a line could not be written. */
hrnet_status hr_trainer_log_check(const hrnet_trainer *t);

/* What stands at the beginning of a run. */
hrnet_status hr_trainer_log_run(hrnet_trainer *t, const hr_learner_bytes *bytes);
/* Upstream's progress line for a step that took `seconds`. */
void hr_trainer_log_step(hrnet_trainer *t, const hr_step_report *step, double seconds);
void hr_trainer_log_times(hrnet_trainer *t);
/* "2:03:04" */
void hr_trainer_duration(char out[32], double seconds);

/* FOLDER/NAME, to be freed with hr_free. */
hrnet_status hr_trainer_path(char **out, const hrnet_trainer *t, const char *name);

/* Fill the core's state with what a new run starts from. */
hrnet_status hr_trainer_initial(hrnet_trainer *t);

/* Write down what must not change between stop and resume, and its hash into the core's state. */
hrnet_status hr_trainer_identify(hrnet_trainer *t);
/* Compare with what FOLDER/checkpoint.txt says. HRNET_ERR_MISMATCH names what differs. */
hrnet_status hr_trainer_same_identity(hrnet_trainer *t);
hrnet_status hr_trainer_save_identity(hrnet_trainer *t);

/* Write checkpoint.pth. */
hrnet_status hr_trainer_save(hrnet_trainer *t);
/* Behind the last step of an epoch: validate if it is time, keep the best, go on to the next epoch, save. */
hrnet_status hr_trainer_end_epoch(hrnet_trainer *t);
/* final_state.pth and model_best.safetensors. */
hrnet_status hr_trainer_finish(hrnet_trainer *t);

/* Contact sheets of the pass just made, as DEBUG asks. */
hrnet_status hr_trainer_debug_images(hrnet_trainer *t, const hr_step_report *step);
/* The same for a validation pass between begin and end: of every PRINT_FREQth batch of TEST.BATCH_SIZE_PER_GPU. *out
 * stays NULL when DEBUG is off; after a failure of begin, end is called too. */
typedef struct hr_debug_images hr_debug_images;
hrnet_status hr_debug_images_begin(hr_debug_images **out, hrnet_trainer *t, const hrnet_model_info *about);
hrnet_status hr_debug_images_end(hr_debug_images *watch); /* accepts NULL */

#endif
