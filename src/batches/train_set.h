/*
 * train_set.h - the inside of hr_train_set: one part for each dataset, DATASET and each of DATASET.MORE_SETS.
 * train_set.c opens the set and orders the examples of an epoch; train_set_part.c reads one part, train_set_boxes.c
 * what it has for a detector, whose samples are pictures.
 *
 * Persons are numbered through all parts: with parts of 100 and 40 persons, person 120 is the second part's number 20.
 * An epoch has round(weight x persons) examples of each part.
 */
#ifndef HR_BATCHES_TRAIN_SET_H
#define HR_BATCHES_TRAIN_SET_H

#include <pthread.h>

#include "base/text.h"
#include "batches/batch.h"
#include "data/samples.h"

typedef struct hr_train_part {
    char where[32]; /* its section of the configuration, for messages: "DATASET", "DATASET.MORE_SETS[0]" */
    char *annotations_path, *images_path;
    hrnet_annotations *annotations; /* of COCO, which own the keypoints of samples; NULL: MPII */
    hr_samples samples;             /* list: the persons, or a detector's pictures, that are trained on */
    hrnet_box *boxes;               /* a detector's: of picture i [first_box[i], first_box[i + 1]), in its pixels */
    unsigned char *is_crowd;        /* of each box */
    size_t *first_box;              /* [samples.n_images + 1] */
    double weight;                  /* examples of an epoch for each person */
    unsigned char *bad; /* [samples.n_images] 1: the picture cannot be read (skip_broken); guarded by broken.lock */
    int *source;        /* [n_joints]: the keypoint of this dataset that is joint j of the network; -1: it has none */
    size_t n_examples;
} hr_train_part;

/* Pictures that workers cannot read, for the thread that tells of them. */
typedef struct hr_broken_pictures {
    pthread_mutex_t lock;
    hr_text lines; /* of those not told yet */
    size_t n;      /* all of them */
} hr_broken_pictures;

struct hr_train_set {
    const hr_config *config;
    const hrnet_dataset_info *info; /* of the network's joints: the caller's, or the first part's */
    int detects;                    /* 1: for a detector */
    hr_train_part parts[1 + HR_MAX_SETS];
    int n_parts;
    size_t n_persons, n_examples; /* of all parts */
    int skip_broken;
    hr_broken_pictures *broken;
};

/* Whether a picture is known to be unreadable; note that it is, with the reason that hrnet_last_error gives. */
int hr_train_set_is_bad(const hr_train_set *set, const hr_train_part *part, size_t image);
void hr_train_set_note_bad(const hr_train_set *set, const hr_train_part *part, size_t image);

/* What a part is read from. */
typedef struct hr_part_options {
    const hr_config *config;
    const char *root, *dataset, *set, *data_format, *exclude; /* the keys of its section */
    const hr_train_set_files *files;                          /* overrides of paths, and where messages go */
    const hr_set_config *more;                                /* of a further set; NULL: the first one */
    const hrnet_dataset_info *info;                           /* of the joints; NULL: this part's own */
} hr_part_options;

/* Read a part: annotations, mapping of keypoints to joints, choice of persons. part->where and part->weight are set by
 * the caller. *info: this part's own keypoints. The caller frees the part, also on failure. */
hrnet_status hr_train_part_open(hr_train_part *part, const hr_part_options *options, const hrnet_dataset_info **info);
void hr_train_part_free(hr_train_part *part);

/* For a detector: a sample for every picture, with or without persons, and the boxes of the annotations. */
hrnet_status hr_train_part_boxes(hr_train_part *part);
/* Append ": 900 pictures, 3000 boxes, 40 crowds that are ignored, 12 pictures without anybody". */
void hr_train_part_count_boxes(const hr_train_part *part, hr_text *line);

/* Joints of a person of a part, [n_joints][3]: x, y in pixels of the picture, visibility 0..1 (1: labelled, be it
 * visible or hidden); zeros for joints that the part does not have. */
void hr_train_part_joints(const hr_train_part *part, size_t person, int n_joints, double *joints);

/* The order of an epoch: *out [n_examples] are numbers of persons; release it with hr_free. A part of weight w gives
 * each of its persons floor(w) times, and a random choice of them, another one every epoch, once more. The order is a
 * function of (seed, epoch). shuffle 0: parts and persons one after the other. */
hrnet_status hr_epoch_order(uint32_t **out, const hr_train_set *set, uint64_t seed, int64_t epoch, int shuffle);

#endif
