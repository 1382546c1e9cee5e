/*
 * oracle.h - a network that learns, in double precision, with the operations of net/double_ops.h: the graph as built,
 * forward in training mode and backward, node by node. Slow and plain; what every faster way of training is measured
 * by. It shares nothing with train/network.h but the graph.
 */
#ifndef HR_TRAIN_ORACLE_H
#define HR_TRAIN_ORACLE_H

#include "net/engine.h"

typedef struct hr_oracle hr_oracle;

/* graph: as built; must outlive it. weights are read once. batch: pictures of every pass. */
hrnet_status hr_oracle_create(hr_oracle **out, const hr_graph *graph, const hr_weights *weights, int batch);
void hr_oracle_free(hr_oracle *oracle); /* accepts NULL */

/* Blocks of graph->n_floats numbers: parameter i in its published layout at graph->params[i].offset. Parameters may be
 * written between passes. Gradients of what does not learn are zero. */
double *hr_oracle_params(hr_oracle *oracle);
const double *hr_oracle_gradients(const hr_oracle *oracle);

/* Training mode: batch statistics; running statistics move by 0.1 towards mean and unbiased variance, counts go up by
 * one. input [batch][3][h][w]. Returns the heatmaps [batch][joints][oh][ow], which stay until the next pass. */
const double *hr_oracle_forward(hr_oracle *oracle, const double *input);

/* From the gradient of the heatmaps [batch][joints][oh][ow] of the last forward pass; overwrites the gradients. Returns
 * the gradient of the input [batch][3][h][w]. */
const double *hr_oracle_backward(hr_oracle *oracle, const double *output_gradient);

/* What a node made in the last forward pass, [batch][c][h][w]; backward reads it, so a test may decide on which side of
 * zero a number lies that rounding cannot tell. */
double *hr_oracle_tensor(hr_oracle *oracle, int node);

#endif
