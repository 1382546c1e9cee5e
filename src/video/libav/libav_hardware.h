/* libav_hardware.h - decoding on a device, where FFmpeg has one for the codec. */
#ifndef HR_VIDEO_LIBAV_LIBAV_HARDWARE_H
#define HR_VIDEO_LIBAV_LIBAV_HARDWARE_H

#include "video/libav/libav_internal.h"

/* Give a codec context that is not open yet a device: kind "auto" is the first that can be opened, and none if there is
 * none; any other name is that kind, HRNET_ERR_UNSUPPORTED ("NAME: ...") if it cannot be had. *out: its name, static,
 * or NULL. */
hrnet_status hr_libav_hardware_begin(AVCodecContext *codec, const hr_video_host *host, const char *kind,
                                     const char *name, const char **out);

/* Move a frame from its device into memory; others stay as they are. 0, or an error of FFmpeg's. */
int hr_libav_hardware_fetch(AVFrame *frame);

#endif
