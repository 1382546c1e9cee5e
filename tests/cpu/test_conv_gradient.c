/*
 * test_conv_gradient.c - both gradients of every convolution that the networks have against plain loops in double, on
 * every table of kernels: windows, strides, odd channel counts, batches; added to what is there or not; the same bits
 * whatever the order of tasks, in memory between pages that may not be touched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/guard.h"
#include "base/cpu.h"
#include "cpu/conv/conv_gradient.h"

enum { IN = 1, DOUT, WEIGHTS, BEFORE }; /* streams of numbers */

typedef struct gradient_case {
    hr_conv_shape shape;
    int n;
} gradient_case;

typedef struct gradient_data {
    guarded in, dout, weights;
    double *din, *din_sizes;           /* [n][ih][iw][ic], sums and sums of absolute values */
    double *dweights, *dweights_sizes; /* [k * k][ic][oc] */
    double largest_in, largest_weight; /* sizes */
} gradient_data;

/* [n_pixels][ld], the lanes from n_channels on zero. */
static guarded image(size_t n_pixels, int n_channels, int ld, uint64_t stream)
{
    guarded g = guard_numbers(n_pixels * (size_t)ld, stream, GUARD_END);
    for (size_t i = 0; i < n_pixels; i++)
        for (int c = n_channels; c < ld; c++) g.data[i * (size_t)ld + (size_t)c] = 0;
    return g;
}

/* The input row or column that output o reads through the window's cell k, or -1. A transposed convolution adds input i
 * into output 2 i - padding + k (torch.nn.ConvTranspose2d). */
static int source(const hr_conv_shape *s, int o, int k, int size)
{
    const int i = s->transposed ? o + s->padding - k : o * s->stride + k - s->padding;
    if (i < 0 || (s->transposed && i % 2 != 0)) return -1;
    const int at = s->transposed ? i / 2 : i;
    return at < size ? at : -1;
}

/* What one output pixel's gradient adds through one tap to the input's and the weights'. */
static void add_tap(const hr_conv_shape *s, gradient_data *d, size_t in_pixel, size_t out_pixel, size_t tap)
{
    const size_t ic = (size_t)s->ic, oc = (size_t)s->oc, ld = (size_t)hr_padded(s->oc);
    for (size_t i = 0; i < ic; i++) {
        const double x = d->in.data[in_pixel * (size_t)s->in_ld + i];
        for (size_t o = 0; o < oc; o++) {
            const double y = d->dout.data[out_pixel * ld + o], w = d->weights.data[(tap * ic + i) * ld + o];
            d->din[in_pixel * ic + i] += y * w;
            d->din_sizes[in_pixel * ic + i] += fabs(y * w);
            d->dweights[(tap * ic + i) * oc + o] += y * x;
            d->dweights_sizes[(tap * ic + i) * oc + o] += fabs(y * x);
        }
    }
}

static double largest(const double *sizes, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++) most = fmax(most, sizes[i]);
    return most;
}

static gradient_data make_data(const gradient_case *c)
{
    const hr_conv_shape *s = &c->shape;
    const int n_out = c->n * s->oh * s->ow, n_taps = s->kernel * s->kernel;
    const size_t n_in = (size_t)(c->n * s->ih * s->iw), n_weights = (size_t)(n_taps * s->ic * s->oc);
    gradient_data d = {.in = image(n_in, s->ic, s->in_ld, IN),
                       .dout = image((size_t)n_out, s->oc, hr_padded(s->oc), DOUT),
                       .weights = image((size_t)(n_taps * s->ic), s->oc, hr_padded(s->oc), WEIGHTS)};
    d.din = test_calloc(n_in * (size_t)s->ic, sizeof *d.din);
    d.din_sizes = test_calloc(n_in * (size_t)s->ic, sizeof *d.din_sizes);
    d.dweights = test_calloc(n_weights, sizeof *d.dweights);
    d.dweights_sizes = test_calloc(n_weights, sizeof *d.dweights_sizes);
    for (int at = 0; at < n_out; at++) {
        for (int tap = 0; tap < n_taps; tap++) {
            const int y = source(s, at / s->ow % s->oh, tap / s->kernel, s->ih);
            const int x = source(s, at % s->ow, tap % s->kernel, s->iw);
            if (y < 0 || x < 0) continue;
            add_tap(s, &d, (size_t)((at / s->ow / s->oh * s->ih + y) * s->iw + x), (size_t)at, (size_t)tap);
        }
    }
    d.largest_in = largest(d.din_sizes, n_in * (size_t)s->ic);
    d.largest_weight = largest(d.dweights_sizes, n_weights);
    return d;
}

