/*
 * image_webp.c - WebP through libwebp: lossy and lossless; of an animation the first picture, on black where it does
 * not cover the canvas. Alpha is dropped. All as in OpenCV's imread.
 *
 * A file is a RIFF head of 12 bytes and chunks: four letters, a size, a body padded to an even number of bytes. A
 * picture of an animation is the body of a chunk ANMF: a head of 16 bytes (offsets, sizes, time), then chunks of its
 * own, which libwebp reads as it reads a file.
 */
#include <string.h>

#include <webp/decode.h>
#include <webp/encode.h>

#include "base/mem.h"
#include "io/cursor.h"
#include "io/image/image.h"

static const float quality = 90; /* of 100, lossy */

/* The body of the first chunk of these letters, NULL if there is none; *size is its size. */
static const unsigned char *find_chunk(const hr_image_source *source, const char *letters, size_t *size)
{
    hr_cursor file = hr_cursor_over(source->bytes, source->n_bytes);
    hr_cursor_take(&file, 12);
    while (!file.failed) {
        const unsigned char *found = hr_cursor_take(&file, 4);
        *size = hr_cursor_u32(&file);
        const unsigned char *body = hr_cursor_take(&file, *size);
        if (body != NULL && memcmp(found, letters, 4) == 0) return body;
        hr_cursor_take(&file, *size & 1);
    }
    return NULL;
}

static int find_orientation(const hr_image_source *source)
{
    size_t size;
    const unsigned char *exif = find_chunk(source, "EXIF", &size);
    return exif != NULL ? hr_exif_orientation(exif, size) : 1;
}

static hrnet_status fail_webp(VP8StatusCode code, const char *name)
{
    switch (code) {
    case VP8_STATUS_OUT_OF_MEMORY: return hr_fail(HRNET_ERR_MEMORY, "%s: out of memory in libwebp", name);
    case VP8_STATUS_NOT_ENOUGH_DATA: return hr_fail(HRNET_ERR_FORMAT, "%s: the WebP picture is cut short", name);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return hr_fail(HRNET_ERR_UNSUPPORTED, "%s: the WebP picture uses a feature libwebp does not know", name);
    default: return hr_fail(HRNET_ERR_FORMAT, "%s: broken WebP picture (libwebp status %d)", name, (int)code);
    }
}

/* Bytes that libwebp takes beside its output: 4 a pixel of a lossless picture; of a lossy one a plane of alpha if it
 * has that, which may be coded as a lossless picture of one byte a pixel, and a few rows. */
static uint64_t decoder_bytes(const WebPBitstreamFeatures *features)
{
    const uint64_t n_pixels = (uint64_t)features->width * (uint64_t)features->height;
    const int is_lossy = features->format == 1;
    return is_lossy ? (features->has_alpha ? 2 * n_pixels : 0) : 4 * n_pixels;
}

/* A coded picture and where it stands on the canvas: a whole file, or the first picture of an animation. */
typedef struct webp_frame {
    const unsigned char *bytes;
    size_t n_bytes;
    int x, y;
    WebPBitstreamFeatures features;
} webp_frame;

/* Decode into rgb [height][width][3]. */
static hrnet_status decode_pixels(uint8_t *rgb, const webp_frame *frame, const char *name)
{
    WebPDecoderConfig config;
    WebPInitDecoderConfig(&config);
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = rgb;
    config.output.u.RGBA.stride = frame->features.width * 3;
    config.output.u.RGBA.size = (size_t)frame->features.width * (size_t)frame->features.height * 3;
    const VP8StatusCode code = WebPDecode(frame->bytes, frame->n_bytes, &config);
    WebPFreeDecBuffer(&config.output);
    return code == VP8_STATUS_OK ? HRNET_OK : fail_webp(code, name);
}

