/*
 * samples.h - the persons that a validation pass or a training run looks at: pictures, a crop for every person, and the
 * labelled keypoints. coco_set.c and mpii_set.c make samples from annotations and detections; no picture is opened.
 *
 * A "sample" is one person to find: the crop that the network gets. A "truth" is one person with labelled keypoints.
 * With ground-truth boxes each sample is the crop of its own truth; with a detector's boxes a picture may have three
 * samples and two truths, and only scoring decides which belong together.
 *
 * Invariant after hr_coco_set_* and hr_mpii_set_parse: samples of one picture follow each other in `list` (COCO), or
 * are in the file's order, where equal names that follow each other are one picture (MPII).
 */
#ifndef HR_DATA_SAMPLES_H
#define HR_DATA_SAMPLES_H

#include <hrnet_data.h>

#include "base/status.h"
#include "base/text.h"

/* One person to find. */
typedef struct hr_sample {
    size_t image;            /* index of its picture in hr_samples.images */
    hrnet_crop crop;         /* center and scale of upstream's db record */
    double score;            /* of the box, 0..1; 1 for ground truth */
    int64_t category;        /* COCO's category id; 1 for MPII */
    const double *keypoints; /* [n_joints][3] of the person whose labelled box it is; NULL: a detector's box, or MPII's
                                test set */
    int64_t id;              /* of the annotation; for MPII the entry's number from 0; -1: a detector's box */
} hr_sample;

/* One person with labelled keypoints. */
typedef struct hr_truth {
    size_t image;            /* index of its picture */
    size_t sample;           /* index of its own sample; SIZE_MAX: any sample of the picture may have found it (COCO) */
    double area;             /* px^2, for OKS */
    const double *keypoints; /* [n_joints][3]: x, y in pixels counted from 0, visibility (0: not labelled) */
} hr_truth;

typedef struct hr_sample_image {
    const char *name; /* relative to the folder (or archive) of pictures */
    int64_t id;       /* COCO's image id; for MPII the picture's number from 0 */
} hr_sample_image;

/* Persons of the annotations that are no samples, by the first reason that holds. */
typedef struct hr_sample_counts {
    size_t n_crowds, n_unlabelled; /* without a labelled keypoint */
    size_t n_no_box;               /* with a box of no area, which their keypoints could not give either */
    size_t n_outside;              /* with a box outside of the picture */
} hr_sample_counts;

typedef struct hr_samples {
    int n_joints;
    size_t n_images, n, n_truths;
    hr_sample_image *images; /* [n_images] */
    hr_sample *list;         /* [n] */
    hr_truth *truths;        /* [n_truths] */
    char **names;            /* [n_names], the names of images that are owned here; others belong to the annotations */
    size_t n_names;
    double *keypoints;         /* the truths' keypoints if they are owned here (MPII), else NULL */
    hr_sample_counts left_out; /* COCO's ground truth */
} hr_samples;

/* The order of pictures after hr_samples_group: that of `images` (hr_coco_set_truth: upstream walks over image ids), or
 * that in which samples first name them (hr_coco_set_detections: upstream walks over the boxes). */
typedef enum hr_picture_order { HR_ORDER_OF_IMAGES, HR_ORDER_OF_SAMPLES } hr_picture_order;

/* Sort the samples so that those of one picture follow each other, in the order they had. On failure
 * (HRNET_ERR_MEMORY) nothing has changed. */
hrnet_status hr_samples_group(hr_samples *samples, hr_picture_order order);

/* Release what the samples own. Accepts zeroed samples. */
void hr_samples_free(hr_samples *samples);

/* ------------------------------------------------------------------------------------------------ COCO */

/* Samples from ground-truth boxes, clipped to the picture and filtered as upstream's
 * _load_coco_person_keypoint_annotation_kernal does: no crowds, no boxes without area, nobody without a labelled
 * keypoint. The box of a picture of unknown size is clipped at 0 only. aspect: width / height of the network's input,
 * to which boxes are extended. The annotations must outlive the samples. */
hrnet_status hr_coco_set_truth(hr_samples *out, const hrnet_annotations *annotations, double aspect);

/* A sample for every picture of the annotations, whoever is in it: what a detector looks at. Its crop is not set. The
 * annotations must outlive the samples. */
hrnet_status hr_coco_set_pictures(hr_samples *out, const hrnet_annotations *annotations);

/* Append "; 2 are crowds; ...": a part for each reason for which persons were left out. */
void hr_add_sample_counts(hr_text *text, const hr_sample_counts *counts);

/* Samples from a detector's boxes [n] with a score of at least image_thre, not clipped
 * (_load_coco_person_detection_results). A box belongs to the picture of its name (hrnet_detections_match) or id, and
 * keeps its category if that is one of the annotations'. A box of a picture that the annotations do not list is left
 * out and counted in *n_unknown; HRNET_ERR_MISMATCH if that holds for all of them. Messages do not name the detections'
 * file. The annotations must outlive the samples; the detections need not. */
hrnet_status hr_coco_set_detections(hr_samples *out, const hrnet_annotations *annotations,
                                    const hrnet_detection *detections, size_t n, double image_thre, double aspect,
                                    size_t *n_unknown);

/* Append the sample of one detected box of a picture, as hr_coco_set_detections makes it. samples->list has memory for
 * *capacity samples and grows. A box that gives no crop (without area, or beyond what a float holds) is left out. */
hrnet_status hr_samples_add_box(hr_samples *samples, size_t *capacity, size_t image, const hrnet_box *box, double score,
                                int64_t category, double aspect);

/* The category of results whose boxes do not tell: that of the first annotation, or COCO's "person" if there are none
 * (a test set). */
int64_t hr_coco_box_category(const hrnet_annotations *annotations);

/* ------------------------------------------------------------------------------------------------ MPII */

/* Samples from upstream's annot/<set>.json: a list of {"image", "center": [2], "scale", "joints": [16][2],
 * "joints_vis": [16]}; the last two may be missing in all entries (a test set). Center c and scale s become those of
 * upstream's _get_db: c_y + 15 s, 1.25 s, then pixels counted from 0. Samples keep the file's order. HRNET_ERR_FORMAT
 * names the entry, not the file. */
hrnet_status hr_mpii_set_parse(hr_samples *out, const void *bytes, size_t n_bytes);

#endif
