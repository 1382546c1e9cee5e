/*
 * winograd_fused_weights.h - Winograd products whose weights are stored half transformed.
 *
 * Fully transformed weights of F(6,3) take 64/9 of the memory of the plain ones and come from memory, not from a cache;
 * storing them transformed along one axis only (24/9) and finishing the other axis in registers trades additions for
 * bandwidth.
 *
 * A line of three half-transformed weights g becomes the numbers of a row of the tile:
 *
 *   u(+p) = (g_0 + p^2 g_2) + p g_1        u(-p) = (g_0 + p^2 g_2) - p g_1        u(0) = g_0        u(infinity) = g_2
 *
 * times a factor for each number, which the input transform applies instead (cpu/kern/winograd.h). The products of +p
 * and -p are made side by side, so that the sum in brackets is made once; those of 0 and infinity are a pair too. Where
 * p is 1, 2 or 1/2 (whose values are taken four times) u takes additions only, which a core does beside its
 * multiply-adds: with multiplications for 2 and 1/2, F(6) was 7 % slower on Zen 4. Included by the file of each
 * instruction set.
 */
#ifndef HR_CPU_KERN_WINOGRAD_FUSED_WEIGHTS_H
#define HR_CPU_KERN_WINOGRAD_FUSED_WEIGHTS_H

#include "cpu/kern/gemm.h"
#include "cpu/kern/vec.h"
#include "cpu/kern/winograd_points.h"

#define FUSED_INLINE static inline __attribute__((always_inline))

enum { FUSED_MOST = 12 };

/* The pairs of weights: at 0 and infinity, at +-1, +-2, +-1/2, at other +-p. */
typedef enum fused_kind { FUSED_ENDS, FUSED_ONE, FUSED_TWO, FUSED_HALF, FUSED_POINT } fused_kind;

FUSED_INLINE fused_kind fused_kind_of(float point)
{
    return point == 1 ? FUSED_ONE : point == 2 ? FUSED_TWO : point == 0.5f ? FUSED_HALF : FUSED_POINT;
}

/* Rows first .. first + M of the products `plus` and `minus`. N_AHEAD strips a step are prefetched, from element
 * `ahead` of the lines on. */
FUSED_INLINE void fused_pair(const hr_wino_fused *g, int plus, int minus, float point, int first, size_t column,
                             size_t ahead, const int N_AHEAD, const int M, const fused_kind KIND, const int HALF)
{
    const size_t ld = g->a_ld;
    const float *a[(FUSED_MOST + 3) / 4], *b[(FUSED_MOST + 3) / 4]; /* of every fourth row: registers are few */
    vec p[FUSED_MOST], m[FUSED_MOST];
#pragma GCC unroll 4
    for (int i = 0; i < (M + 3) / 4; i++) {
        a[i] = g->a + (size_t)plus * g->a_step + (size_t)(first + 4 * i) * ld;
        b[i] = g->a + (size_t)minus * g->a_step + (size_t)(first + 4 * i) * ld;
    }
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) p[i] = m[i] = v_set(0);
    const void *line = WEIGHTS_AT(g->lines, column, HALF), *later = WEIGHTS_AT(g->lines, ahead, HALF);
    for (int k = 0; k < g->depth; k++) {
        const vec g0 = load_weights(line, HALF), g2 = load_weights(WEIGHTS_AT(line, 2 * HR_STRIP, HALF), HALF);
        vec u, v;
#pragma GCC unroll 2
        for (int i = 0; i < N_AHEAD; i++) __builtin_prefetch(WEIGHTS_AT(later, i * HR_STRIP, HALF), 0, 2);
        if (KIND == FUSED_ENDS) {
            u = g0;
            v = g2;
        } else {
            const vec g1 = load_weights(WEIGHTS_AT(line, HR_STRIP, HALF), HALF);
            vec even, odd;
            if (KIND == FUSED_ONE) {
                even = v_add(g0, g2);
                odd = g1;
            } else if (KIND == FUSED_POINT) {
                even = v_fma(v_set(point * point), g2, g0);
                odd = v_mul(v_set(point), g1);
            } else {
                const vec larger = KIND == FUSED_TWO ? g2 : g0, twice = v_add(larger, larger);
                even = v_add(v_add(twice, twice), KIND == FUSED_TWO ? g0 : g2);
                odd = v_add(g1, g1);
            }
            u = v_add(even, odd);
            v = v_sub(even, odd);
        }
#pragma GCC unroll 16
        for (int i = 0; i < M; i++) {
            p[i] = v_fma(v_set(a[i / 4][(size_t)(i % 4) * ld]), u, p[i]);
            m[i] = v_fma(v_set(b[i / 4][(size_t)(i % 4) * ld]), v, m[i]);
        }
#pragma GCC unroll 4
        for (int i = 0; i < (M + 3) / 4; i++) {
            a[i]++;
            b[i]++;
        }
        line = WEIGHTS_AT(line, 3 * HR_STRIP, HALF);
        later = WEIGHTS_AT(later, N_AHEAD * HR_STRIP, HALF);
    }
    float *out = g->out + (size_t)first * g->out_ld + column;
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) {
        v_store(out + (size_t)plus * g->out_step + (size_t)i * g->out_ld, p[i]);
        v_store(out + (size_t)minus * g->out_step + (size_t)i * g->out_ld, m[i]);
    }
}

