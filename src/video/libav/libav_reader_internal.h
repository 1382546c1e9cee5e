/* libav_reader_internal.h - what a reader consists of, and its life: libav_reader_open.c opens, libav_reader.c reads.
 */
#ifndef HR_VIDEO_LIBAV_LIBAV_READER_INTERNAL_H
#define HR_VIDEO_LIBAV_LIBAV_READER_INTERNAL_H

#include "video/libav/libav_pixels.h"
#include "video/libav/libav_reader.h"
#include "video/libav/libav_source.h"

enum { HR_LIBAV_WARNING = 512 };

struct hr_video_reader {
    const hr_video_host *host;
    hr_libav_source source;
    int stream;            /* index of the video */
    AVCodecContext *codec; /* NULL: it is being opened again */
    const char *hardware;
    AVRational time_base;
    int64_t start;
    int64_t shift;    /* added to timestamps since it was opened again, in units of time_base */
    int must_shift;   /* 1: the next timestamp decides what shift is */
    int64_t last_pts; /* of the last frame, as handed out, if there was one */
    double last_at;   /* and when that was */
    int has_last;
    hr_libav_turn turn;
    double fps, duration;
    int64_t n_frames;
    AVRational pixel_aspect, grid;
    int is_bt709, n_audio;
    hr_libav_audio *audio;
    AVPacket *packet;
    AVFrame *frame; /* the current one */
    hr_libav_slot slots[HR_VIDEO_MOST_SLOTS];
    int n_slots;
    hr_libav_scaler scaler;
    int is_draining; /* 1: the source has ended, and the decoder hands out what it has kept back */
    uint64_t n_corrupt, n_reconnects;
    char warning[HR_LIBAV_WARNING];
};

/* Open source and decoder, for the first time or again. */
hrnet_status hr_libav_reader_open_stream(hr_video_reader *reader);
/* Harmless on a reader whose stream is closed. */
void hr_libav_reader_close_stream(hr_video_reader *reader);

#endif
