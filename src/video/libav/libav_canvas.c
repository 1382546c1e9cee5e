/* libav_canvas.c - from hrnet_pixels to frames of an encoder. */
#include "video/libav/libav_canvas.h"

#include <limits.h>
#include <string.h>

#include <libavutil/imgutils.h>

static enum AVPixelFormat format_of(hrnet_pixel_format format)
{
    switch (format) {
    case HRNET_PIXELS_RGB: return AV_PIX_FMT_RGB24;
    case HRNET_PIXELS_BGR: return AV_PIX_FMT_BGR24;
    case HRNET_PIXELS_RGBA: return AV_PIX_FMT_RGB0;
    case HRNET_PIXELS_BGRA: return AV_PIX_FMT_BGR0;
    case HRNET_PIXELS_GREY: return AV_PIX_FMT_GRAY8;
    case HRNET_PIXELS_NV12: return AV_PIX_FMT_NV12;
    case HRNET_PIXELS_I420: break;
    }
    return AV_PIX_FMT_YUV420P;
}

/* A frame to write into: the last one, unless the encoder still holds it. */
static hrnet_status need_frame(hr_libav_canvas *canvas)
{
    if (canvas->frame == NULL) canvas->frame = av_frame_alloc();
    AVFrame *frame = canvas->frame;
    if (frame == NULL) return hr_libav_fail_memory(canvas->host);
    if (frame->buf[0] == NULL || !av_frame_is_writable(frame)) {
        av_frame_unref(frame);
        frame->width = canvas->full_width;
        frame->height = canvas->full_height;
        frame->format = canvas->format;
        if (av_frame_get_buffer(frame, 0) < 0) return hr_libav_fail_memory(canvas->host);
    }
    frame->colorspace = canvas->colorspace;
    frame->color_range = canvas->range;
    frame->pict_type = AV_PICTURE_TYPE_NONE;
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ conversion */

/* The part of the frame that pixels of w x h fill, at even places because chroma has a sample for 2 x 2 pixels. */
typedef struct canvas_part {
    int x, y, width, height;
} canvas_part;

static int even_at_most(int64_t side, int most)
{
    const int even = (int)(side < most ? side : most) & ~1;
    return even > 2 ? even : most < 2 ? most : 2;
}

static canvas_part fit(const hr_libav_canvas *canvas, int w, int h)
{
    const int64_t across = (int64_t)canvas->width * h, down = (int64_t)canvas->height * w;
    canvas_part part = {0, 0, canvas->width, canvas->height};
    if (across > down) {
        part.width = even_at_most((down + h / 2) / h, canvas->width);
        part.x = (canvas->width - part.width) / 2 & ~1;
    } else if (across < down) {
        part.height = even_at_most((across + w / 2) / w, canvas->height);
        part.y = (canvas->height - part.height) / 2 & ~1;
    }
    return part;
}

static hrnet_status convert(hr_libav_canvas *canvas, const hrnet_pixels *pixels, const canvas_part *part)
{
    const AVFrame *frame = canvas->frame;
    const uint8_t *from[4] = {pixels->planes[0], pixels->planes[1], pixels->planes[2], NULL};
    uint8_t *to[4] = {0};
    int from_strides[4] = {0};
    for (int i = 0; i < 3; i++) {
        if (pixels->strides[i] > INT_MAX || pixels->strides[i] < -INT_MAX)
            return hr_libav_fail(canvas->host, HRNET_ERR_ARGUMENT, "pixels: a stride of %td bytes, the limit is 2^31",
                                 pixels->strides[i]);
        from_strides[i] = (int)pixels->strides[i];
    }
    const int is_yuv = canvas->format == AV_PIX_FMT_YUV420P;
    to[0] = frame->data[0] + part->y * frame->linesize[0] + part->x * (is_yuv ? 1 : 3);
    for (int i = 1; i < 3 && is_yuv; i++) to[i] = frame->data[i] + part->y / 2 * frame->linesize[i] + part->x / 2;
    const hr_libav_side source = {pixels->width, pixels->height, format_of(pixels->format), AVCOL_SPC_SMPTE170M,
                                  pixels->format == HRNET_PIXELS_GREY};
    const hr_libav_side target = {part->width, part->height, canvas->format, canvas->colorspace,
                                  canvas->range == AVCOL_RANGE_JPEG};
    return hr_libav_scale(&canvas->scaler, canvas->host, source, from, from_strides, target, to, frame->linesize);
}

/* Repeat the last column and row of the brightness; chroma covers them already. */
static void repeat_edges(const hr_libav_canvas *canvas)
{
    const AVFrame *frame = canvas->frame;
    const int stride = frame->linesize[0], w = canvas->width;
    if (canvas->full_width > w)
        for (int y = 0; y < canvas->height; y++) frame->data[0][y * stride + w] = frame->data[0][y * stride + w - 1];
    if (canvas->full_height > canvas->height)
        memcpy(frame->data[0] + canvas->height * stride, frame->data[0] + (canvas->height - 1) * stride,
               (size_t)canvas->full_width);
}

static void copy_planes(const hr_libav_canvas *canvas, const hrnet_pixels *pixels)
{
    const AVFrame *frame = canvas->frame;
    for (int i = 0; i < 3; i++) {
        const int shift = i > 0, rows = (canvas->height + shift) >> shift, bytes = (canvas->width + shift) >> shift;
        for (int y = 0; y < rows; y++)
            memcpy(frame->data[i] + (ptrdiff_t)y * frame->linesize[i], pixels->planes[i] + y * pixels->strides[i],
                   (size_t)bytes);
    }
}

hrnet_status hr_libav_canvas_put(hr_libav_canvas *canvas, const hrnet_pixels *pixels, int *is_scaled)
{
    hrnet_status status = need_frame(canvas);
    if (status != HRNET_OK) return status;
    AVFrame *frame = canvas->frame;
    const canvas_part part = fit(canvas, pixels->width, pixels->height);
    const int is_whole = part.width == canvas->width && part.height == canvas->height;
    const int means_the_same = canvas->colorspace == AVCOL_SPC_SMPTE170M && canvas->range == AVCOL_RANGE_MPEG;
    *is_scaled = pixels->width != canvas->width || pixels->height != canvas->height;
    if (!is_whole) {
        const ptrdiff_t strides[4] = {frame->linesize[0], frame->linesize[1], frame->linesize[2], 0};
        av_image_fill_black(frame->data, strides, canvas->format, canvas->range, canvas->full_width,
                            canvas->full_height);
    }
    if (!*is_scaled && means_the_same && pixels->format == HRNET_PIXELS_I420)
        copy_planes(canvas, pixels);
    else
        status = convert(canvas, pixels, &part);
    if (status == HRNET_OK && canvas->format == AV_PIX_FMT_YUV420P) repeat_edges(canvas);
    return status;
}

void hr_libav_canvas_free(hr_libav_canvas *canvas)
{
    av_frame_free(&canvas->frame);
    hr_libav_scaler_free(&canvas->scaler);
}
