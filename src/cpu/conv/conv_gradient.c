/* conv_gradient.c - the gradient of a convolution's input: which convolution that is, and its weights; choosing how its
 * weights' gradient is computed. */
#include "cpu/conv/conv_gradient.h"

#include <string.h>

enum { SUM_FLOATS = 8192 }; /* of a task of phase 1 */

hrnet_status hr_conv_input_gradient_shape(hr_conv_shape *out, const hr_conv_shape *shape)
{
    const int is_strided = !shape->transposed && shape->stride == 2;
    if (shape->stride > 2 || (shape->stride == 2 && shape->dilation != 1))
        return hr_fail(
            HRNET_ERR_UNSUPPORTED,
            "training: expected a convolution of stride 1, or of stride 2 without dilation, found stride %d, "
            "dilation %d",
            shape->stride, shape->dilation);
    hr_conv_shape turned = {.ic = shape->oc,
                            .oc = shape->ic,
                            .ih = shape->oh,
                            .iw = shape->ow,
                            .oh = shape->ih,
                            .ow = shape->iw,
                            .kh = shape->kh,
                            .kw = shape->kw,
                            .stride = shape->stride,
                            .pad_h = shape->pad_h,
                            .pad_w = shape->pad_w,
                            .dilation = shape->dilation,
                            .transposed = is_strided,
                            .depthwise = shape->depthwise,
                            .in_ld = hr_padded(shape->oc),
                            .out_ld = hr_padded(shape->ic),
                            .add_ld = hr_padded(shape->ic)};
    if (shape->stride == 1) {
        turned.pad_h = (shape->kh - 1) * shape->dilation - shape->pad_h;
        turned.pad_w = (shape->kw - 1) * shape->dilation - shape->pad_w;
    }
    *out = turned;
    return HRNET_OK;
}

size_t hr_conv_turned_scratch_bytes(const hr_conv *turned)
{
    const hr_conv_shape *s = &turned->shape;
    return (size_t)hr_n_taps(s) * (size_t)hr_pack_rows(s) * (size_t)hr_padded(s->oc) * sizeof(float);
}

/* out[j][i] = in[i][j] for a strip of i and n of j; in's rows are in_ld apart, out's out_ld. */
static void turn_strip(const float *in, size_t in_ld, int n, float *out, size_t out_ld)
{
    for (int j = 0; j < n; j++, out += out_ld)
        for (size_t i = 0; i < HR_STRIP; i++) out[i] = in[i * in_ld + (size_t)j];
}

/* out [last - first][padded n_ic] = columns [first, last) of one tap's weights [n_ic][in_ld]. */
static void turn_tap(const float *weights, int n_ic, size_t in_ld, int first, int last, float *out)
{
    const size_t out_ld = (size_t)hr_padded(n_ic);
    for (int j = first; j < last; j += HR_STRIP) {
        const int n = last - j < HR_STRIP ? last - j : HR_STRIP;
        float *rows = out + (size_t)(j - first) * out_ld;
        int i = 0;
        for (; i + HR_STRIP <= n_ic; i += HR_STRIP)
            turn_strip(weights + (size_t)i * in_ld + j, in_ld, n, rows + i, out_ld);
        for (; i < (int)out_ld; i++)
            for (int k = 0; k < n; k++)
                rows[(size_t)k * out_ld + (size_t)i] = i < n_ic ? weights[(size_t)i * in_ld + (size_t)(j + k)] : 0;
    }
}

