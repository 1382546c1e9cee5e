/*
 * test_conv_gradient.c - both gradients of convolutions against plain loops in double, on every table of kernels:
 * windows, strides, dilations, depthwise ones, odd channel counts, slices of wider tensors, batches; added to what is
 * there or not; the same bits whatever the order of tasks, in memory between pages that may not be touched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/conv_windows.h"
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
    double *dweights, *dweights_sizes; /* [kh * kw][ic, depthwise 1][oc] */
    double largest_in, largest_weight; /* sizes */
} gradient_data;

/* Where a pixel's channels begin in a tensor of this width: they are the last ones of a wider tensor. */
static int first_channel(int n_channels, int ld)
{
    return ld > hr_padded(n_channels) ? ld - hr_padded(n_channels) : 0;
}

/* [n_pixels][ld], the lanes behind the channels zero; NaN where other slices lie. */
static guarded image(size_t n_pixels, int n_channels, int ld, uint64_t stream)
{
    guarded g = guard_numbers(n_pixels * (size_t)ld, stream, GUARD_END);
    const int first = first_channel(n_channels, ld);
    for (size_t i = 0; i < n_pixels; i++)
        for (int c = 0; c < ld; c++)
            if (c < first || c >= first + n_channels) g.data[i * (size_t)ld + (size_t)c] = c < first ? NAN : 0;
    return g;
}

/* What lies outside a picture. */
static guarded zeros_of(int ld)
{
    guarded g = guard((size_t)ld, GUARD_END);
    memset(g.data, 0, (size_t)ld * sizeof(float));
    return g;
}

/* The input row or column that output o reads through the window's cell k, or -1. A transposed convolution adds input i
 * into output 2 i - padding + k (torch.nn.ConvTranspose2d). */
static int source(const hr_conv_shape *s, int o, int k, int pad, int size)
{
    const int i = s->transposed ? o + pad - k : o * s->stride + k * s->dilation - pad;
    if (i < 0 || (s->transposed && i % 2 != 0)) return -1;
    const int at = s->transposed ? i / 2 : i;
    return at < size ? at : -1;
}

