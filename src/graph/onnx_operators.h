/*
 * onnx_operators.h - the operators of an ONNX file, and the names by which they refer to each other's tensors. A node
 * of the graph becomes a chain of one or more operators; the operators' own files (graph/ops) say which. onnx.c knows
 * where the bytes of weights go.
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

/* What node makes: "input", an output's name, or "n" and its index. */
hr_onnx_name hr_onnx_tensor(const hr_graph *graph, int node);
/* "stage2.0.branches.0.0.conv1" of a node with weights, and field (".weight", ".bias", "") behind it. */
hr_onnx_name hr_onnx_weights(const hr_graph *graph, int node, const char *field);

/* Append the NodeProtos of all nodes of a fused graph, in order. */
hrnet_status hr_onnx_operators(hr_text *out, const hr_graph *graph);

/*
 * For operators: the chain of one node, as it is appended. Announce with hr_onnx_expect how many operators the chain
 * has (constants do not count), because the last one makes the node's tensor and bears its name.
 */
typedef struct hr_onnx_chain {
    hr_text *out;
    const hr_graph *graph;
    int node;
    int n_left; /* operators still to come */
    int n_made, n_constants;
} hr_onnx_chain;

const hr_node *hr_onnx_node(const hr_onnx_chain *chain);
void hr_onnx_expect(hr_onnx_chain *chain, int n_operators);

/* Begin an operator, to whose message attributes may be added, and end it; returns what it makes. */
hr_onnx_name hr_onnx_begin(hr_onnx_chain *chain, hr_text *message, const char *op, const hr_onnx_name *inputs,
                           int n_inputs);
void hr_onnx_end(hr_onnx_chain *chain, hr_text *message);
void hr_onnx_int(hr_text *message, const char *name, int64_t value);
void hr_onnx_ints(hr_text *message, const char *name, const int64_t *values, int n);
void hr_onnx_float(hr_text *message, const char *name, float value);
void hr_onnx_string(hr_text *message, const char *name, const char *text);
/* kernel_shape, strides, pads. */
void hr_onnx_window(hr_text *message, const hr_window *window);

/* Whole operators. The first is a Constant, weights [shape] of a convolution. */
hr_onnx_name hr_onnx_constant_weights(hr_onnx_chain *chain, const float *weights, const int64_t shape[4]);
hr_onnx_name hr_onnx_unary(hr_onnx_chain *chain, const char *op, hr_onnx_name x);
hr_onnx_name hr_onnx_binary(hr_onnx_chain *chain, const char *op, hr_onnx_name a, hr_onnx_name b);
/* hr_onnx_activation_steps operators; x itself where there are none. */
int hr_onnx_activation_steps(hr_activation activation);
hr_onnx_name hr_onnx_activation(hr_onnx_chain *chain, hr_activation activation, hr_onnx_name x);
hr_onnx_name hr_onnx_resize(hr_onnx_chain *chain, hr_onnx_name x, int factor, hr_upsampling upsampling);
/* x[..., starts : ends : steps, ...] along n axes. */
hr_onnx_name hr_onnx_slice(hr_onnx_chain *chain, hr_onnx_name x, int n, const int64_t *axes, const int64_t *starts,
                           const int64_t *ends, const int64_t *steps);

#endif
