/*
 * samples.h - what a validation pass looks at: pictures, persons with the crops that the network gets of them, and
 * what is known to be true. coco_set.c and mpii_set.c make it from files; neither opens a picture.
 */
#ifndef HR_DATA_SAMPLES_H
#define HR_DATA_SAMPLES_H

#include "base/status.h"

/* One person to find. */
typedef struct hr_sample {
    size_t image;    /* index of its picture */
    hrnet_crop crop; /* center and scale as upstream's db record has them */
    double score;    /* of the box; 1 for ground truth */
    int64_t category;
    const double *keypoints; /* [n_joints][3] of the person whose labelled box it is; NULL: a detector's box */
    int64_t id;              /* of the annotation; of MPII's entries their number from 0; -1: a detector's box */
} hr_sample;

/* One person with labelled keypoints. */
typedef struct hr_truth {
    size_t image;
    size_t sample;           /* its own sample, or SIZE_MAX: whichever sample of the picture resembles it most */
    double area;             /* px^2, for OKS */
    const double *keypoints; /* [n_joints][3]: x, y in pixels counted from 0, visibility (0: not labelled) */
} hr_truth;

typedef struct hr_sample_image {
    const char *name; /* below the folder of pictures */
    int64_t id;
} hr_sample_image;

typedef struct hr_samples {
    int n_joints;
    size_t n_images, n, n_truths;
    hr_sample_image *images;
    hr_sample *list; /* samples of one picture stand together */
    hr_truth *truths;
    char **names; /* [n_names], names of images that are owned here */
    size_t n_names;
    double *keypoints; /* of truths, where they are owned here; else NULL */
} hr_samples;

/* In which order pictures come: that of `images`, or that in which samples first name them. */
typedef enum hr_picture_order { HR_ORDER_OF_IMAGES, HR_ORDER_OF_SAMPLES } hr_picture_order;

/* Bring samples of one picture together; samples of a picture keep the order they have. */
hrnet_status hr_samples_group(hr_samples *samples, hr_picture_order order);
/* Harmless on zeroed samples. */
void hr_samples_free(hr_samples *samples);

#endif
