/*
 * paint.c - a pixel takes as much of the colour as the capsule covers of it, which its distance to the segment tells
 * well enough: clamp(radius + 1/2 - distance, 0, 1).
 */
#include "pose/paint.h"

#include <math.h>
#include <stddef.h>

static double clamp(double value, double low, double high)
{
    return !(value > low) ? low : value > high ? high : value;
}

static void blend(uint8_t *pixel, hr_color color, double coverage)
{
    const int share = (int)(coverage * 256 + 0.5);
    for (int c = 0; c < 3; c++) pixel[c] = (uint8_t)(pixel[c] + (((color.rgb[c] - pixel[c]) * share + 128) >> 8));
}

static double distance_to_segment(hr_point p, hr_point a, hr_point b)
{
    const double dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
    const double t = length2 > 0 ? clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length2, 0, 1) : 0;
    return hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

/* Only the pixels near the segment are visited, so that a long bone costs its own area, not its bounding box. */
void hr_paint_capsule(hrnet_image *image, hr_point a, hr_point b, double radius, hr_color color)
{
    const double reach = radius + 0.5, last_x = image->width - 1, last_y = image->height - 1;
    const double top = fmin(a.y, b.y) - reach, bottom = fmax(a.y, b.y) + reach;
    if (bottom < 0 || top > last_y) return;
    const int y0 = (int)ceil(clamp(top, 0, last_y)), y1 = (int)floor(clamp(bottom, 0, last_y));
    for (int y = y0; y <= y1; y++) {
        /* the part of the segment, from share t0 to t1, that this row can reach */
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
