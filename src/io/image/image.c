/*
 * image.c - pictures in and out: recognise the format, enforce the size limits, decode, rotate upright. It knows a
 * format by its first bytes only; the decoders of image.h know the rest.
 */
#include "io/image/image.h"

#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"

/* Larger than any camera's file; keeps a wrong path from filling the memory. */
#define MAX_FILE_BYTES ((size_t)1 << 29)

typedef hrnet_status image_decoder(hrnet_image *out, int *orientation, const hr_image_source *source);
typedef hrnet_status image_encoder(FILE *stream, const hrnet_image *image, const char *name);

/* The decoder for a file's first bytes, whatever its name; NULL for unknown formats. */
static image_decoder *find_decoder(const hr_image_source *source)
{
    const unsigned char *bytes = source->bytes;
    if (source->n_bytes >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0) return hr_jpeg_decode;
    if (source->n_bytes >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0) return hr_png_decode;
    if (source->n_bytes >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0)
        return hr_webp_decode;
    return NULL;
}

/* The encoder for a path's ending, in upper or lower case; NULL for unknown endings. */
static image_encoder *find_encoder(const char *path)
{
    static const struct {
        const char *ending;
        image_encoder *encode;
    } encoders[] = {
        {".png", hr_png_encode}, {".jpg", hr_jpeg_encode}, {".jpeg", hr_jpeg_encode}, {".webp", hr_webp_encode}};
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof encoders / sizeof *encoders; i++) {
        const size_t n = strlen(encoders[i].ending);
        if (length > n && strcasecmp(path + length - n, encoders[i].ending) == 0) return encoders[i].encode;
    }
    return NULL;
}

