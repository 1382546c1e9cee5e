/*
 * target.h - target heatmaps: what a network is trained towards. A "codec" is a pair of an encoding, here, and the
 * decoding that fits it, in pose/decode.h under the same name.
 *
 *   codec  centre of the Gaussian           extent         map cell x is at input pixel   reference
 *   MSRA   the cell nearest to the joint    6 sigma + 1    x * input / map                upstream's generate_target
 *   DARK   the joint itself                 whole map      x * input / map                DarkPose
 *   UDP    the joint itself                 6 sigma + 1    x * (input - 1) / (map - 1)    mmpose's UDP
 *
 * The value at distance d cells from the centre is exp(-d^2 / (2 sigma^2)).
 */
#ifndef HR_BATCHES_TARGET_H
#define HR_BATCHES_TARGET_H

#include <hrnet.h>

#include "config/config.h"

/* Sizes in pixels of a network's input and in cells of its heatmaps; the Gaussian's sigma in cells. */
typedef struct hr_target_shape {
    int n_joints, input_width, input_height, width, height;
    int sigma;
} hr_target_shape;
hr_target_shape hr_target_shape_of(const hr_config *config);

typedef enum hr_codec { HR_CODEC_MSRA, HR_CODEC_DARK, HR_CODEC_UDP } hr_codec;
/* The codec of a name as hr_codec_of gives it: "dark", "udp", else MSRA. */
hr_codec hr_codec_find(const char *name);

/* The affine matrix (row by row, 2 x 3) from pixels of the picture to pixels of the input: hrnet_crop_matrix, for UDP
 * hr_crop_matrix_udp. */
void hr_codec_matrix(hr_codec codec, const hrnet_crop *crop, const hr_target_shape *shape, double matrix[6]);

/* Draw the targets of one example with one of the three functions below.
 * joints [n_joints][3]: x, y in pixels of the input, visibility 0..1.
 * maps [n_joints][height][width]: overwritten; all zero for a joint that is invisible or outside.
 * weights [n_joints]: overwritten; 0 for a joint whose Gaussian lies outside the map, else its visibility. */
void hr_target_draw(hr_codec codec, const hr_target_shape *shape, const double *joints, float *maps, float *weights);

/* MSRA: a patch of 6 sigma + 1 cells, cut at the border, exactly 1 in its centre cell. */
void hr_target_msra(const hr_target_shape *shape, const double *joints, float *maps, float *weights);

/* DARK: unquantised, over the whole map. */
void hr_target_dark(const hr_target_shape *shape, const double *joints, float *maps, float *weights);

/* UDP: unquantised, in the patch around the nearest cell. */
void hr_target_udp(const hr_target_shape *shape, const double *joints, float *maps, float *weights);

#endif
