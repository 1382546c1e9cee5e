/*
 * image.h - what image.c asks of the readers and writers of one file format each (image_jpeg.c, image_png.c,
 * image_webp.c), and the EXIF orientation they share (image_exif.c). A build without a library has image_without_*.c in
 * the place of its file. A reader sees bytes in memory, never a file.
 */
#ifndef HR_IO_IMAGE_IMAGE_H
#define HR_IO_IMAGE_IMAGE_H

#include <stdio.h>

#include "base/status.h"

/* Pictures of more pixels are refused before anything of their size is allocated. */
#define HR_IMAGE_MAX_PIXELS ((uint64_t)1 << 28)

/* So are those with a longer side: the libraries hold several rows of up to 8 bytes a pixel beside the picture. */
enum { HR_IMAGE_MAX_SIDE = 1 << 20 };

/* An encoded picture in memory. */
typedef struct hr_image_source {
    const unsigned char *bytes;
    size_t n_bytes;
    const char *name; /* begins every message */
    uint64_t max_pixels;
} hr_image_source;

/* hrnet_image_decode with a limit of its own. */
hrnet_status hr_image_decode(hrnet_image *out, const hr_image_source *source, unsigned flags);

/* Pixels, uninitialised, for a picture of this size: HRNET_ERR_FORMAT when it has no pixels, HRNET_ERR_LIMIT over
 * HR_IMAGE_MAX_SIDE or the source's limit. Readers call it as soon as they know the size. */
hrnet_status hr_image_new(hrnet_image *out, uint64_t width, uint64_t height, const hr_image_source *source);

/* One reader a format: RGB pixels, not yet turned, and the EXIF orientation, 1..8, 1 when the file has none. On failure
 * out is empty. */
hrnet_status hr_jpeg_decode(hrnet_image *out, int *orientation, const hr_image_source *source);
hrnet_status hr_png_decode(hrnet_image *out, int *orientation, const hr_image_source *source);
hrnet_status hr_webp_decode(hrnet_image *out, int *orientation, const hr_image_source *source);

/* One writer a format; name is for messages. */
hrnet_status hr_jpeg_encode(FILE *stream, const hrnet_image *image, const char *name);
hrnet_status hr_png_encode(FILE *stream, const hrnet_image *image, const char *name);
hrnet_status hr_webp_encode(FILE *stream, const hrnet_image *image, const char *name);

/* The orientation tag of an EXIF block, with or without its "Exif\0\0": 1..8; 1 when there is none or it is broken, and
 * in a build without libexif. */
int hr_exif_orientation(const unsigned char *data, size_t size);

/* Turn and mirror the picture so that what EXIF orientation 2..8 says becomes upright; 1 leaves it. */
hrnet_status hr_image_turn(hrnet_image *image, int orientation);

#endif
