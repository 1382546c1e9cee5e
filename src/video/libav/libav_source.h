/*
 * libav_source.h - where packets come from: a file, standard input or a pipe, a sequence of pictures, a camera, a
 * stream, or FFmpeg's filters; opened with what each kind needs, and watched for cancelling and time-outs.
 */
#ifndef HR_VIDEO_LIBAV_LIBAV_SOURCE_H
#define HR_VIDEO_LIBAV_LIBAV_SOURCE_H

#include "video/libav/libav_internal.h"

typedef enum hr_libav_kind {
    HR_LIBAV_FILE,
    HR_LIBAV_PIPE,     /* standard input, a FIFO, any device but a camera */
    HR_LIBAV_PICTURES, /* "frames/%04d.png" */
    HR_LIBAV_FOLDER,   /* of pictures */
    HR_LIBAV_CAMERA,
    HR_LIBAV_STREAM, /* an address */
    HR_LIBAV_FILTERS /* "lavfi:..." */
} hr_libav_kind;

/* Looks on while FFmpeg waits. */
typedef struct hr_libav_watch {
    hrnet_cancel_fn *cancelled;
    void *context;
    double timeout;  /* seconds; 0: none */
    double deadline; /* of the clock that never goes back; 0: none */
    int is_cancelled, is_timed_out;
} hr_libav_watch;

typedef struct hr_libav_source {
    const hr_video_host *host;
    const char *path, *name; /* as given, and for messages; not owned */
    const hrnet_video_options *options;
    hr_libav_kind kind;
    int is_live;
    hr_libav_watch watch;
    AVFormatContext *format; /* NULL: closed */
    AVIOContext *io;         /* of a pipe, which this module reads itself */
    int fd;                  /* the same, if io is there */
} hr_libav_source;

/* Prepare a source, which must stay where it is: the kind of path, and the watch. Nothing is opened. */
hrnet_status hr_libav_source_begin(hr_libav_source *source, const hr_video_host *host, const char *path,
                                   const hrnet_video_options *options);

/* Open it and find out what streams it has. */
hrnet_status hr_libav_source_open(hr_libav_source *source);

/* The next packet: 0, or an error of FFmpeg's. Waits no longer than the watch allows, AVERROR_EXIT. */
int hr_libav_source_read(hr_libav_source *source, AVPacket *packet);

/* Begin to count the time-out anew. */
void hr_libav_source_wait(hr_libav_source *source);

/* Sleep, unless the call is cancelled, which gives 0. */
int hr_libav_source_sleep(hr_libav_source *source, double seconds);

/* The failure for an error of hr_libav_source_read: cancelled, timed out, or broken. */
hrnet_status hr_libav_source_fail(const hr_libav_source *source, int error, const char *what);

/* Harmless on a source that is closed. It may be opened again. */
void hr_libav_source_close(hr_libav_source *source);

#endif
