/* libav_scaler.h - conversion of pixels between formats, sizes, matrices and ranges, by FFmpeg's libswscale. */
#ifndef HR_VIDEO_LIBAV_LIBAV_SCALER_H
#define HR_VIDEO_LIBAV_LIBAV_SCALER_H

#include "video/libav/libav_internal.h"

struct SwsContext;

/* One side of a conversion. */
typedef struct hr_libav_side {
    int width, height;
    enum AVPixelFormat format;
    enum AVColorSpace matrix;
    int is_full; /* 1: full range */
} hr_libav_side;

/* Zeroed: nothing has been converted. Keeps what it prepared for the next conversion of the same kind. */
typedef struct hr_libav_scaler {
    hr_libav_side from, to;
    struct SwsContext *context;
} hr_libav_scaler;

/* Convert a picture: to the nearest colour (8-bit video to RGB: within 2 of it) where sizes are equal, bicubic where
 * they are not. Planes and strides are FFmpeg's, four each. FFmpeg's old names for full range (YUVJ420P) count as full.
 */
hrnet_status hr_libav_scale(hr_libav_scaler *scaler, const hr_video_host *host, hr_libav_side from,
                            const uint8_t *const *from_planes, const int *from_strides, hr_libav_side to,
                            uint8_t *const *to_planes, const int *to_strides);

/* BT.601 is what hrnet_pixels means, and what is assumed where a file does not say. */
int hr_libav_is_bt601(enum AVColorSpace matrix);

void hr_libav_scaler_free(hr_libav_scaler *scaler);

#endif
