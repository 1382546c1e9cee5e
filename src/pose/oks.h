/*
 * oks.h - object keypoint similarity: how much a pose resembles a person, 0..1. It is the mean over keypoints of
 *   exp(-d^2 / (2 area (2 sigma)^2)),
 * d in pixels, area that of the person in px^2, sigma the keypoint's constant. The published programs differ in which
 * keypoints take part and in whose area it is; each has its function here. All compute in double, in one order of
 * operations.
 */
#ifndef HR_POSE_OKS_H
#define HR_POSE_OKS_H

#include <hrnet.h>

/* The constant of keypoints that nobody has given one. COCO's own lie between 0.025 (eyes) and 0.107 (hips), with a
 * mean of 0.067; a little below the mean, so that scores of an unknown set rather look too low. */
#define HR_DEFAULT_SIGMA 0.05

/* The term of one keypoint that is (dx, dy) away. */
double hr_oks_term(double dx, double dy, double sigma, double area);

/* Two poses [n], as upstream's oks_iou compares them: every keypoint takes part, the area is the mean of both. 0 when a
 * coordinate is not a number. */
double hr_oks_poses(const hrnet_keypoint *a, double area_a, const hrnet_keypoint *b, double area_b, const float *sigmas,
                    int n);

/* A pose and the labelled keypoints (visibility above 0) of a person, truth [n][3]: x, y, visibility. 0 without any. */
double hr_oks_truth(const double *truth, double area, const hrnet_keypoint *pose, const float *sigmas, int n);

/* The same for a result [n][3] as pycocotools' computeOks compares it. Of a person without labelled keypoints it takes
 * the box, bbox x, y, w, h: the mean is over all keypoints, each at its distance from the box enlarged by its size on
 * every side, so that results on unlabelled persons can be ignored instead of being wrong. */
double hr_oks_result(const double *truth, const double bbox[4], double area, const double *result, const double *sigmas,
                     int n);

#endif
