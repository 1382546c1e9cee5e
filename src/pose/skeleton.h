/*
 * skeleton.h - checks and questions that apply to every hrnet_skeleton, built in (hrnet_skeleton_coco and _mpii,
 * defined in skeleton.c) or read from a file.
 */
#ifndef HR_POSE_SKELETON_H
#define HR_POSE_SKELETON_H

#include "base/status.h"

enum { HR_MAX_KEYPOINTS = 4096 };

/* Check a skeleton: 1 to HR_MAX_KEYPOINTS keypoints, each with a name; flip pairs and links between two different
 * keypoints; no keypoint in two flip pairs (mirroring twice must change nothing); sigmas, if there are any, positive.
 * HRNET_ERR_CONFIG names what is wrong. Allocates nothing. */
hrnet_status hr_skeleton_check(const hrnet_skeleton *skeleton);

typedef enum hr_side { HR_SIDE_MIDDLE, HR_SIDE_LEFT, HR_SIDE_RIGHT } hr_side;

/* The side of the body that a keypoint is on, by the beginning of its name: "left", "right", "l_", "r-", "L ", "R.";
 * in the middle otherwise. */
hr_side hr_skeleton_side(const hrnet_skeleton *skeleton, int keypoint);

#endif
