/* kern_ref.c - the contracts of kern.h in plain C: the fallback that ships, and what the other tables are tested by. */
#include "kern/kern.h"

static void gemm(const hr_gemm *g, int n_columns)
{
    for (int i = 0; i < g->m; i++) {
        for (int n = 0; n < n_columns; n++) {
            float y = g->bias != NULL ? g->bias[n] : 0;
            for (int t = 0; t < g->n_taps; t++)
                for (int k = 0; k < g->depth; k++)
                    y += g->rows[t * g->m + i][k] * g->weights[(t * g->depth + k) * n_columns + n];
            if (g->adds != NULL) y += g->adds[i][g->column + (size_t)n];
            g->outs[i][g->column + (size_t)n] = g->relu && y < 0 ? 0 : y;
        }
    }
}

static void gemm1(const hr_gemm *g)
{
    gemm(g, HR_STRIP);
}

static void sum_row(float *out, const float *const *terms, const int *shifts, int n_terms, int w, int ld, int relu)
{
    for (int x = 0; x < w; x++) {
        for (int c = 0; c < ld; c++) {
            float y = 0;
            for (int t = 0; t < n_terms; t++) y += terms[t][(x >> shifts[t]) * ld + c];
            out[x * ld + c] = relu && y < 0 ? 0 : y;
        }
    }
}

static void max_cell(float *out, const float *const *cells, int n, int ld)
{
    for (int c = 0; c < ld; c++) {
        out[c] = cells[0][c];
        for (int i = 1; i < n; i++)
            if (cells[i][c] > out[c]) out[c] = cells[i][c];
    }
}

const hr_kern hr_kern_ref = {
    .name = "scalar",
    .max_strips = 1,
    .rows = {0, 4},
    .gemm = {NULL, gemm1},
    .sum_row = sum_row,
    .max_cell = max_cell,
};
