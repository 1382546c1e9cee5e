/*
 * tiff_module.c - libhrnet_tiff.so: the first picture of a TIFF through libtiff's RGBA interface, which knows every
 * photometric, compression and layout that libtiff does. Read strip by strip, or a row of tiles at a time, so that no
 * second copy of the picture is made. As in OpenCV's imread, except for transparency: libtiff turns 16 bits into
 * 8, floating point is refused. Colours that are not premultiplied by alpha stay as they are stored, as in every
 * other format; imread leaves it to libtiff, which multiplies them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <tiffio.h>

#include "io/image/image_module.h"

/* The file in memory, where libtiff also reports its first error. */
typedef struct tiff_source {
    const unsigned char *bytes;
    size_t n_bytes, at;
    char *text;
} tiff_source;

/* ------------------------------------------------------------------------------------------------ memory as a file */

static tmsize_t read_bytes(thandle_t handle, void *out, tmsize_t n)
{
    tiff_source *source = handle;
    const size_t left = source->n_bytes - source->at, got = n < 0 ? 0 : (size_t)n < left ? (size_t)n : left;
    memcpy(out, source->bytes + source->at, got);
    source->at += got;
    return (tmsize_t)got;
}

static tmsize_t write_nothing(thandle_t handle, void *bytes, tmsize_t n)
{
    (void)handle;
    (void)bytes;
    (void)n;
    return -1;
}

static toff_t seek(thandle_t handle, toff_t offset, int whence)
{
    tiff_source *source = handle;
    const toff_t from = whence == SEEK_CUR ? source->at : whence == SEEK_END ? source->n_bytes : 0;
    if (offset > source->n_bytes - from) return (toff_t)-1; /* from is within the file */
    source->at = (size_t)(from + offset);
    return source->at;
}

static int close_nothing(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t size_of(thandle_t handle)
{
    const tiff_source *source = handle;
    return source->n_bytes;
}

/* libtiff reads through this copy-free view, and stays within it. */
static int map_file(thandle_t handle, void **base, toff_t *size)
{
    const tiff_source *source = handle;
    *base = (void *)(uintptr_t)source->bytes;
    *size = source->n_bytes;
    return 1;
}

static void unmap_file(thandle_t handle, void *base, toff_t size)
{
    (void)handle;
    (void)base;
    (void)size;
}

static int keep_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments)
{
    tiff_source *source = user;
    (void)tiff;
    (void)module;
    if (source->text[0] == '\0') vsnprintf(source->text, HR_IMAGE_MODULE_TEXT, format, arguments);
    return 1;
}

static int ignore_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments)
{
    (void)tiff;
    (void)user;
    (void)module;
    (void)format;
    (void)arguments;
    return 1;
}

/* ------------------------------------------------------------------------------------------------ picture */

/* Declare alpha as premultiplied, by which libtiff leaves colours alone. */
static void keep_colors(TIFF *tiff)
{
    uint16_t n_extra = 0, kinds[4] = {EXTRASAMPLE_ASSOCALPHA}, *found = NULL;
    if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &n_extra, &found) != 1 || n_extra < 1 || n_extra > 4) return;
    for (int i = 1; i < n_extra; i++) kinds[i] = found[i];
    if (found[0] == EXTRASAMPLE_UNASSALPHA) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, (int)n_extra, kinds);
}

/* Rows that are decoded at a time: a strip, or a row of tiles. */
static uint32_t rows_at_a_time(TIFF *tiff, uint32_t height)
{
    uint32_t n = 0;
    if (TIFFIsTiled(tiff))
        TIFFGetField(tiff, TIFFTAG_TILELENGTH, &n);
    else
        TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &n);
    return n == 0 || n > height ? height : n;
}

/* Whether all strips or tiles together unpack to at most 8 bytes a pixel of the largest picture that is read: samples
 * without a colour and tiles far larger than the picture may repeat a few packed bytes without end. */
static int is_affordable(const hr_image_host *host, TIFF *tiff)
{
    const uint64_t n = TIFFIsTiled(tiff) ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
    const uint64_t bytes = TIFFIsTiled(tiff) ? TIFFTileSize64(tiff) : TIFFStripSize64(tiff);
    return n > 0 && bytes > 0 && n <= host->max_pixels * 8 / bytes;
}

