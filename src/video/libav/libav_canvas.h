/*
 * libav_canvas.h - pixels of the library as frames for an encoder: converted to its format and colours, scaled to fit
 * if they are of another size, and with the last column and row repeated where the encoder wants even sizes.
 */
#ifndef HR_VIDEO_LIBAV_LIBAV_CANVAS_H
#define HR_VIDEO_LIBAV_LIBAV_CANVAS_H

#include "video/libav/libav_scaler.h"

typedef struct hr_libav_canvas {
    const hr_video_host *host;
    int width, height;           /* of the pictures */
    int full_width, full_height; /* of the frames, with what is repeated */
    enum AVPixelFormat format;   /* YUV420P or RGB24 */
    enum AVColorSpace colorspace;
    enum AVColorRange range;
    hr_libav_scaler scaler;
    AVFrame *frame;
} hr_libav_canvas;

/* Put pixels into canvas->frame, which is the canvas's until the next call; an encoder may keep a reference. is_scaled:
 * set to 1 if they were of another size, else 0. */
hrnet_status hr_libav_canvas_put(hr_libav_canvas *canvas, const hrnet_pixels *pixels, int *is_scaled);

void hr_libav_canvas_free(hr_libav_canvas *canvas);

#endif
