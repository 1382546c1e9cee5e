/* check_depthwise.c - rows of depthwise convolutions and the gradient of their weights, against sums in double. */
#include "kern_tests.h"

#include "activation_error.h"

enum { IN = 1, WEIGHTS, BIAS, ADD, OUT, MAX_TAPS = 25 }; /* streams of numbers */

typedef struct depthwise_case {
    const hr_kern *kern;
    int n_taps, w, strips, stride, with_bias;
    hr_epilogue epilogue;
    enum { NO_ADD, ADD_APART, ADD_IN_PLACE } add;
    guard_place place;
} depthwise_case;

/* n pixels `ld` floats apart, n_channels numbers each: NaN between them, and nothing behind the last. */
static guarded pixels(size_t n, size_t n_channels, size_t ld, uint64_t stream, guard_place place)
{
    guarded g = guard((n - 1) * ld + n_channels, place);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < n_channels; c++) g.data[i * ld + c] = number(stream, i * ld + c);
    return g;
}

/* A window of one row: tap t of output pixel x falls on pixel x * stride + t. */
static void check_depthwise(const depthwise_case *c)
{
    const size_t channels = (size_t)(c->strips * HR_STRIP), w = (size_t)c->w, taps = (size_t)c->n_taps;
    const size_t stride = (size_t)c->stride, in_ld = channels + HR_STRIP, out_ld = channels + 3;
    const size_t add_ld = c->add == ADD_IN_PLACE ? out_ld : channels + 7, n_out = (w - 1) * out_ld + channels;
    guarded in = pixels((w - 1) * stride + taps, channels, in_ld, IN, c->place);
    guarded weights = guard_numbers(taps * channels, WEIGHTS, c->place), bias = guard_numbers(channels, BIAS, c->place);
    guarded add = pixels(w, channels, add_ld, ADD, c->place), out = guard_numbers(n_out, OUT, c->place);
    const float *rows[MAX_TAPS];
    for (size_t t = 0; t < taps; t++) rows[t] = in.data + t * in_ld;
    c->kern->depthwise(&(hr_depthwise){.w = c->w,
                                       .n_taps = c->n_taps,
                                       .n_channels = (int)channels,
                                       .rows = rows,
                                       .step = stride * in_ld,
                                       .weights = weights.data,
                                       .bias = c->with_bias ? bias.data : NULL,
                                       .add = c->add == NO_ADD      ? NULL
                                              : c->add == ADD_APART ? add.data
                                                                    : out.data,
                                       .out = out.data,
                                       .out_ld = out_ld,
                                       .add_ld = add_ld,
                                       .epilogue = c->epilogue});
    for (size_t at = 0; at < n_out; at++) {
        const size_t x = at / out_ld, n = at % out_ld;
        if (n >= channels) {
            assert_true(out.data[at] == number(OUT, at)); /* untouched */
            continue;
        }
        const float there = c->add == ADD_APART ? number(ADD, x * add_ld + n) : number(OUT, at);
        const double more = c->add != NO_ADD ? (double)there : 0, first = c->epilogue.add_last ? 0 : more;
        double y = first + (c->with_bias ? (double)bias.data[n] : 0), size = fabs(y) + fabs(first);
        for (size_t t = 0; t < taps; t++) {
            const double term = (double)rows[t][x * stride * in_ld + n] * (double)weights.data[t * channels + n];
            y += term;
            size += fabs(term);
        }
        const bounded expected = finished(&c->epilogue, y, 8 * UNIT * size, more); /* as check_gemm.c has it */
        assert_true(fabs((double)out.data[at] - expected.value) <= expected.error);
    }
    unguard(in);
    unguard(weights);
    unguard(bias);
    unguard(add);
    unguard(out);
}

/* Every activation with every way to add, in and out of place. */
static void check_epilogues(depthwise_case c)
{
    static const struct {
        int add, add_last;
    } adds[] = {{NO_ADD, 0}, {ADD_APART, 0}, {ADD_IN_PLACE, 0}, {ADD_APART, 1}, {ADD_IN_PLACE, 1}};
    for (int activation = 0; activation < HR_N_ACTIVATIONS; activation++) {
        for (int i = 0; i < 5; i++) {
            c.epilogue = (hr_epilogue){(hr_activation)activation, adds[i].add_last};
            c.add = adds[i].add;
            c.with_bias = (activation + i + c.w) % 2;
            c.place = (guard_place)((activation + i + c.w) % N_GUARD_PLACES);
            check_depthwise(&c);
        }
    }
}

void depthwise_rows(void **state)
{
    (void)state;
    static const int taps[] = {1, 9, 25};
    for (int k = 0; k < n_tables; k++)
        for (int t = 0; t < 3; t++)
            for (int w = 1; w <= 9; w++)
                for (int strips = 1; strips <= 4; strips++)
                    for (int stride = 1; stride <= 2; stride++)
                        check_epilogues((depthwise_case){
                            .kern = tables[k], .n_taps = taps[t], .w = w, .strips = strips, .stride = stride});
}

static void check_gradient(const hr_kern *kern, int w, int strips, int stride, guard_place place)
{
    const size_t channels = (size_t)(strips * HR_STRIP), n = (size_t)w, step = (size_t)stride * (channels + HR_STRIP);
    const size_t out_ld = channels + 3;
    guarded in = pixels(n, channels, step, IN, place), dout = pixels(n, channels, out_ld, OUT, place);
    guarded sums = guard_numbers(channels, ADD, place);
    kern->depthwise_gradient(&(hr_depthwise_gradient){.w = w,
                                                      .n_channels = (int)channels,
                                                      .x_row = in.data,
                                                      .dout = dout.data,
                                                      .step = step,
                                                      .out_ld = out_ld,
                                                      .sums = sums.data});
    for (size_t c = 0; c < channels; c++) {
        double y = (double)number(ADD, c), size = fabs(y);
        for (size_t x = 0; x < n; x++) {
            const double term = (double)in.data[x * step + c] * (double)dout.data[x * out_ld + c];
            y += term;
            size += fabs(term);
        }
        assert_true(fabs((double)sums.data[c] - y) <= 8 * UNIT * size);
    }
    unguard(in);
    unguard(dout);
    unguard(sums);
}

void depthwise_gradient_rows(void **state)
{
    (void)state;
    for (int k = 0; k < n_tables; k++)
        for (int w = 1; w <= 9; w++)
            for (int strips = 1; strips <= 4; strips++)
                for (int flags = 0; flags < 2 * N_GUARD_PLACES; flags++)
                    check_gradient(tables[k], w, strips, 1 + flags % 2, (guard_place)(flags / 2));
}