/* raster [rows][width]: libtiff's pixels, red in the lowest byte. */
static hr_image_result put_rows(const hr_image_host *host, TIFFRGBAImage *image, uint32_t n_rows, uint32_t *raster,
                                unsigned char *rgb)
{
    for (uint32_t y = 0; y < image->height; y += n_rows) {
        const uint32_t n = image->height - y < n_rows ? image->height - y : n_rows;
        image->row_offset = (int)y;
        image->col_offset = 0;
        if (TIFFRGBAImageGet(image, raster, image->width, n) != 1) return HR_IMAGE_BROKEN;
        for (uint32_t row = 0; row < n; row++) {
            const uint32_t *pixels = raster + (size_t)row * image->width;
            for (uint32_t x = 0; x < image->width; x++) {
                rgb[3 * (size_t)x] = (unsigned char)TIFFGetR(pixels[x]);
                rgb[3 * (size_t)x + 1] = (unsigned char)TIFFGetG(pixels[x]);
                rgb[3 * (size_t)x + 2] = (unsigned char)TIFFGetB(pixels[x]);
            }
            host->put_row(host->context, (int)(y + row), rgb);
        }
    }
    return HR_IMAGE_DONE;
}

static hr_image_result decode_image(const hr_image_host *host, TIFF *tiff, TIFFRGBAImage *image)
{
    const uint32_t width = image->width, n_rows = rows_at_a_time(tiff, image->height);
    const uint64_t n_raster = (uint64_t)n_rows * width;
    /* libtiff holds what is stored of a strip or a tile beside the raster */
    const uint64_t stored = TIFFIsTiled(tiff) ? TIFFTileSize64(tiff) : TIFFVStripSize64(tiff, n_rows);
    const uint64_t extra = n_raster * sizeof(uint32_t) + stored;
    uint16_t orientation = 1;
    TIFFGetField(tiff, TIFFTAG_ORIENTATION, &orientation);
    if (host->begin(host->context, width, image->height, orientation, extra) != 0) return HR_IMAGE_REFUSED;
    image->req_orientation = image->orientation; /* rows as they are stored */
    uint32_t *const raster = host->alloc((size_t)n_raster * sizeof *raster);
    unsigned char *const rgb = host->alloc((size_t)width * 3);
    const hr_image_result result =
        raster != NULL && rgb != NULL ? put_rows(host, image, n_rows, raster, rgb) : HR_IMAGE_NO_MEMORY;
    host->release(raster);
    host->release(rgb);
    return result;
}

static hr_image_result decode_file(const hr_image_host *host, TIFF *tiff, char *text)
{
    TIFFRGBAImage image;
    char reason[1024] = "";
    keep_colors(tiff);
    if (TIFFRGBAImageOK(tiff, reason) != 1 || TIFFRGBAImageBegin(&image, tiff, 1, reason) != 1) {
        snprintf(text, HR_IMAGE_MODULE_TEXT, "a layout that libtiff does not turn into RGB: %.200s", reason);
        return HR_IMAGE_UNSUPPORTED;
    }
    hr_image_result result = HR_IMAGE_UNSUPPORTED;
    if (is_affordable(host, tiff))
        result = decode_image(host, tiff, &image);
    else
        snprintf(text, HR_IMAGE_MODULE_TEXT, "more stored samples than pixels of %llu x 8 bytes take",
                 (unsigned long long)host->max_pixels);
    TIFFRGBAImageEnd(&image);
    return result;
}

static hr_image_result decode(const hr_image_host *host, const unsigned char *bytes, size_t n_bytes, char *text)
{
    tiff_source source = {bytes, n_bytes, 0, text};
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (options == NULL) return HR_IMAGE_NO_MEMORY;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)host->max_memory);
    TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, &source);
    TIFFOpenOptionsSetWarningHandlerExtR(options, ignore_warning, NULL);
    TIFF *tiff = TIFFClientOpenExt("picture", "r", &source, read_bytes, write_nothing, seek, close_nothing, size_of,
                                   map_file, unmap_file, options);
    TIFFOpenOptionsFree(options);
    if (tiff == NULL) return HR_IMAGE_BROKEN;
    const hr_image_result result = decode_file(host, tiff, text);
    TIFFClose(tiff);
    return result;
}

HR_IMAGE_MODULE(decode);
