/*
 * crop.c - bilinear sampling of an affine crop, black outside the image.
 *
 * The OpenCV sampler repeats cv2.warpAffine (INTER_LINEAR, BORDER_CONSTANT 0) bit for bit: positions in 1/1024 pixel,
 * the share of the row and the share of the column rounded each on its own, then cut to 1/32 pixel; weights are
 * products of 1/32 steps. OpenCV's 15-bit weights are these times 32, so 10 bits carry the same sums. Other formats
 * than RGB give what their conversion to RGB and then the crop would give, bit for bit.
 */
#include "pose/crop.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/status.h"
#include "pose/affine.h"

enum {
    POSITION_BITS = 10, /* AB_BITS */
    STEP_BITS = 5,      /* INTER_BITS */
    STEPS = 1 << STEP_BITS,
    CHUNK = 64, /* columns that are sampled together */
    SPAN = 256  /* pixels of the image that they lie between, if these are converted together */
};

hrnet_status hr_warp_init(hr_warp *warp, const hrnet_pixels *pixels, const double to_crop[6], int width, int height,
                          hrnet_sampler sampler)
{
    *warp = (hr_warp){.width = width, .height = height, .sampler = sampler};
    hr_affine_invert(to_crop, warp->to_image);
    return hr_pixels_check(pixels, &warp->pixels);
}

/* Pixels (x, y), (x+1, y), (x, y+1), (x+1, y+1), black where the image has none. scratch holds those that are
 * converted. */
static inline void find_corners(const hr_warp *warp, hr_pixel_layout layout, int64_t x, int64_t y,
                                uint8_t scratch[4][3], const uint8_t *corners[4])
{
    static const uint8_t black[4];
    const int64_t width = warp->pixels.width, height = warp->pixels.height;
    for (int i = 0; i < 4; i++) {
        const int64_t cx = x + (i & 1), cy = y + (i >> 1);
        const int inside = cx >= 0 && cy >= 0 && cx < width && cy < height;
        corners[i] = !inside
                         ? black
                         : hr_pixels_find(&warp->pixels, layout, warp->mirrored ? width - 1 - cx : cx, cy, scratch[i]);
    }
}

/* To 1/1024 pixel, ties to even. Positions that no image reaches, and NaN, become one that none reaches. */
static inline int64_t to_fixed(double position)
{
    const double limit = 0x1p40;
    const double scaled = position * (1 << POSITION_BITS);
    return scaled > -limit && scaled < limit ? llrint(scaled) : (int64_t)limit;
}

/* What n neighbouring columns of the crop add to a row's position in the image. */
typedef struct columns {
    int x0, n;
    int64_t x[CHUNK], y[CHUNK]; /* of the OpenCV sampler */
} columns;

static void begin_columns(columns *c, const hr_warp *warp, int x0)
{
    c->x0 = x0;
    c->n = warp->width - x0 < CHUNK ? warp->width - x0 : CHUNK;
    for (int i = 0; warp->sampler != HRNET_SAMPLE_FLOAT && i < c->n; i++) {
        c->x[i] = to_fixed(warp->to_image[0] * (x0 + i));
        c->y[i] = to_fixed(warp->to_image[3] * (x0 + i));
    }
}

/* One pixel between four: rows upper and lower, each pixel and its right neighbour, `right` bytes on. */
static inline __attribute__((always_inline)) void blend(const uint8_t *upper, const uint8_t *lower, ptrdiff_t right,
                                                        hr_pixel_layout layout, int fx, int fy, uint8_t *rgb)
{
    const int w[4] = {(STEPS - fx) * (STEPS - fy), fx * (STEPS - fy), (STEPS - fx) * fy, fx * fy};
    const ptrdiff_t colors[3] = {layout.red, layout.green, layout.blue};
    for (int i = 0; i < 3; i++) {
        const ptrdiff_t c = colors[i];
        const int sum = w[0] * upper[c] + w[1] * upper[c + right] + w[2] * lower[c] + w[3] * lower[c + right];
        rgb[i] = (uint8_t)((sum + STEPS * STEPS / 2) >> (2 * STEP_BITS));
    }
}

/* The same for pixels that are not four neighbours of one plane: some are outside, or the format has several planes. */
static void blend_corners(const hr_warp *warp, hr_pixel_layout layout, int64_t x, int64_t y, int fx, int fy,
                          uint8_t *rgb)
{
    const uint8_t *corners[4];
    uint8_t scratch[4][3], rows[2][6];
    find_corners(warp, layout, x, y, scratch, corners);
    for (int i = 0; i < 4; i++) hr_pixels_rgb(corners[i], layout, &rows[i / 2][i % 2 * 3]);
    blend(rows[0], rows[1], 3, hr_pixel_layout_of(HRNET_PIXELS_RGB), fx, fy, rgb);
}