static void free_data(gradient_data *d)
{
    unguard(d->in);
    unguard(d->dout);
    unguard(d->weights);
    test_free(d->din);
    test_free(d->din_sizes);
    test_free(d->dweights);
    test_free(d->dweights_sizes);
}

static void compare(const char *what, const char *way, const gradient_case *c, const hr_kern *kern, size_t at,
                    float found, double expected, double allowed)
{
    if (fabs(found - expected) <= allowed) return;
    const hr_conv_shape *s = &c->shape;
    fail_msg("%s of %s on %s: %d x %d, stride %d%s, %d -> %d channels, map %d x %d, batch %d: number %d: %g, not %g "
             "(allowed %g)",
             what, way, kern->name, s->kernel, s->kernel, s->stride, s->transposed ? ", transposed" : "", s->ic, s->oc,
             s->ih, s->iw, c->n, (int)at, found, expected, allowed);
}

/* Rounding as test_conv.c has it: of the sum itself, or measured, where Winograd spreads the largest over a tile: 2.1
 * and 9.4 u, with stride 2 as there. */
static double allowed_in(const hr_conv_algorithm *algorithm, double size, double most)
{
    static const double factors[HR_N_WINO] = {2.5, 11, [HR_WINO_STRIDED] = 2.5, [HR_WINO_TRANSPOSED] = 2.9};
    return 0x1p-24 * (algorithm == &hr_conv_direct ? 8 * size : factors[algorithm->slot] * most);
}

/* The turned weights packed, one task at a time, the last first. */
static void pack_turned(const hr_conv *turned, const hr_conv_shape *shape, const float *weights)
{
    for (int t = hr_conv_pack_tasks(turned) - 1; t >= 0; t--) {
        guarded scratch = guard(hr_conv_turned_scratch_bytes(turned) / sizeof(float), GUARD_END);
        hr_conv_pack_turned_task(turned, shape, weights, scratch.data, t);
        unguard(scratch);
    }
}

/* add: to what is there, in place. */
static void check_input(const hr_conv_algorithm *algorithm, const hr_kern *kern, const gradient_case *c,
                        const gradient_data *d, int add)
{
    const hr_conv_shape *s = &c->shape;
    const hr_conv_shape shape = hr_conv_input_gradient_shape(s);
    const int ld = hr_padded(s->ic);
    const size_t n_pixels = (size_t)(c->n * s->ih * s->iw);
    hr_conv turned;
    hr_conv_init(&turned, &shape, 0, &(hr_packing){.batch = c->n, .repacked = 1}, kern);
    turned.algorithm = algorithm;
    guarded room = guard(hr_conv_bytes(&turned) / sizeof(float), GUARD_END);
    guarded zeros = image(1, 0, shape.in_ld, IN), before = image(n_pixels, s->ic, ld, BEFORE);
    guarded din = guard(n_pixels * (size_t)ld, GUARD_END);
    if (add) memcpy(din.data, before.data, n_pixels * (size_t)ld * sizeof(float));
    hr_conv_place(&turned, room.data, NULL);
    pack_turned(&turned, s, d->weights.data);
    const int n_tasks = algorithm->n_tasks(&turned, c->n, 2);
    for (int t = 0; t < n_tasks; t++) {
        guarded scratch = guard(algorithm->scratch_bytes(&turned) / sizeof(float), GUARD_END);
        algorithm->run(&turned,
                       &(hr_conv_io){.in = d->dout.data,
                                     .add = add ? din.data : NULL,
                                     .out = din.data,
                                     .zeros = zeros.data,
                                     .scratch = scratch.data,
                                     .n = c->n,
                                     .threads = 2},
                       t);
        unguard(scratch);
    }
    for (size_t p = 0; p < n_pixels; p++) {
        for (int i = 0; i < ld; i++) {
            const size_t at = p * (size_t)ld + (size_t)i;
            if (i >= s->ic) {
                assert_true(din.data[at] == 0);
                continue;
            }
            const double more = add ? before.data[at] : 0, size = d->din_sizes[p * (size_t)s->ic + (size_t)i];
            compare("input gradient", algorithm->name, c, kern, at, din.data[at],
                    d->din[p * (size_t)s->ic + (size_t)i] + more,
                    allowed_in(algorithm, size + fabs(more), d->largest_in + fabs(more)));
        }
    }
    unguard(room);
    unguard(zeros);
    unguard(before);
    unguard(din);
}

