/*
 * ops.h - the operators that are no convolution, on the CPU: forward row by row, backward strip by strip. Inference
 * (cpu/engine) and training (cpu/backprop) both run them. Norms, and sums in training, are done by cpu/backprop itself
 * (backprop_norm.c, backprop_sum.c), because they have phases.
 *
 * A tensor is [n][h][w] pixels of ld numbers, of which it has c; all but the network's input have whole strips of
 * HR_STRIP numbers a pixel, and the numbers behind c are zeros or belong to nobody. It may be a slice of another one.
 */
#ifndef HR_CPU_OPS_OPS_H
#define HR_CPU_OPS_OPS_H

#include "cpu/kern/kern.h"
#include "graph/graph.h"

typedef struct hr_op_tensor {
    float *data; /* the first channel of the first pixel of picture 0 */
    int c, h, w;
    size_t ld;
} hr_op_tensor;

/* Pixel x of row y of a picture. */
static inline float *hr_op_pixel(const hr_op_tensor *t, int picture, int y, int x)
{
    return t->data + (((size_t)picture * (size_t)t->h + (size_t)y) * (size_t)t->w + (size_t)x) * t->ld;
}

/* What an operator works on. dy and dx are of the shapes of y and x. */
typedef struct hr_op_io {
    const hr_node *node;
    const hr_kern *kern;
    hr_op_tensor x[HR_MAX_INPUTS], y;
    hr_op_tensor dx[HR_MAX_INPUTS], dy; /* backward */
} hr_op_io;

typedef struct hr_cpu_op {
    /* Make row y of a picture of io->y. A row reads any rows of x, none of y. */
    void (*forward)(const hr_op_io *io, int picture, int y);
    /* Write (add: add to) channels [channel, channel + HR_STRIP) of a picture of io->dx[input]; channel is a multiple
     * of HR_STRIP, channels behind c become zeros. Reads dy, and x, which forward had. */
    void (*backward)(const hr_op_io *io, int input, int picture, int channel, int add);
    int reads_input; /* 1: may read the network's input, whose pixels are no whole strips */
} hr_cpu_op;

/* NULL for operators that others run: input, convolutions, norm. Static. */
const hr_cpu_op *hr_cpu_op_of(hr_op op);

/* The rows, in files of this folder: a file a family. Only those of form ROWS are defined. */
#define HR_CPU_OP_DECLARE(NAME, name, FORM) extern const hr_cpu_op hr_cpu_##name;
HR_OPERATORS(HR_CPU_OP_DECLARE)
#undef HR_CPU_OP_DECLARE

/* Channels of a strip that a tensor has: c - channel, at most HR_STRIP. */
static inline int hr_op_channels(const hr_op_tensor *t, int channel)
{
    return t->c - channel < HR_STRIP ? t->c - channel : HR_STRIP;
}

#endif
