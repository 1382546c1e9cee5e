/* head_boxes.h - boxes from the raw maps of a detector's head, as the published programs read them. */
#ifndef HR_DETECT_HEAD_BOXES_H
#define HR_DETECT_HEAD_BOXES_H

#include "detect/box_candidates.h"

/* One map of the head: h x w cells of `stride` pixels of the input. Channel c of cell (x, y) is
 * data[c * channel_step + (y * w + x) * cell_step]: a tensor [channels][h][w] has channel_step h * w and cell_step 1;
 * one with channels innermost, ld numbers a cell, has 1 and ld. */
typedef struct hr_head_map {
    const float *data;
    int h, w, stride;
    ptrdiff_t channel_step, cell_step;
} hr_head_map;

/* Which pairs of cell and class become candidates. */
typedef struct hr_class_rule {
    float threshold;       /* of the score, 0..1 */
    const int *categories; /* [n_categories], below n_classes: each of these in every cell. NULL: the published rule,
                              which is the best class of a cell for YOLOX, every class of a cell for RTMDet */
    int n_categories;
} hr_class_rule;

/* YOLOX: maps of 5 + n_classes channels, x, y, log w, log h, objectness, classes, all raw:
 *   centre = ((x + column) stride, (y + row) stride), size = (exp(log w) stride, exp(log h) stride),
 *   score = sigmoid(objectness) sigmoid(class) >= threshold.
 * Adds to list, whose order must begin at 0, with corners in pixels of the input, not clipped. Cells of all maps times
 * n_classes must be below 2^31. */
hrnet_status hr_yolox_boxes(hr_candidates *list, const hr_head_map *maps, int n_maps, int n_classes,
                            const hr_class_rule *rule);

/* How RTMDet's distances become boxes of the picture. */
typedef struct hr_rtmdet_geometry {
    int exp_distances;               /* 1: distances are exp(raw) stride (m, l, x); 0: raw stride, maybe negative */
    float clip_width, clip_height;   /* of the padded input, which boxes are clipped to */
    float scale_width, scale_height; /* picture to input: boxes are then multiplied by 1 / these */
} hr_rtmdet_geometry;

/* RTMDet: maps of 4 + n_classes channels, distances left, top, right, bottom from (column stride, row stride), classes,
 * all raw; score = sigmoid(class) > threshold. Boxes without width or height are dropped. Corners are in pixels of the
 * picture. Otherwise as hr_yolox_boxes. */
hrnet_status hr_rtmdet_boxes(hr_candidates *list, const hr_head_map *maps, int n_maps, int n_classes,
                             const hr_class_rule *rule, const hr_rtmdet_geometry *geometry);

#endif
