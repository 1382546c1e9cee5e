/* lib_eval.h - the inside of hrnet_evaluation: lib_eval_open.c reads the set, lib_eval.c runs and judges it. */
#ifndef HR_LIB_EVAL_H
#define HR_LIB_EVAL_H

#include <hrnet_train.h>

#include "data/samples.h"
#include "net/config.h"

struct hrnet_evaluation {
    const hr_config *config;
    int is_mpii;
    char *annotations_path, *images_path;
    char *detections_path;          /* NULL: ground-truth boxes */
    char *truth_path;               /* MPII's .mat; NULL: none */
    hrnet_annotations *annotations; /* COCO */
    hrnet_mpii_truth *truth;        /* MPII; NULL: none */
    hr_samples samples;
    float *sigmas;              /* [n_joints] */
    const double *exact_sigmas; /* the same as a description gives them, or NULL */

    /* of a run */
    int has_run;
    hrnet_keypoint *poses;  /* [samples.n][n_joints] */
    unsigned char *skipped; /* [samples.n_images] */
    size_t n_skipped;
    double *scores;       /* [samples.n] */
    size_t *kept, n_kept; /* [samples.n] */
};

#endif
