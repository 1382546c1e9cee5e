/*
 * picture_check.h - a look at a dataset before work begins: whether its pictures are there and its labels can be meant.
 * It takes seconds for 100,000 pictures: every name is looked up, a sample of the pictures is decoded.
 */
#ifndef HR_DATA_PICTURE_CHECK_H
#define HR_DATA_PICTURE_CHECK_H

#include "data/samples.h"

/* What was found of the pictures that samples name. */
typedef struct hr_picture_check {
    size_t n, n_decoded;        /* pictures that samples name; those of them that were decoded */
    size_t n_missing, n_broken; /* not there; there, but cannot be read */
    unsigned char *bad;         /* [n_images] 1: missing or broken; freed with hr_free */
    char first[400];            /* why, for the first of them: "c.jpg, d.jpg and 3 more" or a decoder's message */
} hr_picture_check;

/* Look up the pictures of samples in the folder or archive `place`. Failures are those of the look-up itself
 * (HRNET_ERR_IO: no such folder): bad pictures are counted. */
hrnet_status hr_pictures_check(hr_picture_check *out, const hr_samples *samples, const char *place);

/* HRNET_OK if no picture is bad, or skip_broken is set and some are good. Else HRNET_ERR_IO (missing) or
 * HRNET_ERR_FORMAT (broken), with the counts and the first names. */
hrnet_status hr_pictures_judge(const hr_picture_check *check, const char *place, int skip_broken);

/* Refuse annotations that cannot be meant: no keypoint of anybody is labelled, or all coordinates or all boxes lie
 * between 0 and 1, as parts of the picture's size. HRNET_ERR_FORMAT; the message begins with path. with_keypoints 0:
 * only boxes are looked at. */
hrnet_status hr_labels_check(const hrnet_annotations *annotations, const char *path, int with_keypoints);

#endif
