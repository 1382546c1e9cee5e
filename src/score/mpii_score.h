/*
 * mpii_score.h - the parts of MPII's score: the ground truth in memory, and its and the predictions' readers on memory.
 *
 * Pixels count from 1 in MPII's files (MATLAB) and from 0 in hrnet_keypoint; every function here and in <hrnet_eval.h>
 * says which it takes.
 */
#ifndef HR_SCORE_MPII_SCORE_H
#define HR_SCORE_MPII_SCORE_H

#include <hrnet_eval.h>

#include "base/status.h"

typedef struct hr_mpii_joint {
    double x, y; /* counted from 1 */
    int missing; /* 1: not labelled */
} hr_mpii_joint;

struct hrnet_mpii_truth {
    size_t n;                       /* persons */
    hr_mpii_joint *joints;          /* [n][16], in the file's order of joints */
    double *head_sizes;             /* [n], length in px of the diagonal of the head's box */
    int columns[HRNET_MPII_JOINTS]; /* the joint of the file that has the name hr_mpii_joint_names[k]; -1: none, which
                                       only pelvis, thorax and upper_neck may be */
};

/* The joints' names in "dataset_joints", in MPII's usual order: "rank" (right ankle), "rkne", ... [16]. */
extern const char *const hr_mpii_joint_names[HRNET_MPII_JOINTS];

/* hrnet_mpii_truth_load on n_bytes of a file. Free with hrnet_mpii_truth_free. */
hrnet_status hr_mpii_truth_parse(hrnet_mpii_truth **out, const void *bytes, size_t n_bytes);

/* hrnet_mpii_poses_load on n_bytes of a file. Free with hrnet_mpii_poses_free. */
hrnet_status hr_mpii_poses_parse(hrnet_keypoint **out, size_t *n, const void *bytes, size_t n_bytes);

#endif
