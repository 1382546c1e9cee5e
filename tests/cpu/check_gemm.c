/* check_gemm.c - the matrix products: right within rounding, and the same bits however the rows are cut into tiles. */
#include "kern_tests.h"

#include "activation_error.h"
#include "base/half.h"

enum { MAX_TAPS = 9, IN = 1, WEIGHTS, BIAS, ADD, OUT }; /* streams of numbers */

typedef struct gemm_case {
    const hr_kern *kern;
    hr_format format; /* of weights */
    int strips, m, n_taps, depth, with_bias;
    hr_epilogue epilogue;
    enum { NO_ADD, ADD_APART, ADD_IN_PLACE } add;
    size_t column;
    guard_place place;
} gemm_case;

/* A weight that float and half precision hold alike. */
static float weight(size_t i)
{
    return floorf(1024 * number(WEIGHTS, i)) / 1024;
}

static guarded make_weights(size_t n, hr_format format, guard_place place)
{
    guarded g = guard(n * hr_format_bytes(format) / sizeof(float), place);
    for (size_t i = 0; i < n; i++) {
        if (format == HR_FORMAT_FLOAT16)
            ((uint16_t *)(void *)g.data)[i] = hr_float_to_half(weight(i));
        else
            g.data[i] = weight(i);
    }
    return g;
}

/* Rounding of a sum of products, in any order: 8 u sum|ab| is far more than the roundings of this many terms add up
 * to, and far less than one wrong term changes. */
static double rounding(double size)
{
    return 8 * UNIT * size;
}

static int near(float found, double expected, double size)
{
    return fabs((double)found - expected) <= rounding(size);
}

static void compare_row(const gemm_case *c, int row, const float *out)
{
    const size_t width = (size_t)(c->strips * HR_STRIP), ld = c->column + width, depth = (size_t)c->depth;
    for (size_t n = 0; n < c->column; n++) assert_true(out[n] == number(OUT, (size_t)row * ld + n)); /* untouched */
    for (size_t n = 0; n < width; n++) {
        double y = c->with_bias ? number(BIAS, n) : 0, size = fabs(y);
        for (size_t t = 0; t < (size_t)c->n_taps; t++) {
            const size_t from = (t * (size_t)c->m + (size_t)row) * depth;
            for (size_t k = 0; k < depth; k++) {
                const double p = (double)number(IN, from + k) * weight((t * depth + k) * width + n);
                y += p;
                size += fabs(p);
            }
        }
        const float number_there = number(c->add == ADD_APART ? ADD : OUT, (size_t)row * ld + c->column + n);
        const double add = c->add != NO_ADD ? (double)number_there : 0;
        if (!c->epilogue.add_last) {
            y += add;
            size += fabs(add);
        }
        const bounded expected = finished(&c->epilogue, y, rounding(size), add);
        assert_true(fabs((double)out[c->column + n] - expected.value) <= expected.error);
    }
}

static void check_gemm(const gemm_case *c)
{
    const size_t width = (size_t)(c->strips * HR_STRIP), ld = c->column + width, m = (size_t)c->m;
    const size_t depth = (size_t)c->depth, taps = (size_t)c->n_taps;
    guarded in = guard_numbers(m * taps * depth, IN, c->place), bias = guard_numbers(width, BIAS, c->place);
    guarded weights = make_weights(taps * depth * width, c->format, c->place);
    guarded add = guard_numbers(m * ld, ADD, c->place), out = guard_numbers(m * ld, OUT, c->place);
    const float *rows[MAX_TAPS * HR_MAX_ROWS], *adds[HR_MAX_ROWS];
    float *outs[HR_MAX_ROWS];
    for (size_t i = 0; i < m * taps; i++) rows[i] = in.data + i * depth;
    for (size_t i = 0; i < m; i++) {
        outs[i] = out.data + i * ld;
        adds[i] = c->add == ADD_IN_PLACE ? outs[i] : add.data + i * ld;
    }
    c->kern->gemm[c->format][c->strips](&(hr_gemm){.m = c->m,
                                                   .n_taps = c->n_taps,
                                                   .depth = c->depth,
                                                   .rows = rows,
                                                   .weights = weights.data,
                                                   .bias = c->with_bias ? bias.data : NULL,
                                                   .adds = c->add != NO_ADD ? adds : NULL,
                                                   .outs = outs,
                                                   .column = c->column,
                                                   .epilogue = c->epilogue});
    for (int i = 0; i < c->m; i++) compare_row(c, i, outs[i]);
    unguard(in);
    unguard(weights);
    unguard(bias);
    unguard(add);
    unguard(out);
}

/* Every activation without an addend, with one apart before and behind it, and with one in place before it. */
static void check_epilogues(const hr_kern *kern, int strips, hr_format format, int m, int depth)
{
    static const struct {
        int add, add_last;
    } adds[] = {{NO_ADD, 0}, {ADD_APART, 0}, {ADD_IN_PLACE, 0}, {ADD_APART, 1}, {NO_ADD, 1}};
    for (int activation = 0; activation < HR_N_ACTIVATIONS; activation++)
        for (int i = 0; i < 5; i++)
            check_gemm(&(gemm_case){.kern = kern,
                                    .format = format,
                                    .strips = strips,
                                    .m = m,
                                    .n_taps = 1 + i % 2,
                                    .depth = depth,
                                    .with_bias = (activation + i + m) % 2,
                                    .epilogue = {(hr_activation)activation, adds[i].add_last},
                                    .add = adds[i].add,
                                    .column = i == 3 ? 32 : 0,
                                    .place = (activation + i + m) % N_GUARD_PLACES});
}

