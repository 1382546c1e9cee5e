/*
 * image_webp.c - WebP through libwebp: lossy and lossless; transparent pictures are blended over black, like PNG.
 * Animations are refused, since a single frame of them would be an arbitrary choice.
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

/* rgb = color * alpha / 255, rounded. */
static void blend_over_black(const uint8_t *rgba, uint8_t *rgb, size_t n_pixels)
{
    for (size_t i = 0; i < n_pixels; i++, rgba += 4, rgb += 3) {
        for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)((rgba[c] * rgba[3] + 127) / 255);
    }
}

/* Decode the pixels of a picture whose features are known into image, which is allocated: directly, or through an RGBA
 * buffer if there is an alpha channel. */
static hrnet_status decode_pixels(hrnet_image *image, const WebPBitstreamFeatures *features,
                                  const hr_image_source *source)
{
    const size_t n_pixels = (size_t)image->width * (size_t)image->height;
    const int n_channels = features->has_alpha ? 4 : 3;
    uint8_t *rgba = NULL;
    if (features->has_alpha) {
        rgba = hr_alloc(n_pixels, 4);
        if (rgba == NULL) return hr_fail_memory(n_pixels * 4);
    }
    WebPDecoderConfig config;
    WebPInitDecoderConfig(&config);
    config.output.colorspace = features->has_alpha ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = features->has_alpha ? rgba : image->rgb;
    config.output.u.RGBA.stride = image->width * n_channels;
    config.output.u.RGBA.size = n_pixels * (size_t)n_channels;
    const VP8StatusCode code = WebPDecode(source->bytes, source->n_bytes, &config);
    WebPFreeDecBuffer(&config.output);
    if (code == VP8_STATUS_OK && features->has_alpha) blend_over_black(rgba, image->rgb, n_pixels);
    hr_free(rgba);
    return code == VP8_STATUS_OK ? HRNET_OK : fail_webp(code, source->name);
}

hrnet_status hr_webp_decode(hrnet_image *out, int *orientation, const hr_image_source *source)
{
    WebPBitstreamFeatures features;
    const VP8StatusCode code = WebPGetFeatures(source->bytes, source->n_bytes, &features);
    if (code != VP8_STATUS_OK) return fail_webp(code, source->name);
    if (features.has_animation)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "%s: expected a single picture, found an animated WebP", source->name);
    hrnet_image image = {0};
    HR_TRY(hr_image_new(&image, (uint64_t)features.width, (uint64_t)features.height, source));
    const hrnet_status status = decode_pixels(&image, &features, source);
    if (status != HRNET_OK) {
        hrnet_image_free(&image);
        return status;
    }
    *out = image;
    *orientation = find_orientation(source);
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
