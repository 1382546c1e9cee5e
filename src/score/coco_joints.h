/* coco_joints.h - the part of the score that looks at single joints. */
#ifndef HR_SCORE_COCO_JOINTS_H
#define HR_SCORE_COCO_JOINTS_H

#include <hrnet_eval.h>

/* Fill score->joints [n_keypoints] from its matches. */
void hr_coco_joints(hrnet_coco_score *score, const hrnet_annotations *annotations, const hrnet_coco_results *results,
                    const double *sigmas);

#endif
