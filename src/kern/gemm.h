/*
 * gemm.h - the indirect gemm tile of kern.h, for any tile size. Included by the file of each instruction set, which
 * names the tile sizes its registers allow. The tile's M x V sums stay in registers for the whole depth; each step
 * loads V vectors of weights and broadcasts one number a row.
 */
#ifndef HR_KERN_GEMM_H
#define HR_KERN_GEMM_H

#include "kern/kern.h"
#include "kern/vec.h"

/* M rows by V vectors; both are constants where this is inlined, so the loops over them unroll into registers. */
static inline __attribute__((always_inline)) void gemm_tile(const hr_gemm *g, const int M, const int V)
{
    vec sum[HR_MAX_ROWS][HR_MAX_STRIPS * HR_STRIP / HR_VEC];
    for (int v = 0; v < V; v++) {
        const vec start = g->bias != NULL ? v_load(g->bias + v * HR_VEC) : v_set(0);
#pragma GCC unroll 16
        for (int i = 0; i < M; i++) sum[i][v] = start;
    }
    const float *w = g->weights;
    const int depth = g->depth;
    for (int t = 0; t < g->n_taps; t++) {
        const float *row[HR_MAX_ROWS];
#pragma GCC unroll 16
        for (int i = 0; i < M; i++) row[i] = g->rows[t * M + i];
        for (int k = 0; k < depth; k++, w += V * HR_VEC) {
            vec column[HR_MAX_STRIPS * HR_STRIP / HR_VEC];
#pragma GCC unroll 16
            for (int v = 0; v < V; v++) column[v] = v_load(w + v * HR_VEC);
#pragma GCC unroll 16
            for (int i = 0; i < M; i++) {
                const vec a = v_set(row[i][k]);
#pragma GCC unroll 16
                for (int v = 0; v < V; v++) sum[i][v] = v_fma(a, column[v], sum[i][v]);
            }
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) {
#pragma GCC unroll 16
        for (int v = 0; v < V; v++) {
            vec y = sum[i][v];
            if (g->adds != NULL) y = v_add(y, v_load(g->adds[i] + g->column + v * HR_VEC));
            if (g->relu) y = v_max(y, v_set(0));
            v_store(g->outs[i] + g->column + v * HR_VEC, y);
        }
    }
}

/* Cases of a switch over m, for the tile heights of one width. */
#define GEMM_CASE(M, V) \
    case M: gemm_tile(g, M, V); break;

#endif
