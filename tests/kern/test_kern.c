/*
 * test_kern.c - every slot of every table this processor has, at tile edges and real depths, against sums in double.
 * Buffers end at a page that may not be touched, so reading or writing past them stops the test. With --bench it times
 * the same slots instead.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "base/rng.h"
#include "kern/kern.h"

static const hr_kern *tables[8];
static int n_tables;

/* n floats whose end is the end of readable memory. */
typedef struct guarded {
    void *map;
    size_t bytes;
    float *data;
} guarded;

static guarded guard(size_t n)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (n * sizeof(float) + page - 1) / page * page;
    guarded g = {.bytes = whole + page};
    g.map = mmap(NULL, g.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(g.map != MAP_FAILED);
    assert_int_equal(mprotect((char *)g.map + whole, page, PROT_NONE), 0);
    g.data = (float *)(void *)((char *)g.map + whole) - n;
    return g;
}

static void unguard(guarded g)
{
    munmap(g.map, g.bytes);
}

static guarded guard_random(size_t n, uint64_t stream)
{
    guarded g = guard(n);
    for (size_t i = 0; i < n; i++) g.data[i] = 2 * hr_random_uniform(stream, i) - 1;
    return g;
}

typedef struct gemm_case {
    const hr_kern *kern;
    int strips, m, n_taps, depth, with_bias, with_add, relu;
    size_t column;
} gemm_case;

enum { MAX_TAPS = 9 };

/* Rounding of a sum of products: at most 8 u sum|ab|, u = 2^-24 (the order of summation is free). */
static void check_gemm(const gemm_case *c)
{
    const int width = c->strips * HR_STRIP;
    const size_t ld = c->column + (size_t)width, depth = (size_t)c->depth, taps = (size_t)c->n_taps;
    guarded in = guard_random((size_t)c->m * taps * depth, 1), weights = guard_random(taps * depth * (size_t)width, 2);
    guarded bias = guard_random((size_t)width, 3), add = guard_random((size_t)c->m * ld, 4);
    guarded out = guard_random((size_t)c->m * ld, 5);
    const float *rows[MAX_TAPS * HR_MAX_ROWS], *adds[HR_MAX_ROWS];
    float *outs[HR_MAX_ROWS];
    for (int i = 0; i < c->m * c->n_taps; i++) rows[i] = in.data + (size_t)i * depth;
    for (int i = 0; i < c->m; i++) {
        adds[i] = add.data + (size_t)i * ld;
        outs[i] = out.data + (size_t)i * ld;
    }
    c->kern->gemm[c->strips](&(hr_gemm){.m = c->m, .n_taps = c->n_taps, .depth = c->depth, .rows = rows,
                                        .weights = weights.data, .bias = c->with_bias ? bias.data : NULL,
                                        .adds = c->with_add ? adds : NULL, .outs = outs, .column = c->column,
                                        .relu = c->relu});
    for (int i = 0; i < c->m; i++) {
        for (size_t n = 0; n < c->column; n++)
            assert_true(outs[i][n] == 2 * hr_random_uniform(5, (size_t)i * ld + n) - 1); /* untouched */
        for (int n = 0; n < width; n++) {
            double y = c->with_bias ? bias.data[n] : 0, size = fabs(y);
            for (size_t t = 0; t < taps; t++) {
                for (size_t k = 0; k < depth; k++) {
                    const double p = (double)rows[t * (size_t)c->m + (size_t)i][k] *
                                     weights.data[(t * depth + k) * (size_t)width + (size_t)n];
                    y += p;
                    size += fabs(p);
                }
            }
            if (c->with_add) y += adds[i][c->column + (size_t)n];
            if (c->with_add) size += fabs(adds[i][c->column + (size_t)n]);
            if (c->relu && y < 0) y = 0;
            assert_true(fabs(outs[i][c->column + (size_t)n] - y) <= 8 * 0x1p-24 * size);
        }
    }
    unguard(in);
    unguard(weights);
    unguard(bias);
    unguard(add);
    unguard(out);
}

static void test_gemm(void **state)
{
    (void)state;
    static const int depths[] = {1, 3, 8, 17, 64};
    for (int k = 0; k < n_tables; k++) {
        for (int strips = 1; strips <= tables[k]->max_strips; strips++) {
            assert_true(tables[k]->rows[strips] <= HR_MAX_ROWS);
            for (int m = 1; m <= tables[k]->rows[strips]; m++)
                for (size_t d = 0; d < sizeof depths / sizeof *depths; d++)
                    for (int flags = 0; flags < 8; flags++)
                        check_gemm(&(gemm_case){tables[k], strips, m, flags % 2 ? 9 : 1, depths[d], flags & 1,
                                                flags >> 1 & 1, flags >> 2 & 1, flags == 5 ? 32 : 0});
        }
    }
}

