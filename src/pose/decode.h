/*
 * decode.h - heatmaps to keypoints without allocating: what a session calls with its own scratch. hrnet_decode_heatmaps
 * is the same for callers without scratch.
 */
#ifndef HR_POSE_DECODE_H
#define HR_POSE_DECODE_H

#include <hrnet.h>

/* sigma of the training target in cells: above 0, at most this. */
#define HR_MAX_SIGMA 20.0f

/* Floats of scratch that hr_decode_pose needs for one person; 0 for ARGMAX and SHIFT. */
size_t hr_decode_scratch(hrnet_decoder decoder, float sigma, int height, int width);

/* One person: heatmaps [n_joints][height][width], keypoints [n_joints] in pixels of the image that crop refers to.
 * decoder is not AUTO. UDP takes the crop for an unbiased one (hr_crop_matrix_udp); the others for the published one.
 * A map without a positive value gives its cell (0, 0) and its maximum, as upstream does. */
void hr_decode_pose(const float *heatmaps, int n_joints, int height, int width, const hrnet_crop *crop,
                    hrnet_decoder decoder, float sigma, float *scratch, hrnet_keypoint *keypoints);

/* Refine the peak at cell (x, y) of one map by a Taylor step on the logarithm of the smoothed map; see taylor.c. */
void hr_refine_dark(const float *map, int height, int width, float sigma, float *scratch, float *x, float *y);
void hr_refine_udp(const float *map, int height, int width, float sigma, float *scratch, float *x, float *y);

#endif
