/*
 * affine.h - where a crop lies in its image. An affine map is a row-major 2x3 matrix of doubles:
 * x' = m[0] x + m[1] y + m[2], y' = m[3] x + m[4] y + m[5].
 */
#ifndef HR_POSE_AFFINE_H
#define HR_POSE_AFFINE_H

#include <hrnet.h>

/* hrnet_crop_from_box for boxes as annotation files have them: x, y, w, h. */
hrnet_crop hr_crop_from_box(const double box[4], double aspect);

/* The crop matrix of networks trained with unbiased data processing (UDP; Huang et al., CVPR 2020), from image pixels
 * to crop pixels: the box of scale * 200 pixels becomes the (width - 1) x (height - 1) grid between pixel centres,
 * width and height each with its own factor. A positive rotation turns the same way as in hrnet_crop_matrix. A box
 * without size gives zeros. inverse != 0: from crop to image. */
void hr_crop_matrix_udp(const hrnet_crop *crop, int width, int height, int inverse, double matrix[6]);

/* The inverse as cv2.warpAffine computes it. A singular map becomes all zeros. */
void hr_affine_invert(const double matrix[6], double inverse[6]);

#endif
