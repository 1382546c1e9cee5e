/*
 * check_norm_add_relu.c - the kernels of batch normalisation against sums in double, between guard pages. Bounds: a sum
 * of n numbers in any order is off by at most n roundings of the sum of their sizes; runs of 32 are added in float.
 */
#include "kern_tests.h"

#include <stdlib.h>

#include "activation_error.h"

enum { LD = 48, MAX_PIXELS = 75, RUN = 32 };

/* Numbers of one check: pixels of LD channels, coefficients a channel. */
typedef struct field {
    guarded x, g, mean, scale, shift, offset, slope;
    int n;
} field;

static field make_field(int n, guard_place place)
{
    field f = {.n = n};
    f.x = guard_numbers((size_t)(n * LD), 1, place);
    f.g = guard_numbers((size_t)(n * LD), 2, place);
    f.mean = guard_numbers(LD, 3, place);
    f.scale = guard_numbers(LD, 4, place);
    f.shift = guard_numbers(LD, 5, place);
    f.offset = guard_numbers(LD, 6, place);
    f.slope = guard_numbers(LD, 7, place);
    return f;
}

static void free_field(field *f)
{
    guarded *const all[] = {&f->x, &f->g, &f->mean, &f->scale, &f->shift, &f->offset, &f->slope};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) unguard(*all[i]);
}

static hr_norm norm_of(const field *f)
{
    return (hr_norm){f->mean.data, f->scale.data, f->shift.data};
}

static double normed(const field *f, int c, double x)
{
    return (x - (double)f->mean.data[c]) * (double)f->scale.data[c] + (double)f->shift.data[c];
}

/* Whether a ReLU's input is so near zero that a kernel may see the other side. */
static int is_open(const field *f, int i)
{
    return fabs(normed(f, i % LD, (double)f->x.data[i])) < 8 * UNIT;
}

/* The gradient that passes the ReLU. */
static double passed(const field *f, int i, int relu)
{
    return relu && normed(f, i % LD, (double)f->x.data[i]) <= 0 ? 0 : (double)f->g.data[i];
}

static void check_norm_sums(const hr_kern *kern, const field *f)
{
    double sums[2 * LD];
    for (int c = 0; c < 2 * LD; c++) sums[c] = 1000 + c;
    kern->norm_sums(f->x.data, f->mean.data, (size_t)f->n, LD, sums);
    for (int c = 0; c < LD; c++) {
        double sum = 0, square = 0, size = 0;
        for (int i = 0; i < f->n; i++) {
            const double d = (double)f->x.data[i * LD + c] - (double)f->mean.data[c];
            sum += d;
            square += d * d;
            size += fabs(d);
        }
        assert_true(fabs(sums[c] - (1000 + c) - sum) <= (RUN + 1) * UNIT * size + 1e-12);
        assert_true(fabs(sums[LD + c] - (1000 + LD + c) - square) <= (RUN + 3) * UNIT * square + 1e-12);
    }
}

static void check_gradient_sums(const hr_kern *kern, const field *f, int relu)
{
    const hr_norm norm = norm_of(f);
    double sums[2 * LD];
    for (int c = 0; c < 2 * LD; c++) sums[c] = 1000 + c;
    kern->norm_gradient_sums(f->g.data, f->x.data, &norm, relu, (size_t)f->n, LD, sums);
    for (int c = 0; c < LD; c++) {
        double sum = 0, product = 0, size = 0, sizes = 0;
        for (int i = c; i < f->n * LD; i += LD) {
            const double h = passed(f, i, relu), d = (double)f->x.data[i] - (double)f->mean.data[c];
            sum += h;
            product += h * d;
            size += fabs(h);
            sizes += fabs(h * d);
            if (relu && is_open(f, i)) return;
        }
        assert_true(fabs(sums[c] - (1000 + c) - sum) <= (RUN + 1) * UNIT * size + 1e-12);
        assert_true(fabs(sums[LD + c] - (1000 + LD + c) - product) <= (RUN + 3) * UNIT * sizes + 1e-12);
    }
}

/* dx = scale * (h - offset - (x - mean) * slope), of its own and over g. */
static void check_gradient(const hr_kern *kern, field *f, int relu, int in_place, guard_place place)
{
    const hr_norm norm = norm_of(f);
    guarded out = guard((size_t)(f->n * LD), place);
    const float *g = f->g.data;
    if (in_place) memcpy(out.data, g, (size_t)(f->n * LD) * sizeof *g);
    kern->norm_gradient(out.data, in_place ? out.data : g, f->x.data, &norm, f->offset.data, f->slope.data, relu,
                        (size_t)f->n, LD);
    for (int i = 0; i < f->n * LD; i++) {
        const int c = i % LD;
        const double h = passed(f, i, relu), d = (double)f->x.data[i] - (double)f->mean.data[c];
        const double offset = (double)f->offset.data[c], slope = (double)f->slope.data[c];
        const double scale = (double)f->scale.data[c], expected = scale * (h - offset - d * slope);
        const double size = fabs(scale) * (fabs(h) + fabs(offset) + fabs(d * slope));
        if (relu && is_open(f, i)) continue;
        assert_true(fabs((double)out.data[i] - expected) <= 5 * UNIT * size);
    }
    unguard(out);
}

