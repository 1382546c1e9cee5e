/*
 * evaluation.h - the inside of hrnet_evaluation, the published validation pass.
 *
 *   evaluation_open.c     the set: files, samples, what is known about keypoints
 *   evaluation.c          the run: pictures through the session, poses selected
 *   evaluation_detect.c   the run where a detector finds the boxes
 *   evaluation_loss.c     loss and accuracy of the heatmaps, while the run decodes them
 *   evaluation_results.c  scores, results files and errors, after the run
 *   joint_errors.c        charts of the errors of joints
 */
#ifndef HR_EVAL_EVALUATION_H
#define HR_EVAL_EVALUATION_H

#include <hrnet_eval.h>

#include "data/samples.h"
#include "config/config.h"

/* A box that the detector of a run found. */
typedef struct hr_eval_box {
    size_t image; /* index of its picture in samples.images */
    hrnet_box box;
    float score;
} hr_eval_box;

struct hrnet_evaluation {
    const hr_config *config;
    int is_mpii;
    int detects; /* 1: a run's detector finds the boxes; samples.list is empty before the first run */
    char *annotations_path, *images_path;
    char *detections_path;          /* NULL: ground-truth boxes */
    char *truth_path;               /* MPII's .mat; NULL: there is none */
    hrnet_annotations *annotations; /* COCO */
    hrnet_mpii_truth *truth;        /* MPII; NULL: there is none */
    hr_samples samples;
    const hrnet_dataset_info *info; /* of the keypoints of the annotations (COCO), or the caller's; NULL: MPII's */
    int is_given;                   /* the info is the caller's */
    float *sigmas;                  /* [n_joints] */
    const double *exact_sigmas;     /* the same as a description has them, for the score; NULL: the score chooses */
    double *assumed_sigmas;         /* [n_joints] exact_sigmas if nobody gave any; else NULL */
    const float *joint_weights;     /* [n_joints], of the loss; NULL: ones */

    /* Called with every person's heatmaps if boxes are ground truth, in the samples' order; or NULL. to_crop: matrix
     * from the picture to the input; joints [n_joints][3] in input pixels; targets and maps
     * [n_joints][heatmap_height][heatmap_width]. All are valid during the call only. */
    void (*on_maps)(void *context, size_t sample, const double to_crop[6], const double *joints, const float *targets,
                    const float *maps);
    void *maps_context;

    /* results of a run */
    int has_run;
    int has_poses; /* 0: the run found boxes alone */
    int has_loss;  /* the boxes were ground truth, so that every person's joints were known */
    double loss, accuracy;
    hrnet_keypoint *poses;  /* [samples.n][n_joints] */
    unsigned char *skipped; /* [samples.n_images], 1: could not be read */
    size_t n_skipped;
    double *scores;       /* [samples.n], after rescoring (COCO) */
    size_t *kept, n_kept; /* [samples.n]: the samples that were not suppressed (COCO) */
    hr_eval_box *boxes;   /* [n_boxes], if it detects: in the order of pictures, in each best first */
    size_t n_boxes;
    size_t samples_capacity, poses_capacity, boxes_capacity; /* samples and boxes allocated, if it detects */
};

/* hrnet_evaluation_open; with_part: of the pictures only those that DATASET.VALID_PART keeps for validation. */
hrnet_status hr_evaluation_open(hrnet_evaluation **out, const hr_config *config, const hrnet_evaluation_files *files,
                                int with_part);

/* See that all pictures are there, and decode some. Without skip_broken one that is not is a failure, with it a line
 * for on_message (or NULL). */
hrnet_status hr_evaluation_check_pictures(const hrnet_evaluation *e, int skip_broken, hrnet_message_fn *on_message,
                                          void *context);

/* Loss and accuracy of a run, person by person. */
typedef struct hr_eval_loss {
    const hrnet_evaluation *e;
    hrnet_model_info about;
    double *joints;                    /* [n_joints][3] of one person, in input pixels */
    float *targets, *weights;          /* of one person: [n_joints][cells], [n_joints] */
    double *joint_losses;              /* [n_joints], scratch */
    struct hr_joint_hits *hits;        /* [n_joints], of the current batch */
    size_t batch, n_batch;             /* number of the current batch; persons of a batch */
    size_t n;                          /* persons so far */
    double loss, accuracy, n_accuracy; /* sums */
} hr_eval_loss;

hrnet_status hr_eval_loss_begin(hr_eval_loss *l, const hrnet_evaluation *e, const hrnet_model *model);
/* Add the heatmaps of one sample; samples come in their order, and may be missing. */
void hr_eval_loss_add(hr_eval_loss *l, size_t sample, const float *maps);
/* Write the means to the evaluation. */
void hr_eval_loss_end(hr_eval_loss *l, hrnet_evaluation *e);
void hr_eval_loss_free(hr_eval_loss *l); /* accepts a zeroed one */

#endif
