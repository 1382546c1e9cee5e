/*
 * image_webp.c - WebP through libwebp: lossy and lossless. Alpha is dropped, as in OpenCV's imread. Animations are
 * refused, since a single frame of them would be an arbitrary choice.
 */
#include <string.h>

#include <webp/decode.h>
#include <webp/encode.h>

#include "base/mem.h"
#include "io/cursor.h"
#include "io/image/image.h"

static const float quality = 90; /* of 100, lossy */

/* The orientation of the EXIF chunk. A file is a RIFF head of 12 bytes and chunks: four letters, a size, a body padded
 * to an even number of bytes. */
static int find_orientation(const hr_image_source *source)
{
    hr_cursor file = hr_cursor_over(source->bytes, source->n_bytes);
    hr_cursor_take(&file, 12);
    while (!file.failed) {
        const unsigned char *letters = hr_cursor_take(&file, 4);
        const uint32_t size = hr_cursor_u32(&file);
        const unsigned char *body = hr_cursor_take(&file, size);
        if (body != NULL && memcmp(letters, "EXIF", 4) == 0) return hr_exif_orientation(body, size);
        hr_cursor_take(&file, size & 1);
    }
    return 1;
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

/* Decode into rgb [height][width][3]. */
static hrnet_status decode_pixels(uint8_t *rgb, const WebPBitstreamFeatures *features, const hr_image_source *source)
{
    WebPDecoderConfig config;
    WebPInitDecoderConfig(&config);
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = rgb;
    config.output.u.RGBA.stride = features->width * 3;
    config.output.u.RGBA.size = (size_t)features->width * (size_t)features->height * 3;
    const VP8StatusCode code = WebPDecode(source->bytes, source->n_bytes, &config);
    WebPFreeDecBuffer(&config.output);
    return code == VP8_STATUS_OK ? HRNET_OK : fail_webp(code, source->name);
}

/* Decode into the canvas: directly where pixels are stored upright, else through a buffer of their own. */
static hrnet_status fill(hr_image_canvas *canvas, int is_upright, const WebPBitstreamFeatures *features,
                         const hr_image_source *source)
{
    const size_t row_bytes = (size_t)canvas->width * 3;
    if (is_upright) return decode_pixels(canvas->image.rgb, features, source);
    uint8_t *rgb = hr_alloc((size_t)canvas->height, row_bytes);
    if (rgb == NULL) return hr_fail_memory((size_t)canvas->height * row_bytes);
    const hrnet_status status = decode_pixels(rgb, features, source);
    for (int y = 0; status == HRNET_OK && y < canvas->height; y++)
        hr_image_put_row(canvas, y, rgb + (size_t)y * row_bytes);
    hr_free(rgb);
    return status;
}

hrnet_status hr_webp_decode(hrnet_image *out, const hr_image_source *source)
{
    WebPBitstreamFeatures features;
    const VP8StatusCode code = WebPGetFeatures(source->bytes, source->n_bytes, &features);
    if (code != VP8_STATUS_OK) return fail_webp(code, source->name);
    if (features.has_animation)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "%s: expected a single picture, found an animated WebP", source->name);
    const uint64_t width = (uint64_t)features.width, height = (uint64_t)features.height;
    const int orientation = source->ignore_orientation ? 1 : find_orientation(source), is_upright = orientation == 1;
    const uint64_t extra = decoder_bytes(&features) + (is_upright ? 0 : width * height * 3);
    hr_image_canvas canvas;
    HR_TRY(hr_image_begin(&canvas, width, height, orientation, extra, source));
    const hrnet_status status = fill(&canvas, is_upright, &features, source);
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
