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
#include <string.h>

#include "base/mem.h"
#include "base/status.h"

enum {
    SHIFT = 20, /* ITUR_BT_601_SHIFT; the factors below are those of the formula times 2^20 */
    FROM_Y = 1220542,
    RED_FROM_V = 1673527,
    GREEN_FROM_U = -409993,
    GREEN_FROM_V = -852492,
    BLUE_FROM_U = 2116026
};

static uint8_t to_byte(int fixed)
{
    const int value = fixed >> SHIFT;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void convert(int y, int u, int v, uint8_t rgb[3])
{
    const int light = (y > 16 ? y - 16 : 0) * FROM_Y + (1 << (SHIFT - 1));
    u -= 128;
    v -= 128;
    rgb[0] = to_byte(light + RED_FROM_V * v);
    rgb[1] = to_byte(light + GREEN_FROM_V * v + GREEN_FROM_U * u);
    rgb[2] = to_byte(light + BLUE_FROM_U * u);
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

/* A factor as hi 2^15 + lo, so that its product with a number of 9 bits is made of products of 16 bits, which every
 * processor multiplies eight at a time; the sum is the same. */
static inline int32_t times(int16_t value, int32_t factor)
{
    const int16_t lo = (int16_t)(factor & 0x7fff), hi = (int16_t)((factor - lo) / 0x8000);
    return (int32_t)((uint32_t)(int32_t)(int16_t)(value * hi) << 15) + (int32_t)value * lo;
}

/* The same as to_byte: sums of three terms are below 2^10 after the shift. */
static inline uint8_t clamp16(int32_t fixed)
{
    const int16_t value = (int16_t)(fixed >> SHIFT);
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

enum { BLOCK = 64 }; /* pixels that are converted together, in loops without branches that compilers make vectors of */

/* light [BLOCK], u and v [BLOCK / 2] to pixels [BLOCK], red in the lowest byte, the highest 0. */
static void convert_block(const uint8_t *restrict light, const uint8_t *restrict u, const uint8_t *restrict v,
                          uint32_t *restrict pixels)
{
    int32_t red[BLOCK], green[BLOCK], blue[BLOCK]; /* what the chroma of each pixel adds */
    uint8_t r[BLOCK], g[BLOCK], b[BLOCK];
    for (int i = 0; i < BLOCK / 2; i++) {
        const int16_t cu = (int16_t)(u[i] - 128), cv = (int16_t)(v[i] - 128);
        red[2 * i] = red[2 * i + 1] = times(cv, RED_FROM_V);
        green[2 * i] = green[2 * i + 1] = times(cv, GREEN_FROM_V) + times(cu, GREEN_FROM_U);
        blue[2 * i] = blue[2 * i + 1] = times(cu, BLUE_FROM_U);
    }
    for (int i = 0; i < BLOCK; i++) {
        const int16_t above = (int16_t)(light[i] > 16 ? light[i] - 16 : 0);
        const int32_t grey = times(above, FROM_Y) + (1 << (SHIFT - 1));
        r[i] = clamp16(grey + red[i]);
        g[i] = clamp16(grey + green[i]);
        b[i] = clamp16(grey + blue[i]);
    }
    for (int i = 0; i < BLOCK; i++) pixels[i] = r[i] | (uint32_t)g[i] << 8 | (uint32_t)b[i] << 16;
}

/* n chroma samples, each `step` bytes after the one before. */
static void copy_chroma(uint8_t *restrict out, const uint8_t *restrict from, int step, int n)
{
    if (step == 1)
        memcpy(out, from, (size_t)n);
    else
        for (int i = 0; i < n; i++) out[i] = from[2 * i];
}

void hr_pixels_convert_row(const hrnet_pixels *pixels, ptrdiff_t x, ptrdiff_t y, ptrdiff_t n, uint8_t *rgbx)
{
    const uint8_t *const light = pixels->planes[0] + y * pixels->strides[0];
    const int is_nv12 = pixels->format == HRNET_PIXELS_NV12, step = is_nv12 ? 2 : 1;
    const uint8_t *const u = pixels->planes[1] + y / 2 * pixels->strides[1];
    const uint8_t *const v = is_nv12 ? u + 1 : pixels->planes[2] + y / 2 * pixels->strides[2];
    const ptrdiff_t first = x & ~(ptrdiff_t)1, end = x + n; /* blocks begin with a chroma sample */
    uint8_t block[BLOCK] = {0}, block_u[BLOCK / 2] = {0}, block_v[BLOCK / 2] = {0};
    uint32_t made[BLOCK];
    for (ptrdiff_t at = first; at < end; at += BLOCK) {
        const int n_here = (int)(end - at < BLOCK ? end - at : BLOCK), left_out = at < x;
        memcpy(block, light + at, (size_t)n_here);
        copy_chroma(block_u, u + at / 2 * step, step, (n_here + 1) / 2);
        copy_chroma(block_v, v + at / 2 * step, step, (n_here + 1) / 2);
        convert_block(block, block_u, block_v, made);
        memcpy(rgbx + 4 * (at + left_out - x), made + left_out, (size_t)(n_here - left_out) * 4);
    }
}

/* n pixels of a format with one plane. The format is a constant wherever this is called, so that each has a loop of its
 * own. */
static inline void pack_plane(const hrnet_pixels *pixels, ptrdiff_t y, hrnet_pixel_format format,
                              uint32_t *restrict out)
{
    const hr_pixel_layout layout = hr_pixel_layout_of(format);
    const uint8_t *restrict const first = pixels->planes[0] + y * pixels->strides[0];
    for (ptrdiff_t i = 0; i < pixels->width; i++) {
        const uint8_t *const pixel = first + i * layout.step;
        out[i] =
            0xff000000u | (uint32_t)pixel[layout.red] << 16 | (uint32_t)pixel[layout.green] << 8 | pixel[layout.blue];
    }
}

static void pack_planar(const hrnet_pixels *pixels, ptrdiff_t y, uint32_t *out)
{
    uint8_t rgbx[BLOCK * 4];
    for (ptrdiff_t x = 0; x < pixels->width; x += BLOCK) {
        const ptrdiff_t left = pixels->width - x, n = left < BLOCK ? left : BLOCK;
        hr_pixels_convert_row(pixels, x, y, n, rgbx);
        for (ptrdiff_t i = 0; i < n; i++)
            out[x + i] = 0xff000000u | (uint32_t)rgbx[4 * i] << 16 | (uint32_t)rgbx[4 * i + 1] << 8 | rgbx[4 * i + 2];
    }
}

void hr_pixels_pack_row(const hrnet_pixels *pixels, ptrdiff_t y, uint32_t *out)
{
    switch (pixels->format) {
    case HRNET_PIXELS_RGB: pack_plane(pixels, y, HRNET_PIXELS_RGB, out); break;
    case HRNET_PIXELS_BGR: pack_plane(pixels, y, HRNET_PIXELS_BGR, out); break;
    case HRNET_PIXELS_RGBA: pack_plane(pixels, y, HRNET_PIXELS_RGBA, out); break;
    case HRNET_PIXELS_BGRA: pack_plane(pixels, y, HRNET_PIXELS_BGRA, out); break;
    case HRNET_PIXELS_GREY: pack_plane(pixels, y, HRNET_PIXELS_GREY, out); break;
    case HRNET_PIXELS_NV12:
    case HRNET_PIXELS_I420: pack_planar(pixels, y, out); break;
    }
}

/* ------------------------------------------------------------------------------------------------ checks */

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

/* rgb [width][3] */
static void copy_row(const hrnet_pixels *pixels, int y, uint8_t *rgb)
{
    enum { PART = 512 };
    const hr_pixel_layout layout = hr_pixel_layout_of(pixels->format);
    const uint8_t *const row = pixels->planes[0] + y * pixels->strides[0];
    uint8_t rgbx[4 * PART];
    if (layout.step != 0) {
        for (ptrdiff_t x = 0; x < pixels->width; x++) hr_pixels_rgb(row + x * layout.step, layout, rgb + 3 * x);
        return;
    }
    for (ptrdiff_t x = 0; x < pixels->width; x += PART) {
        const ptrdiff_t n = pixels->width - x < PART ? pixels->width - x : PART;
        uint8_t *const to = rgb + 3 * x;
        hr_pixels_convert_row(pixels, x, y, n, rgbx);
        for (ptrdiff_t i = 0; i < n - 1; i++) memcpy(to + 3 * i, rgbx + 4 * i, 4); /* the fourth byte is overwritten */
        memcpy(to + 3 * (n - 1), rgbx + 4 * (n - 1), 3);
    }
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
    for (int y = 0; y < from.height; y++) copy_row(&from, y, rgb + (size_t)y * (size_t)from.width * 3);
    *out = (hrnet_image){from.width, from.height, rgb};
    return HRNET_OK;
}
