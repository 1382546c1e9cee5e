/* similarity.h - how much two boxes or two poses look like one person, and boxes that go along with poses. */
#ifndef HR_TRACK_SIMILARITY_H
#define HR_TRACK_SIMILARITY_H

#include <hrnet.h>

/* The area that two boxes share. */
double hr_box_shared(hrnet_box a, hrnet_box b);

/* Intersection over union of two boxes with an area; 0..1, 0 when a number is not finite. */
double hr_box_iou(hrnet_box a, hrnet_box b);

/* The box with a part of its size added on every side; part >= 0. */
hrnet_box hr_box_widen(hrnet_box box, double part);

/* The place of (x, y) in box `to` that it has in box `from`. */
hrnet_keypoint hr_keypoint_carry(hrnet_keypoint point, hrnet_box from, hrnet_box to);

/* The OKS (pose/oks.h) of two poses [n], 0..1, whose area is the mean of those of their boxes. Keypoints that score
 * `joint` or more in both take part, if there are HR_FEWEST_JOINTS; else all, as published. 0 when one that takes part
 * is not finite. */
double hr_pose_similarity(const hrnet_keypoint *a, hrnet_box box_a, const hrnet_keypoint *b, hrnet_box box_b,
                          const float *sigmas, int n, double joint);

/* The box that belongs to pose b [n], if `box` belongs to pose a: moved as the mean of the keypoints that both poses
 * believe (finite, scores of `joint` or more) moved, and scaled as the root mean square distance from that mean, by 0.5
 * to 2. Returns 0, with *out as it was, when these are fewer than HR_FEWEST_JOINTS. */
int hr_box_along(hrnet_box *out, hrnet_box box, const hrnet_keypoint *a, const hrnet_keypoint *b, int n, double joint);

/* The mean over all keypoints [n] of their scores, each taken as 0..1; 0 when there are none. */
double hr_mean_score(const hrnet_keypoint *keypoints, int n);

#endif
