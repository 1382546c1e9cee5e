/*
 * gemm_transposed.h - the sum of outer products of kern.h, for any tile size: the gemm tile (gemm.h) with pixels as the
 * length of the sum. Included by the file of each instruction set behind gemm.h.
 */
#ifndef HR_CPU_KERN_GEMM_TRANSPOSED_H
#define HR_CPU_KERN_GEMM_TRANSPOSED_H

#include "cpu/kern/gemm.h"

GEMM_INLINE void gemm_transposed_tile(const hr_gemm_transposed *o, const int M, const int V)
{
    tile_sums sums;
    const float *row[HR_MAX_ROWS];
    const size_t a_step = o->a_step, b_step = o->b_step;
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) {
        row[i] = o->rows[i];
#pragma GCC unroll 16
        for (int v = 0; v < V; v++) sums[i][v] = v_set(0);
    }
    for (int l = 0; l < o->n_lines; l++) {
        const float *b = o->b + o->b_at[l];
        size_t at = o->a_at[l];
        for (int p = 0; p < o->n_pixels; p++, at += a_step, b += b_step) {
            vec column[HR_MAX_STRIPS * HR_STRIP / HR_VEC];
#pragma GCC unroll 16
            for (int v = 0; v < V; v++) column[v] = v_load(b + v * HR_VEC);
#pragma GCC unroll 16
            for (int i = 0; i < M; i++) {
                const vec a = v_set(row[i][at]);
#pragma GCC unroll 16
                for (int v = 0; v < V; v++) sums[i][v] = v_fma(a, column[v], sums[i][v]);
            }
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) {
#pragma GCC unroll 16
        for (int v = 0; v < V; v++) {
            float *out = o->outs[i] + v * HR_VEC;
            v_store(out, o->add ? v_add(v_load(out), sums[i][v]) : sums[i][v]);
        }
    }
}

#define GEMM_TRANSPOSED_CASE(M)                                                                                        \
    case M: gemm_transposed_tile(o, M, WIDTH); break;
/* gemm_transposedS for blocks of S strips, V vectors: tiles of the rows that CASES lists. */
#define GEMM_TRANSPOSED_WIDTH(S, V, CASES)                                                                             \
    static void gemm_transposed##S(const hr_gemm_transposed *o)                                                        \
    {                                                                                                                  \
        enum { WIDTH = V };                                                                                            \
        switch (o->m) {                                                                                                \
            CASES(GEMM_TRANSPOSED_CASE)                                                                                \
        }                                                                                                              \
    }

#endif
