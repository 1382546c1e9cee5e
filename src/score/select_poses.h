/*
 * select_poses.h - from the network's poses to what is scored: scores of persons, suppression of poses that are found
 * twice, and the published results file. It knows neither the network nor where boxes came from.
 */
#ifndef HR_SCORE_SELECT_POSES_H
#define HR_SCORE_SELECT_POSES_H

#include <stdio.h>

#include <hrnet_eval.h>

#include "data/samples.h"

typedef struct hr_evaluate_options {
    const float *sigmas; /* [n_joints] */
    double oks_thre;     /* OKS_THRE; above 0 */
    double in_vis_thre;  /* IN_VIS_THRE */
    int soft_nms;        /* SOFT_NMS */
} hr_evaluate_options;

/* Score each pose (the mean of its keypoint scores above IN_VIS_THRE, times the score of its box), suppress what
 * resembles a better pose of the same picture, and list the rest as upstream's evaluate does: pictures in the samples'
 * order, best pose first.
 * poses [samples->n][n_joints]; left_out [n_images], 1 for a picture that could not be read. kept [samples->n]
 * receives indices of samples, scores [samples->n] what their scores became. */
hrnet_status hr_evaluate(const hr_samples *samples, const hrnet_keypoint *poses, const unsigned char *left_out,
                         const hr_evaluate_options *options, double *scores, size_t *kept, size_t *n_kept);

/* The kept poses as upstream's results JSON, byte for byte what Python's json.dump(sort_keys, indent=4) makes of them.
 */
void hr_evaluate_write_coco(FILE *stream, const hr_samples *samples, const hrnet_keypoint *poses, const double *scores,
                            const size_t *kept, size_t n_kept);

/* The poses of MPII in the layout of its annotations, joints counted from 1, with "scores" [16] beside "joints". */
void hr_evaluate_write_mpii(FILE *stream, const hr_samples *samples, const hrnet_keypoint *poses);

/* OKS of a pose to a truth with labelled keypoints; sigmas [n_joints]. */
double hr_evaluate_oks(const hr_truth *truth, const hrnet_keypoint *pose, const float *sigmas, int n_joints);

#endif
