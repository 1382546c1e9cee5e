/*
 * onnx_operators.h - the two halves of an ONNX writer, and the names by which they refer to each other's tensors:
 * onnx_operators.c knows what a node computes, onnx.c where the bytes of its weights go.
 */
#ifndef HR_GRAPH_ONNX_OPERATORS_H
#define HR_GRAPH_ONNX_OPERATORS_H

#include "base/text.h"
#include "graph/graph.h"

/* Field of a GraphProto that holds an operator. */
enum { HR_ONNX_GRAPH_NODE = 1 };

/* The name of a tensor: weights, an operator's output, or "". */
typedef struct hr_onnx_name {
    char text[112];
} hr_onnx_name;

/* What node makes: "input", "heatmaps", or "n" and its index. */
hr_onnx_name hr_onnx_tensor(const hr_graph *graph, int node);
/* "stage2.0.branches.0.0.conv1" of a node with weights, and field (".weight", ".bias", "") behind it. */
hr_onnx_name hr_onnx_weights(const hr_graph *graph, int node, const char *field);
/* The constant [1, 1, factor, factor]. */
hr_onnx_name hr_onnx_scales(int factor);

/* Append the NodeProtos of all nodes of a fused graph, in order. */
hrnet_status hr_onnx_operators(hr_text *out, const hr_graph *graph);

#endif
