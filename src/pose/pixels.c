/*
 * pixels.c - borrowed pixels: their checks and their conversion to RGB.
 *
 * NV12 and I420 follow OpenCV's cvtColor (COLOR_YUV2RGB_NV12, COLOR_YUV2RGB_I420): BT.601, limited range, in 20-bit
 * fixed point, a chroma sample for every block of 2 x 2 pixels:
 *   R = 1.164 (Y - 16)                   + 1.596 (V - 128)
 *   G = 1.164 (Y - 16) - 0.391 (U - 128) - 0.813 (V - 128)
 *   B = 1.164 (Y - 16) + 2.018 (U - 128)
 */
#include "pose/pixels.h"

#include <stddef.h>

#include "base/mem.h"
#include "base/status.h"

enum {
    SHIFT = 20, /* ITUR_BT_601_SHIFT; the factors below are those of the formula times 2^20 */
    FROM_Y = 1220542,
    RED_FROM_V = 1673527,
    GREEN_FROM_U = -409993,
    GREEN_FROM_V = -852492,
    BLUE_FROM_U = 2116026,
    BLOCK = 64 /* pixels that are converted together; even */
};

static inline uint8_t to_byte(int fixed)
{
    const int value = fixed >> SHIFT;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static inline int light_of(int y)
{
    return (y > 16 ? y - 16 : 0) * FROM_Y + (1 << (SHIFT - 1));
}

static inline int red_of(int v)
{
    return RED_FROM_V * (v - 128);
}

static inline int green_of(int u, int v)
{
    return GREEN_FROM_V * (v - 128) + GREEN_FROM_U * (u - 128);
}

static inline int blue_of(int u)
{
    return BLUE_FROM_U * (u - 128);
}

static void convert(int y, int u, int v, uint8_t rgb[3])
{
    const int light = light_of(y);
    rgb[0] = to_byte(light + red_of(v));
    rgb[1] = to_byte(light + green_of(u, v));
    rgb[2] = to_byte(light + blue_of(u));
}

void hr_pixels_convert(const hrnet_pixels *pixels, ptrdiff_t x, ptrdiff_t y, uint8_t rgb[3])
{
    const int light = pixels->planes[0][y * pixels->strides[0] + x];
    const uint8_t *const second = pixels->planes[1] + y / 2 * pixels->strides[1];
    if (pixels->format == HRNET_PIXELS_NV12)
        convert(light, second[x / 2 * 2], second[x / 2 * 2 + 1], rgb);
    else
        convert(light, second[x / 2], pixels->planes[2][y / 2 * pixels->strides[2] + x / 2], rgb);
}

/* ------------------------------------------------------------------------------------------------ rows */

static inline uint32_t pack(uint8_t red, uint8_t green, uint8_t blue)
{
    return 0xff000000u | (uint32_t)red << 16 | (uint32_t)green << 8 | (uint32_t)blue;
}

/* n <= BLOCK pixels from (x, y) on, x even. Every chroma sample is multiplied once for the two pixels of the row that
 * share it, and the loops become vectors. */
static void pack_planar(const hrnet_pixels *pixels, ptrdiff_t x, ptrdiff_t y, int n, uint32_t *out)
{
    const int is_nv12 = pixels->format == HRNET_PIXELS_NV12, step = is_nv12 ? 2 : 1;
    const uint8_t *const light = pixels->planes[0] + y * pixels->strides[0] + x;
    const uint8_t *const u = pixels->planes[1] + y / 2 * pixels->strides[1] + x / 2 * step;
    const uint8_t *const v = is_nv12 ? u + 1 : pixels->planes[2] + y / 2 * pixels->strides[2] + x / 2;
    int red[BLOCK], green[BLOCK], blue[BLOCK];
    for (int i = 0; i < (n + 1) / 2; i++) {
        red[2 * i] = red[2 * i + 1] = red_of(v[i * step]);
        green[2 * i] = green[2 * i + 1] = green_of(u[i * step], v[i * step]);
        blue[2 * i] = blue[2 * i + 1] = blue_of(u[i * step]);
    }
    for (int i = 0; i < n; i++) {
        const int l = light_of(light[i]);
        out[i] = pack(to_byte(l + red[i]), to_byte(l + green[i]), to_byte(l + blue[i]));
    }
}

/* The format is a constant wherever this is called, so that each has a loop of its own. */
static inline void pack_plane(const hrnet_pixels *pixels, ptrdiff_t x, ptrdiff_t y, int n, hrnet_pixel_format format,
                              uint32_t *restrict out)
{
    const hr_pixel_layout layout = hr_pixel_layout_of(format);
    const uint8_t *restrict const first = pixels->planes[0] + y * pixels->strides[0] + x * layout.step;
    for (ptrdiff_t i = 0; i < n; i++) {
        const uint8_t *const pixel = first + i * layout.step;
        out[i] = pack(pixel[layout.red], pixel[layout.green], pixel[layout.blue]);
    }
}

/* n <= BLOCK pixels from (x, y) on, x even, of any format. */
static void pack_block(const hrnet_pixels *pixels, ptrdiff_t x, ptrdiff_t y, int n, uint32_t *out)
{
    switch (pixels->format) {
    case HRNET_PIXELS_RGB: pack_plane(pixels, x, y, n, HRNET_PIXELS_RGB, out); break;
    case HRNET_PIXELS_BGR: pack_plane(pixels, x, y, n, HRNET_PIXELS_BGR, out); break;
    case HRNET_PIXELS_RGBA: pack_plane(pixels, x, y, n, HRNET_PIXELS_RGBA, out); break;
    case HRNET_PIXELS_BGRA: pack_plane(pixels, x, y, n, HRNET_PIXELS_BGRA, out); break;
    case HRNET_PIXELS_GREY: pack_plane(pixels, x, y, n, HRNET_PIXELS_GREY, out); break;
    case HRNET_PIXELS_NV12:
    case HRNET_PIXELS_I420: pack_planar(pixels, x, y, n, out); break;
    }
}

void hr_pixels_pack_row(const hrnet_pixels *pixels, ptrdiff_t y, uint32_t *out)
{
    for (int x = 0; x < pixels->width; x += BLOCK) {
        const int left = pixels->width - x;
        pack_block(pixels, x, y, left < BLOCK ? left : BLOCK, out + x);
    }
}

/* ------------------------------------------------------------------------------------------------ views */

/* Bytes of a row of a plane; 0: the format does not have that plane. */
static ptrdiff_t row_bytes(hrnet_pixel_format format, int width, int plane)
{
    const ptrdiff_t packed = hr_pixel_layout_of(format).step, half = ((ptrdiff_t)width + 1) / 2;
    if (packed != 0) return plane == 0 ? width * packed : 0;
    if (plane == 0) return width;
    if (format == HRNET_PIXELS_NV12) return plane == 1 ? 2 * half : 0;
    return half;
}

hrnet_status hr_pixels_check(const hrnet_pixels *pixels, hrnet_pixels *out)
{
    if (pixels->width < 1 || pixels->height < 1 || pixels->planes[0] == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "expected a picture, found none");
    if (pixels->format < HRNET_PIXELS_RGB || pixels->format > HRNET_PIXELS_I420)
        return hr_fail(HRNET_ERR_ARGUMENT, "unknown pixel format %d", (int)pixels->format);
    HR_TRY(HR_CHECK_RESERVED(pixels, "pixels"));
    hrnet_pixels full = *pixels;
    for (int i = 0; i < 3; i++) {
        const ptrdiff_t least = row_bytes(pixels->format, pixels->width, i), most = PTRDIFF_MAX / pixels->height;
        if (least == 0) continue;
        if (pixels->planes[i] == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "pixels: plane %d is missing", i);
        if (full.strides[i] == 0) full.strides[i] = least;
        const ptrdiff_t stride = full.strides[i];
        if ((stride < least && stride > -least) || stride > most || stride < -most)
            return hr_fail(HRNET_ERR_ARGUMENT, "pixels: a stride of %td bytes, expected rows of at least %td", stride,
                           least);
    }
    *out = full;
    return HRNET_OK;
}

hrnet_status hrnet_image_copy(hrnet_image *out, const hrnet_pixels *pixels)
{
    hrnet_pixels from;
    if (out == NULL || pixels == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_image_copy: an argument is NULL");
    HR_TRY(hr_pixels_check(pixels, &from));
    const size_t n = (size_t)from.width * (size_t)from.height;
    if (n > (size_t)1 << 28)
        return hr_fail(HRNET_ERR_LIMIT, "hrnet_image_copy: %d x %d pixels, the limit is 2^28", from.width, from.height);
    uint8_t *const rgb = hr_alloc(n, 3);
    if (rgb == NULL) return hr_fail_memory(n * 3);
    const hr_pixel_layout layout = hr_pixel_layout_of(from.format);
    uint8_t *to = rgb;
    for (int y = 0; y < from.height; y++)
        for (int x = 0; x < from.width; x++, to += 3) {
            uint8_t scratch[3];
            hr_pixels_rgb(hr_pixels_find(&from, layout, x, y, scratch), layout, to);
        }
    *out = (hrnet_image){from.width, from.height, rgb};
    return HRNET_OK;
}
