/*
 * skeleton.h - checks and questions that apply to every hrnet_skeleton, built in (hrnet_skeleton_coco and _mpii,
 * defined in skeleton.c) or read from a file; what names say about left and right is in sides.c.
 */
#ifndef HR_POSE_SKELETON_H
#define HR_POSE_SKELETON_H

#include "base/status.h"
#include "base/text.h"

enum { HR_MAX_KEYPOINTS = 4096 };

/* Check a skeleton: 1 to HR_MAX_KEYPOINTS keypoints, each with a name; flip pairs and links between two different
 * keypoints; no keypoint in two flip pairs (mirroring twice must change nothing); sigmas, if there are any, positive.
 * HRNET_ERR_CONFIG names what is wrong. Allocates nothing. */
hrnet_status hr_skeleton_check(const hrnet_skeleton *skeleton);

typedef enum hr_side { HR_SIDE_MIDDLE, HR_SIDE_LEFT, HR_SIDE_RIGHT } hr_side;

/* The side of the body that a keypoint is on, by its name, in any spelling that sides.c lists ("left_eye", "eye.L",
 * "LEye"); of those that prove little by themselves ("lsho") only if its flip pair is the other side. In the middle
 * otherwise. */
hr_side hr_skeleton_side(const hrnet_skeleton *skeleton, int keypoint);

/* Find the flip pairs of n keypoints in their names: pairs [n / 2][2] become (left, right), in the order of the left
 * ones; returns how many. Both partners must be there, with names that differ in the side alone. Only the first
 * HR_MAX_KEYPOINTS names are looked at. Allocates nothing. */
int hr_pairs_by_name(const char *const *names, int n, int (*pairs)[2]);

/* Whether names say nothing about what the keypoints are: two or more that differ in digits only ("keypoint_0",
 * "ap10k_16") or are single characters. */
int hr_names_are_numbers(const char *const *names, int n);

/* Set flip_pairs and pairs_from of a skeleton whose pairs nobody wrote down, from its names; pairs [n_keypoints / 2][2]
 * is the memory to use, which must outlive the skeleton. A single keypoint is known to have no partner. */
void hr_skeleton_find_pairs(hrnet_skeleton *skeleton, int (*pairs)[2]);

/* Append how the pairs are known and which they are, for people: "by their names: left_eye - right_eye, ..." */
void hr_skeleton_pairs_text(const hrnet_skeleton *skeleton, hr_text *out);

/* HRNET_ERR_MISMATCH unless there is a keypoint for each of n_joints. */
hrnet_status hr_skeleton_check_joints(const hrnet_skeleton *skeleton, int n_joints);

/* HRNET_ERR_ARGUMENT, with the way out, if a mirrored picture's keypoints cannot be named: the pairs are unknown. */
hrnet_status hr_skeleton_check_flip(const hrnet_skeleton *skeleton);

#endif
