/*
 * image.h - what image.c and the code for each file format (image_jpeg.c, image_png.c, image_webp.c, image_exif.c)
 * share: limits, and one decoder and one encoder a format. A build without a library has image_without_*.c in the place
 * of its file. Decoders see bytes in memory, never a file. Callers outside this folder use hrnet_image_load, _decode
 * and _save of <hrnet.h>, or hr_image_decode for a limit of their own.
 */
#ifndef HR_IO_IMAGE_IMAGE_H
#define HR_IO_IMAGE_IMAGE_H

#include <stdio.h>

#include "base/status.h"

/* Pictures with more pixels are refused before anything of their size is allocated: 2^28 pixels are 768 MiB of RGB. */
#define HR_IMAGE_MAX_PIXELS ((uint64_t)1 << 28)

/* So are pictures with a longer side: the format libraries hold several rows of up to 8 bytes a pixel. */
enum { HR_IMAGE_MAX_SIDE = 1 << 20 };

/* An encoded picture in memory. Owns nothing. */
typedef struct hr_image_source {
    const unsigned char *bytes;
    size_t n_bytes;
    const char *name; /* begins every message */
    uint64_t max_pixels;
} hr_image_source;

/* hrnet_image_decode with the source's own limit of pixels. */
hrnet_status hr_image_decode(hrnet_image *out, const hr_image_source *source, unsigned flags);

/* Allocate the uninitialised pixels of a picture. Decoders call it as soon as they know the size. HRNET_ERR_FORMAT if
 * width or height is 0, HRNET_ERR_LIMIT beyond HR_IMAGE_MAX_SIDE or the source's limit. */
hrnet_status hr_image_new(hrnet_image *out, uint64_t width, uint64_t height, const hr_image_source *source);

/* Decode one format: RGB pixels as they are stored, and the EXIF orientation (1..8; 1 if the file has none), which the
 * caller applies. HRNET_ERR_FORMAT, _UNSUPPORTED, _LIMIT or _MEMORY; the outputs are then untouched. */
hrnet_status hr_jpeg_decode(hrnet_image *out, int *orientation, const hr_image_source *source);
hrnet_status hr_png_decode(hrnet_image *out, int *orientation, const hr_image_source *source);
hrnet_status hr_webp_decode(hrnet_image *out, int *orientation, const hr_image_source *source);

/* Encode one format into a stream; name is for messages. Errors of the stream may be left to it (hr_file_commit). */
hrnet_status hr_jpeg_encode(FILE *stream, const hrnet_image *image, const char *name);
hrnet_status hr_png_encode(FILE *stream, const hrnet_image *image, const char *name);
hrnet_status hr_webp_encode(FILE *stream, const hrnet_image *image, const char *name);

/* The orientation tag of an EXIF block, which may begin with "Exif\0\0" (JPEG) or not (PNG, WebP): 1..8, or 1 if it is
 * missing or broken, and in a build without libexif; HR_EXIF_NO_MEMORY if memory ran out. */
enum { HR_EXIF_NO_MEMORY = -1 };
int hr_exif_orientation(const unsigned char *data, size_t size);

#endif