hrnet_status hr_image_new(hrnet_image *out, uint64_t width, uint64_t height, const hr_image_source *source)
{
    if (width == 0 || height == 0)
        return hr_fail(HRNET_ERR_FORMAT, "%s: expected pixels, found a picture of size 0", source->name);
    if (width > HR_IMAGE_MAX_SIDE || height > HR_IMAGE_MAX_SIDE || width * height > source->max_pixels)
        return hr_fail(HRNET_ERR_LIMIT,
                       "%s: expected at most %llu pixels and %d a side, found a picture of %llu x %llu", source->name,
                       (unsigned long long)source->max_pixels, HR_IMAGE_MAX_SIDE, (unsigned long long)width,
                       (unsigned long long)height);
    uint8_t *rgb = hr_alloc((size_t)(width * height), 3);
    if (rgb == NULL) return hr_fail_memory((size_t)(width * height * 3));
    *out = (hrnet_image){(int)width, (int)height, rgb};
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ orientation */

/*
 * Rotate and mirror the pixels so that a picture stored with EXIF orientation 2..8 becomes upright; 1 changes nothing.
 * The tag says where the stored first row and first column belong: 6, a phone held upright, means first row right,
 * first column top. Each value amounts to mirroring x, mirroring y, then exchanging x and y, each or not:
 *
 *   1 as stored    2 mirror x     3 mirror both (180 degrees)              4 mirror y
 *   5 transpose    6 mirror y, transpose (90 degrees clockwise)            7 mirror both, transpose
 *                  8 mirror x, transpose (90 degrees counter-clockwise)
 */
static hrnet_status apply_orientation(hrnet_image *image, int orientation)
{
    static const struct {
        unsigned char mirror_x, mirror_y, exchange;
    } changes[9] = {{0, 0, 0}, {0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {0, 1, 0}, {0, 0, 1}, {0, 1, 1}, {1, 1, 1}, {1, 0, 1}};
    if (orientation == HR_EXIF_NO_MEMORY) return hr_fail_memory(0);
    if (orientation < 2 || orientation > 8) return HRNET_OK;
    const ptrdiff_t width = image->width, height = image->height;
    const int exchange = changes[orientation].exchange;
    const ptrdiff_t out_width = exchange ? height : width, out_height = exchange ? width : height;
    uint8_t *rgb = hr_alloc((size_t)(width * height), 3);
    if (rgb == NULL) return hr_fail_memory((size_t)(width * height * 3));
    /* the stored pixel at (x, y) of the mirrored picture is first + x * dx + y * dy, in bytes */
    const ptrdiff_t dx = changes[orientation].mirror_x ? -3 : 3;
    const ptrdiff_t dy = changes[orientation].mirror_y ? -3 * width : 3 * width;
    const uint8_t *first = image->rgb + (dx < 0 ? 3 * (width - 1) : 0) + (dy < 0 ? 3 * width * (height - 1) : 0);
    uint8_t *to = rgb;
    for (ptrdiff_t y = 0; y < out_height; y++) {
        for (ptrdiff_t x = 0; x < out_width; x++, to += 3)
            memcpy(to, first + (exchange ? x * dy + y * dx : x * dx + y * dy), 3);
    }
    hr_free(image->rgb);
    *image = (hrnet_image){(int)out_width, (int)out_height, rgb};
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ decoding and
 * encoding */

hrnet_status hr_image_decode(hrnet_image *out, const hr_image_source *source, unsigned flags)
{
    image_decoder *decode = find_decoder(source);
    if (decode == NULL && source->n_bytes == 0)
        return hr_fail(HRNET_ERR_FORMAT, "%s: expected a JPEG, PNG or WebP picture, found an empty file", source->name);
    if (decode == NULL)
        return hr_fail(HRNET_ERR_FORMAT, "%s: expected a JPEG, PNG or WebP picture, found something else",
                       source->name);
    hrnet_image image = {0};
    int orientation = 1;
    HR_TRY(decode(&image, &orientation, source));
    if ((flags & HRNET_IMAGE_IGNORE_ORIENTATION) == 0) {
        const hrnet_status status = apply_orientation(&image, orientation);
        if (status != HRNET_OK) {
            hrnet_image_free(&image);
            return status;
        }
    }
    *out = image;
    return HRNET_OK;
}

hrnet_status hrnet_image_decode(hrnet_image *out, const void *bytes, size_t n_bytes, const char *name, unsigned flags)
{
    if (out == NULL || (bytes == NULL && n_bytes != 0))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_image_decode: out or bytes is NULL");
    if ((flags & ~(unsigned)HRNET_IMAGE_IGNORE_ORIENTATION) != 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_image_decode: unknown flags 0x%x", flags);
    const hr_image_source source = {bytes, n_bytes, name != NULL ? name : "picture", HR_IMAGE_MAX_PIXELS};
    return hr_image_decode(out, &source, flags);
}

hrnet_status hrnet_image_load(hrnet_image *out, const char *path, unsigned flags)
{
    if (out == NULL || path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_image_load: out or path is NULL");
    hr_bytes file = {0};
    HR_TRY(hr_file_read(&file, path, MAX_FILE_BYTES));
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    const hrnet_status status = hrnet_image_decode(out, file.data, file.size, name, flags);
    hr_free(file.data);
    return status;
}

hrnet_status hrnet_image_save(const hrnet_image *image, const char *path)
{
    if (image == NULL || path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_image_save: image or path is NULL");
    if (image->rgb == NULL || image->width <= 0 || image->height <= 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "%s: cannot save an empty picture", path);
    image_encoder *encode = find_encoder(path);
    if (encode == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "%s: expected a name that ends in .png, .jpg, .jpeg or .webp", path);
    hr_file file;
    HR_TRY(hr_file_create(&file, path));
    const hrnet_status status = encode(file.stream, image, path);
    if (status != HRNET_OK) {
        hr_file_abandon(&file);
        return status;
    }
    return hr_file_commit(&file);
}

void hrnet_image_free(hrnet_image *image)
{
    if (image == NULL) return;
    hr_free(image->rgb);
    *image = (hrnet_image){0};
}