/* Inlined for each format, so that its layout is known when it is compiled. */
static inline __attribute__((always_inline)) void sample_packed(const hr_warp *warp, const columns *block, int y,
                                                                hr_pixel_layout layout, uint8_t *rgb)
{
    const double *m = warp->to_image;
    const int64_t half_step = (1 << POSITION_BITS) / STEPS / 2;
    const int64_t row_x = to_fixed(m[1] * y + m[2]) + half_step, row_y = to_fixed(m[4] * y + m[5]) + half_step;
    const int64_t width = warp->pixels.width, height = warp->pixels.height;
    const ptrdiff_t right = warp->mirrored ? -layout.step : layout.step, below = warp->pixels.strides[0];
    const uint8_t *const first = warp->pixels.planes[0] + (warp->mirrored ? (width - 1) * layout.step : 0);
    for (int i = 0; i < block->n; i++, rgb += 3) {
        const int64_t px = (row_x + block->x[i]) >> (POSITION_BITS - STEP_BITS);
        const int64_t py = (row_y + block->y[i]) >> (POSITION_BITS - STEP_BITS);
        const int64_t cx = px >> STEP_BITS, cy = py >> STEP_BITS;
        const int fx = (int)(px & (STEPS - 1)), fy = (int)(py & (STEPS - 1));
        if (layout.step != 0 && cx >= 0 && cy >= 0 && cx < width - 1 && cy < height - 1) {
            const uint8_t *const upper = first + cy * below + cx * right;
            blend(upper, upper + below, right, layout, fx, fy, rgb);
        } else {
            blend_corners(warp, layout, cx, cy, fx, fy, rgb);
        }
    }
}

/* Of an image in several planes, where a row of the crop lies along a row of it and not too many pixels between two:
 * what lies between is converted at once, and each pixel one time instead of up to four. Returns 0 if it is not so. */
static int sample_planes(const hr_warp *warp, const columns *block, int y, uint8_t *rgb)
{
    uint8_t rgbx[2][SPAN * 4];
    const hr_pixel_layout layout = hr_pixel_layout_of(HRNET_PIXELS_RGBA);
    const double *m = warp->to_image;
    const int64_t half_step = (1 << POSITION_BITS) / STEPS / 2;
    const int64_t row_x = to_fixed(m[1] * y + m[2]) + half_step;
    const int64_t py = (to_fixed(m[4] * y + m[5]) + half_step) >> (POSITION_BITS - STEP_BITS), cy = py >> STEP_BITS;
    const int64_t width = warp->pixels.width;
    int64_t first = (row_x + block->x[0]) >> POSITION_BITS,
            last = ((row_x + block->x[block->n - 1]) >> POSITION_BITS) + 1;
    if (warp->mirrored || m[3] != 0 || cy < 0 || cy >= warp->pixels.height - 1) return 0;
    if (first < 0) first = 0;
    if (last > width - 1) last = width - 1;
    if (last <= first || last - first >= SPAN) return 0;
    for (int i = 0; i < 2; i++) hr_pixels_convert_row(&warp->pixels, first, cy + i, last - first + 1, rgbx[i]);
    for (int i = 0; i < block->n; i++, rgb += 3) {
        const int64_t px = (row_x + block->x[i]) >> (POSITION_BITS - STEP_BITS), cx = px >> STEP_BITS;
        const int fx = (int)(px & (STEPS - 1)), fy = (int)(py & (STEPS - 1));
        if (cx >= first && cx < last)
            blend(rgbx[0] + 4 * (cx - first), rgbx[1] + 4 * (cx - first), 4, layout, fx, fy, rgb);
        else
            blend_corners(warp, hr_pixel_layout_of(warp->pixels.format), cx, cy, fx, fy, rgb);
    }
    return 1;
}

static void sample_fixed(const hr_warp *warp, const columns *block, int y, uint8_t *rgb)
{
    switch (warp->pixels.format) {
    case HRNET_PIXELS_RGB: sample_packed(warp, block, y, hr_pixel_layout_of(HRNET_PIXELS_RGB), rgb); break;
    case HRNET_PIXELS_BGR: sample_packed(warp, block, y, hr_pixel_layout_of(HRNET_PIXELS_BGR), rgb); break;
    case HRNET_PIXELS_RGBA: sample_packed(warp, block, y, hr_pixel_layout_of(HRNET_PIXELS_RGBA), rgb); break;
    case HRNET_PIXELS_BGRA: sample_packed(warp, block, y, hr_pixel_layout_of(HRNET_PIXELS_BGRA), rgb); break;
    case HRNET_PIXELS_GREY: sample_packed(warp, block, y, hr_pixel_layout_of(HRNET_PIXELS_GREY), rgb); break;
    case HRNET_PIXELS_NV12:
    case HRNET_PIXELS_I420:
        if (!sample_planes(warp, block, y, rgb))
            sample_packed(warp, block, y, hr_pixel_layout_of(HRNET_PIXELS_NV12), rgb);
        break;
    }
}

