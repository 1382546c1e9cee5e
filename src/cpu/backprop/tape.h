/*
 * tape.h - the graph as built, as a short list of steps over stored tensors. Norms, sums, activations and upsampling
 * between two convolutions become one step, so that nothing between them is stored:
 *
 *   conv   out = conv(terms[0])
 *   op     out = op(terms), an operator of cpu/ops
 *   sum    out = relu(sum over terms of upsample(affine(term))), affine a batch norm or nothing, the ReLU or not,
 *          upsampling nearest by a power of two
 */
#ifndef HR_CPU_BACKPROP_TAPE_H
#define HR_CPU_BACKPROP_TAPE_H

#include "graph/graph.h"

/* A stored tensor: [n][h][w][ld]. Tensor 0 is the network's input, of ld 4. */
typedef struct hr_tape_tensor {
    int c, h, w, ld;
    int node;     /* graph node whose output it is; of a copy, the node that it is a copy of */
    int producer; /* step; -1: the input */
} hr_tape_tensor;

typedef struct hr_term {
    int tensor;
    int norm; /* parameter index of the norm's weight, as hr_node.norm; -1: none. The tensor then has no other reader */
    int state;                /* norms are counted: 0..n_norms-1; -1: none */
    double epsilon, momentum; /* of the norm */
    int shift;                /* nearest upsampling by 1 << shift, after the norm */
} hr_term;

typedef enum hr_tape_step_kind { HR_TAPE_CONV, HR_TAPE_OP, HR_TAPE_SUM } hr_tape_step_kind;

typedef struct hr_tape_step {
    hr_tape_step_kind kind;
    int node; /* conv (transposed ones too), op: of the graph */
    int out;
    int n_terms;
    hr_term terms[HR_MAX_INPUTS]; /* no tensor twice */
    int relu;
} hr_tape_step;

typedef struct hr_tape {
    const hr_graph *graph;
    hr_tape_tensor *tensors;
    hr_tape_step *steps; /* in an order in which they can run */
    int n_tensors, n_steps, n_norms;
    int outputs[HR_MAX_OUTPUTS]; /* tensors, one for each of the graph's outputs */
} hr_tape;

/* graph: as built; must outlive the tape. */
hrnet_status hr_tape_build(hr_tape *out, const hr_graph *graph);
void hr_tape_free(hr_tape *tape);

#endif
