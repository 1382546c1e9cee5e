/*
 * train_set.h - the inside of hr_train_set: one part a dataset. train_set.c opens it and answers questions,
 * train_set_part.c reads a part and decides who is trained on, train_order.c says who comes when in an epoch.
 */
#ifndef HR_BATCHES_TRAIN_SET_H
#define HR_BATCHES_TRAIN_SET_H

#include "data/samples.h"
#include "batches/batch.h"

typedef struct hr_train_part {
    char where[32]; /* in the configuration, for messages: "DATASET", "DATASET.MORE_SETS[0]" */
    char *annotations_path, *images_path;
    hrnet_annotations *annotations; /* COCO's; keypoints of samples belong to it */
    hr_samples samples;             /* .list: the persons to train on */
    double weight;
    int *source; /* [n_joints]: which keypoint of this dataset is the joint; -1: none */
    size_t n_examples;
} hr_train_part;

struct hr_train_set {
    const hr_config *config;
    const hrnet_dataset_info *info;
    hr_train_part parts[1 + HR_MAX_SETS];
    int n_parts;
    size_t n_persons, n_examples;
};

/* What a part is made of. */
typedef struct hr_part_options {
    const hr_config *config;
    const char *root, *dataset, *set, *data_format, *exclude;
    const hr_train_set_files *files; /* annotations, images instead of where these say */
    const hr_set_config *more;       /* of a further set, else NULL */
    const hrnet_dataset_info *info;  /* of the joints; NULL: what this part's annotations say */
} hr_part_options;

/* Read the part; part->where and weight are set. *info: what this part's keypoints are. The part is freed by the caller
 * also on failure. */
hrnet_status hr_train_part_open(hr_train_part *part, const hr_part_options *options, const hrnet_dataset_info **info);
void hr_train_part_free(hr_train_part *part);

/* Joints of a person of a part, [n_joints][3]: x, y in pixels of the picture, visibility 0..1. */
void hr_train_part_joints(const hr_train_part *part, size_t person, int n_joints, double *joints);

/* Who is looked at in an epoch: *out [n_examples], each the person's number counted through all parts. To be freed with
 * hr_free. A set of weight w gives each of its persons floor(w) times, and some, others every epoch, once more. */
hrnet_status hr_train_order(uint32_t **out, const hr_train_set *set, uint64_t seed, int64_t epoch, int shuffle);

#endif
