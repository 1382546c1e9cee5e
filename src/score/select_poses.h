/*
 * select_poses.h - from the network's poses to the poses that are scored: upstream's COCODataset.evaluate up to the
 * results file. It rescores each pose, suppresses poses that were found twice, and writes the published files. It knows
 * neither the network nor where the boxes came from.
 */
#ifndef HR_SCORE_SELECT_POSES_H
#define HR_SCORE_SELECT_POSES_H

#include <stdio.h>

#include <hrnet_eval.h>

#include "data/samples.h"

typedef struct hr_select_options {
    const float *sigmas; /* [n_joints] */
    double oks_thre;     /* TEST.OKS_THRE, above 0: poses more similar than this are one person */
    double in_vis_thre;  /* TEST.IN_VIS_THRE: keypoints with a score above it count for the pose's score */
    int soft_nms;        /* TEST.SOFT_NMS: 1 lowers scores of similar poses instead of dropping them */
} hr_select_options;

/* Rescore and suppress. The score of a pose is
 *   (mean of its keypoints' scores above in_vis_thre) x (score of its box), 0 if no keypoint is above.
 * In each picture poses that resemble a better one (OKS > oks_thre) are dropped. Inputs: poses [samples->n][n_joints];
 * left_out [n_images], 1 for a picture that could not be read, whose samples are dropped. Outputs: scores [samples->n]
 * of all samples; kept [samples->n] receives the indices of the *n_kept samples that remain, pictures in the samples'
 * order, in each the best pose first. HRNET_ERR_MEMORY. */
hrnet_status hr_select_poses(const hr_samples *samples, const hrnet_keypoint *poses, const unsigned char *left_out,
                             const hr_select_options *options, double *scores, size_t *kept, size_t *n_kept);

/* Write the kept poses as upstream's results JSON, byte for byte as Python's json.dump(sort_keys=True, indent=4) does.
 * Failures to write stay on the stream (ferror). */
void hr_write_coco_results(FILE *stream, const hr_samples *samples, const hrnet_keypoint *poses, const double *scores,
                           const size_t *kept, size_t n_kept);

/* Write boxes as COCO's results JSON, a line each. Failures to write stay on the stream. */
void hr_write_box_results(FILE *stream, const hrnet_coco_results *results);

/* Write the poses of MPII in the layout of its annotations: center, scale and joints counted from 1 as in the file
 * that was read, and "scores" [16] beside "joints". */
void hr_write_mpii_poses(FILE *stream, const hr_samples *samples, const hrnet_keypoint *poses);

#endif
