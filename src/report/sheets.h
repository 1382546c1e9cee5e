/*
 * sheets.h - the pixels of the contact sheets that hr_sheets_write (record.h) saves: upstream's
 * save_batch_image_with_joints and save_batch_heatmaps, with OpenCV's circles, colour map and reduced pictures.
 *
 * Two things differ from upstream: colours are right for networks that take RGB too (upstream writes those with red and
 * blue exchanged), and a sheet of one picture has the border that its circles are placed for.
 */
#ifndef HR_REPORT_SHEETS_H
#define HR_REPORT_SHEETS_H

#include "report/record.h"

/* Pictures in rows of eight with 2 px around each. Circles on the joints that are visible in truth: at truth, or with
 * at_maps at the peaks of the maps. image: empty; free with hrnet_image_free. */
hrnet_status hr_sheet_joints(hrnet_image *image, const hr_sheet_item *items, int n, const hr_sheet_options *options,
                             int at_maps);

/* A row a picture, at the heatmaps' size: the picture, then each heatmap of targets, or with of_maps of maps, over it,
 * a red ring at every peak. */
hrnet_status hr_sheet_heatmaps(hrnet_image *image, const hr_sheet_item *items, int n, const hr_sheet_options *options,
                               int of_maps);

#endif
