/*
 * conv_depthwise.c - depthwise convolutions, and the gradients of their input (the same with the window turned round;
 * of stride 2 transposed) and of their weights. A task takes some rows of the output; a tap that falls outside the
 * picture reads zeros.
 *
 * Rows of the picture are read where they lie. The columns at both ends, some of whose taps are outside, are done pixel
 * by pixel with those taps alone; the middle goes through the kernel as one run.
 */
#include "cpu/conv/conv.h"
#include "cpu/conv/conv_gradient.h"

#include <string.h>

enum {
    MOST_TAPS = 121,      /* 11x11 */
    TASK_FLOATS = 1 << 15 /* of output, a task, about */
};

/* Kernels read whole strips of the input. */
static int can_do(const hr_conv_shape *shape)
{
    return shape->depthwise && hr_n_taps(shape) <= MOST_TAPS && shape->in_ld >= hr_padded(shape->ic);
}

/* Limited by loads: two numbers are read for each product. */
static double cost(const hr_conv_algorithm *self, const hr_conv_shape *shape, const hr_kern *kern,
                   const hr_packing *packing)
{
    (void)self;
    (void)kern;
    (void)packing;
    if (!can_do(shape)) return -1;
    return (double)shape->oh * shape->ow * hr_padded(shape->oc) * hr_n_taps(shape);
}

static size_t packed_floats(const hr_conv_algorithm *self, const hr_conv_shape *shape)
{
    (void)self;
    return (size_t)hr_n_taps(shape) * (size_t)hr_padded(shape->oc);
}

/* packed: [taps][padded oc], as they come. */
static void pack(const hr_conv *conv, const float *weights, size_t tap_step, int first, int last, float *packed)
{
    const size_t n_columns = (size_t)hr_padded(conv->shape.oc);
    (void)first;
    (void)last;
    for (size_t t = 0; t < (size_t)hr_n_taps(&conv->shape); t++)
        memcpy(packed + t * n_columns, weights + t * tap_step, n_columns * sizeof *packed);
}

static size_t scratch_bytes(const hr_conv *conv)
{
    (void)conv;
    return 0;
}

static int rows_of_task(const hr_conv_shape *s)
{
    const int rows = TASK_FLOATS / (s->ow * hr_padded(s->oc));
    return rows > 0 ? rows : 1;
}

static int n_tasks(const hr_conv *conv, int n, int threads)
{
    (void)threads;
    return hr_ceil_div(n * conv->shape.oh, rows_of_task(&conv->shape));
}

/* The input coordinate that tap k of output coordinate o falls on; -1: none. */
static int source(const hr_conv_shape *s, int o, int k, int pad, int n_in)
{
    int i = o * s->stride - pad + k * s->dilation;
    if (s->transposed) {
        i = o + pad - k;
        if (i < 0 || i % s->stride != 0) return -1;
        i /= s->stride;
    }
    return i < 0 || i >= n_in ? -1 : i;
}

/* The taps that output pixel (y, x) has, and their weights. Returns how many. */
static int taps_of(const hr_conv *conv, const float *picture, int y, int x, const float **rows, int *taps)
{
    const hr_conv_shape *s = &conv->shape;
    int n = 0;
    for (int k = 0; k < hr_n_taps(s); k++) {
        const int iy = source(s, y, k / s->kw, s->pad_h, s->ih), ix = source(s, x, k % s->kw, s->pad_w, s->iw);
        if (iy < 0 || ix < 0) continue;
        rows[n] = picture + ((size_t)iy * (size_t)s->iw + (size_t)ix) * (size_t)s->in_ld;
        taps[n++] = k;
    }
    return n;
}

/* Pixels that follow x and have the same taps, each a step further: where no column's edge lies between. */
static int run_length(const hr_conv_shape *s, int x)
{
    if (s->transposed) return 1;
    const int left = x * s->stride - s->pad_w, span = (s->kw - 1) * s->dilation;
    if (left < 0 || left + span >= s->iw) return 1;
    const int whole = (s->iw - 1 - span - left) / s->stride + 1;
    return whole < s->ow - x ? whole : s->ow - x;
}

static void run_row(const hr_conv *conv, const hr_conv_io *io, int row)
{
    const hr_conv_shape *s = &conv->shape;
    const int y = row % s->oh, image = row / s->oh, n_channels = hr_padded(s->oc);
    const float *picture = io->in + (size_t)image * (size_t)s->ih * (size_t)s->iw * (size_t)s->in_ld;
    const float *weights = conv->weights;
    for (int x = 0, w; x < s->ow; x += w) {
        const float *rows[MOST_TAPS];
        int taps[MOST_TAPS];
        const int n = taps_of(conv, picture, y, x, rows, taps);
        const size_t pixel = (size_t)row * (size_t)s->ow + (size_t)x;
        w = run_length(s, x);
        hr_depthwise d = {.w = w,
                          .n_taps = n,
                          .n_channels = n_channels,
                          .rows = rows,
                          .step = (size_t)s->stride * (size_t)s->in_ld,
                          .weights = weights,
                          .bias = conv->bias,
                          .add = io->add != NULL ? io->add + pixel * (size_t)s->add_ld : NULL,
                          .out = io->out + pixel * (size_t)s->out_ld,
                          .out_ld = (size_t)s->out_ld,
                          .add_ld = (size_t)s->add_ld,
                          .epilogue = conv->epilogue};
        if (n == hr_n_taps(s)) {
            conv->kern->depthwise(&d);
            continue;
        }
        d.n_channels = HR_STRIP; /* a strip at a time, with the weights of the taps that are there side by side */
        for (int c = 0; c < n_channels; c += HR_STRIP) {
            float some[MOST_TAPS * HR_STRIP];
            const float *at[MOST_TAPS];
            for (int i = 0; i < n; i++) {
                memcpy(some + (size_t)i * HR_STRIP, weights + (size_t)taps[i] * (size_t)n_channels + c,
                       HR_STRIP * sizeof *some);
                at[i] = rows[i] + c;
            }
            hr_depthwise part = d;
            part.rows = at;
            part.weights = some;
            if (part.bias != NULL) part.bias += c;
            if (part.add != NULL) part.add += c;
            part.out += c;
            conv->kern->depthwise(&part);
        }
    }
}

