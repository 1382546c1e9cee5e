/*
 * target.h - the heatmaps that a network is trained towards. A codec is a pair: how joints become heatmaps, here, and
 * how they are found again, in pose/decode.h under the same name.
 */
#ifndef HR_BATCHES_TARGET_H
#define HR_BATCHES_TARGET_H

#include <hrnet.h>

#include "config/config.h"

/* Sizes of a network's input and of its heatmaps, and the Gaussian's sigma in cells. */
typedef struct hr_target_shape {
    int n_joints, input_width, input_height, width, height;
    int sigma;
} hr_target_shape;
hr_target_shape hr_target_shape_of(const hr_config *config);

typedef enum hr_codec { HR_CODEC_MSRA, HR_CODEC_DARK, HR_CODEC_UDP } hr_codec;
/* The codec of hr_codec_of's name. */
hr_codec hr_codec_find(const char *name);

/* From pixels of the picture to pixels of the input: hrnet_crop_matrix, for UDP hr_crop_matrix_udp. */
void hr_codec_matrix(hr_codec codec, const hrnet_crop *crop, const hr_target_shape *shape, double matrix[6]);

/* One of the three below. */
void hr_target_draw(hr_codec codec, const hr_target_shape *shape, const double *joints, float *maps, float *weights);

/*
 * Upstream's generate_target (MSRA): around the cell nearest to each joint a Gaussian patch of 6 sigma + 1 cells, cut
 * at the border, 1 at its centre. joints [n_joints][3]: x, y in input pixels, visibility. maps
 * [n_joints][height][width], zero where the joint is invisible or its patch lies outside; weights [n_joints], 0 there
 * and else the visibility.
 */
void hr_target_msra(const hr_target_shape *shape, const double *joints, float *maps, float *weights);

/* DarkPose's unbiased encoding: the Gaussian's centre is the joint itself, and it covers the whole map. */
void hr_target_dark(const hr_target_shape *shape, const double *joints, float *maps, float *weights);

/* UDP's (mmpose's UDP Gaussian heatmap): the centre is the joint itself, in a map whose outermost cells' centres are
 * those of the input's outermost pixels; the patch is that of the nearest cell. */
void hr_target_udp(const hr_target_shape *shape, const double *joints, float *maps, float *weights);

#endif
