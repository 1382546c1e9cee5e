/* coco_results.h - hrnet_coco_results_load on a text in memory. */
#ifndef HR_SCORE_COCO_RESULTS_H
#define HR_SCORE_COCO_RESULTS_H

#include <hrnet_eval.h>

#include "base/status.h"

hrnet_status hr_coco_results_parse(hrnet_coco_results *out, const void *bytes, size_t n_bytes, int n_keypoints);

#endif
