/*
 * gemm.h - the indirect gemm tile of kern.h, for any tile size. Included by the file of each instruction set, which
 * names the tile sizes its registers allow. The tile's M x V sums stay in registers for the whole depth; each step
 * loads V vectors of weights and broadcasts one number a row.
 */
#ifndef HR_CPU_KERN_GEMM_H
#define HR_CPU_KERN_GEMM_H

#include "cpu/kern/activate.h"
#include "cpu/kern/kern.h"
#include "cpu/kern/vec.h"

/* The sums of a tile: M rows by V vectors. M and V are constants where this is inlined, so the loops over them unroll
 * and the tile lives in registers. */
typedef vec tile_sums[HR_MAX_ROWS][HR_MAX_STRIPS * HR_STRIP / HR_VEC];

/* Weights are read once a pass, so they come from memory: ask for them this many floats before they are needed. The
 * hardware's own prefetching left a tile of 12 rows waiting half of its time (measured: 136 us -> 100 us for 128
 * channels on 16 x 12 pixels). Prefetching past the end of the block does no harm. */
enum { AHEAD = 4096, LINE = 16 };

#define GEMM_INLINE static inline __attribute__((always_inline))

/* Element i of weights stored as float, or as IEEE half where HALF. */
#define WEIGHTS_AT(weights, i, HALF)                                                                                   \
    ((HALF) ? (const void *)((const uint16_t *)(weights) + (i)) : (const void *)((const float *)(weights) + (i)))

GEMM_INLINE vec load_weights(const void *weights, const int HALF)
{
    return HALF ? v_load_half(weights) : v_load(weights);
}

/* sums += rows (M pointers to depth numbers) times weights [depth][V vectors]. */
GEMM_INLINE void gemm_core(tile_sums sums, const float *const *rows, const void *weights, int depth, const int M,
                           const int V, const int HALF)
{
    const float *row[HR_MAX_ROWS];
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) row[i] = rows[i];
    for (int k = 0; k < depth; k++, weights = WEIGHTS_AT(weights, V * HR_VEC, HALF)) {
        vec column[HR_MAX_STRIPS * HR_STRIP / HR_VEC];
#pragma GCC unroll 16
        for (int v = 0; v < V; v++) column[v] = load_weights(WEIGHTS_AT(weights, v * HR_VEC, HALF), HALF);
#pragma GCC unroll 16
        for (int v = 0; v < V * HR_VEC; v += HALF ? 2 * LINE : LINE)
            __builtin_prefetch(WEIGHTS_AT(weights, AHEAD + v, HALF));
#pragma GCC unroll 16
        for (int i = 0; i < M; i++) {
            const vec a = v_set(row[i][k]);
#pragma GCC unroll 16
            for (int v = 0; v < V; v++) sums[i][v] = v_fma(a, column[v], sums[i][v]);
        }
    }
}

GEMM_INLINE void gemm_tile(const hr_gemm *g, const int M, const int V, const int HALF)
{
    tile_sums sums;
    const int relu = g->epilogue.activation == HR_ACTIVATION_RELU;
    const int plain = g->adds != NULL && g->epilogue.add_last ? 0 : g->epilogue.activation <= HR_ACTIVATION_RELU;
#pragma GCC unroll 16
    for (int i = 0; i < M; i++)
#pragma GCC unroll 16
        for (int v = 0; v < V; v++) sums[i][v] = v_set(0);
#pragma GCC unroll 16
    for (int i = 0; i < M; i++)
#pragma GCC unroll 16
        for (int v = 0; v < V * HR_VEC; v += LINE) __builtin_prefetch(g->outs[i] + g->column + v, 1);
    if (g->adds != NULL) {
#pragma GCC unroll 16
        for (int i = 0; i < M; i++)
#pragma GCC unroll 16
            for (int v = 0; v < V * HR_VEC; v += LINE) __builtin_prefetch(g->adds[i] + g->column + v);
    }
    for (int t = 0; t < g->n_taps; t++) {
        const void *weights = WEIGHTS_AT(g->weights, (size_t)t * (size_t)(g->depth * V * HR_VEC), HALF);
        gemm_core(sums, g->rows + t * M, weights, g->depth, M, V, HALF);
    }
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) {
#pragma GCC unroll 16
        for (int v = 0; v < V; v++) {
            vec y = sums[i][v]; /* the bias comes last: a large one would round every term */
            if (g->bias != NULL) y = v_add(y, v_load(g->bias + v * HR_VEC));
            if (g->adds != NULL && !g->epilogue.add_last) y = v_add(y, v_load(g->adds[i] + g->column + v * HR_VEC));
            if (plain && relu) y = v_max(v_set(0), y);
            v_store(g->outs[i] + g->column + v * HR_VEC, y);
        }
    }
    for (int i = 0; i < M && !plain; i++)
        finish_pixel(g->outs[i] + g->column, g->adds != NULL ? g->adds[i] + g->column : NULL, V * HR_VEC, &g->epilogue);
}