/* What one output pixel's gradient adds through one tap to the input's and the weights'. */
static void add_tap(const hr_conv_shape *s, gradient_data *d, size_t in_pixel, size_t out_pixel, size_t tap)
{
    const size_t ic = (size_t)s->ic, oc = (size_t)s->oc, ld = (size_t)hr_padded(s->oc);
    const size_t depth = (size_t)hr_weight_depth(s);
    const float *pixel = d->in.data + in_pixel * (size_t)s->in_ld + first_channel(s->ic, s->in_ld);
    for (size_t i = 0; i < ic; i++) {
        const double x = pixel[i];
        const size_t row = tap * depth + (s->depthwise ? 0 : i);
        for (size_t o = s->depthwise ? i : 0; o < (s->depthwise ? i + 1 : oc); o++) {
            const double y = d->dout.data[out_pixel * ld + o], w = d->weights.data[row * ld + o];
            d->din[in_pixel * ic + i] += y * w;
            d->din_sizes[in_pixel * ic + i] += fabs(y * w);
            d->dweights[row * oc + o] += y * x;
            d->dweights_sizes[row * oc + o] += fabs(y * x);
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
    const int n_out = c->n * s->oh * s->ow, n_taps = hr_n_taps(s), n_rows = n_taps * hr_weight_depth(s);
    const size_t n_in = (size_t)(c->n * s->ih * s->iw), n_weights = (size_t)(n_rows * s->oc);
    gradient_data d = {.in = image(n_in, s->ic, s->in_ld, IN),
                       .dout = image((size_t)n_out, s->oc, hr_padded(s->oc), DOUT),
                       .weights = image((size_t)n_rows, s->oc, hr_padded(s->oc), WEIGHTS)};
    d.din = test_calloc(n_in * (size_t)s->ic, sizeof *d.din);
    d.din_sizes = test_calloc(n_in * (size_t)s->ic, sizeof *d.din_sizes);
    d.dweights = test_calloc(n_weights, sizeof *d.dweights);
    d.dweights_sizes = test_calloc(n_weights, sizeof *d.dweights_sizes);
    for (int at = 0; at < n_out; at++) {
        for (int tap = 0; tap < n_taps; tap++) {
            const int y = source(s, at / s->ow % s->oh, tap / s->kw, s->pad_h, s->ih);
            const int x = source(s, at % s->ow, tap % s->kw, s->pad_w, s->iw);
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
    fail_msg("%s of %s on %s: %d x %d, stride %d, dilation %d%s, %d -> %d channels, map %d x %d, batch %d: number %d: "
             "%g, not %g (allowed %g)",
             what, way, kern->name, s->kh, s->kw, s->stride, s->dilation, s->transposed ? ", transposed" : "", s->ic,
             s->oc, s->ih, s->iw, c->n, (int)at, (double)found, expected, allowed);
}

/* Rounding as test_conv.c has it: of the sum itself, or measured, where Winograd spreads the largest over a tile: 2.1
 * and 9.4 u, with stride 2 as there. */
static double allowed_in(const hr_conv_algorithm *algorithm, double size, double most)
{
    static const double factors[HR_N_WINO] = {2.5, 11, [HR_WINO_STRIDED] = 2.5, [HR_WINO_TRANSPOSED] = 2.9};
    const int is_direct = algorithm == &hr_conv_direct || algorithm == &hr_conv_depthwise;
    return 0x1p-24 * (is_direct ? 8 * size : factors[algorithm->slot] * most);
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
    hr_conv_shape shape;
    assert_int_equal(hr_conv_input_gradient_shape(&shape, s), HRNET_OK);
    const int ld = hr_padded(s->ic);
    const size_t n_pixels = (size_t)(c->n * s->ih * s->iw);
    hr_conv turned;
    assert_int_equal(hr_conv_init(&turned, &shape, (hr_epilogue){HR_ACTIVATION_NONE, 0},
                                  &(hr_packing){.batch = c->n, .repacked = 1}, kern),
                     HRNET_OK);
    turned.algorithm = algorithm;
    guarded room = guard(hr_conv_bytes(&turned) / sizeof(float), GUARD_END);
    guarded zeros = zeros_of(shape.in_ld), before = image(n_pixels, s->ic, ld, BEFORE);
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
            hr_weight_gradient_run(
                gradient,
                &(hr_weight_gradient_io){.in = d->in.data + first_channel(c->shape.ic, c->shape.in_ld),
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
    return 0x1p-24 * (algorithm != &hr_weight_winograd ? 8 * size : 16 * most);
}

static void check_weights(const hr_weight_algorithm *algorithm, const hr_kern *kern, const gradient_case *c,
                          const gradient_data *d, int add)
{
    const hr_conv_shape *s = &c->shape;
    const size_t ld = (size_t)hr_padded(s->oc), n_rows = (size_t)(hr_n_taps(s) * hr_weight_depth(s));
    guarded before = image(n_rows, s->oc, (int)ld, BEFORE);
    hr_weight_gradient gradient;
    assert_int_equal(hr_weight_gradient_init(&gradient, s, kern, c->n), HRNET_OK);
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

/* An input's gradient that is refused is not checked. */
static void check_all(const gradient_case *c)
{
    static const hr_conv_algorithm *const inputs[] = {&hr_conv_direct,           &hr_conv_depthwise,
                                                      &hr_conv_winograd2,        &hr_conv_winograd4,
                                                      &hr_conv_winograd_strided, &hr_conv_winograd_transposed};
    static const hr_weight_algorithm *const weights[] = {&hr_weight_direct, &hr_weight_depthwise, &hr_weight_winograd};
    hr_conv_shape turned;
    const int has_input = hr_conv_input_gradient_shape(&turned, &c->shape) == HRNET_OK;
    const hr_kern *tables[8];
    const int n_tables = hr_kern_all(hr_cpu_features(), tables);
    gradient_data d = make_data(c);
    for (int k = 0; k < n_tables; k++) {
        for (size_t i = 0; i < sizeof inputs / sizeof *inputs && has_input; i++)
            if (inputs[i]->cost(inputs[i], &turned, tables[k], &(hr_packing){.repacked = 1}) >= 0)
                check_input(inputs[i], tables[k], c, &d, (c->n + k) % 2);
        for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
            if (weights[i]->cost(weights[i], &c->shape, tables[k], c->n) >= 0)
                check_weights(weights[i], tables[k], c, &d, (c->n + k) % 2);
    }
    free_data(&d);
}

static int outputs(const hr_conv_shape *s, int in, int k, int pad)
{
    return s->transposed ? 2 * in : (in + 2 * pad - (k - 1) * s->dilation - 1) / s->stride + 1;
}

/* The shape with what follows from its map, window and channels: output size, and tensors of their own. */
static hr_conv_shape completed(hr_conv_shape s)
{
    if (s.dilation == 0) s.dilation = 1;
    s.oh = outputs(&s, s.ih, s.kh, s.pad_h);
    s.ow = outputs(&s, s.iw, s.kw, s.pad_w);
    if (s.in_ld == 0) s.in_ld = hr_padded(s.ic);
    s.out_ld = s.add_ld = hr_padded(s.oc);
    return s;
}

/* The window over several maps and channel counts; the maps of a strided convolution are even, as in the networks, or
 * not. */
static void check_maps(const hr_conv_shape *window, const int maps[][2], int n_maps, const int channels[][2],
                       int n_channels)
{
    for (int i = 0; i < n_maps; i++) {
        for (int k = 0; k < n_channels; k++) {
            hr_conv_shape s = *window;
            s.ih = maps[i][0];
            s.iw = maps[i][1];
            s.ic = channels[k][0];
            s.oc = s.depthwise ? s.ic : channels[k][1];
            s.in_ld = s.ic < 4 && i % 2 && !s.depthwise ? 4 : 0;
            s = completed(s);
            if (s.oh < 1 || s.ow < 1 || s.ih + 2 * s.pad_h < s.kh || s.iw + 2 * s.pad_w < s.kw) continue;
            check_all(&(gradient_case){.shape = s, .n = 1 + (i + k) % 5});
        }
    }
}

static void check_window(int kernel, int stride, int padding, int transposed)
{
    static const int maps[][2] = {{2, 2}, {8, 6}, {5, 9}, {13, 3}};
    static const int channels[][2] = {{3, 17}, {12, 30}, {17, 48}, {30, 12}, {48, 3}};
    check_maps(
        &(hr_conv_shape){
            .kh = kernel, .kw = kernel, .stride = stride, .pad_h = padding, .pad_w = padding, .transposed = transposed},
        maps, 4, channels, 5);
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

/* Any window; the weights' gradient alone where strides are above 2 or meet dilation. */
static void windows(void **state)
{
    (void)state;
    static const int maps[][2] = {{3, 5}, {9, 12}, {7, 13}}, channels[][2] = {{3, 17}, {17, 20}, {32, 16}};
    for (size_t i = 0; i < N_CONV_WINDOWS; i++) check_maps(&conv_windows[i], maps, 3, channels, 3);
}

static void depthwise(void **state)
{
    (void)state;
    static const int maps[][2] = {{1, 1}, {3, 5}, {9, 12}, {50, 7}};
    static const int channels[][2] = {{1, 1}, {16, 16}, {17, 17}, {50, 50}};
    static const hr_conv_shape shapes[] = {
        {.kh = 3, .kw = 3, .stride = 1, .pad_h = 1, .pad_w = 1},
        {.kh = 3, .kw = 3, .stride = 2, .pad_h = 1, .pad_w = 1},
        {.kh = 5, .kw = 5, .stride = 1, .pad_h = 2, .pad_w = 2},
        {.kh = 5, .kw = 5, .stride = 2, .pad_h = 2, .pad_w = 2},
        {.kh = 3, .kw = 3, .stride = 1},
        {.kh = 1, .kw = 7, .stride = 1, .pad_w = 3},
        {.kh = 3, .kw = 3, .stride = 1, .pad_h = 2, .pad_w = 2, .dilation = 2},
        {.kh = 3, .kw = 3, .stride = 3, .pad_h = 1, .pad_w = 1},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        hr_conv_shape s = shapes[i];
        s.depthwise = 1;
        check_maps(&s, maps, 4, channels, 4);
    }
}

/* The input, and the output of the forward pass, are slices of wider tensors; their gradients are tensors of their own.
 * The last shapes are cut into tasks by channels, whose last one takes fewer. */
static void slices(void **state)
{
    (void)state;
    static const hr_conv_shape shapes[] = {
        {.ic = 80, .oc = 20, .kh = 3, .kw = 3, .stride = 1, .pad_h = 1, .pad_w = 1},
        {.ic = 17, .oc = 50, .kh = 3, .kw = 3, .stride = 2, .pad_h = 1, .pad_w = 1},
        {.ic = 17, .oc = 50, .kh = 3, .kw = 3, .stride = 1},
        {.ic = 17, .oc = 20, .kh = 4, .kw = 4, .stride = 2, .pad_h = 1, .pad_w = 1, .transposed = 1},
        {.ic = 40, .oc = 50, .kh = 1, .kw = 1, .stride = 1},
        {.ic = 50, .oc = 50, .kh = 3, .kw = 3, .stride = 1, .pad_h = 1, .pad_w = 1, .depthwise = 1},
        {.ic = 112, .oc = 96, .ih = 12, .iw = 12, .kh = 3, .kw = 3, .stride = 1, .pad_h = 1, .pad_w = 1},
        {.ic = 70,
         .oc = 112,
         .ih = 10,
         .iw = 12,
         .kh = 4,
         .kw = 4,
         .stride = 2,
         .pad_h = 1,
         .pad_w = 1,
         .transposed = 1},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (int which = 1; which < 4; which++) {
            hr_conv_shape s = shapes[i];
            if (s.ih == 0) {
                s.ih = 7;
                s.iw = 10;
            }
            s = completed(s);
            if (which & 1) s.in_ld += 48;
            if (which & 2) s.out_ld += 32;
            check_all(&(gradient_case){.shape = s, .n = 2});
        }
    }
}

static void check_refused(hr_conv_shape shape, const char *named)
{
    hr_conv_shape turned = {.ic = -1};
    assert_int_equal(hr_conv_input_gradient_shape(&turned, &shape), HRNET_ERR_UNSUPPORTED);
    assert_non_null(strstr(hrnet_last_error(), named));
    assert_int_equal(turned.ic, -1);
}

/* What has no gradient is an error that says why. */
static void refused(void **state)
{
    (void)state;
    hr_conv_shape s = completed(
        (hr_conv_shape){.ic = 16, .oc = 16, .ih = 20, .iw = 20, .kh = 3, .kw = 3, .stride = 3, .pad_h = 1, .pad_w = 1});
    check_refused(s, "stride 3, dilation 1");
    s.depthwise = 1;
    check_refused(s, "stride 3, dilation 1");
    s.depthwise = 0;
    s.stride = s.dilation = 2;
    check_refused(s, "stride 2, dilation 2");
    s = completed(
        (hr_conv_shape){.ic = 16, .oc = 16, .ih = 20, .iw = 20, .kh = 13, .kw = 13, .stride = 1, .depthwise = 1});
    hr_weight_gradient gradient = {.algorithm = NULL};
    assert_int_equal(hr_weight_gradient_init(&gradient, &s, &hr_kern_ref, 1), HRNET_ERR_UNSUPPORTED);
    assert_non_null(strstr(hrnet_last_error(), "13x13"));
    assert_null(gradient.algorithm);
}

/* Enough pixels and channels that work is cut into chunks, slices and bands. */
static void cut(void **state)
{
    (void)state;
    static const struct {
        int ic, oc, ih, iw, kernel, stride, padding, transposed, in_ld, n;
    } cases[] = {
        {16, 32, 64, 48, 3, 1, 1, 0, 16, 2},  {128, 128, 8, 6, 3, 1, 1, 0, 128, 3},
        {3, 64, 96, 128, 3, 2, 1, 0, 4, 2},   {256, 64, 32, 24, 1, 1, 0, 0, 256, 2},
        {160, 80, 12, 8, 4, 2, 1, 1, 160, 2}, {100, 70, 40, 48, 1, 2, 0, 0, 112, 3},
        {33, 150, 16, 12, 3, 2, 1, 0, 48, 5}, {16, 16, 700, 1, 3, 1, 1, 0, 16, 1},
        {16, 16, 1, 700, 3, 1, 1, 0, 16, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const hr_conv_shape s = {.ic = cases[i].ic,
                                 .oc = cases[i].oc,
                                 .ih = cases[i].ih,
                                 .iw = cases[i].iw,
                                 .kh = cases[i].kernel,
                                 .kw = cases[i].kernel,
                                 .stride = cases[i].stride,
                                 .pad_h = cases[i].padding,
                                 .pad_w = cases[i].padding,
                                 .transposed = cases[i].transposed,
                                 .in_ld = cases[i].in_ld};
        check_all(&(gradient_case){.shape = completed(s), .n = cases[i].n});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),     cmocka_unit_test(strided), cmocka_unit_test(transposed), cmocka_unit_test(windows),
        cmocka_unit_test(depthwise), cmocka_unit_test(slices),  cmocka_unit_test(refused),    cmocka_unit_test(cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
