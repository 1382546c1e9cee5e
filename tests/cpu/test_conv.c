/*
 * test_conv.c - every convolution algorithm on every table of kernels against direct convolution in double: windows of
 * any shape, strides, paddings, dilations and depthwise ones on maps that no tile divides; tensors that are slices of
 * wider ones; every epilogue; the same bits for any number of threads, order of tasks and cut into batches, and for
 * what is added in place; memory between pages that may not be touched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/conv_windows.h"
#include "../support/guard.h"
#include "activation_error.h"
#include "base/cpu.h"
#include "cpu/conv/conv.h"

enum { IN = 1, WEIGHTS, SCALE, BIAS, ADD }; /* streams of numbers */

typedef struct conv_case {
    hr_conv_shape shape;
    int n, with_add;
    hr_epilogue epilogue;
} conv_case;

/* What a case works on; expected and sizes are [n][oh][ow][oc]: the sums before the activation. Tensors of the widths
 * in the shape: a convolution's channels are the last ones of each pixel. */
typedef struct conv_data {
    guarded in, add, zeros, weights, arranged, scale, bias; /* arranged: times scale */
    double *expected;
    double *sizes;  /* sums of the absolute values whose sum is expected */
    double largest; /* size */
} conv_data;

/* Output rows or columns. */
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

static size_t out_floats(const hr_conv_shape *s)
{
    return (size_t)(s->oh * s->ow * s->out_ld);
}

/* Where a pixel's channels begin in a tensor of this width. */
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

/* One output number without its epilogue; *size becomes the sum of absolute values. */
static double convolve(const conv_case *c, const conv_data *d, int image_index, int y, int x, int oc, double *size)
{
    const hr_conv_shape *s = &c->shape;
    const int first = first_channel(s->ic, s->in_ld), depth = hr_weight_depth(s);
    double sum = d->bias.data[oc];
    *size = fabs(sum);
    for (int ky = 0; ky < s->kh; ky++) {
        for (int kx = 0; kx < s->kw; kx++) {
            const int iy = source(s, y, ky, s->pad_h, s->ih), ix = source(s, x, kx, s->pad_w, s->iw);
            if (iy < 0 || ix < 0) continue;
            const float *pixel = d->in.data + ((image_index * s->ih + iy) * s->iw + ix) * s->in_ld + first;
            if (s->depthwise) pixel += oc;
            for (int ic = 0; ic < depth; ic++) {
                const int at = s->transposed ? ic * s->oc + oc : oc * depth + ic;
                const double w = d->weights.data[(at * s->kh + ky) * s->kw + kx];
                const double term = w * d->scale.data[oc] * pixel[ic];
                sum += term;
                *size += fabs(term);
            }
        }
    }
    return sum;
}

/* What a case adds to a number: channel o of output pixel i. */
static double addend(const conv_case *c, const conv_data *d, int i, int o)
{
    const hr_conv_shape *s = &c->shape;
    return c->with_add ? (double)d->add.data[i * s->add_ld + first_channel(s->oc, s->add_ld) + o] : 0;
}

