/* skeleton.h - what may be asked of any table of joints, the built-in ones and those that come with a file. */
#ifndef HR_POSE_SKELETON_H
#define HR_POSE_SKELETON_H

#include "base/status.h"

enum { HR_MAX_KEYPOINTS = 4096 };

/* Fails with HRNET_ERR_CONFIG unless there are 1 to HR_MAX_KEYPOINTS keypoints with names; every index of flip pairs
 * and links is one of them; no pair or link joins a keypoint to itself; no keypoint is in two flip pairs (mirroring
 * twice must change nothing); and sigmas, where there are any, are positive. */
hrnet_status hr_skeleton_check(const hrnet_skeleton *skeleton);

typedef enum hr_side { HR_SIDE_MIDDLE, HR_SIDE_LEFT, HR_SIDE_RIGHT } hr_side;

/* Which side of the body a joint is on, from the beginning of its name: "left", "right", "l_", "r-", ... */
hr_side hr_skeleton_side(const hrnet_skeleton *skeleton, int keypoint);

#endif
