/* libav_hardware.c - devices that decode. */
#include "video/libav/libav_hardware.h"

#include <string.h>

#include <libavutil/hwcontext.h>
#include <libavutil/pixdesc.h>

/* The pixel format of frames on the device for a codec, or NONE. */
static enum AVPixelFormat format_on(const AVCodec *codec, enum AVHWDeviceType type)
{
    const AVCodecHWConfig *config;
    for (int i = 0; (config = avcodec_get_hw_config(codec, i)) != NULL; i++)
        if (config->device_type == type && (config->methods & AV_CODEC_HW_CONFIG_METHOD_HW_DEVICE_CTX) != 0)
            return config->pix_fmt;
    return AV_PIX_FMT_NONE;
}

/* Called by the decoder: the device's format, or, where the stream is one that the device does not decode, the first
 * that is none of a device. */
static enum AVPixelFormat choose_format(AVCodecContext *codec, const enum AVPixelFormat *offered)
{
    const AVHWDeviceContext *device = (const void *)codec->hw_device_ctx->data;
    const enum AVPixelFormat wanted = format_on(codec->codec, device->type);
    for (const enum AVPixelFormat *format = offered; *format != AV_PIX_FMT_NONE; format++)
        if (*format == wanted) return wanted;
    for (; *offered != AV_PIX_FMT_NONE; offered++) {
        const AVPixFmtDescriptor *about = av_pix_fmt_desc_get(*offered);
        if (about != NULL && (about->flags & AV_PIX_FMT_FLAG_HWACCEL) == 0) break;
    }
    return *offered;
}

static int try_device(AVCodecContext *codec, enum AVHWDeviceType type)
{
    if (format_on(codec->codec, type) == AV_PIX_FMT_NONE) return AVERROR(ENOSYS);
    const int error = av_hwdevice_ctx_create(&codec->hw_device_ctx, type, NULL, NULL, 0);
    if (error >= 0) codec->get_format = choose_format;
    return error;
}

hrnet_status hr_libav_hardware_begin(AVCodecContext *codec, const hr_video_host *host, const char *kind,
                                     const char *name, const char **out)
{
    *out = NULL;
    if (kind == NULL) return HRNET_OK;
    if (strcmp(kind, "auto") != 0) {
        const enum AVHWDeviceType type = av_hwdevice_find_type_by_name(kind);
        if (type == AV_HWDEVICE_TYPE_NONE)
            return hr_libav_fail(host, HRNET_ERR_UNSUPPORTED, "%s: decoding by %s, which FFmpeg here does not know",
                                 name, kind);
        const int error = try_device(codec, type);
        if (error == AVERROR(ENOSYS))
            return hr_libav_fail(host, HRNET_ERR_UNSUPPORTED, "%s: %s, which FFmpeg here does not decode by %s", name,
                                 codec->codec->name, kind);
        if (error < 0) {
            hr_libav_fail_error(host, error, "%s: cannot decode by %s", name, kind);
            return HRNET_ERR_UNSUPPORTED;
        }
        *out = av_hwdevice_get_type_name(type);
        return HRNET_OK;
    }
    for (enum AVHWDeviceType type = AV_HWDEVICE_TYPE_NONE;
         (type = av_hwdevice_iterate_types(type)) != AV_HWDEVICE_TYPE_NONE;)
        if (try_device(codec, type) >= 0) {
            *out = av_hwdevice_get_type_name(type);
            break;
        }
    return HRNET_OK;
}

int hr_libav_hardware_fetch(AVFrame *frame)
{
    if (frame->hw_frames_ctx == NULL) return 0;
    AVFrame *fetched = av_frame_alloc();
    if (fetched == NULL) return AVERROR(ENOMEM);
    int error = av_hwframe_transfer_data(fetched, frame, 0);
    if (error >= 0) error = av_frame_copy_props(fetched, frame);
    if (error >= 0) {
        av_frame_unref(frame);
        av_frame_move_ref(frame, fetched);
    }
    av_frame_free(&fetched);
    return error;
}
