/* conv.c - choosing among the algorithms, and what they share. */
#include "net/conv.h"

#include <string.h>

enum { LINE = 64 };

static const hr_conv_algorithm *const algorithms[] = {&hr_conv_direct, &hr_conv_winograd2, &hr_conv_winograd4,
                                                      &hr_conv_winograd6};

static const hr_conv_algorithm *choose(const hr_conv_shape *shape, const hr_kern *kern, const hr_packing *packing)
{
    const hr_conv_algorithm *best = NULL;
    double best_cost = 0;
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        const double cost = algorithms[i]->cost(algorithms[i], shape, kern, packing);
        if (cost < 0 || (best != NULL && cost >= best_cost)) continue;
        best = algorithms[i];
        best_cost = cost;
    }
    return best;
}

void hr_conv_init(hr_conv *conv, const hr_conv_shape *shape, int relu, const hr_packing *packing, const hr_kern *kern)
{
    *conv = (hr_conv){
        .shape = *shape, .algorithm = choose(shape, kern, packing), .kern = kern, .relu = relu, .half = packing->half};
}

size_t hr_conv_bytes(const hr_conv *conv)
{
    const size_t n = conv->algorithm->packed_floats(conv->algorithm, &conv->shape);
    const size_t bytes = (size_t)hr_padded(conv->shape.oc) * sizeof(float) + n * (conv->half ? 2 : sizeof(float));
    return (bytes + LINE - 1) / LINE * LINE;
}

void hr_conv_pack(hr_conv *conv, void *room, const float *weights, const float *scale, const float *bias,
                  float *scratch)
{
    const int oc = conv->shape.oc;
    float *packed_bias = room, *packed = packed_bias + hr_padded(oc);
    memcpy(packed_bias, bias, (size_t)oc * sizeof *bias);
    for (int i = oc; i < hr_padded(oc); i++) packed_bias[i] = 0;
    conv->bias = packed_bias;
    conv->weights = packed;
    conv->algorithm->pack(conv, weights, scale, conv->half ? scratch : packed);
    if (conv->half)
        conv->kern->to_half((uint16_t *)(void *)packed, scratch,
                            conv->algorithm->packed_floats(conv->algorithm, &conv->shape));
}

int hr_cut_blocks(int n_strips, const hr_kern *kern, hr_block_cut *blocks)
{
    int n = 0;
    for (int at = 0; at < n_strips; n++) {
        const int left = n_strips - at;
        int strips = kern->max_strips < 2 ? 1 : left == 1 ? 1 : 2;
        if (kern->max_strips >= 3 && left % 2 == 1 && left >= 3)
            strips = 3; /* an odd count: no lone strip at the end */
        if (blocks != NULL) blocks[n] = (hr_block_cut){at, strips};
        at += strips;
    }
    return n;
}