GEMM_INLINE void gemm_batch_tile(const hr_gemm_batch *g, int product, int first, const int M, const int V,
                                 const int HALF)
{
    tile_sums sums;
    const float *rows[HR_MAX_ROWS];
    const float *a = g->a + (size_t)product * g->a_step + (size_t)first * g->a_ld;
    float *out = g->out + (size_t)product * g->out_step + (size_t)first * g->out_ld;
    const void *weights = WEIGHTS_AT(g->weights, (size_t)product * g->weights_step, HALF);
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) {
        rows[i] = a + (size_t)i * g->a_ld;
#pragma GCC unroll 16
        for (int v = 0; v < V; v++) sums[i][v] = v_set(0);
    }
    gemm_core(sums, rows, weights, g->depth, M, V, HALF);
#pragma GCC unroll 16
    for (int i = 0; i < M; i++)
#pragma GCC unroll 16
        for (int v = 0; v < V; v++) v_store(out + (size_t)i * g->out_ld + v * HR_VEC, sums[i][v]);
}

/* ALL rows in the fewest passes of up to ROWS, of even heights: CASES, of a switch over m, do rows first .. first + m.
 */
#define IN_PASSES(ALL, ROWS, CASES)                                                                                    \
    {                                                                                                                  \
        const int n_passes = ((ALL) + (ROWS)-1) / (ROWS);                                                              \
        for (int pass = 0, first = 0, m; pass < n_passes; pass++, first += m) {                                        \
            m = ((ALL)-first + n_passes - pass - 1) / (n_passes - pass);                                               \
            switch (m) {                                                                                               \
                CASES                                                                                                  \
            }                                                                                                          \
        }                                                                                                              \
    }

/* Define a gemm and a gemm_batch for column blocks of V vectors: tiles of up to ROWS rows, weights stored as half or
 * not. CASES lists CASE(1) .. CASE(ROWS). */
#define GEMM_FUNCTIONS(NAME, BATCH_NAME, V, ROWS, CASES, HALF)                                                         \
    static void NAME(const hr_gemm *g)                                                                                 \
    {                                                                                                                  \
        enum { WIDTH = V, IS_HALF = HALF };                                                                            \
        switch (g->m) {                                                                                                \
            CASES(GEMM_CASE)                                                                                           \
        }                                                                                                              \
    }                                                                                                                  \
    static void BATCH_NAME(const hr_gemm_batch *g)                                                                     \
    {                                                                                                                  \
        enum { WIDTH = V, IS_HALF = HALF };                                                                            \
        for (int p = 0; p < g->n_products; p++) IN_PASSES(g->m, ROWS, CASES(GEMM_BATCH_CASE))                          \
    }
/* gemmS, gemm_batchS, gemm_halfS, gemm_batch_halfS for blocks of S strips: slots of the two formats of weights. */
#define GEMM_WIDTH(S, V, ROWS, CASES)                                                                                  \
    GEMM_FUNCTIONS(gemm##S, gemm_batch##S, V, ROWS, CASES, 0)                                                          \
    GEMM_FUNCTIONS(gemm_half##S, gemm_batch_half##S, V, ROWS, CASES, 1)
#define GEMM_CASE(M)                                                                                                   \
    case M:                                                                                                            \
        gemm_tile(g, M, WIDTH, IS_HALF);                                                                               \
        break;
#define GEMM_BATCH_CASE(M)                                                                                             \
    case M:                                                                                                            \
        gemm_batch_tile(g, p, first, M, WIDTH, IS_HALF);                                                               \
        break;
#define ROWS_6(CASE)  CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#define ROWS_8(CASE)  ROWS_6(CASE) CASE(7) CASE(8)
#define ROWS_12(CASE) ROWS_8(CASE) CASE(9) CASE(10) CASE(11) CASE(12)

#endif
