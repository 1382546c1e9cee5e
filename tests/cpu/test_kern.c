/*
 * test_kern.c - every slot of every table this processor has, against sums in double, in memory between pages that may
 * not be touched, aligned and not. With --bench it times the same slots instead.
 */
#include "kern_tests.h"

#include <stdio.h>

#include "activation_error.h"
#include "base/cpu.h"
#include "base/half.h"

const hr_kern *tables[8];
int n_tables;

enum { MAX_TERMS = 4 };

typedef struct sum_case {
    int n_terms, w, n_channels;
    hr_activation activation;
    int in_place, are_slices; /* in_place: over the first term; are_slices: pixels with room between them */
    guard_place place;
} sum_case;

/* Floats between pixels of a term, and of the output (-1), which is as the first term where it lies over it. */
static size_t sum_ld(const sum_case *c, int term)
{
    return (size_t)(c->n_channels + (c->are_slices ? (term < 0 && !c->in_place ? 3 : 1 + term % 2) * HR_STRIP : 0));
}

/* The term t has every 2^t-th of w pixels. */
static void check_sum_row(const hr_kern *kern, const sum_case *c)
{
    static const int shifts[MAX_TERMS] = {0, 1, 2, 3};
    const size_t channels = (size_t)c->n_channels, w = (size_t)c->w, out_ld = sum_ld(c, c->in_place ? 0 : -1);
    const size_t n_out = (w - 1) * out_ld + channels;
    guarded in[MAX_TERMS], out = guard_numbers(n_out, 0, c->place);
    const float *terms[MAX_TERMS];
    size_t lds[MAX_TERMS];
    for (int t = 0; t < c->n_terms; t++) {
        lds[t] = sum_ld(c, t);
        in[t] = guard_numbers(((w - 1) >> t) * lds[t] + channels, (uint64_t)t, c->place);
        terms[t] = in[t].data;
    }
    float *result = c->in_place ? in[0].data : out.data;
    kern->sum_row(result, out_ld, terms, lds, shifts, c->n_terms, c->w, c->n_channels, c->activation);
    for (size_t i = 0; i < n_out; i++) {
        const size_t x = i / out_ld, channel = i % out_ld;
        if (channel >= channels) {
            assert_true(result[i] == number(0, i)); /* untouched */
            continue;
        }
        double y = 0, size = 0;
        for (int t = 0; t < c->n_terms; t++) {
            const double term = (double)number((uint64_t)t, (x >> t) * lds[t] + channel);
            y += term;
            size += fabs(term);
        }
        const bounded expected = activated(c->activation, y, (MAX_TERMS - 1) * UNIT * size);
        assert_true(fabs((double)result[i] - expected.value) <= expected.error);
    }
    for (int t = 0; t < c->n_terms; t++) unguard(in[t]);
    unguard(out);
}

static void sum_row(void **state)
{
    (void)state;
    static const int widths[] = {1, 3, 12, 17};
    for (int k = 0; k < n_tables; k++)
        for (int n_terms = 1; n_terms <= MAX_TERMS; n_terms++)
            for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
                for (int flags = 0; flags < 4 * HR_N_ACTIVATIONS; flags++)
                    for (int place = 0; place < N_GUARD_PLACES; place++)
                        check_sum_row(tables[k],
                                      &(sum_case){n_terms, widths[i], n_terms * HR_STRIP, (hr_activation)(flags / 4),
                                                  flags & 1, flags >> 1 & 1, (guard_place)place});
}

/* n products and sums: n roundings of each term at most, and one more of its product. */
static void mix_cells(void **state)
{
    (void)state;
    enum { LD = 48, MAX_CELLS = 9, SHARES = 2 };
    for (int place = 0; place < N_GUARD_PLACES; place++) {
        guarded in = guard_numbers(MAX_CELLS * LD, 1, (guard_place)place), out = guard(LD, (guard_place)place);
        guarded shares = guard_numbers(MAX_CELLS, SHARES, (guard_place)place);
        const float *cells[MAX_CELLS];
        for (int i = 0; i < MAX_CELLS; i++) cells[i] = in.data + (MAX_CELLS - 1 - i) * LD;
        for (int k = 0; k < n_tables; k++) {
            for (int n = 1; n <= MAX_CELLS; n++) {
                tables[k]->mix_cells(out.data, cells, shares.data + MAX_CELLS - n, n, LD);
                for (int c = 0; c < LD; c++) {
                    double y = 0, size = 0;
                    for (int i = 0; i < n; i++) {
                        const double term = (double)shares.data[MAX_CELLS - n + i] * (double)cells[i][c];
                        y += term;
                        size += fabs(term);
                    }
                    assert_true(fabs((double)out.data[c] - y) <= (n + 1) * UNIT * size);
                }
            }
        }
        unguard(in);
        unguard(out);
        unguard(shares);
    }
}

