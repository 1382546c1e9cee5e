/*
 * paint.h - anti-aliased strokes: what poses and contact sheets are drawn with. Everything is a capsule, the
 * points within a radius of a segment; a disc when its ends meet.
 */
#ifndef HR_POSE_PAINT_H
#define HR_POSE_PAINT_H

#include <hrnet.h>

typedef struct hr_color {
    uint8_t rgb[3];
} hr_color;

/* In pixels; (0, 0) is the centre of the first. */
typedef struct hr_point {
    double x, y;
} hr_point;

/* Any numbers may be given; what lies outside the image is cut. */
void hr_paint_capsule(hrnet_image *image, hr_point a, hr_point b, double radius, hr_color color);

#endif
