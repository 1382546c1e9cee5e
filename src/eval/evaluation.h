/* eval/evaluation.h - the inside of hrnet_evaluation: eval/evaluation_open.c reads the set, eval/evaluation.c runs and
 * judges it. */
#ifndef HR_EVAL_EVALUATION_H
#define HR_EVAL_EVALUATION_H

#include <hrnet_eval.h>

#include "data/samples.h"
#include "config/config.h"

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
    const float *joint_weights; /* [n_joints], of the loss */

    /* Shown every person's maps where boxes are ground truth, in the samples' order: to_crop from picture to input,
     * joints [n_joints][3] in input pixels, targets and maps [n_joints][heatmap_height][heatmap_width]. NULL: nobody.
     */
    void (*on_maps)(void *context, size_t sample, const double to_crop[6], const double *joints, const float *targets,
                    const float *maps);
    void *maps_context;

    /* of a run */
    int has_run;
    int has_loss; /* the boxes are ground truth, so that every person's joints are known */
    double loss, accuracy;
    hrnet_keypoint *poses;  /* [samples.n][n_joints] */
    unsigned char *skipped; /* [samples.n_images] */
    size_t n_skipped;
    double *scores;       /* [samples.n] */
    size_t *kept, n_kept; /* [samples.n] */
};

/* Loss and accuracy of a pass, person by person in the samples' order. */
typedef struct hr_eval_loss {
    const hrnet_evaluation *e;
    hrnet_model_info about;
    double *joints; /* [n_joints][3] of one person in input pixels */
    float *targets, *weights;
    double *joint_losses;       /* [n_joints] scratch */
    struct hr_joint_hits *hits; /* of the running batch */
    size_t batch, n_batch;      /* its number, persons a batch */
    size_t n;                   /* persons so far */
    double loss, accuracy, n_accuracy;
} hr_eval_loss;

hrnet_status hr_eval_loss_begin(hr_eval_loss *l, const hrnet_evaluation *e, const hrnet_model *model);
/* One person's heatmaps. */
void hr_eval_loss_add(hr_eval_loss *l, size_t sample, const float *maps);
/* Write the means to the evaluation. */
void hr_eval_loss_end(hr_eval_loss *l, hrnet_evaluation *e);
void hr_eval_loss_free(hr_eval_loss *l);

#endif
