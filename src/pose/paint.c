/*
 * paint.c - capsules. A pixel is blended with the colour in proportion to how much of it the capsule covers. The
 * coverage is approximated from the distance between the pixel's centre and the segment: clamp(radius + 1/2 - distance,
 * 0, 1).
 */
#include "pose/paint.h"

#include <math.h>
#include <stddef.h>

/* NaN gives low. */
static double clamp(double value, double low, double high)
{
    return !(value > low) ? low : value > high ? high : value;
}

/* pixel += coverage * (color - pixel), in steps of 1/256. */
static void blend(uint8_t *pixel, hr_color color, double coverage)
{
    const int share = (int)(coverage * 256 + 0.5);
    for (int c = 0; c < 3; c++) pixel[c] = (uint8_t)(pixel[c] + (((color.rgb[c] - pixel[c]) * share + 128) >> 8));
}

/* t in [0, 1] is where on the segment, from a to b, the point nearest to p lies. */
static double distance_to_segment(hr_point p, hr_point a, hr_point b)
{
    const double dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
    const double t = length2 > 0 ? clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length2, 0, 1) : 0;
    return hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

/* Row by row, each from the first to the last pixel that the row's part of the segment can reach: a long diagonal
 * stroke costs its own area, not that of its bounding box. */
void hr_paint_capsule(hrnet_image *image, hr_point a, hr_point b, double radius, hr_color color)
{
    const double reach = radius + 0.5, last_x = image->width - 1, last_y = image->height - 1;
    const double top = fmin(a.y, b.y) - reach, bottom = fmax(a.y, b.y) + reach;
    if (bottom < 0 || top > last_y) return;
    const int y0 = (int)ceil(clamp(top, 0, last_y)), y1 = (int)floor(clamp(bottom, 0, last_y));
    for (int y = y0; y <= y1; y++) {
        /* the part of the segment, a + t (b - a) for t in [t0, t1], that is within reach of this row vertically */
        double t0 = 0, t1 = 1;
        if (a.y != b.y) {
            const double enter = (y - reach - a.y) / (b.y - a.y), leave = (y + reach - a.y) / (b.y - a.y);
            t0 = clamp(fmin(enter, leave), 0, 1);
            t1 = clamp(fmax(enter, leave), 0, 1);
        }
        const double start = a.x + t0 * (b.x - a.x), end = a.x + t1 * (b.x - a.x);
        const double left = fmin(start, end) - reach, right = fmax(start, end) + reach;
        if (right < 0 || left > last_x) continue;
        const int x0 = (int)ceil(clamp(left, 0, last_x)), x1 = (int)floor(clamp(right, 0, last_x));
        uint8_t *pixel = image->rgb + ((size_t)y * (size_t)image->width + (size_t)x0) * 3;
        for (int x = x0; x <= x1; x++, pixel += 3) {
            const double distance = distance_to_segment((hr_point){x, y}, a, b);
            if (distance < reach) blend(pixel, color, clamp(reach - distance, 0, 1));
        }
    }
}