static void run(const hr_conv *conv, const hr_conv_io *io, int task)
{
    const int rows = rows_of_task(&conv->shape), n_rows = io->n * conv->shape.oh;
    for (int row = task * rows; row < (task + 1) * rows && row < n_rows; row++) run_row(conv, io, row);
}

const hr_conv_algorithm hr_conv_depthwise = {
    .name = "depthwise",
    .cost = cost,
    .packed_floats = packed_floats,
    .pack = pack,
    .scratch_bytes = scratch_bytes,
    .n_tasks = n_tasks,
    .run = run,
};

/* ---------------------------------------------------------------------------------------------- gradient of weights */

enum { CHUNK_ROWS = 64 }; /* rows of the output that a partial sum takes, at least */

static double gradient_cost(const hr_weight_algorithm *self, const hr_conv_shape *shape, const hr_kern *kern, int batch)
{
    (void)self;
    (void)kern;
    (void)batch;
    return can_do(shape) && !shape->transposed ? 1 : -1;
}

static size_t gradient_scratch_bytes(const hr_weight_gradient *gradient)
{
    (void)gradient;
    return 0;
}

static hr_weight_cut gradient_cut(const hr_weight_gradient *gradient, int n)
{
    const int n_rows = n * gradient->shape.oh, wanted = hr_ceil_div(n_rows, CHUNK_ROWS);
    const int most = wanted < HR_MAX_CHUNKS ? wanted : HR_MAX_CHUNKS, chunk = hr_ceil_div(n_rows, most);
    const int n_chunks = hr_ceil_div(n_rows, chunk);
    return (hr_weight_cut){n_chunks, n_chunks, most};
}

/* The columns [*from, *to) of the output whose tap at kx falls on a column of the picture. */
static void columns_of(const hr_conv_shape *s, int kx, int *from, int *to)
{
    *from = 0;
    while (*from < s->ow && source(s, *from, kx, s->pad_w, s->iw) < 0) ++*from;
    *to = *from;
    while (*to < s->ow && source(s, *to, kx, s->pad_w, s->iw) >= 0) ++*to;
}

static void gradient_chunk(const hr_weight_gradient *gradient, const hr_weight_gradient_io *io, int task)
{
    const hr_conv_shape *s = &gradient->shape;
    const hr_weight_cut cut = gradient_cut(gradient, io->n);
    const int n_rows = io->n * s->oh, chunk = hr_ceil_div(n_rows, cut.most_chunks), ld = hr_padded(s->oc);
    const size_t n_floats = (size_t)hr_n_taps(s) * (size_t)ld;
    const int is_alone = cut.n_chunks == 1;
    float *sums = is_alone ? io->dweights : io->shared + (size_t)task * n_floats;
    if (!is_alone || !io->add) memset(sums, 0, n_floats * sizeof *sums);
    for (int k = 0; k < hr_n_taps(s); k++) {
        int from, to;
        columns_of(s, k % s->kw, &from, &to);
        for (int row = task * chunk; row < (task + 1) * chunk && row < n_rows && from < to; row++) {
            const int iy = source(s, row % s->oh, k / s->kw, s->pad_h, s->ih);
            if (iy < 0) continue;
            const size_t pixel = ((size_t)(row / s->oh) * (size_t)s->ih + (size_t)iy) * (size_t)s->iw +
                                 (size_t)source(s, from, k % s->kw, s->pad_w, s->iw);
            gradient->kern->depthwise_gradient(
                &(hr_depthwise_gradient){.w = to - from,
                                         .n_channels = ld,
                                         .x_row = io->in + pixel * (size_t)s->in_ld,
                                         .dout = io->dout + ((size_t)row * (size_t)s->ow + (size_t)from) * (size_t)ld,
                                         .step = (size_t)s->stride * (size_t)s->in_ld,
                                         .out_ld = (size_t)ld,
                                         .sums = sums + (size_t)k * (size_t)ld});
        }
    }
}

const hr_weight_algorithm hr_weight_depthwise = {
    .name = "depthwise",
    .cost = gradient_cost,
    .scratch_bytes = gradient_scratch_bytes,
    .cut = gradient_cut,
    .sum_chunk = gradient_chunk,
};
