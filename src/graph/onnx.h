/*
 * onnx.h - an inference graph as an ONNX model, for other runtimes: operator set 13, float32, tensors "input"
 * [n][3][h][w] and "heatmaps" [n][joints][oh][ow].
 */
#ifndef HR_GRAPH_ONNX_H
#define HR_GRAPH_ONNX_H

#include <stdio.h>

#include "graph/weights.h"

/*
 * graph: fused. batch: pictures of a run; 0 leaves it open (the symbol "n"). Weights are read one layer at a time. The
 * same graph and weights give the same bytes. HRNET_ERR_LIMIT for 2 GiB and more, which protobuf cannot hold. Failures
 * of the stream are left to its owner.
 */
hrnet_status hr_onnx_write(FILE *stream, const hr_graph *graph, const hr_weights *weights, int batch);

#endif
