/*
 * paint.h - anti-aliased strokes, with which poses and contact sheets are drawn. There is one shape, the capsule: all
 * points within a radius of a segment. If the segment's ends are the same point, it is a disc.
 */
#ifndef HR_POSE_PAINT_H
#define HR_POSE_PAINT_H

#include <hrnet.h>

typedef struct hr_color {
    uint8_t rgb[3];
} hr_color;

/* In pixels; (0, 0) is the centre of the first pixel. */
typedef struct hr_point {
    double x, y;
} hr_point;

/* Paint the capsule around the segment from a to b over the image. Parts outside the image are cut off; any numbers are
 * allowed. The time is proportional to the painted area. */
void hr_paint_capsule(hrnet_image *image, hr_point a, hr_point b, double radius, hr_color color);

#endif
