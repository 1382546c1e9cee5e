/*
 * graph.h - a network as a list of nodes in the order they can be computed, and its parameters in state-dict order.
 * The builders write what the configuration describes, one node per operation; training keeps that; hr_graph_fuse
 * makes the shorter list that inference runs.
 *
 * Tensors are the nodes' outputs: node i makes tensor i, of shape [n][c][h][w].
 */
#ifndef HR_GRAPH_GRAPH_H
#define HR_GRAPH_GRAPH_H

#include <stdint.h>

#include "base/status.h"

enum { HR_MAX_INPUTS = 8, HR_MAX_NODES = 100000 };

typedef enum hr_op {
    HR_OP_INPUT,
    HR_OP_CONV,     /* inputs[0]; cross-correlation, zero padding */
    HR_OP_DECONV,   /* inputs[0]; transposed convolution */
    HR_OP_NORM,     /* inputs[0]; batch normalisation, eps 1e-5, momentum 0.1 */
    HR_OP_RELU,     /* inputs[0] */
    HR_OP_SUM,      /* inputs[0..n_inputs) of one shape (after factor) */
    HR_OP_UPSAMPLE, /* inputs[0], nearest, by factor */
    HR_OP_MAXPOOL   /* inputs[0]; padding never wins */
} hr_op;

typedef enum hr_param_kind {
    HR_PARAM_WEIGHT, /* conv [oc][ic][kh][kw], deconv [ic][oc][kh][kw] */
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
    size_t offset; /* in floats, of this parameter in one flat block of all of them */
} hr_param;

typedef struct hr_node {
    hr_op op;
    char name[80]; /* module path; taps and messages use it */
    int n_inputs, inputs[HR_MAX_INPUTS];
    int c, h, w;                              /* of the output */
    int kernel, stride, padding, out_padding; /* conv, deconv, maxpool: square */
    int factor;                               /* upsample */
    int weight, bias;                         /* conv, deconv: parameter index; bias -1: none */
    int norm;                                 /* norm: index of its weight; bias, mean, var, count follow. else -1 */
    /* Only after hr_graph_fuse: */
    int relu;                   /* conv, deconv, sum: clamp at zero at the end */
    int add;                    /* conv: a tensor of the output's shape to add before relu; -1: none */
    int factors[HR_MAX_INPUTS]; /* sum: nearest upsampling of each input; 1: none */
    int chained; /* this and the node before it are 1x1 convolutions of stride 1, and this one reads (or adds) what that
                    one makes: pixel by pixel they can be computed one after the other */
    int weight_bound; /* convolutions that make tensors of this height and width have more weights in all than those
                     have numbers: a batch should read them once */
} hr_node;

typedef struct hr_graph {
    hr_node *nodes;
    int n_nodes, node_capacity;
    hr_param *params; /* shared shape in both forms of the graph */
    int n_params, param_capacity;
    size_t n_floats; /* size of a flat block of all parameters */
    int output;      /* node whose tensor is the heatmaps */
} hr_graph;

/* The inference form: batch norms folded into the convolution before them, ReLU and residual additions done by the
 * convolution or sum that makes their operand, upsampling done by the sum that reads it. Parameters are unchanged; the
 * node's norm says which statistics to fold. */
hrnet_status hr_graph_fuse(hr_graph *out, const hr_graph *graph);

void hr_graph_free(hr_graph *graph);

/* Trainable parameters (weights, biases, norm weights and biases), and multiply-adds of one picture: all convolutions
 * and transposed convolutions at the graph's size. Upstream's summary counts the latter on their output cells, four
 * times as many as there are. */
size_t hr_graph_n_trainable(const hr_graph *graph);
uint64_t hr_graph_macs(const hr_graph *graph);
uint64_t hr_node_macs(const hr_graph *graph, int node); /* the share of one node; 0 without weights */

/* Index of the parameter or node of that name, or -1. */
int hr_graph_find_param(const hr_graph *graph, const char *name);
int hr_graph_find_node(const hr_graph *graph, const char *name);

/* For builders: append nodes. Each returns the node's index, or -1 once an allocation has failed or a limit is passed;
 * -1 as an input gives -1, so that a builder checks once, at its end. */
int hr_graph_input(hr_graph *graph, int c, int h, int w);
int hr_graph_conv(hr_graph *graph, int input, const char *name, int oc, int kernel, int stride, int with_bias);
int hr_graph_deconv(hr_graph *graph, int input, const char *name, int oc, int kernel, int with_bias);
int hr_graph_norm(hr_graph *graph, int input, const char *name);
int hr_graph_relu(hr_graph *graph, int input);
int hr_graph_sum(hr_graph *graph, const int *inputs, int n_inputs);
int hr_graph_upsample(hr_graph *graph, int input, int factor);
int hr_graph_maxpool(hr_graph *graph, int input, int kernel, int stride);
/* Give the last node of a part the part's name ("layer1", "stage2_0"), so that it can be found. */
void hr_graph_name(hr_graph *graph, int node, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
