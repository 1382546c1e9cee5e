/*
 * test_kern.c - every slot of every table this processor has, against sums in double, in memory between pages that may
 * not be touched, aligned and not. With --bench it times the same slots instead.
 */
#include "kern_tests.h"

#include <stdio.h>

#include "base/cpu.h"
#include "base/half.h"

const hr_kern *tables[8];
int n_tables;

enum { MAX_TERMS = 4 };

/* w pixels of ld channels; the term t has every 2^t-th of them. in_place: over the first term. */
static void check_sum_row(const hr_kern *kern, int n_terms, int w, int ld, int relu, int in_place, guard_place place)
{
    static const int shifts[MAX_TERMS] = {0, 1, 2, 3};
    guarded in[MAX_TERMS], out = guard((size_t)(w * ld), place);
    const float *terms[MAX_TERMS];
    for (int t = 0; t < n_terms; t++) {
        in[t] = guard_numbers((size_t)(((w - 1) >> t) + 1) * (size_t)ld, (uint64_t)t, place);
        terms[t] = in[t].data;
    }
    float *result = in_place ? in[0].data : out.data;
    kern->sum_row(result, terms, shifts, n_terms, w, ld, relu);
    for (int i = 0; i < w * ld; i++) {
        double y = 0, size = 0;
        for (int t = 0; t < n_terms; t++) {
            const float x = number((uint64_t)t, (size_t)((i / ld >> t) * ld + i % ld));
            y += x;
            size += fabsf(x);
        }
        if (relu && y < 0) y = 0;
        assert_true(fabs(result[i] - y) <= (MAX_TERMS - 1) * UNIT * size);
    }
    for (int t = 0; t < n_terms; t++) unguard(in[t]);
    unguard(out);
}

static void sum_row(void **state)
{
    (void)state;
    static const int widths[] = {1, 3, 12, 17};
    for (int k = 0; k < n_tables; k++)
        for (int n_terms = 1; n_terms <= MAX_TERMS; n_terms++)
            for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
                for (int flags = 0; flags < 4; flags++)
                    for (int place = 0; place < N_GUARD_PLACES; place++)
                        check_sum_row(tables[k], n_terms, widths[i], n_terms * HR_STRIP, flags & 1, flags >> 1,
                                      (guard_place)place);
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
