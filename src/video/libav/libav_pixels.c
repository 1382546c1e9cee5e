/* libav_pixels.c - from FFmpeg's formats to those of hrnet_pixels. */
#include "video/libav/libav_pixels.h"

#include <libavutil/display.h>

/* ------------------------------------------------------------------------------------------------ turns */

static int unit_of(int32_t fixed) /* 16.16 */
{
    return fixed > 46341 ? 1 : fixed < -46341 ? -1 : 0; /* of a half: 2^16 sin 45 */
}

int hr_libav_turn_of(const int32_t *matrix, hr_libav_turn *out)
{
    const hr_libav_turn none = {1, 0, 0, 1};
    *out = none;
    if (matrix == NULL) return 1;
    const hr_libav_turn t = {unit_of(matrix[0]), unit_of(matrix[3]), unit_of(matrix[1]), unit_of(matrix[4])};
    const int is_upright = t.xx != 0 && t.yy != 0 && t.xy == 0 && t.yx == 0;
    const int is_lying = t.xx == 0 && t.yy == 0 && t.xy != 0 && t.yx != 0;
    /* an angle that is not a whole number of quarters leaves something in the other two numbers */
    const int64_t rest = is_lying ? (int64_t)matrix[0] * matrix[0] + (int64_t)matrix[4] * matrix[4]
                                  : (int64_t)matrix[1] * matrix[1] + (int64_t)matrix[3] * matrix[3];
    if ((!is_upright && !is_lying) || rest > (int64_t)1 << 22) return 0;
    *out = t;
    return 1;
}

int hr_libav_turn_degrees(const hr_libav_turn *turn, int *is_mirrored)
{
    *is_mirrored = turn->xx * turn->yy - turn->xy * turn->yx < 0;
    const int xx = *is_mirrored ? -turn->xx : turn->xx; /* before the mirror */
    return turn->yx == 1 ? 90 : turn->yx == -1 ? 270 : xx == -1 ? 180 : 0;
}

/* Turn a plane of w x h elements, into rows of to_stride bytes; inlined for each size of an element. */
static inline __attribute__((always_inline)) void turn_elements(const hr_libav_turn *t, const uint8_t *from,
                                                                ptrdiff_t stride, int w, int h, int size, uint8_t *to,
                                                                ptrdiff_t to_stride)
{
    enum { BLOCK = 32 }; /* columns at a time, so that the rows which are read across stay in the cache */
    const int to_w = t->xx != 0 ? w : h, to_h = t->xx != 0 ? h : w;
    const ptrdiff_t across = t->xx * size + t->xy * stride, down = t->yx * size + t->yy * stride;
    const int is_right = t->xx < 0 || t->yx < 0, is_low = t->xy < 0 || t->yy < 0; /* where pixel 0, 0 comes from */
    const uint8_t *const first = from + (is_right ? (w - 1) * size : 0) + (is_low ? (h - 1) * stride : 0);
    for (int x0 = 0; x0 < to_w; x0 += BLOCK) {
        const int x1 = x0 + BLOCK < to_w ? x0 + BLOCK : to_w;
        for (int y = 0; y < to_h; y++) {
            const uint8_t *in = first + y * down + x0 * across;
            uint8_t *out = to + y * to_stride + x0 * size;
            for (int x = x0; x < x1; x++, in += across, out += size)
                for (int k = 0; k < size; k++) out[k] = in[k];
        }
    }
}

static void turn_plane(const hr_libav_turn *t, const uint8_t *from, ptrdiff_t stride, int w, int h, int size,
                       uint8_t *to, ptrdiff_t to_stride)
{
    switch (size) {
    case 1: turn_elements(t, from, stride, w, h, 1, to, to_stride); break;
    case 2: turn_elements(t, from, stride, w, h, 2, to, to_stride); break;
    case 3: turn_elements(t, from, stride, w, h, 3, to, to_stride); break;
    default: turn_elements(t, from, stride, w, h, 4, to, to_stride); break;
    }
}

/* ------------------------------------------------------------------------------------------------ formats */

typedef struct known_format {
    enum AVPixelFormat from;
    hrnet_pixel_format to;
    int n_planes, sizes[3]; /* bytes of an element of each plane */
} known_format;

static const known_format formats[] = {
    {AV_PIX_FMT_YUV420P, HRNET_PIXELS_I420, 3, {1, 1, 1}}, {AV_PIX_FMT_YUVA420P, HRNET_PIXELS_I420, 3, {1, 1, 1}},
    {AV_PIX_FMT_NV12, HRNET_PIXELS_NV12, 2, {1, 2, 0}},    {AV_PIX_FMT_RGB24, HRNET_PIXELS_RGB, 1, {3, 0, 0}},
    {AV_PIX_FMT_BGR24, HRNET_PIXELS_BGR, 1, {3, 0, 0}},    {AV_PIX_FMT_RGBA, HRNET_PIXELS_RGBA, 1, {4, 0, 0}},
    {AV_PIX_FMT_RGB0, HRNET_PIXELS_RGBA, 1, {4, 0, 0}},    {AV_PIX_FMT_BGRA, HRNET_PIXELS_BGRA, 1, {4, 0, 0}},
    {AV_PIX_FMT_BGR0, HRNET_PIXELS_BGRA, 1, {4, 0, 0}},    {AV_PIX_FMT_GRAY8, HRNET_PIXELS_GREY, 1, {1, 0, 0}},
};