/* Over a and apart, added or not: one rounding of the product, one of the sum. */
static void multiply(void **state)
{
    (void)state;
    enum { A = 1, B, BEFORE };
    for (int flags = 0; flags < 4 * N_GUARD_PLACES; flags++) {
        const guard_place place = (guard_place)(flags / 4);
        const int add = flags & 1, in_place = flags >> 1 & 1;
        for (int k = 0; k < n_tables; k++) {
            for (int ld = HR_STRIP; ld <= 4 * HR_STRIP; ld += HR_STRIP) {
                const size_t n = (size_t)ld;
                guarded a = guard_numbers(n, A, place), b = guard_numbers(n, B, place);
                guarded out = guard_numbers(n, BEFORE, place);
                float *result = in_place ? a.data : out.data;
                tables[k]->multiply(result, a.data, b.data, ld, add);
                for (size_t c = 0; c < n; c++) {
                    const double product = (double)number(A, c) * (double)b.data[c];
                    const double before = add ? (double)number(in_place ? A : BEFORE, c) : 0;
                    assert_true(fabs((double)result[c] - (before + product)) <=
                                UNIT * (2 * fabs(product) + fabs(before)));
                }
                unguard(a);
                unguard(b);
                unguard(out);
            }
        }
    }
}

static void max_cell(void **state)
{
    (void)state;
    enum { LD = 48, MAX_CELLS = 9 };
    for (int place = 0; place < N_GUARD_PLACES; place++) {
        guarded in = guard_numbers(MAX_CELLS * LD, 1, (guard_place)place), out = guard(LD, (guard_place)place);
        const float *cells[MAX_CELLS];
        for (int i = 0; i < MAX_CELLS; i++) cells[i] = in.data + i * LD;
        for (int k = 0; k < n_tables; k++) {
            for (int n = 1; n <= MAX_CELLS; n++) {
                tables[k]->max_cell(out.data, cells, n, LD);
                for (int c = 0; c < LD; c++) {
                    float y = cells[0][c];
                    for (int i = 1; i < n; i++) y = fmaxf(y, cells[i][c]);
                    assert_true(out.data[c] == y);
                }
            }
        }
        unguard(in);
        unguard(out);
    }
}

/* Every half's value, its neighbouring floats, the middle to the next half and that one's neighbours, as base/half.h
 * converts them; of NaN only that it stays one. */
static void to_half(void **state)
{
    (void)state;
    enum { HALVES = 1 << 16, EACH = 6, N = HALVES * EACH };
    for (int place = 0; place < N_GUARD_PLACES; place++) {
        guarded in = guard(N, (guard_place)place), out = guard(N / 2, (guard_place)place);
        const uint16_t *halves = (const uint16_t *)(const void *)out.data;
        for (int i = 0; i < HALVES; i++) {
            const float x = hr_half_to_float((uint16_t)i), next = hr_half_to_float((uint16_t)(i + 1));
            const float middle = (x + next) / 2;
            const float around[EACH] = {nextafterf(x, -INFINITY),      x,      nextafterf(x, INFINITY),
                                        nextafterf(middle, -INFINITY), middle, nextafterf(middle, INFINITY)};
            memcpy(in.data + i * EACH, around, sizeof around);
        }
        for (int k = 0; k < n_tables; k++) {
            tables[k]->to_half((uint16_t *)(void *)out.data, in.data, N);
            for (int i = 0; i < N; i++) {
                if (isnan(in.data[i]))
                    assert_true(isnan(hr_half_to_float(halves[i])));
                else
                    assert_int_equal(halves[i], hr_float_to_half(in.data[i]));
            }
        }
        unguard(in);
        unguard(out);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        unsigned feature;
        const char *name;
    } sets[] = {{HR_CPU_AVX512, "avx512"}, {HR_CPU_AVX2, "avx2"}, {HR_CPU_NEON, "neon"}};
    n_tables = hr_kern_all(hr_cpu_features(), tables);
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) {
        bench();
        return 0;
    }
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (!(hr_cpu_features() & sets[i].feature))
            printf("[  SKIPPED ] kernels of %s: not on this processor\n", sets[i].name);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gemm_sums),
        cmocka_unit_test(gemm_same_bits),
        cmocka_unit_test(gemm_batch_sums),
        cmocka_unit_test(winograd_matrix),
        cmocka_unit_test(winograd_transforms),
        cmocka_unit_test(winograd_tiles),
        cmocka_unit_test(winograd_fused),
        cmocka_unit_test(sum_row),
        cmocka_unit_test(mix_cells),
        cmocka_unit_test(multiply),
        cmocka_unit_test(activate_values),
        cmocka_unit_test(activate_special),
        cmocka_unit_test(activation_gradient_values),
        cmocka_unit_test(activation_gradient_special),
        cmocka_unit_test(depthwise_rows),
        cmocka_unit_test(depthwise_gradient_rows),
        cmocka_unit_test(max_cell),
        cmocka_unit_test(to_half),
        cmocka_unit_test(gemm_transposed_sums),
        cmocka_unit_test(combine_sums),
        cmocka_unit_test(combine_rows),
        cmocka_unit_test(combine_folds),
        cmocka_unit_test(combine_gates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
