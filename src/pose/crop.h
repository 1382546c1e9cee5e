/*
 * crop.h - cutting a crop out of an image, row by row, so that several threads may share one crop. The map is fixed
 * when the warp is made; rows then depend on nothing else, and sampling them neither allocates nor fails.
 */
#ifndef HR_POSE_CROP_H
#define HR_POSE_CROP_H

#include "pose/pixels.h"

typedef struct hr_warp {
    hrnet_pixels pixels; /* as hr_pixels_check gives them */
    int width, height;   /* of the crop */
    hrnet_sampler sampler;
    int mirrored;       /* set it after hr_warp_init: the image is looked at in a mirror, columns from right to left */
    double to_image[6]; /* crop pixels to image pixels */
} hr_warp;

/* to_crop: image pixels to crop pixels, as hrnet_crop_matrix gives them. The pixels, not the struct that describes
 * them, must outlive the warp. A matrix of any content, NaN included, is harmless: what falls outside the image is
 * black. Fails as hr_pixels_check does and in no other way; the warp is then of no use. */
hrnet_status hr_warp_init(hr_warp *warp, const hrnet_pixels *pixels, const double to_crop[6], int width, int height,
                          hrnet_sampler sampler);

/* Rows [y0, y1) of the crop into rgb [y1 - y0][width][3]. */
void hr_warp_rows(const hr_warp *warp, int y0, int y1, uint8_t *rgb);

/* What each pixel value becomes in the network's input: (value / 255 - mean) / std, in float32 and in that order. */
typedef struct hr_pixel_table {
    float value[3][256]; /* [channel of the network][pixel] */
    int source[3];       /* the channel of an RGB pixel that each channel of the network sees */
} hr_pixel_table;

/* mean, std: in the network's channel order. color_rgb 0: the network sees BGR. */
void hr_pixel_table_init(hr_pixel_table *table, const float mean[3], const float std[3], int color_rgb);

/* Rows [y0, y1) as network input into out [y1 - y0][width][ld], ld >= 3 floats a pixel; the others stay as they are. */
void hr_warp_rows_input(const hr_warp *warp, const hr_pixel_table *table, int y0, int y1, float *out, ptrdiff_t ld);

#endif
