/*
 * box_score.h - the score of boxes from memory: what hrnet_box_evaluate does with annotations, for callers that have
 * boxes and no files, as the validation of a detector in training.
 *
 * Pictures and categories are numbers from 0. The number of a picture is its place in the order that decides ties of
 * score, which for pycocotools is that of the image ids (hr_annotations_image_rank).
 */
#ifndef HR_SCORE_BOX_SCORE_H
#define HR_SCORE_BOX_SCORE_H

#include <hrnet_eval.h>

#include "base/status.h"

/* A box that is to be found. */
typedef struct hr_true_box {
    size_t picture, category;
    double box[4]; /* x, y, width, height in px */
    double area;   /* px^2, of the segment if there is one: decides whether the box is small, medium or large */
    int is_crowd;  /* 1: a region with many objects: results in it are ignored */
} hr_true_box;

/* A box that a detector found. */
typedef struct hr_found_box {
    size_t picture, category;
    double box[4];
    double score; /* any number but NaN */
} hr_found_box;

/* Fill numbers, precision, recall, n_categories, n_boxes, n_ignored and n_results of *out; the rest is 0. Found boxes
 * may be in any order; of equal scores in one picture the earlier one comes first. Categories: 0..n_categories-1, those
 * without true boxes do not count. HRNET_ERR_ARGUMENT: a category out of range, or a score that is NaN;
 * HRNET_ERR_MEMORY. On failure *out is untouched. */
hrnet_status hr_box_score(hrnet_box_score *out, const hr_true_box *truths, size_t n_truths, const hr_found_box *found,
                          size_t n_found, size_t n_categories);

#endif
