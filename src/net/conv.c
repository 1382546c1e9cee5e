/* conv.c - choosing among the algorithms, and what they share. */
#include "net/conv.h"

#include <string.h>

#include "base/mem.h"

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

hrnet_status hr_conv_create(hr_conv **out, const hr_conv_shape *shape, int relu, const hr_kern *kern,
                            const float *weights, const float *scale, const float *bias)
{
    hr_conv *conv;
    HR_NEW(conv, 1);
    *conv = (hr_conv){.shape = *shape, .algorithm = choose(shape, kern), .kern = kern, .relu = relu};
    const size_t n_packed = conv->algorithm->packed_floats(conv->algorithm, shape), n_bias = (size_t)hr_padded(shape->oc);
    conv->weights = hr_alloc(n_packed, sizeof(float));
    conv->bias = hr_calloc(n_bias, sizeof(float));
    if (conv->weights == NULL || conv->bias == NULL) {
        hr_conv_free(conv);
        return hr_fail_memory((n_packed + n_bias) * sizeof(float));
    }
    memcpy(conv->bias, bias, (size_t)shape->oc * sizeof(float));
    conv->algorithm->pack(conv, weights, scale, conv->weights);
    *out = conv;
    return HRNET_OK;
}

void hr_conv_free(hr_conv *conv)
{
    if (conv == NULL) return;
    hr_free(conv->weights);
    hr_free(conv->bias);
    hr_free(conv);
}

size_t hr_conv_packed_bytes(const hr_conv *conv)
{
    return (conv->algorithm->packed_floats(conv->algorithm, &conv->shape) + (size_t)hr_padded(conv->shape.oc)) *
           sizeof(float);
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
