/*
 * avif_module.c - libhrnet_avif.so: AVIF through libavif; of a sequence the first picture. Samples of 10 and 12 bits
 * become 8. The file's own rotation and mirroring (irot, imir) say what is upright; an EXIF orientation beside them
 * says it a second time and is not looked at, as the format demands.
 */
#include <stdio.h>

#include <avif/avif.h>

#include "io/image/image_module.h"

static hr_image_result fail(avifResult result, const avifDecoder *decoder, char *text)
{
    snprintf(text, HR_IMAGE_MODULE_TEXT, "libavif: %s %.150s", avifResultToString(result), decoder->diag.error);
    switch (result) {
    case AVIF_RESULT_OUT_OF_MEMORY: return HR_IMAGE_NO_MEMORY;
    case AVIF_RESULT_NOT_IMPLEMENTED:
    case AVIF_RESULT_NO_CODEC_AVAILABLE: return HR_IMAGE_UNSUPPORTED;
    default: return HR_IMAGE_BROKEN;
    }
}

/* How it is mirrored: 0 top to bottom, 1 left to right. libavif had another name for it before version 1. */
static int mirror_of(const avifImage *image)
{
#ifdef HR_AVIF_MIRROR_MODE
    return image->imir.mode & 1;
#else
    return image->imir.axis & 1;
#endif
}

/* First rotated by 0..3 quarter turns against the clock, then mirrored not at all, top to bottom or left to right: the
 * same as one of EXIF's orientations. */
static int orientation_of(const avifImage *image)
{
    static const int orientations[4][3] = {{1, 4, 2}, {8, 5, 7}, {3, 2, 4}, {6, 7, 5}};
    const int turns = (image->transformFlags & AVIF_TRANSFORM_IROT) != 0 ? image->irot.angle & 3 : 0;
    const int mirror = (image->transformFlags & AVIF_TRANSFORM_IMIR) != 0 ? 1 + mirror_of(image) : 0;
    return orientations[turns][mirror];
}

/* Bytes beside the RGB of the canvas: planes of Y, U, V and alpha, which the codec holds twice, and RGB of our own. */
static uint64_t extra_bytes(const avifDecoder *decoder)
{
    const avifImage *image = decoder->image;
    const uint64_t n_pixels = (uint64_t)image->width * image->height, sample = image->depth > 8 ? 2 : 1;
    const uint64_t halves = (image->yuvFormat == AVIF_PIXEL_FORMAT_YUV444   ? 6
                             : image->yuvFormat == AVIF_PIXEL_FORMAT_YUV422 ? 4
                                                                            : 3) +
                            (decoder->alphaPresent ? 2 : 0);
    return n_pixels * sample * halves + n_pixels * 3;
}

static hr_image_result put_pixels(const hr_image_host *host, const avifDecoder *decoder, char *text)
{
    avifRGBImage rgb;
    avifRGBImageSetDefaults(&rgb, decoder->image);
    rgb.format = AVIF_RGB_FORMAT_RGB;
    rgb.depth = 8;
    rgb.ignoreAlpha = AVIF_TRUE;
    decoder->image->alphaPremultiplied = AVIF_TRUE; /* or libavif multiplies colours by the alpha that it leaves out */
    rgb.rowBytes = rgb.width * 3;
    rgb.pixels = host->alloc((size_t)rgb.rowBytes * rgb.height);
    if (rgb.pixels == NULL) return HR_IMAGE_NO_MEMORY;
    const avifResult result = avifImageYUVToRGB(decoder->image, &rgb);
    for (uint32_t y = 0; result == AVIF_RESULT_OK && y < rgb.height; y++)
        host->put_row(host->context, (int)y, rgb.pixels + (size_t)y * rgb.rowBytes);
    host->release(rgb.pixels);
    return result == AVIF_RESULT_OK ? HR_IMAGE_DONE : fail(result, decoder, text);
}

static hr_image_result decode_file(const hr_image_host *host, avifDecoder *decoder, const unsigned char *bytes,
                                   size_t n_bytes, char *text)
{
    avifResult result = avifDecoderSetIOMemory(decoder, bytes, n_bytes);
    if (result == AVIF_RESULT_OK) result = avifDecoderParse(decoder);
    if (result != AVIF_RESULT_OK) return fail(result, decoder, text);
    const avifImage *image = decoder->image; /* parsing makes it anew */
    const uint32_t width = image->width, height = image->height;
    if (host->begin(host->context, width, height, orientation_of(image), extra_bytes(decoder)) != 0)
        return HR_IMAGE_REFUSED;
    result = avifDecoderNextImage(decoder);
    if (result != AVIF_RESULT_OK) return fail(result, decoder, text);
    image = decoder->image;
    if (image->width != width || image->height != height) {
        snprintf(text, HR_IMAGE_MODULE_TEXT, "expected %u x %u pixels, found %u x %u", width, height, image->width,
                 image->height);
        return HR_IMAGE_BROKEN;
    }
    return put_pixels(host, decoder, text);
}

static hr_image_result decode(const hr_image_host *host, const unsigned char *bytes, size_t n_bytes, char *text)
{
    avifDecoder *decoder = avifDecoderCreate();
    if (decoder == NULL) return HR_IMAGE_NO_MEMORY;
    decoder->imageSizeLimit = (uint32_t)host->max_pixels;
    decoder->imageDimensionLimit = (uint32_t)host->max_side;
    decoder->strictFlags = AVIF_STRICT_DISABLED; /* files of older writers lack what no pixel needs */
    decoder->ignoreExif = decoder->ignoreXMP = AVIF_TRUE;
    const hr_image_result result = decode_file(host, decoder, bytes, n_bytes, text);
    avifDecoderDestroy(decoder);
    return result;
}

HR_IMAGE_MODULE(decode);
