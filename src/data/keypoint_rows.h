/* keypoint_rows.h - what the entries of COCO's annotations and results have in common: a row of keypoints, a box. */
#ifndef HR_DATA_KEYPOINT_ROWS_H
#define HR_DATA_KEYPOINT_ROWS_H

#include "base/status.h"
#include "io/json.h"

/* Rows [n][n_keypoints][3] that grow one by one. Zero it before use; values is for hr_free. */
typedef struct hr_keypoint_rows {
    double *values;
    size_t n, capacity; /* capacity in doubles */
    int n_keypoints;    /* 0: the first row decides */
} hr_keypoint_rows;

/* Add "keypoints": [x, y, v, ...] as a row. HRNET_ERR_FORMAT for what is no such list, or of another length. */
hrnet_status hr_keypoint_rows_add(hr_keypoint_rows *rows, const hr_json *list);

/* "bbox": [x, y, width, height]. */
hrnet_status hr_bbox_read(const hr_json *list, double bbox[4]);

#endif
