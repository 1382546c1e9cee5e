/* dataset_info.h - descriptions of keypoints from trees: a category of COCO annotations, or YAML of the same keys. */
#ifndef HR_DATA_DATASET_INFO_H
#define HR_DATA_DATASET_INFO_H

#include <hrnet_data.h>

#include "base/status.h"
#include "io/json.h"

/* Read the keys that hrnet_annotations_info tells of. category NULL, or without "keypoints": n_keypoints joints without
 * names ("keypoint_0", ...); then n_keypoints is 1 or more. Free with hrnet_dataset_info_free. */
hrnet_status hr_dataset_info_read(hrnet_dataset_info **out, const hr_json *category, int n_keypoints);

/* The same from a YAML text that is a mapping; name is for messages. */
hrnet_status hr_dataset_info_parse_yaml(hrnet_dataset_info **out, const void *bytes, size_t n_bytes, const char *name);

#endif
