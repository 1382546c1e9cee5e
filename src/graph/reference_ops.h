/*
 * reference_ops.h - every operation of a graph in double precision, in NCHW, with the plainest loops there are; each
 * with its backward. What the reference (graph/reference_forward.h) and the training oracle
 * (graph/reference_backward.h) are made of.
 *
 * Backward functions take dy, the gradient of the loss with respect to y, and ADD theirs to dx, dweight and dbias.
 */
#ifndef HR_GRAPH_REFERENCE_OPS_H
#define HR_GRAPH_REFERENCE_OPS_H

#include "graph/graph.h"

typedef struct hr_doubles {
    int n, c, h, w;
    double *data; /* [n][c][h][w] */
} hr_doubles;

size_t hr_doubles_count(const hr_doubles *tensor);

/* node: kernel, stride, padding. weight [oc][ic][k][k]; bias, dbias [oc] or NULL. */
void hr_double_conv(const hr_node *node, const hr_doubles *x, const double *weight, const double *bias, hr_doubles *y);
void hr_double_conv_backward(const hr_node *node, const hr_doubles *x, const double *weight, const hr_doubles *dy,
                             hr_doubles *dx, double *dweight, double *dbias);

/* Transposed: weight [ic][oc][k][k]. */
void hr_double_deconv(const hr_node *node, const hr_doubles *x, const double *weight, const double *bias,
                      hr_doubles *y);
void hr_double_deconv_backward(const hr_node *node, const hr_doubles *x, const double *weight, const hr_doubles *dy,
                               hr_doubles *dx, double *dweight, double *dbias);

/* y = (x - mean) / sqrt(variance + 1e-5) * weight + bias, all [c]. In training mean and variance are those of x itself
 * (variance: divided by the count), which is what backward assumes. */
void hr_double_norm(const hr_doubles *x, const double *weight, const double *bias, const double *mean,
                    const double *variance, hr_doubles *y);
void hr_double_norm_statistics(const hr_doubles *x, double *mean, double *variance);
void hr_double_norm_backward(const hr_doubles *x, const double *weight, const double *mean, const double *variance,
                             const hr_doubles *dy, hr_doubles *dx, double *dweight, double *dbias);

void hr_double_relu(const hr_doubles *x, hr_doubles *y);
void hr_double_relu_backward(const hr_doubles *x, const hr_doubles *dy, hr_doubles *dx);

/* Of equal cells the first wins, and has the gradient. */
void hr_double_maxpool(const hr_node *node, const hr_doubles *x, hr_doubles *y);
void hr_double_maxpool_backward(const hr_node *node, const hr_doubles *x, const hr_doubles *dy, hr_doubles *dx);

void hr_double_upsample(const hr_node *node, const hr_doubles *x, hr_doubles *y);
void hr_double_upsample_backward(const hr_node *node, const hr_doubles *dy, hr_doubles *dx);

/* to += from; a sum is this for each of its inputs, its backward too. */
void hr_double_add(const hr_doubles *from, hr_doubles *to);

#endif
