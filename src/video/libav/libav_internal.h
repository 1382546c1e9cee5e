/*
 * libav_internal.h - what the files of the module share: failures, FFmpeg's messages, and what differs between FFmpeg
 * 5.1 and its later releases.
 */
#ifndef HR_VIDEO_LIBAV_LIBAV_INTERNAL_H
#define HR_VIDEO_LIBAV_LIBAV_INTERNAL_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>

#include "video/video_module.h"

/* ------------------------------------------------------------------------------------------------ messages */

/* Around all that one call of the library does with FFmpeg, on one thread: messages in between are kept, not printed.
 */
void hr_libav_enter(void);
void hr_libav_leave(void);

/* The last error that FFmpeg told of since hr_libav_enter, or "". */
const char *hr_libav_said(void);
/* It counts from here on. */
void hr_libav_forget_said(void);

/* Mark a codec context as ours, so that the messages of its threads are not printed. */
void hr_libav_mark(AVCodecContext *codec);

/* ------------------------------------------------------------------------------------------------ failures */

/* Set the message and return status. */
hrnet_status hr_libav_fail(const hr_video_host *host, hrnet_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for an error of FFmpeg's, whose kind is the status: "WHAT: its text (what FFmpeg said)". */
hrnet_status hr_libav_fail_error(const hr_video_host *host, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

hrnet_status hr_libav_fail_memory(const hr_video_host *host);

/* ------------------------------------------------------------------------------------------------ releases */

static inline int64_t hr_libav_duration(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
    return frame->duration;
#else
    return frame->pkt_duration;
#endif
}

/* The 3 x 3 matrix by which a stream's pictures are to be turned (libavutil/display.h), or NULL. */
static inline const int32_t *hr_libav_matrix(const AVStream *stream)
{
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 100)
    const AVPacketSideData *found = av_packet_side_data_get(
        stream->codecpar->coded_side_data, stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
    return found != NULL && found->size >= 9 * sizeof(int32_t) ? (const int32_t *)(const void *)found->data : NULL;
#else
    size_t n_bytes = 0;
    const uint8_t *data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &n_bytes);
    return data != NULL && n_bytes >= 9 * sizeof(int32_t) ? (const int32_t *)(const void *)data : NULL;
#endif
}

#endif
