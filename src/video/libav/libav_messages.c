/*
 * libav_messages.c - failures of the module, and FFmpeg's messages. FFmpeg has one function for messages in a process.
 * Ours tells its own calls by a count of the thread, and its codecs' threads by a mark in the codec's context; what
 * remains belongs to somebody else in the process and goes on to FFmpeg's default.
 */
#include "video/libav/libav_internal.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <libavdevice/avdevice.h>
#include <libavutil/log.h>

enum { TEXT = 1024 };
static _Thread_local int depth;
static _Thread_local char said[TEXT];
static char mark;

static int is_ours(void *about)
{
    if (depth > 0) return 1;
    if (about == NULL || *(const AVClass *const *)about != avcodec_get_class()) return 0;
    return ((const AVCodecContext *)about)->opaque == &mark;
}

static void on_message(void *about, int level, const char *format, va_list arguments)
{
    char line[TEXT];
    int with_prefix = 0;
    if (!is_ours(about)) {
        av_log_default_callback(about, level, format, arguments);
        return;
    }
    if (depth == 0 || level > AV_LOG_ERROR) return;
    av_log_format_line2(about, level, format, arguments, line, sizeof line, &with_prefix);
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] != '\0') memcpy(said, line, sizeof said);
}

static void begin(void)
{
    av_log_set_callback(on_message);
    avdevice_register_all();
}

void hr_libav_enter(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, begin);
    depth++;
    said[0] = '\0';
}

void hr_libav_leave(void)
{
    depth--;
}

const char *hr_libav_said(void)
{
    return said;
}

void hr_libav_forget_said(void)
{
    said[0] = '\0';
}

void hr_libav_mark(AVCodecContext *codec)
{
    codec->opaque = &mark;
}

hrnet_status hr_libav_fail(const hr_video_host *host, hrnet_status status, const char *format, ...)
{
    char text[2 * TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    host->fail(text);
    return status;
}

static hrnet_status status_of(int error)
{
    switch (error) {
    case AVERROR(ENOMEM): return HRNET_ERR_MEMORY;
    case AVERROR_INVALIDDATA:
    case AVERROR_EOF:
    case AVERROR(EINVAL):
    case AVERROR_STREAM_NOT_FOUND: return HRNET_ERR_FORMAT;
    case AVERROR_PATCHWELCOME:
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_DEMUXER_NOT_FOUND:
    case AVERROR_ENCODER_NOT_FOUND:
    case AVERROR_MUXER_NOT_FOUND:
    case AVERROR_PROTOCOL_NOT_FOUND:
    case AVERROR(ENOSYS): return HRNET_ERR_UNSUPPORTED;
    default: return HRNET_ERR_IO;
    }
}

hrnet_status hr_libav_fail_error(const hr_video_host *host, int error, const char *format, ...)
{
    char what[TEXT], reason[AV_ERROR_MAX_STRING_SIZE] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    av_strerror(error, reason, sizeof reason);
    if (said[0] == '\0') return hr_libav_fail(host, status_of(error), "%s: %s", what, reason);
    return hr_libav_fail(host, status_of(error), "%s: %s (%s)", what, reason, said);
}

hrnet_status hr_libav_fail_memory(const hr_video_host *host)
{
    return hr_libav_fail(host, HRNET_ERR_MEMORY, "out of memory in FFmpeg's libraries");
}
