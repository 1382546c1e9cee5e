/* objective_internal.h - between objective.c and the two kinds of objective. */
#ifndef HR_TRAIN_OBJECTIVE_INTERNAL_H
#define HR_TRAIN_OBJECTIVE_INTERNAL_H

#include "train/box_loss.h"
#include "train/objective.h"

struct hr_objective {
    const hr_config *config;
    const hr_graph *graph;
    int batch, n_parts;
    double *losses;      /* [batch] */
    hr_joint_hits *hits; /* [batch][n_parts] */
    /* of heatmaps */
    float *maps, *gradients; /* [batch][n_joints][cells] each */
    double *joint_losses;    /* [batch][n_joints] */
    /* of boxes */
    hr_assignment *assignments; /* [batch] */
    double n_matched, n_all;    /* of the pass: matched cells and examples, of all ranks */
};

hrnet_status hr_pose_objective_create(hr_objective *o);
void hr_pose_objective_free(hr_objective *o);
void hr_pose_objective_run(hr_objective *o, const hr_pass *pass);
size_t hr_pose_objective_bytes(const hr_config *config, int batch);

hrnet_status hr_boxes_objective_create(hr_objective *o);
void hr_boxes_objective_free(hr_objective *o);
void hr_boxes_objective_run(hr_objective *o, const hr_pass *pass);
size_t hr_boxes_objective_bytes(const hr_graph *graph, int batch);

#endif