static void check_strips(const hr_kern *kern, int strips, hr_format format)
{
    static const int depths[] = {1, 3, 8, 17, 32};
    const int rows = kern->rows[strips];
    assert_in_range(rows, 1, HR_MAX_ROWS);
    for (int m = 1; m <= rows; m++) {
        check_epilogues(kern, strips, format, m, depths[m % 5]);
        for (int d = 0; d < 5; d++)
            for (int flags = 0; flags < 12; flags++)
                check_gemm(&(gemm_case){kern,
                                        format,
                                        strips,
                                        m,
                                        (flags + d) % 3 == 0 ? 9 : 1,
                                        depths[d],
                                        flags & 1,
                                        {flags >> 1 & 1 ? HR_ACTIVATION_RELU : HR_ACTIVATION_NONE, 0},
                                        flags / 4,
                                        flags == 5 ? 32 : 0,
                                        (flags + d + m) % N_GUARD_PLACES});
    }
    check_gemm(&(gemm_case){
        kern, format, strips, rows, 9, 256, 1, {HR_ACTIVATION_RELU, 0}, ADD_APART, 0, GUARD_END}); /* a real layer */
}

void gemm_sums(void **state)
{
    (void)state;
    for (int k = 0; k < n_tables; k++)
        for (int strips = 1; strips <= tables[k]->max_strips; strips++)
            for (int format = 0; format < HR_N_FORMATS; format++) check_strips(tables[k], strips, (hr_format)format);
}

static void check_same_bits(const hr_kern *kern, int strips, hr_format format)
{
    enum { DEPTH = 96 };
    void (*gemm)(const hr_gemm *) = kern->gemm[format][strips];
    const int m = kern->rows[strips], width = strips * HR_STRIP;
    guarded in = guard_numbers((size_t)(m * DEPTH), IN, GUARD_END);
    guarded weights = make_weights((size_t)(DEPTH * width), format, GUARD_END);
    guarded all = guard((size_t)(m * width), GUARD_END), one = guard((size_t)width, GUARD_END);
    const float *rows[HR_MAX_ROWS];
    float *outs[HR_MAX_ROWS], *alone[1] = {one.data};
    for (int i = 0; i < m; i++) {
        rows[i] = in.data + i * DEPTH;
        outs[i] = all.data + i * width;
    }
    hr_gemm g = {.m = m, .n_taps = 1, .depth = DEPTH, .rows = rows, .weights = weights.data, .outs = outs};
    gemm(&g);
    for (int i = 0; i < m; i++) {
        g.m = 1;
        g.rows = rows + i;
        g.outs = alone;
        gemm(&g);
        assert_memory_equal(one.data, outs[i], (size_t)width * sizeof(float));
    }
    unguard(in);
    unguard(weights);
    unguard(all);
    unguard(one);
}

/* The same row gives the same bits in a tile of any height: batches and threads cut where they like. */
void gemm_same_bits(void **state)
{
    (void)state;
    for (int k = 0; k < n_tables; k++)
        for (int strips = 1; strips <= tables[k]->max_strips; strips++)
            for (int format = 0; format < HR_N_FORMATS; format++) check_same_bits(tables[k], strips, (hr_format)format);
}

/* Rows and products with room between them, which stays as it was. */
static void check_batch(const hr_kern *kern, hr_format format, int strips, int m, int depth, guard_place place)
{
    enum { PRODUCTS = 3, GAP = 5 };
    const size_t width = (size_t)(strips * HR_STRIP), k = (size_t)depth, rows = (size_t)m;
    const size_t a_ld = k + GAP, a_step = rows * a_ld + GAP, out_ld = width + GAP, out_step = rows * out_ld + GAP;
    const size_t n_out = (PRODUCTS - 1) * out_step + (rows - 1) * out_ld + width;
    guarded a = guard_numbers((PRODUCTS - 1) * a_step + (rows - 1) * a_ld + k, IN, place);
    const size_t weights_step = k * width + GAP;
    guarded weights = make_weights((PRODUCTS - 1) * weights_step + k * width, format, place);
    guarded out = guard(n_out, place);
    kern->gemm_batch[format][strips](&(hr_gemm_batch){.n_products = PRODUCTS,
                                                      .m = m,
                                                      .depth = depth,
                                                      .a = a.data,
                                                      .a_step = a_step,
                                                      .a_ld = a_ld,
                                                      .weights = weights.data,
                                                      .weights_step = weights_step,
                                                      .out = out.data,
                                                      .out_step = out_step,
                                                      .out_ld = out_ld});
    for (size_t at = 0; at < n_out; at++) {
        const size_t p = at / out_step, i = at % out_step / out_ld, n = at % out_step % out_ld;
        if (i >= rows || n >= width) {
            assert_true(isnan(out.data[at])); /* untouched */
            continue;
        }
        double y = 0, size = 0;
        for (size_t j = 0; j < k; j++) {
            const double product = (double)a.data[p * a_step + i * a_ld + j] * weight(p * weights_step + j * width + n);
            y += product;
            size += fabs(product);
        }
        assert_true(near(out.data[at], y, size));
    }
    unguard(a);
    unguard(weights);
    unguard(out);
}

void gemm_batch_sums(void **state)
{
    (void)state;
    static const int depths[] = {1, 7, 16, 48};
    for (int k = 0; k < n_tables; k++)
        for (int strips = 1; strips <= tables[k]->max_strips; strips++)
            for (int m = 1; m <= 2 * tables[k]->rows[strips] + 1; m++)
                for (int i = 0; i < 8; i++)
                    check_batch(tables[k], (hr_format)(i % HR_N_FORMATS), strips, m, depths[i / 2],
                                (m + i) % N_GUARD_PLACES);
}
