/* annotations.h - the inside of hrnet_annotations, for the score and for reading from memory. */
#ifndef HR_DATA_ANNOTATIONS_H
#define HR_DATA_ANNOTATIONS_H

#include <hrnet_data.h>

#include "base/status.h"

/* hrnet_annotations_load on n bytes of text. */
hrnet_status hr_annotations_parse(hrnet_annotations **out, const void *bytes, size_t n_bytes);

/* The categories with keypoints, by ascending id; [*n]. */
const int64_t *hr_annotations_categories(const hrnet_annotations *annotations, size_t *n);

/* Place of an image among all images ordered by id, from 0: the order in which pycocotools walks through them. */
size_t hr_annotations_image_rank(const hrnet_annotations *annotations, size_t image);

/* Hand the description over: the annotations have none afterwards and are good for hrnet_annotations_free alone. */
hrnet_dataset_info *hr_annotations_take_info(hrnet_annotations *annotations);

#endif
