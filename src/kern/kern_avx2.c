/* kern_avx2.c - AVX2 and FMA: 16 registers of 8 floats; 12 hold the 6 x 16 tile. */
#include "kern/elementwise.h"
#include "kern/gemm.h"

static void gemm1(const hr_gemm *g)
{
    switch (g->m) {
        GEMM_CASE(1, 2) GEMM_CASE(2, 2) GEMM_CASE(3, 2) GEMM_CASE(4, 2) GEMM_CASE(5, 2) GEMM_CASE(6, 2)
    }
}

const hr_kern hr_kern_avx2 = {
    .name = "avx2",
    .max_strips = 1,
    .rows = {0, 6},
    .gemm = {NULL, gemm1},
    .sum_row = sum_row,
    .max_cell = max_cell,
};
