/* libav_palette.h - RGB frames to frames with a palette of their own, by FFmpeg's filters palettegen and paletteuse. */
#ifndef HR_VIDEO_LIBAV_LIBAV_PALETTE_H
#define HR_VIDEO_LIBAV_LIBAV_PALETTE_H

#include "video/libav/libav_internal.h"

typedef struct hr_libav_palette hr_libav_palette;

hrnet_status hr_libav_palette_create(hr_libav_palette **out, const hr_video_host *host, int width, int height,
                                     AVRational time_base);

/* Put in a frame (NULL: there are no more), and take out what is done: 0, AVERROR(EAGAIN), AVERROR_EOF, or an error. */
int hr_libav_palette_put(hr_libav_palette *palette, AVFrame *frame);
int hr_libav_palette_take(hr_libav_palette *palette, AVFrame *out);

/* NULL is allowed. */
void hr_libav_palette_free(hr_libav_palette *palette);

#endif
