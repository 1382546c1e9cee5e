/* libav_scaler.c - libswscale, set up so that colours come out right and the same everywhere. */
#include "video/libav/libav_scaler.h"

#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

int hr_libav_is_bt601(enum AVColorSpace matrix)
{
    switch (matrix) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_FCC:
    case AVCOL_SPC_SMPTE240M:
    case AVCOL_SPC_YCGCO:
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL: return 0;
    default: return 1;
    }
}

static hr_libav_side without_old_names(hr_libav_side side)
{
    static const enum AVPixelFormat names[][2] = {{AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P},
                                                  {AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P},
                                                  {AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P},
                                                  {AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUV440P},
                                                  {AV_PIX_FMT_YUVJ411P, AV_PIX_FMT_YUV411P}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (side.format == names[i][0]) {
            side.format = names[i][1];
            side.is_full = 1;
        }
    return side;
}

static int is_same(const hr_libav_side *a, const hr_libav_side *b)
{
    return a->width == b->width && a->height == b->height && a->format == b->format && a->matrix == b->matrix &&
           a->is_full == b->is_full;
}

static const int *coefficients(enum AVColorSpace matrix)
{
    return sws_getCoefficients(hr_libav_is_bt601(matrix) ? SWS_CS_ITU601 : (int)matrix);
}

/* How to convert. libswscale has vector code for 8-bit video to RGB, off by 2 of 255 at most, that takes 2 ms for a
 * frame of 1920 x 1080 (Zen 3); its exact code takes 14. */
static int64_t method_of(const hr_libav_side *from, const hr_libav_side *to)
{
    const int is_sized = from->width != to->width || from->height != to->height;
    const int is_video = from->format == AV_PIX_FMT_YUV420P || from->format == AV_PIX_FMT_YUV422P;
    if (!is_sized && is_video && to->format == AV_PIX_FMT_RGB24) return SWS_BILINEAR | SWS_BITEXACT;
    return (is_sized ? SWS_BICUBIC : SWS_BILINEAR) | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP |
           SWS_BITEXACT;
}

/* The ranges must be known before the context is made: one for equal formats would copy, whatever it is told later. */
static int prepare(hr_libav_scaler *scaler, const hr_libav_side *from, const hr_libav_side *to)
{
    const struct {
        const char *name;
        int64_t value;
    } settings[] = {{"srcw", from->width},
                    {"srch", from->height},
                    {"src_format", from->format},
                    {"dstw", to->width},
                    {"dsth", to->height},
                    {"dst_format", to->format},
                    {"sws_flags", method_of(from, to)},
                    {"src_range", from->is_full},
                    {"dst_range", to->is_full}};
    hr_libav_scaler_free(scaler);
    struct SwsContext *context = sws_alloc_context();
    if (context == NULL) return AVERROR(ENOMEM);
    scaler->context = context;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const int error = av_opt_set_int(context, settings[i].name, settings[i].value, 0);
        if (error < 0) return error;
    }
    const int error = sws_init_context(context, NULL, NULL);
    if (error < 0) return error;
    /* fails for formats that have no matrix, as it should */
    sws_setColorspaceDetails(context, coefficients(from->matrix), from->is_full, coefficients(to->matrix), to->is_full,
                             0, 1 << 16, 1 << 16);
    scaler->from = *from;
    scaler->to = *to;
    return 0;
}

hrnet_status hr_libav_scale(hr_libav_scaler *scaler, const hr_video_host *host, hr_libav_side from,
                            const uint8_t *const *from_planes, const int *from_strides, hr_libav_side to,
                            uint8_t *const *to_planes, const int *to_strides)
{
    from = without_old_names(from);
    to = without_old_names(to);
    int error = 0;
    if (scaler->context == NULL || !is_same(&scaler->from, &from) || !is_same(&scaler->to, &to))
        error = prepare(scaler, &from, &to);
    if (error >= 0) {
        const int n = sws_scale(scaler->context, from_planes, from_strides, 0, from.height, to_planes, to_strides);
        error = n == to.height ? 0 : n < 0 ? n : AVERROR_EXTERNAL;
    }
    if (error >= 0) return HRNET_OK;
    const char *const name = av_get_pix_fmt_name(from.format);
    hr_libav_scaler_free(scaler);
    return hr_libav_fail_error(host, error, "cannot convert %d x %d pixels of the format %s", from.width, from.height,
                               name != NULL ? name : "(unknown)");
}

void hr_libav_scaler_free(hr_libav_scaler *scaler)
{
    sws_freeContext(scaler->context);
    *scaler = (hr_libav_scaler){0};
}
