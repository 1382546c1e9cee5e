/* conv.c - choosing among the algorithms, and what they share. */
#include "cpu/conv/conv.h"

enum {
    LINE = 64,
    TASK_FLOATS = 1 << 16 /* weights that one packing task takes, about */
};

const hr_conv_algorithm *const hr_conv_algorithms[HR_N_CONV_ALGORITHMS] = {
    &hr_conv_direct,          &hr_conv_depthwise,        &hr_conv_winograd2,           &hr_conv_winograd4,
    &hr_conv_winograd6,       &hr_conv_winograd_strided, &hr_conv_winograd_transposed, &hr_conv_winograd2_fused,
    &hr_conv_winograd4_fused, &hr_conv_winograd6_fused,  &hr_conv_winograd2x6_fused,   &hr_conv_winograd4x6_fused};

static const hr_conv_algorithm *choose(const hr_conv_shape *shape, const hr_kern *kern, const hr_packing *packing)
{
    const hr_conv_algorithm *best = NULL;
    double best_cost = 0;
    for (size_t i = 0; i < HR_N_CONV_ALGORITHMS; i++) {
        const hr_conv_algorithm *algorithm = hr_conv_algorithms[i];
        const double cost = algorithm->cost(algorithm, shape, kern, packing);
        if (cost < 0 || (best != NULL && cost >= best_cost)) continue;
        best = algorithm;
        best_cost = cost;
    }
    return best;
}

hrnet_status hr_conv_init(hr_conv *conv, const hr_conv_shape *shape, hr_epilogue epilogue, const hr_packing *packing,
                          const hr_kern *kern)
{
    const hr_conv_algorithm *algorithm = choose(shape, kern, packing);
    if (algorithm == NULL)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "no algorithm for a %s%sconvolution of %dx%d, stride %d, dilation %d",
                       shape->depthwise ? "depthwise " : "", shape->transposed ? "transposed " : "", shape->kh,
                       shape->kw, shape->stride, shape->dilation);
    *conv = (hr_conv){
        .shape = *shape, .algorithm = algorithm, .kern = kern, .epilogue = epilogue, .format = packing->format};
    if (shape->depthwise) conv->format = HR_FORMAT_FLOAT32; /* they are few, and read once a row */
    return HRNET_OK;
}

void hr_conv_reshape(hr_conv *conv, const hr_conv_shape *shape)
{
    conv->shape = *shape;
}

size_t hr_conv_bytes(const hr_conv *conv)
{
    const size_t bytes = conv->algorithm->packed_floats(conv->algorithm, &conv->shape) * hr_format_bytes(conv->format);
    return (bytes + LINE - 1) / LINE * LINE;
}

void hr_conv_place(hr_conv *conv, void *packed, const float *bias)
{
    conv->weights = packed;
    conv->bias = bias;
}

int hr_pack_rows(const hr_conv_shape *shape)
{
    const int n_floats = hr_n_taps(shape) * hr_padded(shape->oc), rows = TASK_FLOATS / n_floats;
    return rows < HR_STRIP ? HR_STRIP : rows / HR_STRIP * HR_STRIP;
}

int hr_conv_pack_tasks(const hr_conv *conv)
{
    const int rows = hr_pack_rows(&conv->shape);
    return hr_ceil_div(hr_weight_depth(&conv->shape), rows);
}

void hr_conv_pack_task(const hr_conv *conv, const float *weights, int task)
{
    const hr_conv_shape *s = &conv->shape;
    const int rows = hr_pack_rows(s), first = task * rows, depth = hr_weight_depth(s);
    const int last = first + rows < depth ? first + rows : depth;
    const size_t n_columns = (size_t)hr_padded(s->oc);
    conv->algorithm->pack(conv, weights + (size_t)first * n_columns, (size_t)depth * n_columns, first, last,
                          conv->weights);
}

void hr_conv_pack(const hr_conv *conv, const float *weights, float *scratch)
{
    const hr_conv_shape *s = &conv->shape;
    const int is_float = conv->format == HR_FORMAT_FLOAT32, depth = hr_weight_depth(s);
    conv->algorithm->pack(conv, weights, (size_t)depth * (size_t)hr_padded(s->oc), 0, depth,
                          is_float ? conv->weights : scratch);
    if (!is_float) conv->kern->to_half(conv->weights, scratch, conv->algorithm->packed_floats(conv->algorithm, s));
}

/* Output channels [first, last), which are a strip or less, of an input channel's taps: each channel is read on where
 * the last call ended. */
static void arrange_strip(const hr_conv_shape *shape, const float *published, const float *scale, size_t ic,
                          size_t first, size_t last, float *weights)
{
    const size_t n_taps = (size_t)hr_n_taps(shape), n_ic = (size_t)hr_weight_depth(shape), n_oc = (size_t)shape->oc;
    const size_t n_columns = (size_t)hr_padded(shape->oc), oc_step = (shape->transposed ? 1 : n_ic) * n_taps;
    const float *const from = published + (ic * (shape->transposed ? n_oc : 1)) * n_taps;
    for (size_t t = 0; t < n_taps; t++) {
        float *const row = weights + (t * n_ic + ic) * n_columns;
        for (size_t oc = first; oc < last && oc < n_oc; oc++)
            row[oc] = from[oc * oc_step + t] * (scale != NULL ? scale[oc] : 1);
        for (size_t oc = first > n_oc ? first : n_oc; oc < last; oc++) row[oc] = 0;
    }
}

void hr_conv_arrange(const hr_conv_shape *shape, const float *published, const float *scale, float *weights)
{
    const size_t n_columns = (size_t)hr_padded(shape->oc), n_ic = (size_t)hr_weight_depth(shape);
    for (size_t first = 0; first < n_columns; first += HR_STRIP)
        for (size_t ic = 0; ic < n_ic; ic++)
            arrange_strip(shape, published, scale, ic, first, first + HR_STRIP, weights);
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
