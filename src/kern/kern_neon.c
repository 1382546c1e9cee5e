/* kern_neon.c - AArch64: 32 registers of 4 floats; 24 hold the 6 x 16 tile. */
#include "kern/elementwise.h"
#include "kern/gemm.h"

static void gemm1(const hr_gemm *g)
{
    switch (g->m) {
        GEMM_CASE(1, 4) GEMM_CASE(2, 4) GEMM_CASE(3, 4) GEMM_CASE(4, 4) GEMM_CASE(5, 4) GEMM_CASE(6, 4)
    }
}

const hr_kern hr_kern_neon = {
    .name = "neon",
    .max_strips = 1,
    .rows = {0, 6},
    .gemm = {NULL, gemm1},
    .sum_row = sum_row,
    .max_cell = max_cell,
};
