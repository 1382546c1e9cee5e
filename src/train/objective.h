/*
 * objective.h - what a network is trained for: from its outputs for the examples of a pass to losses, gradients and
 * counts. There are two kinds, chosen by the configuration: heatmaps of joints (loss.h), and boxes (box_loss.h).
 *
 * Pictures run as tasks of their own on the network's threads, and what needs all of them is summed in their order: the
 * same bits for any number of threads.
 */
#ifndef HR_TRAIN_OBJECTIVE_H
#define HR_TRAIN_OBJECTIVE_H

#include "batches/batch.h"
#include "cpu/backprop/backprop.h"
#include "train/loss.h"

typedef struct hr_objective hr_objective;

/* A pass: the network has run forward on n examples, n <= the objective's batch. */
typedef struct hr_pass {
    hr_backprop *net;
    const hr_example *examples; /* [n] */
    int n;
    double scale; /* of the gradient: 1 / examples of the step, of all ranks */
    /* Sum values [n] over ranks; called once a pass by the detector's objective, also with n 0; NULL: one rank. */
    void (*sum)(void *context, double *values, size_t n);
    void *context;
} hr_pass;

/* graph: of the network; config and graph must outlive the objective. batch: most examples of a pass. */
hrnet_status hr_objective_create(hr_objective **out, const hr_config *config, const hr_graph *graph, int batch);
void hr_objective_free(hr_objective *objective); /* accepts NULL */

/* Bytes that hr_objective_create takes. */
size_t hr_objective_bytes(const hr_config *config, const hr_graph *graph, int batch);

/* Compute losses and counts, and fill the gradients of the network's outputs. */
void hr_objective_run(hr_objective *objective, const hr_pass *pass);

/* Of the last pass. losses [n]: of each example; the loss of a batch is their mean. hits [n][n_parts]: what the
 * accuracy of a training log counts: joints found, or (one part) matched cells whose box has an IoU above 0.5. */
const double *hr_objective_losses(const hr_objective *objective);
const hr_joint_hits *hr_objective_hits(const hr_objective *objective);
int hr_objective_n_parts(const hr_objective *objective);

/* Heatmaps [n][n_joints][cells] of the last pass; NULL for a detector. */
const float *hr_objective_maps(const hr_objective *objective);

#endif
