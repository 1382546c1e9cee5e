/* libav_codec.h - which container and which encoder an ending stands for, and how the encoder is set up. */
#ifndef HR_VIDEO_LIBAV_LIBAV_CODEC_H
#define HR_VIDEO_LIBAV_LIBAV_CODEC_H

#include "video/libav/libav_internal.h"

typedef enum hr_libav_timing {
    HR_LIBAV_VARIABLE, /* any timestamps, in the units of the source */
    HR_LIBAV_CONSTANT, /* a frame every 1 / fps */
    HR_LIBAV_CENTI     /* units of 1/100 s */
} hr_libav_timing;

typedef struct hr_libav_container {
    const char *ending, *muxer;
    const char *encoders[3]; /* the first that FFmpeg has is taken */
    hr_libav_timing timing;
    int is_palette; /* 1: the encoder takes pictures with a palette, which filters make */
    int is_full;    /* 1: colours in full range */
} hr_libav_container;

/* The container of an ending: format if it is not NULL, else what stands behind the last point of path. NULL if there
 * is none; *known then lists all. */
const hr_libav_container *hr_libav_container_find(const char *path, const char *format, const char **known);

/* The encoder of a container, or NULL if FFmpeg has none of its encoders. */
const AVCodec *hr_libav_encoder_find(const hr_libav_container *container);

/* What a stream of video is to be. */
typedef struct hr_libav_plan {
    int width, height; /* as given; the codec's may be larger by one */
    AVRational rate, time_base, pixel_aspect;
    int quality, threads, is_bt709;
} hr_libav_plan;

/* An open encoder. with_header: the container keeps the codec's header by itself. Free it with avcodec_free_context. */
hrnet_status hr_libav_codec_open(AVCodecContext **out, const hr_video_host *host, const char *name,
                                 const hr_libav_container *container, const AVCodec *encoder, const hr_libav_plan *plan,
                                 int with_header);

#endif
