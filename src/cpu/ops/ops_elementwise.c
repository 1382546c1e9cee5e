/* ops_elementwise.c - sums, products with a number a channel, activations. */
#include "cpu/ops/ops.h"

static int shift_of(int factor)
{
    int shift = 0;
    while (1 << shift < factor) shift++;
    return shift;
}

/* Terms of lower resolution (hr_node.factors, powers of two) are read as nearest upsampling would have them. */
static void sum_forward(const hr_op_io *io, int picture, int y)
{
    const hr_node *node = io->node;
    const float *terms[HR_MAX_INPUTS];
    size_t lds[HR_MAX_INPUTS];
    int shifts[HR_MAX_INPUTS];
    for (int i = 0; i < node->n_inputs; i++) {
        shifts[i] = shift_of(node->factors[i]);
        terms[i] = hr_op_pixel(&io->x[i], picture, y >> shifts[i], 0);
        lds[i] = io->x[i].ld;
    }
    io->kern->sum_row(hr_op_pixel(&io->y, picture, y, 0), io->y.ld, terms, lds, shifts, node->n_inputs, io->y.w,
                      hr_padded(io->y.c), node->activation);
}

static void scale_forward(const hr_op_io *io, int picture, int y)
{
    const float *factors = hr_op_pixel(&io->x[1], picture, 0, 0);
    for (int x = 0; x < io->y.w; x++)
        io->kern->multiply(hr_op_pixel(&io->y, picture, y, x), hr_op_pixel(&io->x[0], picture, y, x), factors,
                           hr_padded(io->y.c), 0);
}

/* With y = x a: dx = dy a, and da is the sum of dy x over all pixels. */
static void scale_backward(const hr_op_io *io, int input, int picture, int channel, int add)
{
    const float *factors = hr_op_pixel(&io->x[1], picture, 0, 0) + channel;
    float *sum = hr_op_pixel(&io->dx[1], picture, 0, 0) + channel;
    for (int c = 0; c < HR_STRIP && input == 1 && !add; c++) sum[c] = 0;
    for (int y = 0; y < io->dy.h; y++) {
        for (int x = 0; x < io->dy.w; x++) {
            const float *dy = hr_op_pixel(&io->dy, picture, y, x) + channel;
            if (input == 0)
                io->kern->multiply(hr_op_pixel(&io->dx[0], picture, y, x) + channel, dy, factors, HR_STRIP, add);
            else
                io->kern->multiply(sum, dy, hr_op_pixel(&io->x[0], picture, y, x) + channel, HR_STRIP, 1);
        }
    }
}

static void activation_forward(const hr_op_io *io, int picture, int y)
{
    for (int x = 0; x < io->y.w; x++)
        io->kern->activate(hr_op_pixel(&io->y, picture, y, x), hr_op_pixel(&io->x[0], picture, y, x),
                           (size_t)hr_padded(io->y.c), io->node->activation);
}

static void activation_backward(const hr_op_io *io, int input, int picture, int channel, int add)
{
    (void)input;
    for (int y = 0; y < io->dy.h; y++)
        for (int x = 0; x < io->dy.w; x++)
            io->kern->activation_gradient(
                hr_op_pixel(&io->dx[0], picture, y, x) + channel, hr_op_pixel(&io->dy, picture, y, x) + channel,
                hr_op_pixel(&io->x[0], picture, y, x) + channel, HR_STRIP, io->node->activation, add);
}

const hr_cpu_op hr_cpu_sum = {.forward = sum_forward};
const hr_cpu_op hr_cpu_scale = {.forward = scale_forward, .backward = scale_backward};
const hr_cpu_op hr_cpu_activation = {.forward = activation_forward, .backward = activation_backward};
