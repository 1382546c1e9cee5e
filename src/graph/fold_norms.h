/* fold_norms.h - a batch norm as part of the convolution before it. */
#ifndef HR_GRAPH_FOLD_NORMS_H
#define HR_GRAPH_FOLD_NORMS_H

#include "graph/weights.h"

/*
 * What a fused node's bias and batch norm (or their absence) do to the bare convolution's output:
 * y = x * scale + shift, [node->c] each. The statistics follow PyTorch's BatchNorm2d, in double here so that
 * folding adds no error of its own. scratch [5 * node->c].
 */
hrnet_status hr_fold(const hr_graph *graph, const hr_node *node, const hr_weights *weights, float *scale, float *shift,
                     float *scratch);

#endif
