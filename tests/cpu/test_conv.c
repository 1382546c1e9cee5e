/*
 * test_conv.c - every convolution algorithm on every table of kernels against direct convolution in double: the
 * windows, strides and paddings of the networks on maps that no tile divides, the same bits for any number of threads,
 * order of tasks and cut into batches, memory between pages that may not be touched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/guard.h"
#include "base/cpu.h"
#include "cpu/conv/conv.h"

enum { IN = 1, WEIGHTS, SCALE, BIAS, ADD }; /* streams of numbers */

typedef struct conv_case {
    hr_conv_shape shape;
    int n, relu, with_add;
} conv_case;

/* What a case works on; expected and sizes are [n][oh][ow][oc]. */
typedef struct conv_data {
    guarded in, add, zeros, weights, arranged, scale, bias; /* arranged: times scale */
    double *expected;
    double *sizes;  /* sums of the absolute values whose sum is expected */
    double largest; /* size */
} conv_data;

static size_t out_floats(const hr_conv_shape *s)
{
    return (size_t)(s->oh * s->ow * hr_padded(s->oc));
}

/* [n_pixels][ld], the lanes from n_channels on zero. */
static guarded image(size_t n_pixels, int n_channels, int ld, uint64_t stream)
{
    guarded g = guard_numbers(n_pixels * (size_t)ld, stream, GUARD_END);
    for (size_t i = 0; i < n_pixels; i++)
        for (int c = n_channels; c < ld; c++) g.data[i * (size_t)ld + (size_t)c] = 0;
    return g;
}

/* The input row or column that output o reads through the kernel's cell k, or -1. A transposed convolution adds input i
 * into output 2 i - padding + k (torch.nn.ConvTranspose2d). */
static int source(const hr_conv_shape *s, int o, int k, int size)
{
    const int i = s->transposed ? o + s->padding - k : o * s->stride + k - s->padding;
    if (i < 0 || (s->transposed && i % 2 != 0)) return -1;
    const int at = s->transposed ? i / 2 : i;
    return at < size ? at : -1;
}

/* One output number without its addend and relu; *size becomes the sum of absolute values. */
static double convolve(const conv_case *c, const conv_data *d, int image_index, int y, int x, int oc, double *size)
{
    const hr_conv_shape *s = &c->shape;
    double sum = d->bias.data[oc];
    *size = fabs(sum);
    for (int ky = 0; ky < s->kernel; ky++) {
        for (int kx = 0; kx < s->kernel; kx++) {
            const int iy = source(s, y, ky, s->ih), ix = source(s, x, kx, s->iw);
            if (iy < 0 || ix < 0) continue;
            const float *pixel = d->in.data + ((image_index * s->ih + iy) * s->iw + ix) * s->in_ld;
            for (int ic = 0; ic < s->ic; ic++) {
                const int at = s->transposed ? ic * s->oc + oc : oc * s->ic + ic;
                const double w = d->weights.data[(at * s->kernel + ky) * s->kernel + kx];
                const double term = w * d->scale.data[oc] * pixel[ic];
                sum += term;
                *size += fabs(term);
            }
        }
    }
    return sum;
}

static conv_data make_data(const conv_case *c)
{
    const hr_conv_shape *s = &c->shape;
    const size_t n_weights = (size_t)(s->ic * s->oc * s->kernel * s->kernel), oc = (size_t)s->oc;
    conv_data d = {.in = image((size_t)(c->n * s->ih * s->iw), s->ic, s->in_ld, IN),
                   .add = image((size_t)(c->n * s->oh * s->ow), s->oc, hr_padded(s->oc), ADD),
                   .zeros = image(1, 0, s->in_ld, IN),
                   .weights = guard_numbers(n_weights, WEIGHTS, GUARD_END),
                   .arranged = guard((size_t)(s->kernel * s->kernel * s->ic * hr_padded(s->oc)), GUARD_END),
                   .scale = guard_numbers(oc, SCALE, GUARD_END),
                   .bias = image(1, s->oc, hr_padded(s->oc), BIAS)};
    /* away from zero: a sum that begins with a bias far larger than its terms rounds at the bias's size every time */
    for (size_t i = 0; i < oc; i++) d.scale.data[i] = 1 + d.scale.data[i] / 2;
    hr_conv_arrange(s, d.weights.data, d.scale.data, d.arranged.data);
    const int n_pixels = c->n * s->oh * s->ow;
    d.expected = test_malloc((size_t)n_pixels * oc * sizeof *d.expected);
    d.sizes = test_malloc((size_t)n_pixels * oc * sizeof *d.sizes);
    for (int i = 0; i < n_pixels; i++) {
        for (int o = 0; o < s->oc; o++) {
            const double add = c->with_add ? d.add.data[i * hr_padded(s->oc) + o] : 0;
            double size;
            const double y = add + convolve(c, &d, i / s->ow / s->oh, i / s->ow % s->oh, i % s->ow, o, &size);
            d.expected[i * s->oc + o] = c->relu && y < 0 ? 0 : y;
            d.sizes[i * s->oc + o] = size + fabs(add);
            d.largest = fmax(d.largest, size + fabs(add));
        }
    }
    return d;
}