/* The weights' gradient, tasks backward or not, on top of `before` or not. Memory begins as NaN. */
static guarded run_weights(const hr_weight_gradient *gradient, const gradient_case *c, const gradient_data *d,
                           const float *before, size_t n_floats, int backward)
{
    guarded out = guard(n_floats, GUARD_END);
    guarded shared = guard(hr_weight_gradient_shared_bytes(gradient, c->n) / sizeof(float), GUARD_END);
    if (before != NULL) memcpy(out.data, before, n_floats * sizeof *before);
    for (int phase = 0; phase < 2; phase++) {
        const int n_tasks = hr_weight_gradient_n_tasks(gradient, c->n, phase);
        for (int t = 0; t < n_tasks; t++) {
            guarded scratch = guard(hr_weight_gradient_scratch_bytes(gradient) / sizeof(float), GUARD_END);
            hr_weight_gradient_run(gradient,
                                   &(hr_weight_gradient_io){.in = d->in.data,
                                                            .dout = d->dout.data,
                                                            .dweights = out.data,
                                                            .n = c->n,
                                                            .add = before != NULL,
                                                            .shared = shared.data,
                                                            .scratch = scratch.data},
                                   phase, backward ? n_tasks - 1 - t : t);
            unguard(scratch);
        }
    }
    unguard(shared);
    return out;
}

/* Winograd: 10 u measured, on maps of a single tile. */
static double allowed_weights(const hr_weight_algorithm *algorithm, double size, double most)
{
    return 0x1p-24 * (algorithm == &hr_weight_direct ? 8 * size : 16 * most);
}

static void check_weights(const hr_weight_algorithm *algorithm, const hr_kern *kern, const gradient_case *c,
                          const gradient_data *d, int add)
{
    const hr_conv_shape *s = &c->shape;
    const size_t ld = (size_t)hr_padded(s->oc), n_rows = (size_t)(s->kernel * s->kernel * s->ic);
    guarded before = image(n_rows, s->oc, (int)ld, BEFORE);
    hr_weight_gradient gradient;
    hr_weight_gradient_init(&gradient, s, kern, c->n);
    gradient.algorithm = algorithm;
    guarded out = run_weights(&gradient, c, d, add ? before.data : NULL, n_rows * ld, 0);
    guarded again = run_weights(&gradient, c, d, add ? before.data : NULL, n_rows * ld, 1);
    assert_memory_equal(out.data, again.data, n_rows * ld * sizeof(float));
    for (size_t at = 0; at < n_rows * ld; at++) {
        const size_t o = at % ld, i = at / ld * (size_t)s->oc + o;
        if (o >= (size_t)s->oc) {
            assert_true(out.data[at] == 0);
            continue;
        }
        const double more = add ? before.data[at] : 0;
        compare("weight gradient", algorithm->name, c, kern, at, out.data[at], d->dweights[i] + more,
                allowed_weights(algorithm, d->dweights_sizes[i] + fabs(more), d->largest_weight + fabs(more)));
    }
    unguard(before);
    unguard(out);
    unguard(again);
}

