/* box_overlap.h - intersection over union as COCO takes it, in pycocotools' order of operations. */
#ifndef HR_SCORE_BOX_OVERLAP_H
#define HR_SCORE_BOX_OVERLAP_H

#include <math.h>

/* Boxes x, y, width, height in px. With a crowd it is the intersection over the result's own area, so that a result
 * inside of the crowd is 1. */
static inline double hr_box_overlap(const double truth[4], const double found[4], int is_crowd)
{
    const double w = fmin(truth[0] + truth[2], found[0] + found[2]) - fmax(truth[0], found[0]);
    const double h = fmin(truth[1] + truth[3], found[1] + found[3]) - fmax(truth[1], found[1]);
    if (w <= 0 || h <= 0) return 0;
    const double common = w * h, own = found[2] * found[3];
    return common / (is_crowd ? own : own + truth[2] * truth[3] - common);
}

#endif
