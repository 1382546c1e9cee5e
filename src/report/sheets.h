/*
 * sheets.h - contact sheets of a batch, upstream's save_debug_images: pictures eight in a row with their joints as
 * circles, and one row a picture of its heatmaps. A detector's pictures have their boxes: blue ones to be found, red
 * ones to be ignored.
 *
 * Pixels agree with upstream's (OpenCV's circles, colour map JET and reduced pictures), with two differences: colours
 * are right for networks that take RGB, too (upstream writes those with red and blue exchanged), and a sheet of one
 * picture has the border that its circles are placed for.
 */
#ifndef HR_REPORT_SHEETS_H
#define HR_REPORT_SHEETS_H

#include <hrnet.h>

#include "base/status.h"

/* One picture of a sheet. */
typedef struct hr_sheet_item {
    const float *input;   /* [height][width][4], normalised as the network takes it */
    const double *truth;  /* [n_joints][3]: x, y in input pixels, visibility */
    const float *targets; /* [n_joints][map_height][map_width] */
    const float *maps;    /* the same, of the network; NULL: there are none */
    /* Of a detector, which has no joints: */
    const hrnet_box *boxes;          /* [n_boxes], in input pixels */
    const unsigned char *is_ignored; /* [n_boxes] 1: nothing is learned from this region */
    int n_boxes;
} hr_sheet_item;

typedef struct hr_sheet_options {
    int width, height, map_width, map_height, n_joints;
    int color_rgb;                            /* DATASET.COLOR_RGB: the order of the input's channels */
    int gt, pred, heatmaps_gt, heatmaps_pred; /* which sheets to write */
} hr_sheet_options;

/* Write the sheets of n >= 1 items that the options ask for, those of heatmaps with n_joints 0 left out:
 * <prefix>_gt.jpg and _pred.jpg (joints), <prefix>_hm_gt.jpg and _hm_pred.jpg (heatmaps). Those of predictions are
 * written only if every item has maps. Items that do not fit a JPEG (65,500 pixels a side) are left out. */
hrnet_status hr_sheets_write(const char *prefix, const hr_sheet_item *items, int n, const hr_sheet_options *options);

/* Draw the sheet of joints: rows of eight pictures with 2 px around each; circles on the joints that are visible in
 * truth, at truth, or with at_maps 1 at the peaks of the maps. image is zeroed; free it with hrnet_image_free. */
hrnet_status hr_sheet_joints(hrnet_image *image, const hr_sheet_item *items, int n, const hr_sheet_options *options,
                             int at_maps);

/* Draw the sheet of heatmaps, one row an item, everything at the heatmaps' size: the picture, then every heatmap of the
 * targets (of_maps 1: of the maps) over the picture, with a red ring at each peak. */
hrnet_status hr_sheet_heatmaps(hrnet_image *image, const hr_sheet_item *items, int n, const hr_sheet_options *options,
                               int of_maps);

#endif