static void sample_float(const hr_warp *warp, const columns *block, int y, uint8_t *rgb)
{
    const hr_pixel_layout layout = hr_pixel_layout_of(warp->pixels.format);
    const int colors[3] = {layout.red, layout.green, layout.blue};
    const double *m = warp->to_image;
    for (int k = 0; k < block->n; k++, rgb += 3) {
        const int x0 = block->x0 + k;
        const double x = m[0] * x0 + m[1] * y + m[2], y_image = m[3] * x0 + m[4] * y + m[5];
        const int reachable = fabs(x) < 0x1p30 && fabs(y_image) < 0x1p30;
        const double left = reachable ? floor(x) : -2, top = reachable ? floor(y_image) : -2;
        const float fx = reachable ? (float)(x - left) : 0, fy = reachable ? (float)(y_image - top) : 0;
        const uint8_t *corners[4];
        uint8_t scratch[4][3];
        find_corners(warp, layout, (int64_t)left, (int64_t)top, scratch, corners);
        for (int i = 0; i < 3; i++) {
            const int c = colors[i];
            const float upper = corners[0][c] + fx * (float)(corners[1][c] - corners[0][c]);
            const float lower = corners[2][c] + fx * (float)(corners[3][c] - corners[2][c]);
            rgb[i] = (uint8_t)lrintf(upper + fy * (lower - upper));
        }
    }
}

/* The columns' pixels of row y. */
static void sample(const hr_warp *warp, const columns *block, int y, uint8_t *rgb)
{
    if (warp->sampler == HRNET_SAMPLE_FLOAT)
        sample_float(warp, block, y, rgb);
    else
        sample_fixed(warp, block, y, rgb);
}

void hr_warp_rows(const hr_warp *warp, int y0, int y1, uint8_t *rgb)
{
    columns block;
    for (int x0 = 0; x0 < warp->width; x0 += CHUNK) {
        begin_columns(&block, warp, x0);
        for (int y = y0; y < y1; y++)
            sample(warp, &block, y, rgb + ((size_t)(y - y0) * (size_t)warp->width + (size_t)x0) * 3);
    }
}

void hr_pixel_table_init(hr_pixel_table *table, const float mean[3], const float std[3], int color_rgb)
{
    for (int c = 0; c < 3; c++) {
        table->source[c] = color_rgb ? c : 2 - c;
        for (int v = 0; v < 256; v++) table->value[c][v] = ((float)v / 255.0f - mean[c]) / std[c];
    }
}

void hr_warp_rows_input(const hr_warp *warp, const hr_pixel_table *table, int y0, int y1, float *out, ptrdiff_t ld)
{
    columns block;
    uint8_t rgb[CHUNK * 3];
    for (int x0 = 0; x0 < warp->width; x0 += CHUNK) {
        begin_columns(&block, warp, x0);
        for (int y = y0; y < y1; y++) {
            float *to = out + ((ptrdiff_t)(y - y0) * warp->width + x0) * ld;
            sample(warp, &block, y, rgb);
            for (int i = 0; i < block.n; i++, to += ld) {
                for (int c = 0; c < 3; c++) to[c] = table->value[c][rgb[i * 3 + table->source[c]]];
            }
        }
    }
}

hrnet_status hrnet_crop_image(hrnet_image *out, const hrnet_pixels *pixels, const hrnet_crop *crop, int width,
                              int height, hrnet_sampler sampler)
{
    if (out == NULL || crop == NULL || pixels == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_crop_image: out, pixels or crop is missing");
    if (width <= 0 || height <= 0 || (int64_t)width * height > 1 << 28)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_crop_image: a crop of %d x %d pixels, expected 1 to 2^28 pixels",
                       width, height);
    if (sampler != HRNET_SAMPLE_OPENCV && sampler != HRNET_SAMPLE_FLOAT)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_crop_image: unknown sampler %d", (int)sampler);
    if (!isfinite(crop->center[0]) || !isfinite(crop->center[1]) || !isfinite(crop->rotation) ||
        !isfinite(crop->scale[0]) || crop->scale[0] <= 0)
        return hr_fail(HRNET_ERR_ARGUMENT,
                       "hrnet_crop_image: center (%g, %g), scale %g, rotation %g, expected finite "
                       "numbers and a positive scale",
                       crop->center[0], crop->center[1], crop->scale[0], crop->rotation);
    double to_crop[6];
    hrnet_crop_matrix(crop, width, height, 0, to_crop);
    hr_warp warp;
    HR_TRY(hr_warp_init(&warp, pixels, to_crop, width, height, sampler));
    uint8_t *rgb = hr_alloc((size_t)width * (size_t)height, 3);
    if (rgb == NULL) return hr_fail_memory((size_t)width * (size_t)height * 3);
    hr_warp_rows(&warp, 0, height, rgb);
    *out = (hrnet_image){width, height, rgb};
    return HRNET_OK;
}
