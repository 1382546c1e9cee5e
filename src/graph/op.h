/*
 * op.h - the table of operators: for each its shape, its cost, its arithmetic forward and backward in double precision,
 * and its form in ONNX. One row an operator, one file of graph/ops a family; a new operator is a row, a file there, and
 * its fast form in cpu/ops.
 */
#ifndef HR_GRAPH_OP_H
#define HR_GRAPH_OP_H

#include "graph/graph.h"
#include "graph/onnx_operators.h"

/* A tensor of the reference arithmetic. */
typedef struct hr_doubles {
    int n, c, h, w;
    double *data; /* [n][c][h][w] */
} hr_doubles;

size_t hr_doubles_count(const hr_doubles *tensor);
/* Channel `channel` of picture `image`: [h][w]. */
double *hr_doubles_plane(const hr_doubles *tensor, int image, int channel);

/* What an operator works on. Backward functions take dy, the gradient of the loss with respect to y, and ADD theirs to
 * dx, dweight and dbias. What an operator does not have is NULL. */
typedef struct hr_reference {
    const hr_node *node;
    const hr_doubles *x[HR_MAX_INPUTS];
    const hr_doubles *y;
    const double *weight, *bias;   /* conv, deconv; of a norm its weight and bias [c] */
    const double *mean, *variance; /* norm: what it normalises by; backward assumes the statistics of x itself */
    const hr_doubles *dy;          /* backward */
    hr_doubles *dx[HR_MAX_INPUTS]; /* backward */
    double *dweight, *dbias;       /* backward */
} hr_reference;

typedef struct hr_op_type {
    const char *name; /* as messages and profiles call it */
    /* Set c, h, w of the node from its inputs, which have theirs, and its attributes. HRNET_ERR_ARGUMENT (without the
     * node's name) where they do not fit. NULL: set by the builder. */
    hrnet_status (*shape)(const hr_graph *graph, hr_node *node);
    /* y from x; dx, dweight, dbias from dy. */
    void (*forward)(const hr_reference *r);
    void (*backward)(const hr_reference *r);
    /* Append its operators. NULL: hr_graph_fuse leaves none. */
    void (*onnx)(hr_onnx_chain *chain);
} hr_op_type;

/* The row of an operator. Static. */
const hr_op_type *hr_op_type_of(hr_op op);

/* The rows, in files of graph/ops: a file a family. */
#define HR_OP_DECLARE(NAME, name, FORM) extern const hr_op_type hr_op_##name;
HR_OPERATORS(HR_OP_DECLARE)
#undef HR_OP_DECLARE

/* Mean and variance (divided by the count) of every channel, [c] each: what a norm normalises by in training. */
void hr_norm_statistics(const hr_doubles *x, double *mean, double *variance);

/* An activation and its derivative at x. The derivative of ReLU at 0 is 0, as PyTorch's. */
double hr_activate(hr_activation activation, double x);
double hr_activation_slope(hr_activation activation, double x);
/* "relu"; "" for none. Static. */
const char *hr_activation_name(hr_activation activation);

/* What nearest or bilinear upsampling reads for output coordinate `o`: cells low and low + 1 (the last cell once more
 * at the end), the second one with this share. */
typedef struct hr_upsample_cell {
    int low, high;
    double share;
} hr_upsample_cell;
hr_upsample_cell hr_upsample_source(hr_upsampling upsampling, int factor, int n_in, int o);

#endif
