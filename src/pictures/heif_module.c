/*
 * heif_module.c - libhrnet_heif.so: HEIC through libheif, which decodes the primary picture, joins its tiles and turns
 * it upright. Samples of 10 and 12 bits become 8.
 */
#include <math.h>
#include <stdio.h>

#include <libheif/heif.h>

#include "io/image/image_module.h"

typedef struct heic_reader {
    struct heif_context *file;
    struct heif_image_handle *handle;
    struct heif_image *image;
    struct heif_decoding_options *options;
} heic_reader;

static hr_image_result fail(struct heif_error error, char *text)
{
    snprintf(text, HR_IMAGE_MODULE_TEXT, "libheif: %.200s", error.message != NULL ? error.message : "unknown error");
    switch (error.code) {
    case heif_error_Memory_allocation_error:
        return error.subcode == heif_suberror_Security_limit_exceeded ? HR_IMAGE_BROKEN : HR_IMAGE_NO_MEMORY;
    case heif_error_Unsupported_filetype:
    case heif_error_Unsupported_feature:
    case heif_error_Decoder_plugin_error: return HR_IMAGE_UNSUPPORTED;
    default: return HR_IMAGE_BROKEN;
    }
}

/* Bytes beside the RGB of the canvas: the codec's planes and libheif's, at most three samples a pixel each, and
 * libheif's RGB before and after turning. */
static uint64_t extra_bytes(const struct heif_image_handle *handle, uint64_t n_pixels)
{
    const uint64_t sample = heif_image_handle_get_luma_bits_per_pixel(handle) > 8 ? 2 : 1;
    return n_pixels * (sample * 3 * 2 + 3 * 2);
}

static hr_image_result put_pixels(const hr_image_host *host, const heic_reader *r, int width, int height, char *text)
{
    int stride = 0;
    const uint8_t *rgb = heif_image_get_plane_readonly(r->image, heif_channel_interleaved, &stride);
    const int found_width = heif_image_get_width(r->image, heif_channel_interleaved),
              found_height = heif_image_get_height(r->image, heif_channel_interleaved);
    if (rgb == NULL || found_width != width || found_height != height) {
        snprintf(text, HR_IMAGE_MODULE_TEXT, "expected %d x %d pixels, found %d x %d", width, height, found_width,
                 found_height);
        return HR_IMAGE_BROKEN;
    }
    for (int y = 0; y < height; y++) host->put_row(host->context, y, rgb + (ptrdiff_t)y * stride);
    return HR_IMAGE_DONE;
}

static hr_image_result decode_file(const hr_image_host *host, heic_reader *r, const unsigned char *bytes,
                                   size_t n_bytes, char *text)
{
    struct heif_error error = heif_context_read_from_memory_without_copy(r->file, bytes, n_bytes, NULL);
    if (error.code == heif_error_Ok) error = heif_context_get_primary_image_handle(r->file, &r->handle);
    if (error.code != heif_error_Ok) return fail(error, text);
    const int as_stored = host->ignore_orientation;
    const int width = as_stored ? heif_image_handle_get_ispe_width(r->handle) : heif_image_handle_get_width(r->handle),
              height =
                  as_stored ? heif_image_handle_get_ispe_height(r->handle) : heif_image_handle_get_height(r->handle);
    if (width <= 0 || height <= 0) {
        snprintf(text, HR_IMAGE_MODULE_TEXT, "a picture of %d x %d pixels", width, height);
        return HR_IMAGE_BROKEN;
    }
    const uint64_t n_pixels = (uint64_t)width * (uint64_t)height;
    if (host->begin(host->context, (uint64_t)width, (uint64_t)height, 1, extra_bytes(r->handle, n_pixels)) != 0)
        return HR_IMAGE_REFUSED;
    r->options->ignore_transformations = (uint8_t)as_stored;
    r->options->convert_hdr_to_8bit = 1;
    error = heif_decode_image(r->handle, &r->image, heif_colorspace_RGB, heif_chroma_interleaved_RGB, r->options);
    return error.code == heif_error_Ok ? put_pixels(host, r, width, height, text) : fail(error, text);
}

static hr_image_result decode(const hr_image_host *host, const unsigned char *bytes, size_t n_bytes, char *text)
{
    heic_reader r = {.file = heif_context_alloc(), .options = heif_decoding_options_alloc()};
    hr_image_result result = HR_IMAGE_NO_MEMORY;
    if (r.file != NULL && r.options != NULL) {
        heif_context_set_maximum_image_size_limit(r.file, (int)sqrt((double)host->max_pixels));
        heif_context_set_max_decoding_threads(r.file, 0);
        result = decode_file(host, &r, bytes, n_bytes, text);
    }
    heif_image_release(r.image);
    heif_image_handle_release(r.handle);
    heif_decoding_options_free(r.options);
    if (r.file != NULL) heif_context_free(r.file);
    return result;
}

HR_IMAGE_MODULE(decode);