static void free_data(conv_data *d)
{
    unguard(d->in);
    unguard(d->add);
    unguard(d->zeros);
    unguard(d->weights);
    unguard(d->arranged);
    unguard(d->scale);
    unguard(d->bias);
    test_free(d->expected);
    test_free(d->sizes);
}

/* Images [first, first + n) by the tasks of `threads` threads, the last task first when backward. */
static guarded run(const hr_conv *conv, const conv_case *c, const conv_data *d, int first, int n, int threads,
                   int backward)
{
    const hr_conv_shape *s = &conv->shape;
    const size_t bytes = conv->algorithm->scratch_bytes(conv);
    assert_int_equal(bytes % sizeof(float), 0);
    guarded out = guard((size_t)n * out_floats(s), GUARD_END);
    const hr_conv_io io = {.in = d->in.data + first * s->ih * s->iw * s->in_ld,
                           .add = c->with_add ? d->add.data + (size_t)first * out_floats(s) : NULL,
                           .out = out.data,
                           .zeros = d->zeros.data,
                           .n = n,
                           .threads = threads};
    const int n_tasks = conv->algorithm->n_tasks(conv, n, threads);
    for (int t = 0; t < n_tasks; t++) {
        hr_conv_io with_scratch = io;
        guarded scratch = guard(bytes / sizeof(float), GUARD_END); /* NaN: what is read was written by this task */
        with_scratch.scratch = scratch.data;
        conv->algorithm->run(conv, &with_scratch, backward ? n_tasks - 1 - t : t);
        unguard(scratch);
    }
    return out;
}

/* How far an output may be off. Direct: as any sum of products, and weights in half precision are off by 2^-11 at most.
 * F(m) spreads the errors of the numbers in a tile over all of its outputs, so they are measured by the largest of the
 * map: 1.7, 7.4 and 37.4 u (stride 2: 1.5; transposed: 1.9; 2x6 and 4x6: 7.6 and 16.9), with half precision 0.51, 2.8
 * and 6.5 times 2^-11 (0.37; 0.76; 0.42 and 1.15); half as much again is allowed. */
static double allowed(const hr_conv *conv, double size, double largest)
{
    static const double most[HR_N_WINO] = {2.5, 11, 56, 2.3, 2.9, 11, 25},
                        most_half[HR_N_WINO] = {0.8, 4.2, 10, 0.6, 1.2, 0.6, 1.7};
    const int slot = conv->algorithm->slot, is_direct = conv->algorithm == &hr_conv_direct;
    const double error = is_direct ? 8 * size : most[slot] * largest;
    const double error_half = is_direct ? size : most_half[slot] * largest;
    return 0x1p-24 * error + (conv->half ? 0x1p-11 * error_half : 0);
}

static void compare(const hr_conv *conv, const conv_case *c, const conv_data *d, const float *out)
{
    const hr_conv_shape *s = &c->shape;
    const int ld = hr_padded(s->oc);
    for (int i = 0; i < c->n * s->oh * s->ow; i++) {
        for (int o = s->oc; o < ld; o++) assert_true(out[i * ld + o] == 0); /* the next layer counts on it */
        for (int o = 0; o < s->oc; o++) {
            const double expected = d->expected[i * s->oc + o], size = d->sizes[i * s->oc + o];
            if (fabs(out[i * ld + o] - expected) <= allowed(conv, size, d->largest)) continue;
            fail_msg("%s on %s: %d x %d, stride %d, %d -> %d channels, map %d x %d: pixel %d channel %d: %g, not %g",
                     conv->algorithm->name, conv->kern->name, s->kernel, s->kernel, s->stride, s->ic, s->oc, s->ih,
                     s->iw, i, o, out[i * ld + o], expected);
        }
    }
}

/* Pack, and in float once more by tasks, backward: the same bits. */
static void pack(const hr_conv *conv, const conv_data *d)
{
    const size_t n_floats = conv->algorithm->packed_floats(conv->algorithm, &conv->shape), bytes = hr_conv_bytes(conv);
    assert_int_equal(bytes % 64, 0);
    guarded scratch = guard(conv->half ? n_floats : 0, GUARD_END);
    hr_conv_pack(conv, d->arranged.data, conv->half ? scratch.data : NULL);
    unguard(scratch);
    if (conv->half) return;
    void *whole = test_malloc(bytes);
    memcpy(whole, conv->weights, bytes);
    memset(conv->weights, 0xff, n_floats * sizeof(float));
    for (int t = hr_conv_pack_tasks(conv) - 1; t >= 0; t--) hr_conv_pack_task(conv, d->arranged.data, t);
    assert_memory_equal(conv->weights, whole, bytes);
    test_free(whole);
}