static conv_data make_data(const conv_case *c)
{
    const hr_conv_shape *s = &c->shape;
    const size_t n_taps = (size_t)hr_n_taps(s), depth = (size_t)hr_weight_depth(s), oc = (size_t)s->oc;
    conv_data d = {.in = image((size_t)(c->n * s->ih * s->iw), s->ic, s->in_ld, IN),
                   .add = image((size_t)(c->n * s->oh * s->ow), s->oc, s->add_ld, ADD),
                   .zeros = zeros_of(s->in_ld),
                   .weights = guard_numbers(n_taps * depth * oc, WEIGHTS, GUARD_END),
                   .arranged = guard(n_taps * depth * (size_t)hr_padded(s->oc), GUARD_END),
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
            const double add = c->epilogue.add_last ? 0 : addend(c, &d, i, o);
            double size;
            const double y = add + convolve(c, &d, i / s->ow / s->oh, i / s->ow % s->oh, i % s->ow, o, &size);
            d.expected[i * s->oc + o] = y;
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

/* How a run differs from the plain one. */
typedef struct run_kind {
    int first, n;             /* images */
    int threads, is_backward; /* the tasks of so many, the last one first */
    int in_place;             /* what is added lies where the output goes */
} run_kind;

static guarded run(const hr_conv *conv, const conv_case *c, const conv_data *d, run_kind kind)
{
    const hr_conv_shape *s = &conv->shape;
    const size_t bytes = conv->algorithm->scratch_bytes(conv), n_out = (size_t)kind.n * out_floats(s);
    assert_int_equal(bytes % sizeof(float), 0);
    guarded out = guard(n_out, GUARD_END);
    const float *add = d->add.data + kind.first * s->oh * s->ow * s->add_ld;
    if (kind.in_place) {
        memcpy(out.data, add, n_out * sizeof(float));
        add = out.data;
    }
    const hr_conv_io io = {.in = d->in.data + kind.first * s->ih * s->iw * s->in_ld + first_channel(s->ic, s->in_ld),
                           .add = c->with_add ? add + first_channel(s->oc, s->add_ld) : NULL,
                           .out = out.data + first_channel(s->oc, s->out_ld),
                           .zeros = d->zeros.data,
                           .n = kind.n,
                           .threads = kind.threads};
    const int n_tasks = conv->algorithm->n_tasks(conv, kind.n, kind.threads);
    for (int t = 0; t < n_tasks; t++) {
        hr_conv_io with_scratch = io;
        guarded scratch = guard(bytes / sizeof(float), GUARD_END); /* NaN: what is read was written by this task */
        with_scratch.scratch = scratch.data;
        conv->algorithm->run(conv, &with_scratch, kind.is_backward ? n_tasks - 1 - t : t);
        unguard(scratch);
    }
    return out;
}

/* How far a sum may be off. Direct and depthwise: as any sum of products, and weights in half precision are off by
 * 2^-11 at most. F(m) spreads the errors of the numbers in a tile over all of its outputs, so they are measured by the
 * largest of the map: 1.7, 7.4 and 37.4 u (stride 2: 1.5; transposed: 1.9; 2x6 and 4x6: 7.6 and 16.9), with half
 * precision 0.51, 2.8 and 6.5 times 2^-11 (0.37; 0.76; 0.42 and 1.15); half as much again is allowed. */
static double allowed(const hr_conv *conv, double size, double largest)
{
    static const double most[HR_N_WINO] = {2.5, 11, 56, 2.3, 2.9, 11, 25},
                        most_half[HR_N_WINO] = {0.8, 4.2, 10, 0.6, 1.2, 0.6, 1.7};
    const int slot = conv->algorithm->slot;
    const int is_direct = conv->algorithm == &hr_conv_direct || conv->algorithm == &hr_conv_depthwise;
    const double error = is_direct ? 8 * size : most[slot] * largest;
    const double error_half = is_direct ? size : most_half[slot] * largest;
    return 0x1p-24 * error + (conv->format == HR_FORMAT_FLOAT16 ? 0x1p-11 * error_half : 0);
}

static void compare(const hr_conv *conv, const conv_case *c, const conv_data *d, const float *out)
{
    const hr_conv_shape *s = &conv->shape;
    const int ld = s->out_ld, first = first_channel(s->oc, ld);
    for (int i = 0; i < c->n * s->oh * s->ow; i++, out += ld) {
        for (int o = 0; o < first; o++) assert_true(isnan(out[o])); /* another slice: untouched */
        for (int o = s->oc; o < hr_padded(s->oc); o++) {            /* the next layer counts on it */
            const double of_zero = hr_activate(c->epilogue.activation, 0);
            assert_true((double)out[first + o] == of_zero);
        }
        for (int o = 0; o < s->oc; o++) {
            const double error = allowed(conv, d->sizes[i * s->oc + o], d->largest);
            const bounded expected = finished(&c->epilogue, d->expected[i * s->oc + o], error, addend(c, d, i, o));
            if (fabs((double)out[first + o] - expected.value) <= expected.error) continue;
            fail_msg("%s on %s: %d x %d, stride %d, dilation %d, %d -> %d channels, map %d x %d: pixel %d channel %d: "
                     "%g, not %g",
                     conv->algorithm->name, conv->kern->name, s->kh, s->kw, s->stride, s->dilation, s->ic, s->oc, s->ih,
                     s->iw, i, o, (double)out[first + o], expected.value);
        }
    }
}

/* Pack, and in float once more by tasks, backward: the same bits. */
static void pack(const hr_conv *conv, const conv_data *d)
{
    const size_t n_floats = conv->algorithm->packed_floats(conv->algorithm, &conv->shape), bytes = hr_conv_bytes(conv);
    const int is_float = conv->format == HR_FORMAT_FLOAT32;
    assert_int_equal(bytes % 64, 0);
    guarded scratch = guard(is_float ? 0 : n_floats, GUARD_END);
    hr_conv_pack(conv, d->arranged.data, is_float ? NULL : scratch.data);
    unguard(scratch);
    if (!is_float) return;
    void *whole = test_malloc(bytes);
    memcpy(whole, conv->weights, bytes);
    memset(conv->weights, 0xff, n_floats * sizeof(float));
    for (int t = hr_conv_pack_tasks(conv) - 1; t >= 0; t--) hr_conv_pack_task(conv, d->arranged.data, t);
    assert_memory_equal(conv->weights, whole, bytes);
    test_free(whole);
}

/* One algorithm on one table, made for a larger map: right, and the same bits in other ways. */
static void check(const hr_conv_algorithm *algorithm, const hr_kern *kern, hr_format format, const conv_case *c,
                  const conv_data *d)
{
    static const int threads[] = {2, 5};
    hr_conv_shape larger = c->shape;
    larger.ih += 6;
    larger.iw += 12;
    larger.oh = outputs(&larger, larger.ih, larger.kh, larger.pad_h);
    larger.ow = outputs(&larger, larger.iw, larger.kw, larger.pad_w);
    hr_conv conv;
    assert_int_equal(hr_conv_init(&conv, &larger, c->epilogue, &(hr_packing){.format = format}, kern), HRNET_OK);
    conv.algorithm = algorithm;
    guarded room = guard(hr_conv_bytes(&conv) / sizeof(float), GUARD_END);
    hr_conv_place(&conv, room.data, d->bias.data);
    pack(&conv, d);
    hr_conv_reshape(&conv, &c->shape);
    const size_t n_out = out_floats(&c->shape), bytes = (size_t)c->n * n_out * sizeof(float);
    guarded plain = run(&conv, c, d, (run_kind){.n = c->n, .threads = 1});
    compare(&conv, c, d, plain.data);
    for (int i = 0; i < 2; i++) {
        guarded other = run(&conv, c, d, (run_kind){.n = c->n, .threads = threads[i], .is_backward = 1});
        assert_memory_equal(other.data, plain.data, bytes);
        unguard(other);
    }
    for (int i = 0; i < c->n && c->n > 1; i++) {
        guarded one = run(&conv, c, d, (run_kind){.first = i, .n = 1, .threads = 1});
        assert_memory_equal(one.data, plain.data + (size_t)i * n_out, n_out * sizeof(float));
        unguard(one);
    }
    if (c->with_add && !c->epilogue.add_last && c->shape.add_ld == c->shape.out_ld) {
        guarded over = run(&conv, c, d, (run_kind){.n = c->n, .threads = 2, .in_place = 1});
        assert_memory_equal(over.data, plain.data, bytes);
        unguard(over);
    }
    unguard(plain);
    unguard(room);
}

/* Every algorithm that does the shape, on every table. Returns which, as bits. */
static unsigned check_all(const conv_case *c)
{
    const hr_kern *tables[8];
    const int n_tables = hr_kern_all(hr_cpu_features(), tables);
    conv_data d = make_data(c);
    unsigned done = 0;
    for (int k = 0; k < n_tables; k++) {
        for (int i = 0; i < HR_N_CONV_ALGORITHMS; i++) {
            const hr_conv_algorithm *algorithm = hr_conv_algorithms[i];
            for (int f = 0; f <= (c->n == 3 ? HR_FORMAT_FLOAT16 : 0); f++) { /* slow in scalar code: of a third */
                const hr_packing packing = {.format = (hr_format)f};
                if (algorithm->cost(algorithm, &c->shape, tables[k], &packing) < 0) continue;
                check(algorithm, tables[k], (hr_format)f, c, &d);
                done |= 1U << i;
            }
        }
    }
    free_data(&d);
    return done;
}

/* Every algorithm was among the bits. */
static void assert_all_done(unsigned done)
{
    assert_int_equal(done, (1U << HR_N_CONV_ALGORITHMS) - 1);
}

/* The window over maps and channel counts, with and without ReLU and addend. */
static void check_maps(const hr_conv_shape *window, const int maps[][2], int n_maps, const int channels[][2],
                       int n_channels)
{
    for (int i = 0; i < n_maps; i++) {
        for (int k = 0; k < n_channels; k++) {
            hr_conv_shape s = *window;
            const int odd = i + k;
            s.ih = maps[i][0];
            s.iw = maps[i][1];
            s.ic = channels[k][0];
            s.oc = s.depthwise ? s.ic : channels[k][1];
            s.in_ld = s.ic < 4 && k % 2 && !s.depthwise ? 4 : 0;
            s = completed(s);
            if (s.oh < 1 || s.ow < 1 || s.ih + 2 * s.pad_h < s.kh || s.iw + 2 * s.pad_w < s.kw) continue;
            check_all(&(conv_case){.shape = s,
                                   .n = 1 + odd % 3,
                                   .with_add = odd / 2 % 2,
                                   .epilogue = {odd % 2 ? HR_ACTIVATION_RELU : HR_ACTIVATION_NONE, 0}});
        }
    }
}

static void check_window(int kernel, int stride, int padding, int transposed)
{
    static const int maps[][2] = {{1, 1}, {3, 5}, {9, 12}, {7, 13}, {2, 33}, {16, 6}};
    static const int channels[][2] = {{1, 1}, {3, 17}, {16, 16}, {17, 50}, {50, 3}, {32, 48}};
    check_maps(
        &(hr_conv_shape){
            .kh = kernel, .kw = kernel, .stride = stride, .pad_h = padding, .pad_w = padding, .transposed = transposed},
        maps, 6, channels, 6);
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

/* Any window. */
static void windows(void **state)
{
    (void)state;
    static const int maps[][2] = {{3, 5}, {9, 12}, {7, 13}}, channels[][2] = {{3, 17}, {17, 20}, {32, 16}};
    for (size_t i = 0; i < N_CONV_WINDOWS; i++) check_maps(&conv_windows[i], maps, 3, channels, 3);
}

static void depthwise(void **state)
{
    (void)state;
    static const int maps[][2] = {{1, 1}, {3, 5}, {9, 12}, {7, 13}, {2, 33}};
    static const int channels[][2] = {{1, 1}, {16, 16}, {17, 17}, {50, 50}, {96, 96}};
    static const hr_conv_shape shapes[] = {
        {.kh = 3, .kw = 3, .stride = 1, .pad_h = 1, .pad_w = 1},
        {.kh = 3, .kw = 3, .stride = 2, .pad_h = 1, .pad_w = 1},
        {.kh = 5, .kw = 5, .stride = 1, .pad_h = 2, .pad_w = 2},
        {.kh = 5, .kw = 5, .stride = 2, .pad_h = 2, .pad_w = 2},
        {.kh = 3, .kw = 3, .stride = 1},
        {.kh = 1, .kw = 7, .stride = 1, .pad_w = 3},
        {.kh = 11, .kw = 11, .stride = 1, .pad_h = 5, .pad_w = 5},
        {.kh = 3, .kw = 3, .stride = 1, .pad_h = 2, .pad_w = 2, .dilation = 2},
        {.kh = 3, .kw = 3, .stride = 3, .pad_h = 1, .pad_w = 1},
        {.kh = 4, .kw = 4, .stride = 2, .pad_h = 1, .pad_w = 1, .transposed = 1},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        hr_conv_shape s = shapes[i];
        s.depthwise = 1;
        check_maps(&s, maps, 5, channels, 5);
    }
}

/* One shape for each algorithm, and some for several. */
enum { N_KINDS = 6 };
static const hr_conv_shape kinds[N_KINDS] = {
    {.ic = 17, .oc = 50, .kh = 3, .kw = 3, .stride = 1, .pad_h = 1, .pad_w = 1},
    {.ic = 17, .oc = 20, .kh = 3, .kw = 3, .stride = 2, .pad_h = 1, .pad_w = 1},
    {.ic = 17, .oc = 20, .kh = 4, .kw = 4, .stride = 2, .pad_h = 1, .pad_w = 1, .transposed = 1},
    {.ic = 40, .oc = 50, .kh = 1, .kw = 1, .stride = 1},
    {.ic = 3, .oc = 20, .kh = 6, .kw = 6, .stride = 2, .pad_h = 2, .pad_w = 2},
    {.ic = 50, .oc = 50, .kh = 3, .kw = 3, .stride = 1, .pad_h = 1, .pad_w = 1, .depthwise = 1},
};

/* Input, output and addend are slices of wider tensors, one of them and all of them. */
static void slices(void **state)
{
    (void)state;
    unsigned done = 0;
    for (int i = 0; i < N_KINDS; i++) {
        for (int which = 1; which < 8; which++) {
            hr_conv_shape s = kinds[i];
            s.ih = 7;
            s.iw = 10;
            s = completed(s);
            if (which & 1) s.in_ld += 48;
            if (which & 2) s.out_ld += 32;
            if (which & 4) s.add_ld += which & 2 ? 32 : 16; /* as wide as the output's: in place too */
            const hr_epilogue epilogue = {which % 3 == 0 ? HR_ACTIVATION_RELU : HR_ACTIVATION_SILU, which % 2};
            done |= check_all(
                &(conv_case){.shape = s, .n = which == 7 ? 3 : 2, .with_add = which != 1, .epilogue = epilogue});
        }
    }
    assert_all_done(done);
}

/* Every activation without an addend, with one before it and one behind it. */
static void epilogues(void **state)
{
    (void)state;
    unsigned done = 0;
    for (int i = 0; i < N_KINDS; i++) {
        for (int activation = 0; activation < HR_N_ACTIVATIONS; activation++) {
            for (int add = 0; add < 3; add++) {
                hr_conv_shape s = kinds[i];
                s.ih = 5;
                s.iw = 9;
                done |= check_all(&(conv_case){.shape = completed(s),
                                               .n = 1,
                                               .with_add = add > 0,
                                               .epilogue = {(hr_activation)activation, add == 2}});
            }
        }
    }
    assert_all_done(done);
}

/* Layers of W32 at 256 x 192: the deepest branch, the widest, a deep 1 x 1, the stem's first on a part of the image. */
static void real_layers(void **state)
{
    (void)state;
    static const struct {
        hr_conv_shape shape;
        int n, with_add;
    } layers[] = {
        {{.ic = 256, .oc = 256, .ih = 8, .iw = 6, .kh = 3, .kw = 3, .stride = 1, .pad_h = 1, .pad_w = 1}, 2, 1},
        {{.ic = 32, .oc = 32, .ih = 64, .iw = 48, .kh = 3, .kw = 3, .stride = 1, .pad_h = 1, .pad_w = 1}, 1, 1},
        {{.ic = 256, .oc = 64, .ih = 16, .iw = 12, .kh = 1, .kw = 1, .stride = 1}, 1, 0},
        {{.ic = 3, .oc = 64, .ih = 32, .iw = 24, .kh = 3, .kw = 3, .stride = 2, .pad_h = 1, .pad_w = 1, .in_ld = 4},
         1,
         0},
    };
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        check_all(&(conv_case){.shape = completed(layers[i].shape),
                               .n = layers[i].n,
                               .with_add = layers[i].with_add,
                               .epilogue = {HR_ACTIVATION_RELU, 0}});
}

static void check_refused(hr_conv_shape shape, const char *named)
{
    hr_conv conv = {.algorithm = NULL};
    const hrnet_status status =
        hr_conv_init(&conv, &shape, (hr_epilogue){HR_ACTIVATION_NONE, 0}, &(hr_packing){.batch = 1}, &hr_kern_ref);
    assert_int_equal(status, HRNET_ERR_UNSUPPORTED);
    assert_non_null(strstr(hrnet_last_error(), named));
    assert_null(conv.algorithm);
}

/* What no algorithm does is an error that names it. */
static void refused(void **state)
{
    (void)state;
    hr_conv_shape s = completed((hr_conv_shape){
        .ic = 16, .oc = 16, .ih = 20, .iw = 20, .kh = 13, .kw = 13, .stride = 1, .pad_h = 6, .pad_w = 6});
    check_refused(s, "13x13");
    s.depthwise = 1;
    check_refused(s, "13x13");
    /* the kernels take whole strips of a depthwise input */
    s = completed((hr_conv_shape){
        .ic = 3, .oc = 3, .ih = 8, .iw = 8, .kh = 3, .kw = 3, .stride = 1, .pad_h = 1, .pad_w = 1, .depthwise = 1});
    s.in_ld = 4;
    check_refused(s, "depthwise");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_by_three), cmocka_unit_test(strided),   cmocka_unit_test(one_by_one),
        cmocka_unit_test(transposed),     cmocka_unit_test(windows),   cmocka_unit_test(depthwise),
        cmocka_unit_test(slices),         cmocka_unit_test(epilogues), cmocka_unit_test(real_layers),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