/* The row of the table if the frame's numbers mean what hrnet_pixels means by its format; else NULL. */
static const known_format *find_format(const AVFrame *frame)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const known_format *format = &formats[i];
        if ((int)format->from != frame->format) continue;
        const int is_yuv = format->to == HRNET_PIXELS_I420 || format->to == HRNET_PIXELS_NV12;
        if (is_yuv && (frame->color_range == AVCOL_RANGE_JPEG || !hr_libav_is_bt601(frame->colorspace))) return NULL;
        if (format->to == HRNET_PIXELS_GREY && frame->color_range == AVCOL_RANGE_MPEG) return NULL;
        return format;
    }
    return NULL;
}

static hrnet_status convert(AVFrame *to, const AVFrame *from, const hr_video_host *host, hr_libav_scaler *scaler)
{
    const int w = from->width, h = from->height;
    if (to->width != w || to->height != h) {
        av_frame_unref(to);
        to->width = w;
        to->height = h;
        to->format = AV_PIX_FMT_RGB24;
        if (av_frame_get_buffer(to, 0) < 0) return hr_libav_fail_memory(host);
    }
    const hr_libav_side source = {w, h, from->format, from->colorspace, from->color_range == AVCOL_RANGE_JPEG};
    const hr_libav_side target = {w, h, AV_PIX_FMT_RGB24, AVCOL_SPC_UNSPECIFIED, 1};
    return hr_libav_scale(scaler, host, source, (const uint8_t *const *)from->data, from->linesize, target, to->data,
                          to->linesize);
}

/* ------------------------------------------------------------------------------------------------ slots */

hrnet_status hr_libav_slot_create(hr_libav_slot *slot, const hr_video_host *host)
{
    slot->decoded = av_frame_alloc();
    slot->rgb = av_frame_alloc();
    slot->turned = av_frame_alloc();
    return slot->decoded != NULL && slot->rgb != NULL && slot->turned != NULL ? HRNET_OK : hr_libav_fail_memory(host);
}

void hr_libav_slot_free(hr_libav_slot *slot)
{
    av_frame_free(&slot->decoded);
    av_frame_free(&slot->rgb);
    av_frame_free(&slot->turned);
}

static void view(const AVFrame *frame, const known_format *format, hrnet_pixels *out)
{
    *out = (hrnet_pixels){.width = frame->width, .height = frame->height, .format = format->to};
    for (int i = 0; i < format->n_planes; i++) {
        out->planes[i] = frame->data[i];
        out->strides[i] = frame->linesize[i];
    }
}

static hrnet_status turn_frame(AVFrame *to, const AVFrame *from, const known_format *format, const hr_video_host *host,
                               const hr_libav_turn *turn)
{
    const int w = turn->xx != 0 ? from->width : from->height, h = turn->xx != 0 ? from->height : from->width;
    if (to->width != w || to->height != h || to->format != from->format) {
        av_frame_unref(to);
        to->width = w;
        to->height = h;
        to->format = from->format;
        if (av_frame_get_buffer(to, 0) < 0) return hr_libav_fail_memory(host);
    }
    for (int i = 0; i < format->n_planes; i++) {
        const int shift = i > 0; /* chroma planes have a sample for 2 x 2 pixels */
        turn_plane(turn, from->data[i], from->linesize[i], (from->width + shift) >> shift,
                   (from->height + shift) >> shift, format->sizes[i], to->data[i], to->linesize[i]);
    }
    return HRNET_OK;
}

hrnet_status hr_libav_pixels(hr_libav_slot *slot, const hr_video_host *host, hr_libav_scaler *scaler,
                             const hr_libav_turn *turn, hrnet_pixels *out)
{
    static const known_format rgb = {AV_PIX_FMT_RGB24, HRNET_PIXELS_RGB, 1, {3, 0, 0}};
    const AVFrame *frame = slot->decoded;
    const known_format *format = find_format(frame);
    /* the last chroma sample of an odd side stands for one pixel, which a turn would bring to the front */
    const int is_odd = format != NULL && format->n_planes > 1 && ((frame->width | frame->height) & 1) != 0;
    if (format == NULL || (is_odd && hr_libav_is_turned(turn))) {
        const hrnet_status status = convert(slot->rgb, frame, host, scaler);
        if (status != HRNET_OK) return status;
        frame = slot->rgb;
        format = &rgb;
    }
    if (hr_libav_is_turned(turn)) {
        const hrnet_status status = turn_frame(slot->turned, frame, format, host, turn);
        if (status != HRNET_OK) return status;
        frame = slot->turned;
    }
    view(frame, format, out);
    return HRNET_OK;
}
