/*
 * coco_json.h - COCO's JSON from memory: annotations, detections, the description of keypoints in a category, and the
 * rows of keypoints that annotations and results have in common.
 *
 *   { "images":      [{"id": 785, "file_name": "000000000785.jpg", "width": 640, "height": 425}, ...],
 *     "annotations": [{"id": 1, "image_id": 785, "category_id": 1, "bbox": [x, y, w, h], "area": a, "iscrowd": 0,
 *                      "num_keypoints": 15, "keypoints": [x0, y0, v0, x1, y1, v1, ...]}, ...],
 *     "categories":  [{"id": 1, "keypoints": ["nose", ...], "skeleton": [[16, 14], ...]}] }
 *
 * The functions of <hrnet_data.h> do the same on files. Messages of the functions here do not name a file.
 */
#ifndef HR_DATA_COCO_JSON_H
#define HR_DATA_COCO_JSON_H

#include <hrnet_data.h>

#include "base/status.h"
#include "io/json.h"

/* ------------------------------------------------------------------------------------------------ annotations */

/* hrnet_annotations_load on n_bytes of text. Free with hrnet_annotations_free. */
hrnet_status hr_annotations_parse(hrnet_annotations **out, const void *bytes, size_t n_bytes);

/* Ids of the categories that have keypoints, ascending, each once: [*n], owned by the annotations. */
const int64_t *hr_annotations_categories(const hrnet_annotations *annotations, size_t *n);

/* Rank of an image among all images sorted by id, 0..n_images-1. pycocotools visits images in this order, which
 * decides ties between equal scores of different images. */
size_t hr_annotations_image_rank(const hrnet_annotations *annotations, size_t image);

/* Move the description out of the annotations; the caller frees it with hrnet_dataset_info_free. NULL: the file says
 * nothing of keypoints. Afterwards the only valid call on the annotations is hrnet_annotations_free. */
hrnet_dataset_info *hr_annotations_take_info(hrnet_annotations *annotations);

/* ------------------------------------------------------------------------------------------------ description */

/* Read a description from the JSON tree of a category; hrnet_annotations_info lists the keys. A category that is NULL
 * or has no "keypoints" describes n_keypoints (1 or more) keypoints named "keypoint_0", "keypoint_1", ... Fails with
 * HRNET_ERR_CONFIG as hrnet_dataset_info_load does. Free with hrnet_dataset_info_free. */
hrnet_status hr_dataset_info_read(hrnet_dataset_info **out, const hr_json *category, int n_keypoints);

/* The same from n_bytes of YAML that are a mapping with "keypoints". Messages begin with `name`. */
hrnet_status hr_dataset_info_parse_yaml(hrnet_dataset_info **out, const void *bytes, size_t n_bytes, const char *name);

/* ------------------------------------------------------------------------------------------------ detections */

/* hrnet_detections_load on n_bytes of text. Free with hrnet_detections_free. */
hrnet_status hr_detections_parse(hrnet_detection **out, size_t *n_out, const void *bytes, size_t n_bytes);

/* ------------------------------------------------------------------------------------------------ members */

/* A growing table of keypoints, values [n][n_keypoints][3]. Zero it before use; release values with hr_free. */
typedef struct hr_keypoint_rows {
    double *values;
    size_t n, capacity; /* rows; capacity in doubles */
    int n_keypoints;    /* of every row; 0: the first row that is added decides */
} hr_keypoint_rows;

/* Append the list [x0, y0, v0, x1, y1, v1, ...] as row n. HRNET_ERR_FORMAT for anything but a list of three numbers a
 * keypoint, or for another number of keypoints than rows->n_keypoints. */
hrnet_status hr_keypoint_rows_add(hr_keypoint_rows *rows, const hr_json *list);

/* Read the list [x, y, width, height]. HRNET_ERR_FORMAT for anything else. */
hrnet_status hr_bbox_read(const hr_json *list, double bbox[4]);

#endif
