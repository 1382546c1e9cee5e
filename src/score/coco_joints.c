/* coco_joints.c - how near single joints come, over the persons that were found. */
#include "score/coco_joints.h"

#include <math.h>

#include "score/coco_match.h"

static void add_person(hrnet_joint_score *joints, int n, const hrnet_annotation *person, const double *keypoints,
                       const double *sigmas)
{
    for (int i = 0; i < n; i++) {
        const double *const truth = person->keypoints + 3 * i;
        if (!(truth[2] > 0)) continue;
        joints[i].n_labelled++;
        if (keypoints == NULL) continue;
        const double dx = keypoints[3 * i] - truth[0], dy = keypoints[3 * i + 1] - truth[1];
        joints[i].n_found++;
        joints[i].oks += hr_keypoint_similarity(dx, dy, sigmas[i], person->area);
        joints[i].distance += sqrt(dx * dx + dy * dy);
    }
}

void hr_coco_joints(hrnet_coco_score *score, const hrnet_annotations *annotations, const hrnet_coco_results *results,
                    const double *sigmas)
{
    const size_t row = (size_t)score->n_keypoints * 3;
    for (size_t i = 0; i < score->n_matches; i++) {
        const hrnet_coco_match *const match = &score->matches[i];
        if (!match->counts) continue;
        const hrnet_annotation person = hrnet_annotations_get(annotations, i);
        add_person(score->joints, score->n_keypoints, &person,
                   match->result != SIZE_MAX ? results->keypoints + match->result * row : NULL, sigmas);
    }
    for (int i = 0; i < score->n_keypoints; i++) {
        hrnet_joint_score *const joint = &score->joints[i];
        joint->oks = joint->n_found > 0 ? joint->oks / (double)joint->n_found : -1;
        joint->distance = joint->n_found > 0 ? joint->distance / (double)joint->n_found : -1;
    }
}
