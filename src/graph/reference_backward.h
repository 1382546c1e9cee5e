/*
 * reference_backward.h - a network that learns, in double precision, with the reference arithmetic of graph/op.h: the
 * graph as built, forward in training mode and backward, node by node. Slow and plain; every faster way of training is
 * compared with it. It shares nothing with cpu/backprop but the graph.
 */
#ifndef HR_GRAPH_REFERENCE_BACKWARD_H
#define HR_GRAPH_REFERENCE_BACKWARD_H

#include "graph/weights.h"

typedef struct hr_reference_backward hr_reference_backward;

/* graph: as built; must outlive it. weights are read once. batch: pictures of every pass. */
hrnet_status hr_reference_backward_create(hr_reference_backward **out, const hr_graph *graph, const hr_weights *weights,
                                          int batch);
void hr_reference_backward_free(hr_reference_backward *ref); /* accepts NULL */

/* Blocks of graph->n_floats numbers: parameter i in its published layout at graph->params[i].offset. Parameters may be
 * written between passes. Gradients of what does not learn are zero. */
double *hr_reference_backward_params(hr_reference_backward *ref);
const double *hr_reference_backward_gradients(const hr_reference_backward *ref);

/* Training mode: batch statistics; running statistics move by the norm's momentum towards mean and unbiased variance,
 * counts go up by one. input [batch][3][h][w]. */
void hr_reference_backward_forward(hr_reference_backward *ref, const double *input);
/* Output k of the graph [batch][c][h][w]; it stays until the next pass. */
const double *hr_reference_backward_output(const hr_reference_backward *ref, int k);

/* From the gradients of the outputs, one array [batch][c][h][w] for each, of the last forward pass; overwrites the
 * gradients. Returns the gradient of the input [batch][3][h][w]. */
const double *hr_reference_backward_backward(hr_reference_backward *ref, const double *const *output_gradients);

/* What a node made in the last forward pass, [batch][c][h][w]; backward reads it, so a test may decide on which side of
 * zero a number lies that rounding cannot tell. */
double *hr_reference_backward_tensor(hr_reference_backward *ref, int node);

#endif
