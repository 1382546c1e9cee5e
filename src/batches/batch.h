/*
 * batch.h - training examples: persons of one or several datasets, augmented, cropped, with their targets. Example k of
 * epoch e is a function of (seed, e, k) and of nothing else: not of workers, ranks or what came before.
 */
#ifndef HR_BATCHES_BATCH_H
#define HR_BATCHES_BATCH_H

#include <hrnet_data.h>

#include "base/checksum.h"
#include "config/config.h"

/* The persons to train on. Immutable once open. */
typedef struct hr_train_set hr_train_set;

typedef struct hr_train_set_files {
    const char *annotations, *images; /* of the first set, instead of where the configuration says; or NULL */
    const hrnet_dataset_info *info;   /* what keypoints are; NULL: what the annotations say. Must outlive the set */
    hrnet_message_fn *on_message;     /* what is read, left out, selected */
    void *context;
} hr_train_set_files;

/* DATASET.ROOT, TRAIN_SET and DATASET.MORE_SETS; SELECT_DATA. files NULL: as published. The config must outlive it. */
hrnet_status hr_train_set_open(hr_train_set **out, const hr_config *config, const hr_train_set_files *files);
void hr_train_set_free(hr_train_set *set);

size_t hr_train_set_n_persons(const hr_train_set *set);
/* Examples of one epoch: persons times the weight of their set. */
size_t hr_train_set_n_examples(const hr_train_set *set);
const hrnet_dataset_info *hr_train_set_info(const hr_train_set *set);
/* Add all that examples are made of, but for the pixels: pictures' names, crops, joints, weights of sets. */
void hr_train_set_hash(const hr_train_set *set, hr_sha256 *hash);

/* One example. Everything belongs to it and is freed by hr_example_free. */
typedef struct hr_example {
    float *input;       /* [h][w][4], as the network takes it, fourth channel 0 */
    float *targets;     /* [n_joints][heatmap h][heatmap w] */
    float *weights;     /* [n_joints]: target weights, LOSS.USE_DIFFERENT_JOINTS_WEIGHT applied */
    double *joints;     /* [n_joints][3]: in input pixels after augmentation, x, y, visibility */
    size_t set, person; /* which dataset (0: the first), which person of it */
    const char *image;  /* picture's name; owned by the set */
} hr_example;
void hr_example_free(hr_example *example);

typedef struct hr_batches hr_batches;

typedef struct hr_batches_options {
    uint64_t seed;
    int64_t epoch;
    size_t first;      /* example of the epoch to begin with: resuming */
    int batch;         /* examples of one batch, of this rank */
    int rank, n_ranks; /* of n_ranks * batch neighbouring examples, rank r gets [r * batch, (r + 1) * batch) */
    int workers;       /* threads, 1..64 */
    int shuffle;       /* TRAIN.SHUFFLE */
    int augment;       /* 0: the crop as in validation */
} hr_batches_options;

hrnet_status hr_batches_create(hr_batches **out, const hr_train_set *set, const hr_batches_options *options);

/* The next examples, [batch]; *n of them, 0 at the end of the epoch. The last batch of an epoch is smaller. All ranks
 * make the same number of batches; a rank's share of the last one may be smaller or, then *n is 0 and *is_end 0, empty.
 * A picture that cannot be read ends it with a message that names it. */
hrnet_status hr_batches_next(hr_batches *batches, hr_example *examples, int *n, int *is_end);

/* Seconds that hr_batches_next has waited for workers. */
double hr_batches_waited(const hr_batches *batches);
void hr_batches_free(hr_batches *batches);

#endif
