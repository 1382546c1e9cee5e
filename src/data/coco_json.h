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

/* ------------------------------------------------------------------------------------------------ notes */

/* Append a line about something that was assumed or left out while a file was read; is_warning: it may change numbers.
 */
void hr_note(hr_text *notes, int is_warning, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Send the lines to on_message (or NULL) as "PATH: line" or "warning: PATH: line". */
void hr_send_notes(const hr_text *notes, const char *path, hrnet_message_fn *on_message, void *context);

/* ------------------------------------------------------------------------------------------------ annotations */

/* What became of the annotations of a file. */
typedef struct hr_annotation_counts {
    size_t n;              /* all of them */
    hr_json_broken broken; /* that could not be read, or have another number of keypoints than their category */
    size_t n_no_image;     /* of images that the file does not list; first_image: an example */
    size_t n_other_category;
    int64_t first_image, first_category;
    size_t n_boxes_made, n_areas_made; /* kept, with a box from their keypoints, with an area from their box */
} hr_annotation_counts;

/* hrnet_annotations_open on n_bytes of text; options NULL: defaults. Messages wait in the annotations. A file none of
 * whose annotations can be used is no failure here, see hr_annotations_require. Free with hrnet_annotations_free. */
hrnet_status hr_annotations_parse(hrnet_annotations **out, const void *bytes, size_t n_bytes,
                                  const hrnet_annotations_options *options);

const hr_annotation_counts *hr_annotations_counts(const hrnet_annotations *annotations);
/* Append "; 3 could not be read; ...": a part for each reason for which annotations were left out. */
void hr_add_annotation_counts(hr_text *text, const hr_annotation_counts *counts);
/* The notes of reading, for hr_send_notes. */
const hr_text *hr_annotations_notes(const hrnet_annotations *annotations);
/* HRNET_ERR_FORMAT or _MISMATCH, with the reasons, if the file has annotations of which none is left. */
hrnet_status hr_annotations_require(const hrnet_annotations *annotations);

/* 1 if a category with this name and id is the one that the user wants: its name in any case, or its id as text. */
int hr_category_is(const char *wanted, const char *name, int64_t id);

/* Ids of the categories that count, ascending, each once: [*n], owned by the annotations. */
const int64_t *hr_annotations_categories(const hrnet_annotations *annotations, size_t *n);

/* Rank of an image among all images sorted by id, 0..n_images-1. pycocotools visits images in this order, which
 * decides ties between equal scores of different images. */
size_t hr_annotations_image_rank(const hrnet_annotations *annotations, size_t image);

/* Move the description out of the annotations; the caller frees it with hrnet_dataset_info_free. NULL: the file says
 * nothing of keypoints. Afterwards the only valid call on the annotations is hrnet_annotations_free. */
hrnet_dataset_info *hr_annotations_take_info(hrnet_annotations *annotations);

/* ------------------------------------------------------------------------------------------------ description */

/* Read a description from the JSON tree of a category; hrnet_annotations_info lists the keys. A category that is NULL
 * or has no "keypoints" describes n_keypoints (1 or more) keypoints named "keypoint_0", "keypoint_1", ...; a number as
 * "keypoints" takes the place of n_keypoints. Fails with HRNET_ERR_CONFIG as hrnet_dataset_info_load does. notes NULL:
 * the description is a user's own, and every mistake is one. With notes it is an exporter's: keys that are null or
 * empty are missing, links that make no sense are left out and noted. Free with hrnet_dataset_info_free. */
hrnet_status hr_dataset_info_read(hrnet_dataset_info **out, const hr_json *category, int n_keypoints, hr_text *notes);

/* The same from n_bytes of YAML that are a mapping with "keypoints". Messages begin with `name`. */
hrnet_status hr_dataset_info_parse_yaml(hrnet_dataset_info **out, const void *bytes, size_t n_bytes, const char *name);

/* ------------------------------------------------------------------------------------------------ detections */

/* hrnet_detections_open on n_bytes of text; options NULL: defaults. What is to be told goes to notes (hr_send_notes).
 * Free with hrnet_detections_free. */
hrnet_status hr_detections_parse(hrnet_detection **out, size_t *n_out, const void *bytes, size_t n_bytes,
                                 const hrnet_detections_options *options, hr_text *notes);

/* ------------------------------------------------------------------------------------------------ members */

/* Growing numbers of keypoints, list after list. Zero it before use; release values with hr_free. */
typedef struct hr_keypoint_numbers {
    double *values;
    size_t n, capacity;
} hr_keypoint_numbers;

/* Append the list [x0, y0, v0, x1, y1, v1, ...]. HRNET_ERR_FORMAT for anything but a list of three numbers a keypoint,
 * at least one; numbers->n is then as it was. */
hrnet_status hr_keypoint_numbers_add(hr_keypoint_numbers *numbers, const hr_json *list);

/* The rectangle around the labelled ones of n numbers of keypoints, as x, y, width, height. Returns 0, with bbox as it
 * was, if it has no area. */
int hr_box_of_keypoints(const double *keypoints, int n, double bbox[4]);

/* Read the list [x, y, width, height]. HRNET_ERR_FORMAT for anything else. */
hrnet_status hr_bbox_read(const hr_json *list, double bbox[4]);

#endif
