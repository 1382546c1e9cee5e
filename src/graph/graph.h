/*
 * graph.h - a network as a list of nodes in an order in which they can be computed, and its parameters in the order in
 * which the nodes need them (for a pose network that of its state dict). Tensors are the nodes' outputs: node i makes
 * tensor i, of shape [n][c][h][w].
 *
 * A graph has two forms. The builders write the form "as built": one node an operation, as the published code has it;
 * training and the reference run that. hr_graph_fuse makes the "fused" form that inference and ONNX use: norms are
 * folded into the convolution before them, activations and residual sums are done by the node that makes their operand.
 *
 *   as built   conv -> norm -> activation      fused   conv (norm folded, activation in its epilogue)
 *
 * What an operator is (its shape, its arithmetic, its ONNX form) is told in one place: graph/op.h.
 */
#ifndef HR_GRAPH_GRAPH_H
#define HR_GRAPH_GRAPH_H

#include <stdint.h>

#include "base/status.h"
#include "graph/activation.h"

enum { HR_MAX_INPUTS = 8, HR_MAX_OUTPUTS = 16, HR_MAX_NODES = 100000 };

/*
 * The list of operators, in which a new one is a line: X(NAME, name, form on the CPU). HR_OP_NAME is its value below,
 * hr_op_name its row of the table of graph/op.h, and hr_cpu_name that of cpu/ops/ops.h if its form is ROWS; the others
 * are run by cpu/conv and cpu/backprop.
 *
 *   INPUT           the network's input
 *   CONV            cross-correlation with zero padding; dense, or depthwise (groups = c)
 *   DECONV          transposed convolution of stride 2
 *   NORM            batch normalisation
 *   ACTIVATION      hr_node.activation of the input
 *   SUM             of inputs of one shape (in a fused graph: after upsampling each by its factor)
 *   UPSAMPLE        by an integral factor: nearest or bilinear
 *   MAXPOOL         padding never wins
 *   CONCAT          the inputs' channels one after the other
 *   SLICE           channels [first, first + c) of the input
 *   SPACE_TO_DEPTH  every second pixel: patches (0,0), (1,0), (0,1), (1,1) (row, column) as 4 c channels
 *   AVERAGE         of all pixels: [c][1][1]
 *   SCALE           inputs[0] times inputs[1], of shape [c][1][1]
 */
#define HR_OPERATORS(X)                                                                                                \
    X(INPUT, input, OTHER)                                                                                             \
    X(CONV, conv, OTHER)                                                                                               \
    X(DECONV, deconv, OTHER)                                                                                           \
    X(NORM, norm, OTHER)                                                                                               \
    X(ACTIVATION, activation, ROWS)                                                                                    \
    X(SUM, sum, ROWS)                                                                                                  \
    X(UPSAMPLE, upsample, ROWS)                                                                                        \
    X(MAXPOOL, maxpool, ROWS)                                                                                          \
    X(CONCAT, concat, ROWS)                                                                                            \
    X(SLICE, slice, ROWS)                                                                                              \
    X(SPACE_TO_DEPTH, space_to_depth, ROWS)                                                                            \
    X(AVERAGE, average, ROWS)                                                                                          \
    X(SCALE, scale, ROWS)

#define HR_OP_VALUE(NAME, name, FORM) HR_OP_##NAME,
typedef enum hr_op { HR_OPERATORS(HR_OP_VALUE) HR_N_OPS } hr_op;
#undef HR_OP_VALUE

typedef enum hr_upsampling { HR_NEAREST, HR_BILINEAR, HR_BILINEAR_CORNERS /* align_corners */ } hr_upsampling;

typedef enum hr_param_kind {
    HR_PARAM_WEIGHT, /* conv [oc][ic / groups][kh][kw], deconv [ic][oc][kh][kw] */
    HR_PARAM_BIAS,   /* conv, deconv [oc] */
    HR_PARAM_NORM_WEIGHT,
    HR_PARAM_NORM_BIAS,
    HR_PARAM_NORM_MEAN,
    HR_PARAM_NORM_VAR,
    HR_PARAM_NORM_COUNT /* num_batches_tracked: int64 scalar, not used by the arithmetic */
} hr_param_kind;

typedef struct hr_param {
    char name[96]; /* "stage2.0.branches.0.0.conv1.weight" */
    hr_param_kind kind;
    int n_dims;
    int64_t shape[4];
    size_t n_elements;
    size_t offset;       /* in floats, of this parameter in one flat block of all of them */
    int like;            /* the parameter that this one repeats wherever the published code trains it, so that both are
                            counted once; -1: none */
    float start, spread; /* initial values: normally distributed around start with this standard deviation */
} hr_param;

/* The window of a convolution or pool, and how it moves. Output cell o reads input cells o * stride - pad + k *
 * dilation, k < kernel; a transposed convolution writes input cell i to output cells i * stride - pad + k. */
typedef struct hr_window {
    int kh, kw;
    int stride;
    int pad_h, pad_w; /* on both sides */
    int dilation;     /* conv */
    int out_padding;  /* deconv */
    int groups;       /* conv: 1, or the number of channels */
} hr_window;

