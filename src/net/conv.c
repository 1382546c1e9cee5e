/* conv.c - choosing among the algorithms, and what they share. */
#include "net/conv.h"

#include <string.h>

static const hr_conv_algorithm *const algorithms[] = {&hr_conv_direct, &hr_conv_winograd2, &hr_conv_winograd4,
                                                   &hr_conv_winograd6};

static const hr_conv_algorithm *choose(const hr_conv_shape *shape, const hr_kern *kern)
{
    const hr_conv_algorithm *best = NULL;
    double best_cost = 0;
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        const double cost = algorithms[i]->cost(algorithms[i], shape, kern);
        if (cost < 0 || (best != NULL && cost >= best_cost)) continue;
        best = algorithms[i];
        best_cost = cost;
    }
    return best;
}

void hr_conv_init(hr_conv *conv, const hr_conv_shape *shape, int relu, const hr_kern *kern)
{
    *conv = (hr_conv){.shape = *shape, .algorithm = choose(shape, kern), .kern = kern, .relu = relu};
}

size_t hr_conv_floats(const hr_conv *conv)
{
    return conv->algorithm->packed_floats(conv->algorithm, &conv->shape) + (size_t)hr_padded(conv->shape.oc);
}

void hr_conv_pack(hr_conv *conv, float *floats, const float *weights, const float *scale, const float *bias)
{
    const int oc = conv->shape.oc;
    memcpy(floats, bias, (size_t)oc * sizeof *bias);
    for (int i = oc; i < hr_padded(oc); i++) floats[i] = 0;
    conv->bias = floats;
    conv->weights = floats + hr_padded(oc);
    conv->algorithm->pack(conv, weights, scale, floats + hr_padded(oc));
}

int hr_cut_blocks(int n_strips, const hr_kern *kern, hr_block_cut *blocks)
{
    int n = 0;
    for (int at = 0; at < n_strips; n++) {
        const int left = n_strips - at;
        int strips = kern->max_strips < 2 ? 1 : left == 1 ? 1 : 2;
        if (kern->max_strips >= 3 && left % 2 == 1 && left >= 3) strips = 3; /* an odd count: no lone strip at the end */
        if (blocks != NULL) blocks[n] = (hr_block_cut){at, strips};
        at += strips;
    }
    return n;
}
