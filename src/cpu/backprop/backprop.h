/*
 * backprop.h - a network that learns: the graph as built, run forward in training mode (batch statistics) and backward.
 * Everything is allocated when it is made; running allocates nothing. The same numbers give the same bits for any
 * number of threads.
 *
 *   fill hr_backprop_input(net, i);  hr_backprop_forward(net, n);
 *   read hr_backprop_output(net, k, i); fill hr_backprop_output_gradient(net, k, i);  hr_backprop_backward(net, n, 0);
 */
#ifndef HR_CPU_BACKPROP_BACKPROP_H
#define HR_CPU_BACKPROP_BACKPROP_H

#include "cpu/backprop/params.h"

typedef struct hr_backprop hr_backprop;

typedef struct hr_backprop_options {
    int threads;       /* 1..HR_MAX_THREADS */
    int max_batch;     /* pictures of one pass, 1..1024 */
    unsigned features; /* base/cpu.h */
    int recompute;     /* 1: what a sum or an activation makes is made again in backward instead of being kept */
    /* Several processes that share one batch, or NULL. all_reduce sums values [n] over all of them: batch norm's
     * statistics and what their gradients need, so that the batch is normalised as a whole; called by the thread that
     * called forward or backward, in the same order everywhere. share: how many processes; with 1 it is not called.
     * Their numbers of pictures may differ, and be 0 for some. Gradients of parameters are sums over the own ones. */
    void (*all_reduce)(void *context, double *values, size_t n);
    int share;
    /* Gradients [first, first + n) of the block are complete; backward calls it, from n_trainable towards the block's
     * begin, without gaps, on its caller's thread while the others go on. NULL: not wanted. */
    void (*on_gradients)(void *context, size_t first, size_t n);
    void *context;
} hr_backprop_options;

/* Bytes by kind, for one network of these options. */
typedef struct hr_backprop_bytes {
    size_t params, gradients;
    size_t activations; /* kept from forward for backward */
    size_t work;        /* gradients of activations, packed weights, scratch of threads */
} hr_backprop_bytes;

/* Exactly what hr_backprop_create will allocate, but for lists of some bytes a layer. */
hrnet_status hr_backprop_estimate(hr_backprop_bytes *out, const hr_graph *graph, const hr_backprop_options *options);

/* graph: as built; copied. Parameters are zeros until they are set. */
hrnet_status hr_backprop_create(hr_backprop **out, const hr_graph *graph, const hr_backprop_options *options);
void hr_backprop_free(hr_backprop *net);

const hr_params *hr_backprop_layout(const hr_backprop *net);
float *hr_backprop_params(hr_backprop *net);    /* block; may be written between passes */
float *hr_backprop_gradients(hr_backprop *net); /* block; the part behind n_trainable stays zero */

/* Picture i: input [h][w][4], three channels and one that must be zero; output k of the graph and its gradient
 * [h][w][ld], ld = channels rounded up to HR_STRIP, the gradient's padding lanes zero. backward overwrites the
 * gradient. */
float *hr_backprop_input(hr_backprop *net, int i);
const float *hr_backprop_output(const hr_backprop *net, int k, int i);
float *hr_backprop_output_gradient(hr_backprop *net, int k, int i);

/* From now on norms whose statistics are frozen normalise with their running statistics, which do not move; gradients
 * of all parameters are made as before. frozen [graph->n_params]: 1 for every frozen parameter. */
void hr_backprop_freeze(hr_backprop *net, const unsigned char *frozen);

/* Pictures 0..n-1; n may be 0 where there are several processes. forward also moves the running statistics (momentum
 * 0.1, unbiased variance) and counts the batch. backward must follow the forward pass of the same pictures; it
 * overwrites the gradients, or adds to them. */
void hr_backprop_forward(hr_backprop *net, int n);
void hr_backprop_backward(hr_backprop *net, int n, int add);

/* Seconds that each kind of step took in the passes since the last call, summed over threads; for `--profile`. */
typedef struct hr_backprop_times {
    double conv, input_gradient, weight_gradient, pack, norm_add_relu, norm_add_relu_gradient, other;
} hr_backprop_times;
hr_backprop_times hr_backprop_take_times(hr_backprop *net);

/* Run func(context, task) for every task 0..n_tasks-1 on the network's threads. */
void hr_backprop_parallel(hr_backprop *net, int n_tasks, void (*func)(void *context, int task), void *context);

#endif
