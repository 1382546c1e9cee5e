/*
 * libav_audio.h - packets of audio on their way from a reader to a writer, which may run on another thread: a queue
 * with a lock and two owners. The reader puts in what it meets between the packets of video; the writer takes out what
 * belongs before its next frame. Beyond 64 MiB packets are dropped and counted, so that a reader whose audio nobody
 * takes costs no more.
 */
#ifndef HR_VIDEO_LIBAV_LIBAV_AUDIO_H
#define HR_VIDEO_LIBAV_LIBAV_AUDIO_H

#include <pthread.h>

#include "video/libav/libav_internal.h"

enum { HR_LIBAV_MOST_AUDIO = 16 }; /* streams that are carried over */

typedef struct hr_libav_audio_stream {
    int index; /* in the source's file */
    AVRational time_base;
    AVCodecParameters *parameters;
} hr_libav_audio_stream;

typedef struct hr_libav_audio_packet hr_libav_audio_packet;

typedef struct hr_libav_audio {
    const hr_video_host *host;
    int n_streams;
    hr_libav_audio_stream streams[HR_LIBAV_MOST_AUDIO]; /* immutable once it is made */
    pthread_mutex_t lock;                               /* of all below */
    hr_libav_audio_packet *first, *last;
    size_t n_bytes;
    uint64_t n_lost;
    int64_t until;   /* microseconds where the wanted part of the source ends; INT64_MAX: it has no end */
    int is_complete; /* 1: the reader will put in nothing more */
    int n_owners;
} hr_libav_audio;

/* A queue for all streams of audio in a file, with one owner. *out is NULL if there are none. */
hrnet_status hr_libav_audio_create(hr_libav_audio **out, const hr_video_host *host, const AVFormatContext *format);

/* Another owner. Returns audio, which may be NULL. */
hr_libav_audio *hr_libav_audio_share(hr_libav_audio *audio);
/* One owner less, the last of whom frees it. NULL is allowed. */
void hr_libav_audio_release(hr_libav_audio *audio);

/* Put in a packet whose times are in units of the stream's time base; stream counts those of the queue. The packet is
 * empty afterwards. */
void hr_libav_audio_put(hr_libav_audio *audio, int stream, AVPacket *packet);
/* Drop what is in it: the reader begins anew. */
void hr_libav_audio_clear(hr_libav_audio *audio);
/* Nothing more will come, and nothing is wanted from `until` (microseconds) on. */
void hr_libav_audio_complete(hr_libav_audio *audio, int64_t until);

/* Take the next packet, if it begins before `before` (microseconds) and the end of what is wanted: its stream, or -1.
 */
int hr_libav_audio_take(hr_libav_audio *audio, int64_t before, AVPacket *out);

/* Whether the reader is through, and packets that were dropped. */
int hr_libav_audio_is_complete(hr_libav_audio *audio);
uint64_t hr_libav_audio_n_lost(hr_libav_audio *audio);

#endif