/* All products of M rows. P pairs of points. The lines that follow these, 3 strips a channel, come from memory: each of
 * the P + 1 pairs asks for its share of them. */
FUSED_INLINE void fused_rows(const hr_wino_fused *g, const int P, int first, const int M, const int HALF)
{
    const float *const points = hr_wino_table[P - 1].point;
    const size_t share = (size_t)g->depth * HR_STRIP;
    for (size_t column = 0; column < HR_STRIP; column += HR_VEC) {
        size_t ahead = 3 * share;
        fused_pair(g, 0, 2 * P + 1, 0, first, column, ahead, P == 1 ? 2 : 1, M, FUSED_ENDS, HALF);
#pragma GCC unroll 3
        for (int i = 0; i < P; i++) {
            ahead += i == 0 && P == 1 ? 2 * share : share;
            fused_pair(g, 1 + 2 * i, 2 + 2 * i, points[i], first, column, ahead, 1, M, fused_kind_of(points[i]), HALF);
        }
    }
}

/* wino_fused2, wino_fused4, wino_fused6 in passes of up to ROWS rows, and the same of weights in half precision; CASES
 * lists CASE(1) .. CASE(ROWS). */
#define FUSED_FUNCTIONS(ROWS, CASES)                                                                                   \
    FUSED_FUNCTION(wino_fused2, 1, ROWS, CASES, 0)                                                                     \
    FUSED_FUNCTION(wino_fused4, 2, ROWS, CASES, 0)                                                                     \
    FUSED_FUNCTION(wino_fused6, 3, ROWS, CASES, 0)                                                                     \
    FUSED_FUNCTION(wino_fused_half2, 1, ROWS, CASES, 1)                                                                \
    FUSED_FUNCTION(wino_fused_half4, 2, ROWS, CASES, 1) FUSED_FUNCTION(wino_fused_half6, 3, ROWS, CASES, 1)
#define FUSED_FUNCTION(NAME, P, ROWS, CASES, HALF)                                                                     \
    static void NAME(const hr_wino_fused *g)                                                                           \
    {                                                                                                                  \
        enum { PAIRS = P, IS_HALF = HALF };                                                                            \
        IN_PASSES(g->m, ROWS, CASES(FUSED_CASE))                                                                       \
    }
#define FUSED_CASE(M)                                                                                                  \
    case M:                                                                                                            \
        fused_rows(g, PAIRS, first, M, IS_HALF);                                                                       \
        break;
#define FUSED_SLOTS(ROWS, COST)                                                                                        \
    .fused_rows = (ROWS), .fused_cost = (COST),                                                                        \
    .wino_fused = {{wino_fused2, wino_fused4, wino_fused6}, {wino_fused_half2, wino_fused_half4, wino_fused_half6}}

#endif
