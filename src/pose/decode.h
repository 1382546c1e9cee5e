/*
 * decode.h - from heatmaps to keypoints, for callers with scratch memory of their own (a session): the average of a
 * picture's heatmaps with those of its mirror image, and decoding. Nothing here allocates. hrnet_decode_heatmaps of
 * <hrnet.h> allocates the scratch itself.
 */
#ifndef HR_POSE_DECODE_H
#define HR_POSE_DECODE_H

#include <hrnet.h>

/* The flip test: maps = (maps + back(mirrored)) / 2, where maps and mirrored are [n_joints][height][width], the outputs
 * for a picture and for its mirror image. back, upstream's flip_back, reverses each row and exchanges the maps of
 * flip_pairs [n_pairs][2] (left and right). shift != 0 (SHIFT_HEATMAP): the reversed rows are then moved one
 * cell to the right, where their first cell stays as it is; upstream finds that this aligns the two better. */
void hr_flip_average(float *maps, const float *mirrored, int n_joints, int height, int width,
                     const int (*flip_pairs)[2], int n_pairs, int shift);

/* The largest standard deviation of a training target's Gaussian, in cells. */
#define HR_MAX_SIGMA 20.0f

/* Floats of scratch that hr_decode_pose needs; 0 for ARGMAX and SHIFT. sigma: above 0, at most HR_MAX_SIGMA. */
size_t hr_decode_scratch(hrnet_decoder decoder, float sigma, int height, int width);

/* Decode one person: heatmaps [n_joints][height][width] to keypoints [n_joints] in pixels of the image that crop refers
 * to; a keypoint's score is the maximum of its map. decoder must not be AUTO; with UDP the crop is one of
 * hr_crop_matrix_udp, else one of hrnet_crop_matrix. sigma is that of the training target in cells; DARK and UDP use
 * it. A map without a positive value gives its cell (0, 0), as upstream does. */
void hr_decode_pose(const float *heatmaps, int n_joints, int height, int width, const hrnet_crop *crop,
                    hrnet_decoder decoder, float sigma, float *scratch, hrnet_keypoint *keypoints);

/* Move the peak of one map from the cell (*x, *y), its maximum, to a position between cells: a Taylor step on the
 * logarithm of the smoothed map (taylor.c). scratch: hr_decode_scratch floats. */
void hr_refine_dark(const float *map, int height, int width, float sigma, float *scratch, float *x, float *y);
void hr_refine_udp(const float *map, int height, int width, float sigma, float *scratch, float *x, float *y);

#endif