typedef struct hr_node {
    hr_op op;
    char name[80]; /* module path; taps and messages use it */
    int n_inputs, inputs[HR_MAX_INPUTS];
    int c, h, w; /* of the output */
    /* Attributes, of the operators that have them: */
    hr_window window;         /* conv, deconv, maxpool */
    hr_activation activation; /* activation; after hr_graph_fuse also of conv, deconv, sum: applied at their end */
    int factor;               /* upsample */
    hr_upsampling upsampling; /* upsample */
    int first;                /* slice */
    double epsilon, momentum; /* norm; after hr_graph_fuse epsilon also of a conv with a folded norm */
    int weight, bias;         /* conv, deconv: parameter index; bias -1: none */
    int norm;                 /* norm: index of its weight; bias, mean, var, count follow. else -1 */
    /* Only after hr_graph_fuse: */
    int add;                    /* conv: a tensor of the output's shape to add; -1: none */
    int add_last;               /* 1: it is added behind the activation, not before it */
    int factors[HR_MAX_INPUTS]; /* sum: nearest upsampling of each input; 1: none */
    int chained;      /* this and the node before it are 1x1 convolutions of stride 1, and this one reads (or adds) what
                         that one makes: pixel by pixel they can be computed one after the other */
    int weight_bound; /* convolutions that make tensors of this height and width have more weights in all than those
                         have numbers: a batch should read them once */
} hr_node;

/* A tensor that the network yields. */
typedef struct hr_output {
    char name[32]; /* "heatmaps" */
    int node;
} hr_output;

typedef struct hr_graph {
    hr_node *nodes; /* node 0 is the input */
    int n_nodes, node_capacity;
    hr_param *params; /* shared shape in both forms of the graph */
    int n_params, param_capacity;
    size_t n_floats; /* size of a flat block of all parameters */
    hr_output outputs[HR_MAX_OUTPUTS];
    int n_outputs;
    hrnet_status status; /* of the first node that could not be appended; hr_last_error tells why */
} hr_graph;

/* The fused form. Parameters are unchanged; a node's norm says which statistics to fold. HRNET_ERR_UNSUPPORTED names a
 * node that has no fused form where it stands. */
hrnet_status hr_graph_fuse(hr_graph *out, const hr_graph *graph);

/* A copy of either form for another input size: the same nodes and parameters, every shape made anew.
 * HRNET_ERR_ARGUMENT names the first node that has no shape at this size. */
hrnet_status hr_graph_reshape(hr_graph *out, const hr_graph *graph, int h, int w);

void hr_graph_free(hr_graph *graph);

/* Trainable parameters (weights, biases, norm weights and biases; those that repeat others count once), and
 * multiply-adds of one picture: all convolutions and transposed convolutions at the graph's size. Upstream's summary
 * counts the latter on their output cells, four times as many as there are. */
size_t hr_graph_n_trainable(const hr_graph *graph);
uint64_t hr_graph_macs(const hr_graph *graph);
uint64_t hr_node_macs(const hr_graph *graph, int node); /* the share of one node; 0 without weights */

/* Index of the parameter or node of that name, or -1. */
int hr_graph_find_param(const hr_graph *graph, const char *name);
int hr_graph_find_node(const hr_graph *graph, const char *name);

/* Whether a node's tensor is one of the outputs. */
int hr_graph_is_output(const hr_graph *graph, int node);

/*
 * For builders: append nodes. Each returns the node's index, or -1 once anything has failed; -1 as an input gives -1,
 * so that a builder checks once, at its end (hr_graph_finish). Padding is kernel / 2, groups 1, dilation 1 where a
 * function does not ask; names are module paths, from which parameters have theirs.
 */
int hr_graph_input(hr_graph *graph, int c, int h, int w);
int hr_graph_conv(hr_graph *graph, int input, const char *name, int oc, int kernel, int stride, int with_bias);
/* Any window; zeros in it mean: kw as kh, stride, dilation and groups 1 (padding 0 is none). */
int hr_graph_conv_window(hr_graph *graph, int input, const char *name, int oc, hr_window window, int with_bias);
int hr_graph_deconv(hr_graph *graph, int input, const char *name, int oc, int kernel, int with_bias);
/* Other initial values than upstream's init_weights gives: the deviation of the node's weights, the value of its
 * biases.
 */
void hr_graph_initial(hr_graph *graph, int node, double weight_deviation, double bias);
/* The weights of a convolution repeat those of an earlier one of the same shape. */
void hr_graph_like(hr_graph *graph, int node, int earlier);
int hr_graph_norm(hr_graph *graph, int input, const char *name); /* epsilon 1e-5, momentum 0.1 */
int hr_graph_norm_like(hr_graph *graph, int input, const char *name, double epsilon, double momentum);
int hr_graph_activation(hr_graph *graph, int input, hr_activation activation);
int hr_graph_relu(hr_graph *graph, int input);
int hr_graph_sum(hr_graph *graph, const int *inputs, int n_inputs);
int hr_graph_upsample(hr_graph *graph, int input, int factor); /* nearest */
int hr_graph_upsample_like(hr_graph *graph, int input, int factor, hr_upsampling upsampling);
int hr_graph_maxpool(hr_graph *graph, int input, int kernel, int stride);
int hr_graph_concat(hr_graph *graph, const int *inputs, int n_inputs);
int hr_graph_slice(hr_graph *graph, int input, int first, int c);
int hr_graph_space_to_depth(hr_graph *graph, int input);
int hr_graph_average(hr_graph *graph, int input);
int hr_graph_scale(hr_graph *graph, int input, int factors);
/* Give the last node of a part the part's name ("layer1", "stage2_0"), so that it can be found. */
void hr_graph_name(hr_graph *graph, int node, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Make a node's tensor an output. */
void hr_graph_output(hr_graph *graph, int node, const char *name);
/* What building has come to; on failure the graph is freed. */
hrnet_status hr_graph_finish(hr_graph *graph);

#endif
