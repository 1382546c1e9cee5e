/*
 * blocks.h - the residual blocks of ResNet, of which both networks are made, under the names that the published code
 * gives their parameters.
 */
#ifndef HR_NETWORKS_BLOCKS_H
#define HR_NETWORKS_BLOCKS_H

#include <stdio.h>

#include "config/config.h"
#include "graph/graph.h"

/* A module path ("stage2.0.branches.1"), made as printf makes text and passed by value. */
typedef struct hr_path {
    char text[80];
} hr_path;

hr_path hr_path_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Channels that leave a block, over its planes: 1 or 4. */
int hr_block_expansion(hr_block block);

/* conv (no bias) + norm: "<conv>.weight", "<norm>.weight" ... */
int hr_add_conv_norm(hr_graph *graph, int input, const char *conv, const char *norm, int oc, int kernel, int stride);

/* n residual blocks "<prefix>.0" ..; the first has the stride, and a 1x1 downsample where the shape changes. Upstream's
 * _make_layer and _make_one_branch. */
int hr_add_blocks(hr_graph *graph, int input, const char *prefix, hr_block block, int planes, int n_blocks, int stride);

#endif
