/* mpii_truth.h - the inside of hrnet_mpii_truth, and reading it from memory. */
#ifndef HR_SCORE_MPII_TRUTH_H
#define HR_SCORE_MPII_TRUTH_H

#include <hrnet_eval.h>

#include "base/status.h"

typedef struct hr_mpii_joint {
    double x, y; /* counted from 1 */
    int missing;
} hr_mpii_joint;

struct hrnet_mpii_truth {
    size_t n;
    hr_mpii_joint *joints;          /* [n][16] */
    double *head_sizes;             /* [n], length of the head box's diagonal */
    int columns[HRNET_MPII_JOINTS]; /* which joint stands under each of hr_mpii_joint_names */
};

/* As dataset_joints names them, in MPII's usual order: "rank" (right ankle), "rkne", ... [16]. */
extern const char *const hr_mpii_joint_names[HRNET_MPII_JOINTS];

hrnet_status hr_mpii_truth_parse(hrnet_mpii_truth **out, const void *bytes, size_t n_bytes);

#endif