static void check_all(const gradient_case *c)
{
    static const hr_conv_algorithm *const inputs[] = {&hr_conv_direct, &hr_conv_winograd2, &hr_conv_winograd4};
    static const hr_weight_algorithm *const weights[] = {&hr_weight_direct, &hr_weight_winograd};
    const hr_conv_shape turned = hr_conv_input_gradient_shape(&c->shape);
    const hr_kern *tables[8];
    const int n_tables = hr_kern_all(hr_cpu_features(), tables);
    gradient_data d = make_data(c);
    for (int k = 0; k < n_tables; k++) {
        for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
            if (inputs[i]->cost(inputs[i], &turned, tables[k], &(hr_packing){.repacked = 1}) >= 0)
                check_input(inputs[i], tables[k], c, &d, (c->n + k) % 2);
        for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
            if (weights[i]->cost(weights[i], &c->shape, tables[k], c->n) >= 0)
                check_weights(weights[i], tables[k], c, &d, (c->n + k) % 2);
    }
    free_data(&d);
}

/* The window over several maps and channel counts; those of a strided convolution are even, as in the networks, or not.
 */
static void check_window(int kernel, int stride, int padding, int transposed)
{
    static const int maps[][2] = {{2, 2}, {8, 6}, {5, 9}, {13, 3}};
    static const int channels[][2] = {{3, 17}, {12, 30}, {17, 48}, {30, 12}, {48, 3}};
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 5; k++) {
            const int ih = maps[i][0], iw = maps[i][1], ic = channels[k][0];
            gradient_case c = {.shape = {.ic = ic,
                                         .oc = channels[k][1],
                                         .ih = ih,
                                         .iw = iw,
                                         .kernel = kernel,
                                         .stride = stride,
                                         .padding = padding,
                                         .transposed = transposed,
                                         .in_ld = ic < 4 && i % 2 ? 4 : hr_padded(ic)},
                               .n = 1 + (i + k) % 5};
            c.shape.oh = transposed ? 2 * ih : (ih + 2 * padding - kernel) / stride + 1;
            c.shape.ow = transposed ? 2 * iw : (iw + 2 * padding - kernel) / stride + 1;
            check_all(&c);
        }
    }
}

static void plain(void **state)
{
    (void)state;
    check_window(1, 1, 0, 0);
    check_window(3, 1, 1, 0);
}

static void strided(void **state)
{
    (void)state;
    check_window(1, 2, 0, 0);
    check_window(3, 2, 1, 0);
    check_window(7, 2, 3, 0);
}

/* Kernel 2, 3, 4 with the paddings of upstream's _get_deconv_cfg. */
static void transposed(void **state)
{
    (void)state;
    check_window(2, 2, 0, 1);
    check_window(3, 2, 1, 1);
    check_window(4, 2, 1, 1);
}

/* Enough pixels and channels that work is cut into chunks, slices and bands. */
static void cut(void **state)
{
    (void)state;
    const gradient_case cases[] = {
        {{16, 32, 64, 48, 64, 48, 3, 1, 1, 0, 16}, 2},  {{128, 128, 8, 6, 8, 6, 3, 1, 1, 0, 128}, 3},
        {{3, 64, 96, 128, 48, 64, 3, 2, 1, 0, 4}, 2},   {{256, 64, 32, 24, 32, 24, 1, 1, 0, 0, 256}, 2},
        {{160, 80, 12, 8, 24, 16, 4, 2, 1, 1, 160}, 2}, {{100, 70, 40, 48, 20, 24, 1, 2, 0, 0, 112}, 3},
        {{33, 150, 16, 12, 8, 6, 3, 2, 1, 0, 48}, 5},   {{16, 16, 700, 1, 700, 1, 3, 1, 1, 0, 16}, 1},
        {{16, 16, 1, 700, 1, 700, 3, 1, 1, 0, 16}, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_all(&cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(strided),
        cmocka_unit_test(transposed),
        cmocka_unit_test(cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
