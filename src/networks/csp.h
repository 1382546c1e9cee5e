/*
 * csp.h - the parts of which YOLOX and RTMDet are made: units (convolution, norm, activation), CSP layers and pyramids
 * of pools. Both networks have the same parts, under other names and with other kernels; a style says which.
 */
#ifndef HR_NETWORKS_CSP_H
#define HR_NETWORKS_CSP_H

#include "graph/graph.h"

/* A unit: convolution without bias "<path>.conv", norm "<path>.bn", activation. A depthwise-separable one is two units:
 * of each channel alone, then 1x1. */
typedef struct hr_unit_style {
    double epsilon, momentum; /* of its norm */
    hr_activation activation;
    const char *depthwise, *pointwise; /* names of the two units of a depthwise-separable one */
} hr_unit_style;

/* A CSP layer sends its input through two units; one way goes on through blocks of two units each. Both are
 * concatenated, then comes a last unit. */
typedef struct hr_csp_style {
    hr_unit_style unit;
    const char *to_blocks, *around, *last, *blocks; /* names of the three units and of the list of blocks */
    int kernels[2], separable[2];                   /* of the units conv1 and conv2 of a block */
    int depthwise;                                  /* the units of kernel 3 between the layers are separable, too */
} hr_csp_style;

/* Append a unit, or with separable 1 a depthwise-separable one. */
int hr_add_unit(hr_graph *graph, const hr_unit_style *style, int input, const char *path, int oc, int kernel,
                int stride, int separable);

/* Append a CSP layer with n blocks. adds: each block adds its input. attention: the concatenation is scaled, channel by
 * channel, by "<path>.attention.fc" of its average through a hard sigmoid. */
int hr_add_csp(hr_graph *graph, const hr_csp_style *style, int input, const char *path, int oc, int n_blocks, int adds,
               int attention);

/* Append "<path>.conv1" to half the input's channels, its maxima of 5x5, 9x9 and 13x13 beside it, and "<path>.conv2".
 */
int hr_add_spp(hr_graph *graph, const hr_unit_style *style, int input, const char *path, int oc);

#endif
