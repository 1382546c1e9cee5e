/*
 * tensor_layout.h - how each node's tensor lies in memory: [h][w] pixels of ld numbers, of which its channels begin at
 * `offset`. A tensor of its own has offset 0 and whole strips a pixel. Two kinds are slices of another tensor, so that
 * nothing is copied:
 *
 *   concat(a, b)       a and b are written where the concatenation has them
 *   slice(x)           reads x's memory
 *
 * A slice begins at a whole strip, because kernels read and write whole strips; where channels do not allow that, or a
 * tensor is part of two concatenations, the operator copies.
 *
 * Example: x [h][w] of 32 channels, y = concat(conv1(x) of 48, conv2(x) of 20): y has ld 80; conv1's tensor is y's at
 * offset 0, conv2's at offset 48.
 */
#ifndef HR_CPU_ENGINE_TENSOR_LAYOUT_H
#define HR_CPU_ENGINE_TENSOR_LAYOUT_H

#include "cpu/kern/kern.h"
#include "graph/graph.h"

enum { HR_INPUT_LD = 4 }; /* of the network's input: three channels and one more */

typedef struct hr_tensor {
    hr_format type; /* of its numbers */
    int c, h, w;
    int ld, offset;
    int owner; /* the node whose memory it lies in: its own, or the one it is a slice of */
} hr_tensor;

/* tensors [n_nodes], out. graph: fused. */
void hr_tensor_layout(const hr_graph *graph, hr_tensor *tensors);

/* Numbers of a picture's tensor, of its owner's pixels. */
static inline size_t hr_tensor_floats(const hr_tensor *tensor)
{
    return (size_t)tensor->h * (size_t)tensor->w * (size_t)tensor->ld;
}

#endif
