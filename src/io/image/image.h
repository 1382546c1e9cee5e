/*
 * image.h - what image.c and the code for each file format (image_jpeg.c, image_png.c, image_webp.c, image_bmp.c,
 * image_module.c, image_exif.c) share: the source, the canvas, and one decoder and one encoder a format. A build
 * without a library has image_without_*.c in the place of its file. Decoders see bytes in memory, never a file. Callers
 * outside this folder use hrnet_image_load, _decode and _save of <hrnet.h>, or hr_image_decode for a limit of their
 * own.
 *
 * Transparency is dropped in every format: a pixel has the colour that is stored for it, as OpenCV's imread reads it.
 */
#ifndef HR_IO_IMAGE_IMAGE_H
#define HR_IO_IMAGE_IMAGE_H

#include <stdio.h>

#include "base/status.h"
#include "io/image/image_limits.h"

/* An encoded picture in memory. Owns nothing. */
typedef struct hr_image_source {
    const unsigned char *bytes;
    size_t n_bytes;
    const char *name; /* begins every message */
    uint64_t max_pixels;
    int ignore_orientation; /* 1: pixels stay as they are stored */
} hr_image_source;

/* A picture that is being decoded. Decoders hand over rows of RGB as they are stored, in any order, and the canvas puts
 * them where the upright picture has them; a second copy of all pixels is never needed. */
typedef struct hr_image_canvas {
    hrnet_image image; /* upright; owned by the canvas until the decoder passes it on */
    int width, height; /* as stored */
    uint8_t *first;    /* of the upright pixels, the one of the stored pixel (0, 0) */
    ptrdiff_t dx, dy;  /* bytes from there to that of the stored (1, 0), (0, 1) */
    /* Rows that become columns are kept until there are some, since a column's pixels are far apart in memory: a
     * picture of 16384 x 16384 takes 1 s in place of 25. NULL where rows stay rows. */
    uint8_t *kept; /* [n_keep][keep_stride] */
    size_t keep_stride;
    int n_keep, n_kept, first_kept;
} hr_image_canvas;

/* hrnet_image_decode with the source's own limit of pixels. */
hrnet_status hr_image_decode(hrnet_image *out, const hr_image_source *source, unsigned flags);

/* Allocate uninitialised pixels, for which memory and sides are checked as in hr_image_begin. */
hrnet_status hr_image_new(hrnet_image *out, uint64_t width, uint64_t height, uint64_t extra_bytes,
                          const hr_image_source *source);

/* Begin a picture: allocate its uninitialised pixels. Decoders call it as soon as they know the size and before a
 * library takes memory of that order. orientation: EXIF's, 1..8; other values count as 1. extra_bytes: what decoding
 * takes beside the pixels. HRNET_ERR_FORMAT if width or height is 0; HRNET_ERR_LIMIT beyond the limits of
 * image_limits.h or of the source. */
hrnet_status hr_image_begin(hr_image_canvas *out, uint64_t width, uint64_t height, int orientation,
                            uint64_t extra_bytes, const hr_image_source *source);

/* Row y, 0..height-1, of the stored picture: rgb [width][3]. */
void hr_image_put_row(hr_image_canvas *canvas, int y, const uint8_t *rgb);

/* End a picture whose rows have all been put: move it to *out. */
void hr_image_finish(hr_image_canvas *canvas, hrnet_image *out);
/* End one that failed. Harmless on a zeroed canvas. */
void hr_image_abandon(hr_image_canvas *canvas);

/* Note that a picture is damaged but can be used ("the JPEG picture is cut short, ..."): see hrnet_image_warning. The
 * first note of a picture is kept. */
void hr_image_warn(const hr_image_source *source, const char *format, ...) __attribute__((format(printf, 2, 3), cold));

/* Decode one format: RGB pixels, upright unless the source says otherwise. HRNET_ERR_FORMAT, _UNSUPPORTED, _LIMIT or
 * _MEMORY; *out is then untouched. */
hrnet_status hr_jpeg_decode(hrnet_image *out, const hr_image_source *source);
hrnet_status hr_png_decode(hrnet_image *out, const hr_image_source *source);
hrnet_status hr_webp_decode(hrnet_image *out, const hr_image_source *source);
hrnet_status hr_bmp_decode(hrnet_image *out, const hr_image_source *source);

/* The same for the formats whose libraries are in modules that are loaded on demand (src/pictures):
 * HRNET_ERR_UNSUPPORTED with the package's name where the module is missing. */
hrnet_status hr_tiff_decode(hrnet_image *out, const hr_image_source *source);
hrnet_status hr_gif_decode(hrnet_image *out, const hr_image_source *source);
hrnet_status hr_avif_decode(hrnet_image *out, const hr_image_source *source);
hrnet_status hr_heif_decode(hrnet_image *out, const hr_image_source *source);

/* Encode one format into a stream; name is for messages. Errors of the stream may be left to it (hr_file_commit). */
hrnet_status hr_jpeg_encode(FILE *stream, const hrnet_image *image, const char *name);
hrnet_status hr_png_encode(FILE *stream, const hrnet_image *image, const char *name);
hrnet_status hr_webp_encode(FILE *stream, const hrnet_image *image, const char *name);

/* The orientation tag of an EXIF block, which may begin with "Exif\0\0" (JPEG) or not (PNG, WebP): 1..8, or 1 if it is
 * missing or broken, and in a build without libexif; HR_EXIF_NO_MEMORY if memory ran out. */
enum { HR_EXIF_NO_MEMORY = -1 };
int hr_exif_orientation(const unsigned char *data, size_t size);

#endif