void combine_sums(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 31, 32, 33, MAX_PIXELS};
    for (int k = 0; k < n_tables; k++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            for (int place = 0; place < N_GUARD_PLACES; place++) {
                field f = make_field(sizes[s], (guard_place)place);
                check_norm_sums(tables[k], &f);
                for (int relu = 0; relu < 2; relu++) {
                    check_gradient_sums(tables[k], &f, relu);
                    for (int in_place = 0; in_place < 2; in_place++)
                        check_gradient(tables[k], &f, relu, in_place, (guard_place)place);
                }
                free_field(&f);
            }
        }
    }
}

/* add: 0 none, 1 another row, 2 the output itself. */
static void check_norm_row(const hr_kern *kern, int w, int shift, int with_norm, int add, hr_activation activation,
                           guard_place place)
{
    field f = make_field(((w - 1) >> shift) + 1, place);
    guarded other = guard_numbers((size_t)(w * LD), 8, place), out = guard_numbers((size_t)(w * LD), 8, place);
    const hr_norm norm = norm_of(&f);
    const float *added = add == 0 ? NULL : add == 1 ? other.data : out.data;
    kern->norm_row(out.data, f.x.data, shift, with_norm ? &norm : NULL, added, w, LD, activation);
    for (int i = 0; i < w * LD; i++) {
        const int c = i % LD;
        const double x = (double)f.x.data[(i / LD >> shift) * LD + c], y = (double)other.data[i];
        const double sum = (with_norm ? normed(&f, c, x) : x) + (add != 0 ? y : 0);
        /* |x|, the coefficients and the addend are below 1: at most 2 * 1 + 1 + 1, each rounded once */
        const bounded expected = activated(activation, sum, with_norm || add != 0 ? 12 * UNIT : 0);
        assert_true(fabs((double)out.data[i] - expected.value) <= expected.error);
    }
    unguard(other);
    unguard(out);
    free_field(&f);
}

void combine_rows(void **state)
{
    (void)state;
    static const int widths[] = {1, 8, 17};
    for (int k = 0; k < n_tables; k++)
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
            for (int flags = 0; flags < 3 * 2 * 3 * HR_N_ACTIVATIONS; flags++)
                for (int place = 0; place < N_GUARD_PLACES; place++)
                    check_norm_row(tables[k], widths[w], flags % 3, flags / 3 % 2, flags / 6 % 3,
                                   (hr_activation)(flags / 18), (guard_place)place);
}

static void check_fold_row(const hr_kern *kern, int w, int shift, int add, guard_place place)
{
    const int f = 1 << shift;
    const size_t step = (size_t)(w * f * LD + 7);
    guarded in = guard_numbers(step * (size_t)(f - 1) + (size_t)(w * f * LD), 1, place);
    guarded out = guard_numbers((size_t)(w * LD), 2, place);
    kern->fold_row(out.data, in.data, step, shift, w, LD, add);
    for (int i = 0; i < w * LD; i++) {
        double expected = add ? (double)number(2, (size_t)i) : 0, size = fabs(expected);
        for (int cell = 0; cell < f * f; cell++) {
            const float x = in.data[(size_t)(cell / f) * step + (size_t)((i / LD * f + cell % f) * LD + i % LD)];
            expected += (double)x;
            size += fabs((double)x);
        }
        assert_true(fabs((double)out.data[i] - expected) <= f * f * UNIT * size);
    }
    unguard(in);
    unguard(out);
}

void combine_folds(void **state)
{
    (void)state;
    for (int k = 0; k < n_tables; k++)
        for (int w = 1; w < 6; w += 2)
            for (int shift = 0; shift < 4; shift++)
                for (int add = 0; add < 2; add++)
                    for (int place = 0; place < N_GUARD_PLACES; place++)
                        check_fold_row(tables[k], w, shift, add, (guard_place)place);
}

/* Zero where y <= 0, zeros of both signs included; what is not a number lets the gradient pass, as PyTorch has it. */
void combine_gates(void **state)
{
    (void)state;
    enum { N = 5 * HR_STRIP };
    static const float special[] = {0, -0.0F, NAN, INFINITY, -INFINITY, 1e-40F, -1e-40F, 1};
    static const int is_passed[] = {0, 0, 1, 1, 0, 1, 0, 1};
    for (int place = 0; place < N_GUARD_PLACES; place++) {
        for (int k = 0; k < n_tables; k++) {
            guarded g = guard_numbers(N, 1, (guard_place)place), y = guard_numbers(N, 2, (guard_place)place);
            memcpy(y.data, special, sizeof special);
            tables[k]->gate(g.data, y.data, N);
            for (size_t i = 0; i < N; i++) {
                const int passes = i < sizeof special / sizeof *special ? is_passed[i] : y.data[i] > 0;
                assert_true(g.data[i] == (passes ? number(1, i) : 0));
            }
            unguard(g);
            unguard(y);
        }
    }
}
