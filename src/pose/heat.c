/*
 * heat.c - hrnet_draw_heatmaps: heatmaps over their picture. Each pixel shows the maximum over all joints, sampled from
 * the maps through the crop's matrix. The colours rise evenly in lightness, so that equal steps look equal; low values,
 * which mean "no joint here", are transparent.
 */
#include <math.h>

#include "base/mem.h"
#include "base/status.h"

/* From indigo over crimson to yellow: OKLab lightness 0.22 to 0.94 in equal steps, hue 285 to 465 degrees, as much
 * chroma as sRGB can show up to 0.26. */
static const uint8_t ramp[][3] = {{27, 0, 81},  {70, 1, 108},   {120, 0, 116},  {173, 1, 107}, {225, 6, 76},
                                  {254, 80, 5}, {255, 146, 21}, {255, 195, 66}, {255, 241, 47}};
enum { RAMP_STEPS = sizeof ramp / sizeof *ramp - 1 };

/* Heatmap values: up to faint the overlay is invisible, from full on it has its full opacity, between them it rises
 * linearly. */
static const float faint = 0.02f, full = 0.35f;

/* Blend the colour of a value into a pixel. */
static void blend_value(uint8_t *pixel, float value, float opacity)
{
    const float at = fminf(value, 1) * RAMP_STEPS;
    const int step = at < RAMP_STEPS ? (int)at : RAMP_STEPS - 1;
    const float share = opacity * fminf((value - faint) / (full - faint), 1);
    for (int c = 0; c < 3; c++) {
        const float low = ramp[step][c], high = ramp[step + 1][c];
        const float color = low + (at - (float)step) * (high - low);
        pixel[c] = (uint8_t)lrintf((float)pixel[c] + share * (color - (float)pixel[c]));
    }
}

/* The maximum over the joints at every cell; 0 if none is above 0 (NaN never is). */
static void find_strongest(const float *heatmaps, int n_joints, size_t map_size, float *strongest)
{
    for (size_t i = 0; i < map_size; i++) strongest[i] = 0;
    for (int joint = 0; joint < n_joints; joint++, heatmaps += map_size) {
        for (size_t i = 0; i < map_size; i++) strongest[i] = heatmaps[i] > strongest[i] ? heatmaps[i] : strongest[i];
    }
}

/* The map at cell coordinates (x, y), interpolated bilinearly between cell centres. The outermost half cell has the
 * border's value; beyond it the map is 0. */
static float sample_map(const float *map, int height, int width, double x, double y)
{
    if (!(x >= -0.5 && y >= -0.5 && x <= width - 0.5 && y <= height - 0.5)) return 0;
    const double cx = fmin(fmax(x, 0), width - 1), cy = fmin(fmax(y, 0), height - 1);
    const int x0 = (int)cx, y0 = (int)cy;
    const int x1 = x0 + 1 < width ? x0 + 1 : x0, y1 = y0 + 1 < height ? y0 + 1 : y0;
    const float fx = (float)(cx - x0), fy = (float)(cy - y0);
    const float *top = map + (ptrdiff_t)y0 * width, *bottom = map + (ptrdiff_t)y1 * width;
    const float upper = top[x0] + fx * (top[x1] - top[x0]), lower = bottom[x0] + fx * (bottom[x1] - bottom[x0]);
    return upper + fy * (lower - upper);
}

hrnet_status hrnet_draw_heatmaps(hrnet_image *image, const float *heatmaps, int n_joints, int height, int width,
                                 const hrnet_crop *crop, float opacity)
{
    if (image == NULL || image->rgb == NULL || image->width <= 0 || image->height <= 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_draw_heatmaps: the picture is empty");
    if (heatmaps == NULL || crop == NULL || n_joints <= 0 || height <= 0 || width <= 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_draw_heatmaps: heatmaps [%d][%d][%d] or the crop are missing",
                       n_joints, height, width);
    if (!(opacity >= 0 && opacity <= 1))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_draw_heatmaps: opacity %g, expected 0 to 1", opacity);
    if (opacity == 0) opacity = 0.6f;
    const size_t map_size = (size_t)height * (size_t)width;
    float *strongest = hr_alloc(map_size, sizeof *strongest);
    if (strongest == NULL) return hr_fail_memory(map_size * sizeof *strongest);
    find_strongest(heatmaps, n_joints, map_size, strongest);

    double m[6]; /* image pixels to cells; all zeros, which draws nothing, if the crop has no size */
    hrnet_crop_matrix(crop, width, height, 0, m);
    const int drawable = m[0] * m[4] - m[1] * m[3] != 0;
    for (int y = 0; drawable && y < image->height; y++) {
        uint8_t *pixel = image->rgb + (size_t)y * (size_t)image->width * 3;
        for (int x = 0; x < image->width; x++, pixel += 3) {
            const float value =
                sample_map(strongest, height, width, m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]);
            if (value > faint) blend_value(pixel, value, opacity);
        }
    }
    hr_free(strongest);
    return HRNET_OK;
}
