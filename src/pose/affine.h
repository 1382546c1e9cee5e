/*
 * affine.h - the geometry of crops: from a bounding box to a hrnet_crop (center, scale, rotation), and from a crop to
 * the affine map between image pixels and crop pixels. A map is a row-major 2x3 matrix of doubles:
 *
 *   x' = m[0] x + m[1] y + m[2]
 *   y' = m[3] x + m[4] y + m[5]
 *
 * Pixels have integer coordinates at their centres. hrnet_crop_from_box and hrnet_crop_matrix of <hrnet.h> are defined
 * in affine.c.
 */
#ifndef HR_POSE_AFFINE_H
#define HR_POSE_AFFINE_H

#include <hrnet.h>

/* hrnet_crop_from_box for boxes {x, y, w, h} in double, as annotation files have them. aspect: width / height. */
hrnet_crop hr_crop_from_box(const double box[4], double aspect);

/* hrnet_crop_matrix for networks trained with unbiased data processing (UDP; Huang et al., CVPR 2020): a map from image
 * pixels to pixels of a crop of width x height, or back with inverse != 0. The box, scale * 200 pixels, is mapped to
 * the distance between the centres of the first and last pixels, (width - 1) x (height - 1); width and height are
 * scaled separately. A positive rotation has the same direction as in hrnet_crop_matrix. All zeros for a box without
 * size. */
void hr_crop_matrix_udp(const hrnet_crop *crop, int width, int height, int inverse, double matrix[6]);

/* Invert a map with the arithmetic of cv2.warpAffine. A singular map gives all zeros. matrix and inverse may be the
 * same array. */
void hr_affine_invert(const double matrix[6], double inverse[6]);

#endif
