/*
 * batch.h - training examples in batches that worker threads prepare ahead: for a pose network persons of one or
 * several datasets, augmented, cropped, with their target heatmaps; for a detector pictures, augmented, with
 * everybody's box.
 *
 * Determinism: example k of epoch e is a function of (seed, e, k), and of nothing else: not of the number of workers or
 * processes, nor of where the epoch was resumed.
 */
#ifndef HR_BATCHES_BATCH_H
#define HR_BATCHES_BATCH_H

#include <hrnet_data.h>

#include "base/checksum.h"
#include "config/config.h"

/* ------------------------------------------------------------------------------------------------ persons */

/* The persons to train on; of a detector, the pictures, which are its "persons" below. Immutable; may be shared by
 * threads. */
typedef struct hr_train_set hr_train_set;

typedef struct hr_train_set_files {
    const char *annotations, *images; /* paths for the first set; NULL: where the configuration says */
    const hrnet_dataset_info *info;   /* what keypoints are; NULL: what the annotations say. Must outlive the set */
    hrnet_message_fn *on_message;     /* a line a dataset: what was read, left out, selected; or NULL */
    void *context;
    const char *category; /* of the first set's annotations (COCO); NULL: see hrnet_annotations_open */
    int check_pictures;   /* 1: see that all pictures are there, decode some, and see that labels can be meant */
    int skip_broken;      /* 1: leave out persons of pictures that are not there or cannot be read, also later on */
} hr_train_set_files;

/* Read the annotations of DATASET.ROOT and TRAIN_SET and of DATASET.MORE_SETS, and choose persons (VALID_PART, EXCLUDE,
 * SELECT_DATA). Without check_pictures no picture is opened. files NULL: as published. The config must outlive the set.
 * HRNET_ERR_MISMATCH if keypoints and joints do not fit, HRNET_ERR_FORMAT if nobody is left to train on. */
hrnet_status hr_train_set_open(hr_train_set **out, const hr_config *config, const hr_train_set_files *files);
void hr_train_set_free(hr_train_set *set); /* accepts NULL */

size_t hr_train_set_n_persons(const hr_train_set *set);
/* Examples of one epoch: the sum of round(persons x weight) over the datasets. */
size_t hr_train_set_n_examples(const hr_train_set *set);
const hrnet_dataset_info *hr_train_set_info(const hr_train_set *set); /* of the network's joints */
/* The pictures that cannot be read and were met since the last call, on whatever thread: "PATH: why", one a line, in
 * *out, which is freed with hr_free; NULL: none. *n_all: all of them since the set was opened. */
hrnet_status hr_train_set_take_broken(const hr_train_set *set, char **out, size_t *n_all);
/* Add to the hash all that examples are made of except pixels: pictures' names, crops, joints, weights of datasets. */
void hr_train_set_hash(const hr_train_set *set, hr_sha256 *hash);

/* ------------------------------------------------------------------------------------------------ examples */

/* A box that a detector is to find, in pixels of its input. */
typedef struct hr_box_truth {
    float x, y, w, h; /* centre and sides; w, h > 0 */
    int category;     /* from 0 */
    int is_ignored;   /* 1: nothing is learned from this region: a crowd, or a person of whom too little is seen */
} hr_box_truth;

/* One example; hr_example_free releases its memory. */
typedef struct hr_example {
    float *input;        /* [height][width][4], normalised as the network takes it; fourth channel 0 */
    hr_box_truth *boxes; /* [n_boxes], of a detector; the next three are NULL then */
    int n_boxes;
    float *targets;     /* [n_joints][heatmap height][heatmap width] */
    float *weights;     /* [n_joints]: target weights, x the description's if LOSS.USE_DIFFERENT_JOINTS_WEIGHT */
    double *joints;     /* [n_joints][3]: x, y in input pixels after augmentation, visibility */
    size_t set, person; /* number of the dataset (0: the first), and of the person in it */
    const char *image;  /* name of the picture; owned by the set */
} hr_example;
void hr_example_free(hr_example *example); /* accepts a zeroed example */

/* ------------------------------------------------------------------------------------------------ batches */

/* The batches of one epoch, for one process of a run. */
typedef struct hr_batches hr_batches;

typedef struct hr_batches_options {
    uint64_t seed;
    int64_t epoch;
    size_t first;      /* number of the epoch's example to begin with: resuming */
    int batch;         /* examples of one batch of this process */
    int rank, n_ranks; /* of each n_ranks * batch consecutive examples, rank r takes [r * batch, (r + 1) * batch) */
    int workers;       /* threads, 1..64 */
    int shuffle;       /* TRAIN.SHUFFLE */
    int augment;       /* 0: crops as in validation */
} hr_batches_options;

/* Start the workers. The set must outlive the batches. */
hrnet_status hr_batches_create(hr_batches **out, const hr_train_set *set, const hr_batches_options *options);

/* Wait for the next batch and move it to examples [batch], of which *n are filled; the caller frees them. *is_end 1:
 * the epoch is over and *n is 0. All ranks get the same number of batches: in the last one a rank's share may be
 * smaller, or empty (*n 0, *is_end 0). A picture that cannot be read is a failure that names it; with skip_broken
 * the next example of the epoch's order takes the place of each of its examples. */
hrnet_status hr_batches_next(hr_batches *batches, hr_example *examples, int *n, int *is_end);

/* Seconds that hr_batches_next has waited for workers, since create. */
double hr_batches_waited(const hr_batches *batches);
void hr_batches_free(hr_batches *batches); /* accepts NULL */

#endif
