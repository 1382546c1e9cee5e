/* coco_curve.h - precision and recall of all results together: pycocotools' accumulate. */
#ifndef HR_SCORE_COCO_CURVE_H
#define HR_SCORE_COCO_CURVE_H

#include <hrnet_eval.h>

#include "base/status.h"

/* What became of a result, a bit for each OKS threshold; bits neither in right nor in wrong are ignored. */
typedef struct hr_coco_outcome {
    double score;
    size_t place; /* orders equal scores */
    uint16_t right[HRNET_COCO_AREAS], wrong[HRNET_COCO_AREAS];
} hr_coco_outcome;

/* OKS threshold t: .50, .55 ... .95. */
double hr_coco_threshold(int t);

/* Sort the outcomes of one category, best first, and give average precision and recall for each area with persons
 * (n_persons[a] > 0); the others are left as they are. */
hrnet_status hr_coco_curves(hr_coco_outcome *outcomes, size_t n, const size_t n_persons[HRNET_COCO_AREAS],
                            double precision[HRNET_COCO_AREAS][HRNET_OKS_THRESHOLDS],
                            double recall[HRNET_COCO_AREAS][HRNET_OKS_THRESHOLDS]);

#endif
