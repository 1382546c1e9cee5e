/* libav_codec.c - the table of containers, and the settings of encoders. */
#include "video/libav/libav_codec.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <libavutil/opt.h>

#define H264                                                                                                           \
    {                                                                                                                  \
        "libx264", "libopenh264", "mpeg4"                                                                              \
    }

static const hr_libav_container containers[] = {
    {"mp4", "mp4", H264, HR_LIBAV_VARIABLE, 0, 0},
    {"m4v", "mp4", H264, HR_LIBAV_VARIABLE, 0, 0},
    {"mov", "mov", H264, HR_LIBAV_VARIABLE, 0, 0},
    {"mkv", "matroska", H264, HR_LIBAV_VARIABLE, 0, 0},
    {"webm", "webm", {"libvpx-vp9", "libvpx", NULL}, HR_LIBAV_VARIABLE, 0, 0},
    {"gif", "gif", {"gif", NULL, NULL}, HR_LIBAV_CENTI, 1, 1},
    {"avi", "avi", {"mjpeg", NULL, NULL}, HR_LIBAV_CONSTANT, 0, 1},
    {"mjpeg", "mjpeg", {"mjpeg", NULL, NULL}, HR_LIBAV_CONSTANT, 0, 1},
    {"mjpg", "mjpeg", {"mjpeg", NULL, NULL}, HR_LIBAV_CONSTANT, 0, 1},
};

const hr_libav_container *hr_libav_container_find(const char *path, const char *format, const char **known)
{
    const char *const name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    const char *const point = strrchr(name, '.');
    const char *const ending = format != NULL ? format : point != NULL ? point + 1 : "";
    *known = "mp4, m4v, mov, mkv, webm, gif, avi, mjpeg, mjpg";
    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++)
        if (strcasecmp(ending, containers[i].ending) == 0) return &containers[i];
    return NULL;
}

const AVCodec *hr_libav_encoder_find(const hr_libav_container *container)
{
    const AVCodec *found = NULL;
    for (int i = 0; i < 3 && found == NULL && container->encoders[i] != NULL; i++)
        found = avcodec_find_encoder_by_name(container->encoders[i]);
    return found;
}

/* ------------------------------------------------------------------------------------------------ settings */

static void set_number(AVCodecContext *codec, const char *name, int value)
{
    av_opt_set_int(codec->priv_data, name, value, 0);
}

/* From quality 1..100 to the scale of each encoder: 75 is x264's 21 and VP9's 30, at which drawings over video look as
 * the source does, and JPEG's 3. */
static void set_quality(AVCodecContext *codec, const char *encoder, int quality)
{
    const double pixels_a_second = (double)codec->width * codec->height * av_q2d(codec->framerate);
    const int worse = 100 - quality;
    if (strcmp(encoder, "libx264") == 0) {
        av_opt_set(codec->priv_data, "preset", "veryfast", 0);
        set_number(codec, "crf", 11 + worse * 2 / 5);
    } else if (strncmp(encoder, "libvpx", 6) == 0) {
        av_opt_set(codec->priv_data, "deadline", "good", 0);
        set_number(codec, "cpu-used", 4);
        set_number(codec, "crf", 18 + worse / 2);
        if (strcmp(encoder, "libvpx-vp9") == 0) {
            codec->bit_rate = 0; /* quality alone counts */
            set_number(codec, "row-mt", 1);
        } else {
            codec->bit_rate = (int64_t)(pixels_a_second * 0.3); /* VP8 has no quality without an upper bound */
        }
    } else if (strcmp(encoder, "libopenh264") == 0) {
        codec->bit_rate = (int64_t)(pixels_a_second * (0.02 + 0.001 * quality));
    } else {
        codec->flags |= AV_CODEC_FLAG_QSCALE;
        codec->global_quality = FF_QP2LAMBDA * (1 + worse * worse * 30 / 10000);
    }
}

static void set_colors(AVCodecContext *codec, const hr_libav_container *container, int is_bt709)
{
    if (container->is_palette) {
        codec->pix_fmt = AV_PIX_FMT_PAL8;
        return;
    }
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    codec->color_range = container->is_full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    codec->colorspace = container->is_full ? AVCOL_SPC_BT470BG : is_bt709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    if (!container->is_full && is_bt709) {
        codec->color_primaries = AVCOL_PRI_BT709;
        codec->color_trc = AVCOL_TRC_BT709;
    }
}

hrnet_status hr_libav_codec_open(AVCodecContext **out, const hr_video_host *host, const char *name,
                                 const hr_libav_container *container, const AVCodec *encoder, const hr_libav_plan *plan,
                                 int with_header)
{
    AVCodecContext *codec = avcodec_alloc_context3(encoder);
    if (codec == NULL) return hr_libav_fail_memory(host);
    const int must_be_even = encoder->id == AV_CODEC_ID_H264;
    hr_libav_mark(codec);
    codec->width = must_be_even ? plan->width + (plan->width & 1) : plan->width;
    codec->height = must_be_even ? plan->height + (plan->height & 1) : plan->height;
    codec->time_base = plan->time_base;
    /* MPEG-4 counts in 16 bits */
    if (encoder->id == AV_CODEC_ID_MPEG4 && codec->time_base.den > UINT16_MAX)
        codec->time_base = (AVRational){1, 60000};
    codec->framerate = plan->rate;
    codec->sample_aspect_ratio = plan->pixel_aspect;
    codec->thread_count = plan->threads;
    set_colors(codec, container, plan->is_bt709);
    set_quality(codec, encoder->name, plan->quality);
    if (with_header) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    const int error = avcodec_open2(codec, encoder, NULL);
    if (error < 0) {
        avcodec_free_context(&codec);
        return hr_libav_fail_error(host, error, "%s: %s does not take %d x %d pixels", name, encoder->name, plan->width,
                                   plan->height);
    }
    *out = codec;
    return HRNET_OK;
}