/* One algorithm on one table: right, and the same bits in other ways. */
static void check(const hr_conv_algorithm *algorithm, const hr_kern *kern, int half, const conv_case *c,
                  const conv_data *d)
{
    static const int threads[] = {2, 5};
    hr_conv conv;
    hr_conv_init(&conv, &c->shape, c->relu, &(hr_packing){.half = half}, kern);
    conv.algorithm = algorithm;
    const size_t n_out = out_floats(&c->shape);
    guarded room = guard(hr_conv_bytes(&conv) / sizeof(float), GUARD_END);
    hr_conv_place(&conv, room.data, d->bias.data);
    pack(&conv, d);
    guarded plain = run(&conv, c, d, 0, c->n, 1, 0);
    compare(&conv, c, d, plain.data);
    for (int i = 0; i < 2; i++) {
        guarded other = run(&conv, c, d, 0, c->n, threads[i], 1);
        assert_memory_equal(other.data, plain.data, (size_t)c->n * n_out * sizeof(float));
        unguard(other);
    }
    for (int i = 0; i < c->n && c->n > 1; i++) {
        guarded one = run(&conv, c, d, i, 1, 1, 0);
        assert_memory_equal(one.data, plain.data + (size_t)i * n_out, n_out * sizeof(float));
        unguard(one);
    }
    unguard(plain);
    unguard(room);
}

static void check_all(const conv_case *c)
{
    const hr_kern *tables[8];
    const int n_tables = hr_kern_all(hr_cpu_features(), tables);
    conv_data d = make_data(c);
    for (int k = 0; k < n_tables; k++)
        for (int i = 0; i < HR_N_CONV_ALGORITHMS; i++)
            for (int half = 0; half <= (c->n == 3); half++) /* slow in scalar code: a third of the cases */
                if (hr_conv_algorithms[i]->cost(hr_conv_algorithms[i], &c->shape, tables[k],
                                                &(hr_packing){.half = half}) >= 0)
                    check(hr_conv_algorithms[i], tables[k], half, c, &d);
    free_data(&d);
}

/* The window over every map and several channel counts; in_ld 0: ic padded. */
static void check_window(int kernel, int stride, int padding, int transposed)
{
    static const int maps[][2] = {{1, 1}, {3, 5}, {9, 12}, {7, 13}, {2, 33}, {16, 6}};
    static const int channels[][2] = {{1, 1}, {3, 17}, {16, 16}, {17, 50}, {50, 3}, {32, 48}};
    for (int i = 0; i < 6; i++) {
        for (int k = 0; k < 6; k++) {
            const int ih = maps[i][0], iw = maps[i][1], ic = channels[k][0], odd = i + k;
            conv_case c = {.shape = {.ic = ic,
                                     .oc = channels[k][1],
                                     .ih = ih,
                                     .iw = iw,
                                     .kernel = kernel,
                                     .stride = stride,
                                     .padding = padding,
                                     .transposed = transposed,
                                     .in_ld = ic < 4 && k % 2 ? 4 : hr_padded(ic)},
                           .n = 1 + odd % 3,
                           .relu = odd % 2,
                           .with_add = odd / 2 % 2};
            c.shape.oh = transposed ? 2 * ih : (ih + 2 * padding - kernel) / stride + 1;
            c.shape.ow = transposed ? 2 * iw : (iw + 2 * padding - kernel) / stride + 1;
            check_all(&c);
        }
    }
}

static void three_by_three(void **state)
{
    (void)state;
    check_window(3, 1, 1, 0);
}

static void strided(void **state)
{
    (void)state;
    check_window(3, 2, 1, 0);
    check_window(7, 2, 3, 0);
    check_window(1, 2, 0, 0);
}

static void one_by_one(void **state)
{
    (void)state;
    check_window(1, 1, 0, 0);
}

/* Kernel 2, 3, 4 with the paddings of upstream's _get_deconv_cfg. */
static void transposed(void **state)
{
    (void)state;
    check_window(2, 2, 0, 1);
    check_window(3, 2, 1, 1);
    check_window(4, 2, 1, 1);
}

/* Layers of W32 at 256 x 192: the deepest branch, the widest, a deep 1 x 1, the stem's first on a part of the image. */
static void real_layers(void **state)
{
    (void)state;
    const conv_case layers[] = {
        {{256, 256, 8, 6, 8, 6, 3, 1, 1, 0, 256}, 2, 1, 1},
        {{32, 32, 64, 48, 64, 48, 3, 1, 1, 0, 32}, 1, 1, 1},
        {{256, 64, 16, 12, 16, 12, 1, 1, 0, 0, 256}, 1, 1, 0},
        {{3, 64, 32, 24, 16, 12, 3, 2, 1, 0, 4}, 1, 1, 0},
    };
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) check_all(&layers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_by_three), cmocka_unit_test(strided),     cmocka_unit_test(one_by_one),
        cmocka_unit_test(transposed),     cmocka_unit_test(real_layers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
