/*
 * pixels.h - pixels of any format read as RGB, where they are. Formats of one plane are a matter of offsets
 * (hr_pixel_layout), which loops know at compile time; the others are converted, pixel by pixel or in rows, with the
 * arithmetic of cv2.cvtColor.
 */
#ifndef HR_POSE_PIXELS_H
#define HR_POSE_PIXELS_H

#include <hrnet.h>

/* A pixel: bytes to its right neighbour, and which of its bytes are red, green and blue. */
typedef struct hr_pixel_layout {
    int step, red, green, blue; /* step 0: the format has several planes; the colours are those of a converted pixel */
} hr_pixel_layout;

static inline hr_pixel_layout hr_pixel_layout_of(hrnet_pixel_format format)
{
    switch (format) {
    case HRNET_PIXELS_RGB: return (hr_pixel_layout){3, 0, 1, 2};
    case HRNET_PIXELS_BGR: return (hr_pixel_layout){3, 2, 1, 0};
    case HRNET_PIXELS_RGBA: return (hr_pixel_layout){4, 0, 1, 2};
    case HRNET_PIXELS_BGRA: return (hr_pixel_layout){4, 2, 1, 0};
    case HRNET_PIXELS_GREY: return (hr_pixel_layout){1, 0, 0, 0};
    case HRNET_PIXELS_NV12:
    case HRNET_PIXELS_I420: break;
    }
    return (hr_pixel_layout){0, 0, 1, 2};
}

/* Check a caller's view and write it to *out with every stride spelled out. HRNET_ERR_ARGUMENT when there is no
 * picture, the format is unknown, a plane is missing, rows overlap or reserved bytes are not zero. */
hrnet_status hr_pixels_check(const hrnet_pixels *pixels, hrnet_pixels *out);

/* Convert row y of any format to n = width numbers 0xffRRGGBB. */
void hr_pixels_pack_row(const hrnet_pixels *pixels, ptrdiff_t y, uint32_t *out);

/* Convert pixel (x, y) of a format with several planes. */
void hr_pixels_convert(const hrnet_pixels *pixels, ptrdiff_t x, ptrdiff_t y, uint8_t rgb[3]);

/* Convert n pixels of a row, from (x, y) on, into rgbx [n][4], whose fourth byte is 0: the same numbers, several times
 * faster. */
void hr_pixels_convert_row(const hrnet_pixels *pixels, ptrdiff_t x, ptrdiff_t y, ptrdiff_t n, uint8_t *rgbx);

/* Pixel (x, y), which must lie inside: in the picture itself, or converted into scratch. layout is that of the format;
 * it also says where the colours of the result are. */
static inline const uint8_t *hr_pixels_find(const hrnet_pixels *pixels, hr_pixel_layout layout, ptrdiff_t x,
                                            ptrdiff_t y, uint8_t scratch[3])
{
    if (layout.step != 0) return pixels->planes[0] + y * pixels->strides[0] + x * layout.step;
    hr_pixels_convert(pixels, x, y, scratch);
    return scratch;
}

static inline void hr_pixels_rgb(const uint8_t *pixel, hr_pixel_layout layout, uint8_t rgb[3])
{
    rgb[0] = pixel[layout.red];
    rgb[1] = pixel[layout.green];
    rgb[2] = pixel[layout.blue];
}

#endif
