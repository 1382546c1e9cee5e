/* coco_match.h - which result found which person of one image: pycocotools' computeOks and the core of evaluateImg. */
#ifndef HR_SCORE_COCO_MATCH_H
#define HR_SCORE_COCO_MATCH_H

#include <hrnet_eval.h>

/* How far from a labelled keypoint another point is, as 0..1: exp(-d^2 / (2 area (2 sigma)^2)). */
double hr_keypoint_similarity(double dx, double dy, double sigma, double area);

/* OKS of keypoints [n][3] with a person. One without labelled keypoints is its box: a keypoint is as far as from the
 * box made twice as large on every side. */
double hr_coco_oks(const hrnet_annotation *person, const double *keypoints, const double *sigmas, int n);

/* The persons and the results of one image and category. */
typedef struct hr_coco_cell {
    size_t n_persons, n_results;
    const double *oks;            /* [n_results][n_persons]; results best first */
    const unsigned char *crowd;   /* [n_persons], 1: may be found more than once */
    const unsigned char *ignored; /* [n_persons], 1: whoever finds it is neither right nor wrong */
    const size_t *order;          /* [n_persons], those that are not ignored first */
} hr_coco_cell;

/* found[r], one a result: the person it found, or SIZE_MAX. Each result in turn takes the person it resembles most,
 * from OKS threshold on, that nobody took; one that counts goes before any that is ignored. taken [n_persons] is
 * scratch. */
void hr_coco_match_cell(const hr_coco_cell *cell, double threshold, unsigned char *taken, size_t *found);

#endif