void hr_conv_pack_turned_task(const hr_conv *turned, const hr_conv_shape *shape, const float *weights, float *scratch,
                              int task)
{
    const int rows = hr_pack_rows(&turned->shape), n_taps = hr_n_taps(shape);
    const int first = task * rows, last = first + rows < shape->oc ? first + rows : shape->oc;
    const size_t ld = (size_t)hr_padded(shape->oc);
    if (shape->depthwise) { /* a channel's window alone: nothing changes places but its taps */
        for (int t = 0; t < n_taps; t++)
            memcpy(scratch + (size_t)t * ld, weights + (size_t)(shape->stride == 1 ? n_taps - 1 - t : t) * ld,
                   ld * sizeof *scratch);
        turned->algorithm->pack(turned, scratch, ld, 0, 1, turned->weights);
        return;
    }
    const size_t tap_step = (size_t)(last - first) * (size_t)hr_padded(shape->ic);
    for (int t = 0; t < n_taps; t++) {
        /* correlation with stride 1 turns into correlation with the window upside down; between a stride and its
         * transpose the window stays */
        const int from = shape->stride == 1 ? n_taps - 1 - t : t;
        turn_tap(weights + (size_t)from * (size_t)shape->ic * ld, shape->ic, ld, first, last,
                 scratch + (size_t)t * tap_step);
    }
    turned->algorithm->pack(turned, scratch, tap_step, first, last, turned->weights);
}

static const hr_weight_algorithm *const algorithms[] = {&hr_weight_direct, &hr_weight_depthwise, &hr_weight_winograd};

hrnet_status hr_weight_gradient_init(hr_weight_gradient *out, const hr_conv_shape *shape, const hr_kern *kern,
                                     int batch)
{
    hr_weight_gradient gradient = {.shape = *shape, .kern = kern};
    double best = 0;
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        const double cost = algorithms[i]->cost(algorithms[i], shape, kern, batch);
        if (cost < 0 || (gradient.algorithm != NULL && cost >= best)) continue;
        gradient.algorithm = algorithms[i];
        best = cost;
    }
    if (gradient.algorithm == NULL)
        return hr_fail(HRNET_ERR_UNSUPPORTED,
                       "training: no gradient for a convolution of %dx%d, stride %d, dilation %d", shape->kh, shape->kw,
                       shape->stride, shape->dilation);
    *out = gradient;
    return HRNET_OK;
}

static size_t n_weights(const hr_conv_shape *shape)
{
    return (size_t)hr_n_taps(shape) * (size_t)hr_weight_depth(shape) * (size_t)hr_padded(shape->oc);
}

size_t hr_weight_gradient_shared_bytes(const hr_weight_gradient *gradient, int n)
{
    const int most = gradient->algorithm->cut(gradient, n).most_chunks;
    return most > 1 ? (size_t)most * n_weights(&gradient->shape) * sizeof(float) : 0;
}

size_t hr_weight_gradient_scratch_bytes(const hr_weight_gradient *gradient)
{
    return gradient->algorithm->scratch_bytes(gradient);
}

int hr_weight_gradient_n_tasks(const hr_weight_gradient *gradient, int n, int phase)
{
    const hr_weight_cut cut = gradient->algorithm->cut(gradient, n);
    if (phase == 0) return cut.n_tasks;
    return cut.n_chunks > 1 ? (int)((n_weights(&gradient->shape) + SUM_FLOATS - 1) / SUM_FLOATS) : 0;
}

/* dweights (+)= the chunks' sums, in their order. */
static void add_chunks(const hr_weight_gradient *gradient, const hr_weight_gradient_io *io, int task)
{
    static const int shifts[HR_MAX_CHUNKS + 1];
    static const size_t lds[HR_MAX_CHUNKS + 1]; /* a row of one pixel */
    const int n_chunks = gradient->algorithm->cut(gradient, io->n).n_chunks;
    const size_t n_floats = n_weights(&gradient->shape), first = (size_t)task * SUM_FLOATS, left = n_floats - first;
    const float *terms[HR_MAX_CHUNKS + 1];
    int n = 0;
    if (io->add) terms[n++] = io->dweights + first;
    for (int i = 0; i < n_chunks; i++) terms[n++] = io->shared + (size_t)i * n_floats + first;
    gradient->kern->sum_row(io->dweights + first, 0, terms, lds, shifts, n, 1,
                            left < SUM_FLOATS ? (int)left : SUM_FLOATS, HR_ACTIVATION_NONE);
}

void hr_weight_gradient_run(const hr_weight_gradient *gradient, const hr_weight_gradient_io *io, int phase, int task)
{
    if (phase == 0)
        gradient->algorithm->sum_chunk(gradient, io, task);
    else
        add_chunks(gradient, io, task);
}