/* The tables must not depend on m: the same row gives the same bits in a tile of any height. */
static void test_gemm_rows_alone(void **state)
{
    (void)state;
    enum { DEPTH = 96 };
    for (int k = 0; k < n_tables; k++) {
        for (int strips = 1; strips <= tables[k]->max_strips; strips++) {
            const int m = tables[k]->rows[strips], width = strips * HR_STRIP;
            guarded in = guard_random((size_t)(m * DEPTH), 1), weights = guard_random((size_t)(DEPTH * width), 2);
            guarded all = guard((size_t)(m * width)), one = guard((size_t)width);
            const float *rows[HR_MAX_ROWS];
            float *outs[HR_MAX_ROWS], *alone[1] = {one.data};
            for (int i = 0; i < m; i++) {
                rows[i] = in.data + i * DEPTH;
                outs[i] = all.data + i * width;
            }
            hr_gemm g = {.m = m, .n_taps = 1, .depth = DEPTH, .rows = rows, .weights = weights.data, .outs = outs};
            tables[k]->gemm[strips](&g);
            for (int i = 0; i < m; i++) {
                g.m = 1;
                g.rows = rows + i;
                g.outs = alone;
                tables[k]->gemm[strips](&g);
                assert_memory_equal(one.data, outs[i], (size_t)width * sizeof(float));
            }
            unguard(in);
            unguard(weights);
            unguard(all);
            unguard(one);
        }
    }
}

static void test_sum_row(void **state)
{
    (void)state;
    enum { W = 12, LD = 48 };
    static const int shifts[] = {0, 1, 2};
    guarded a = guard_random(W * LD, 1), b = guard_random(W / 2 * LD, 2), c = guard_random(W / 4 * LD, 3);
    guarded out = guard(W * LD);
    const float *terms[] = {a.data, b.data, c.data};
    for (int k = 0; k < n_tables; k++) {
        for (int n_terms = 1; n_terms <= 3; n_terms++) {
            for (int relu = 0; relu < 2; relu++) {
                tables[k]->sum_row(out.data, terms, shifts, n_terms, W, LD, relu);
                for (int i = 0; i < W * LD; i++) {
                    double y = 0;
                    for (int t = 0; t < n_terms; t++) y += terms[t][(i / LD >> shifts[t]) * LD + i % LD];
                    if (relu && y < 0) y = 0;
                    assert_true(fabs(out.data[i] - y) <= 2 * 3 * 0x1p-24);
                }
            }
        }
    }
    unguard(a);
    unguard(b);
    unguard(c);
    unguard(out);
}

static void test_max_cell(void **state)
{
    (void)state;
    enum { LD = 32, N = 9 };
    guarded in = guard_random(N * LD, 1), out = guard(LD);
    const float *cells[N];
    for (int i = 0; i < N; i++) cells[i] = in.data + i * LD;
    for (int k = 0; k < n_tables; k++) {
        for (int n = 1; n <= N; n++) {
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

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void bench(void)
{
    enum { TAPS = 9, DEPTH = 64, REPEATS = 200, CALLS = 20 };
    for (int k = 0; k < n_tables; k++) {
        for (int strips = 1; strips <= tables[k]->max_strips; strips++) {
            const int m = tables[k]->rows[strips], width = strips * HR_STRIP;
            guarded in = guard_random((size_t)(m * TAPS * DEPTH), 1);
            guarded weights = guard_random((size_t)(TAPS * DEPTH * width), 2), out = guard((size_t)(m * width));
            const float *rows[TAPS * HR_MAX_ROWS];
            float *outs[HR_MAX_ROWS];
            for (int i = 0; i < TAPS * m; i++) rows[i] = in.data + i * DEPTH;
            for (int i = 0; i < m; i++) outs[i] = out.data + i * width;
            const hr_gemm g = {.m = m, .n_taps = TAPS, .depth = DEPTH, .rows = rows, .weights = weights.data, .outs = outs};
            double best = 1e9;
            for (int r = 0; r < REPEATS; r++) {
                const double start = seconds();
                for (int i = 0; i < CALLS; i++) tables[k]->gemm[strips](&g);
                best = fmin(best, (seconds() - start) / CALLS);
            }
            printf("%-8s gemm %2d x %2d: %6.1f GFLOP/s\n", tables[k]->name, m, width,
                   2e-9 * m * TAPS * DEPTH * width / best);
            unguard(in);
            unguard(weights);
            unguard(out);
        }
    }
}

int main(int argc, char **argv)
{
    static const unsigned all[] = {HR_CPU_AVX512, HR_CPU_AVX2, HR_CPU_NEON};
    static const char *const names[] = {"avx512", "avx2", "neon"};
    n_tables = hr_kern_all(hr_cpu_features(), tables);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!(hr_cpu_features() & all[i])) printf("[  SKIPPED ] kernels of %s: not on this processor\n", names[i]);
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) {
        bench();
        return 0;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gemm), cmocka_unit_test(test_gemm_rows_alone),
                                       cmocka_unit_test(test_sum_row), cmocka_unit_test(test_max_cell)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
