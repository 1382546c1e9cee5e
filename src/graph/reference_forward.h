/*
 * reference_forward.h - the graph as built, node by node, in double precision, in NCHW, with the plainest loops there
 * are. It shares nothing with the engine but the graph, ships as the yardstick of every faster way, and is what
 * disagreements are settled by (`hrnet forward --reference`).
 */
#ifndef HR_GRAPH_REFERENCE_FORWARD_H
#define HR_GRAPH_REFERENCE_FORWARD_H

#include "graph/weights.h"

/* Sees every node's tensor as it is made: [n][c][h][w]. May be NULL. */
typedef void hr_reference_tap(void *context, int node, const double *tensor);

/* Evaluation mode (running statistics). graph: as built, not fused. input [n][3][h][w];
 * outputs: NULL, or one for each of the graph's, [n][c][h][w] or NULL. Parameters are read node by node. */
hrnet_status hr_reference_forward(const hr_graph *graph, const hr_weights *weights, const float *input, int n,
                                  double *const *outputs, hr_reference_tap *tap, void *context);

#endif
