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

/* Numbers that a pixel of the network's input takes: a picture's three channels and one more, or whole strips. */
static inline int hr_input_ld(int c)
{
    return c <= 4 ? 4 : hr_padded(c);
}

typedef struct hr_exec_tensor {
    hr_format type; /* of its numbers */
    int c, h, w;
    int ld, offset;
    int owner; /* the node whose memory it lies in: its own, or the one it is a slice of */
} hr_exec_tensor;

/* tensors [n_nodes], out. graph: fused. */
void hr_tensor_layout(const hr_graph *graph, hr_exec_tensor *tensors);

/* Numbers of a picture's tensor, of its owner's pixels. */
static inline size_t hr_tensor_floats(const hr_exec_tensor *tensor)
{
    return (size_t)tensor->h * (size_t)tensor->w * (size_t)tensor->ld;
}

#endif