/* Find the first picture of an animation on a canvas of width x height. */
static hrnet_status find_first_frame(webp_frame *out, int width, int height, const hr_image_source *source)
{
    enum { HEAD = 16 };
    size_t size;
    const unsigned char *head = find_chunk(source, "ANMF", &size);
    if (head == NULL || size < HEAD) return fail_webp(VP8_STATUS_NOT_ENOUGH_DATA, source->name);
    hr_cursor numbers = hr_cursor_over(head, HEAD);
    webp_frame frame = {.bytes = head + HEAD, .n_bytes = size - HEAD};
    frame.x = 2 * (int)hr_cursor_uint(&numbers, 3);
    frame.y = 2 * (int)hr_cursor_uint(&numbers, 3);
    const VP8StatusCode code = WebPGetFeatures(frame.bytes, frame.n_bytes, &frame.features);
    if (code != VP8_STATUS_OK) return fail_webp(code, source->name);
    if (frame.features.width > width - frame.x || frame.features.height > height - frame.y)
        return hr_fail(HRNET_ERR_FORMAT, "%s: broken WebP picture: its first picture leaves the canvas", source->name);
    *out = frame;
    return HRNET_OK;
}

/* Decode into the canvas: directly where the frame is all of it and stored upright, else through buffers. */
static hrnet_status fill(hr_image_canvas *canvas, int is_direct, const webp_frame *frame, const char *name)
{
    const size_t row_bytes = (size_t)canvas->width * 3, frame_bytes = (size_t)frame->features.width * 3;
    const int bottom = frame->y + frame->features.height;
    if (is_direct) return decode_pixels(canvas->image.rgb, frame, name);
    uint8_t *rgb = hr_alloc((size_t)frame->features.height, frame_bytes), *row = hr_calloc(1, row_bytes);
    hrnet_status status = rgb != NULL && row != NULL ? decode_pixels(rgb, frame, name) : hr_fail_memory(frame_bytes);
    for (int y = 0; status == HRNET_OK && y < canvas->height; y++) {
        const int is_inside = y >= frame->y && y < bottom;
        uint8_t *const to = row + 3 * (size_t)frame->x;
        if (is_inside) memcpy(to, rgb + (size_t)(y - frame->y) * frame_bytes, frame_bytes);
        if (y == bottom) memset(to, 0, frame_bytes);
        hr_image_put_row(canvas, y, row);
    }
    hr_free(rgb);
    hr_free(row);
    return status;
}

hrnet_status hr_webp_decode(hrnet_image *out, const hr_image_source *source)
{
    webp_frame frame = {.bytes = source->bytes, .n_bytes = source->n_bytes};
    const VP8StatusCode code = WebPGetFeatures(source->bytes, source->n_bytes, &frame.features);
    if (code != VP8_STATUS_OK) return fail_webp(code, source->name);
    const int width = frame.features.width, height = frame.features.height;
    if (frame.features.has_animation) HR_TRY(find_first_frame(&frame, width, height, source));
    const WebPBitstreamFeatures *features = &frame.features;
    const int orientation = source->ignore_orientation ? 1 : find_orientation(source);
    const int is_direct = orientation == 1 && features->width == width && features->height == height;
    const uint64_t n_pixels = (uint64_t)features->width * (uint64_t)features->height;
    const uint64_t extra = decoder_bytes(features) + (is_direct ? 0 : n_pixels * 3);
    hr_image_canvas canvas;
    HR_TRY(hr_image_begin(&canvas, (uint64_t)width, (uint64_t)height, orientation, extra, source));
    const hrnet_status status = fill(&canvas, is_direct, &frame, source->name);
    if (status != HRNET_OK) {
        hr_image_abandon(&canvas);
        return status;
    }
    hr_image_finish(&canvas, out);
    return HRNET_OK;
}

hrnet_status hr_webp_encode(FILE *stream, const hrnet_image *image, const char *name)
{
    if (image->width > WEBP_MAX_DIMENSION || image->height > WEBP_MAX_DIMENSION)
        return hr_fail(HRNET_ERR_LIMIT, "%s: expected at most %d pixels a side for WebP, found %d x %d", name,
                       WEBP_MAX_DIMENSION, image->width, image->height);
    uint8_t *bytes = NULL;
    const size_t n_bytes = WebPEncodeRGB(image->rgb, image->width, image->height, image->width * 3, quality, &bytes);
    if (n_bytes == 0) return hr_fail(HRNET_ERR_MEMORY, "%s: libwebp could not encode the picture", name);
    const size_t n_written = fwrite(bytes, 1, n_bytes, stream);
    WebPFree(bytes);
    return n_written == n_bytes ? HRNET_OK : hr_fail(HRNET_ERR_IO, "%s: cannot write", name);
}
