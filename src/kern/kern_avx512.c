/* kern_avx512.c - AVX-512: 32 registers of 16 floats; 24 or 28 of them hold the tile. */
#include "kern/elementwise.h"
#include "kern/gemm.h"

static void gemm1(const hr_gemm *g)
{
    switch (g->m) {
        GEMM_CASE(1, 1) GEMM_CASE(2, 1) GEMM_CASE(3, 1) GEMM_CASE(4, 1) GEMM_CASE(5, 1) GEMM_CASE(6, 1) GEMM_CASE(7, 1)
        GEMM_CASE(8, 1) GEMM_CASE(9, 1) GEMM_CASE(10, 1) GEMM_CASE(11, 1) GEMM_CASE(12, 1)
    }
}

static void gemm2(const hr_gemm *g)
{
    switch (g->m) {
        GEMM_CASE(1, 2) GEMM_CASE(2, 2) GEMM_CASE(3, 2) GEMM_CASE(4, 2) GEMM_CASE(5, 2) GEMM_CASE(6, 2) GEMM_CASE(7, 2)
        GEMM_CASE(8, 2) GEMM_CASE(9, 2) GEMM_CASE(10, 2) GEMM_CASE(11, 2) GEMM_CASE(12, 2)
    }
}

static void gemm3(const hr_gemm *g)
{
    switch (g->m) {
        GEMM_CASE(1, 3) GEMM_CASE(2, 3) GEMM_CASE(3, 3) GEMM_CASE(4, 3) GEMM_CASE(5, 3) GEMM_CASE(6, 3) GEMM_CASE(7, 3)
        GEMM_CASE(8, 3)
    }
}

const hr_kern hr_kern_avx512 = {
    .name = "avx512",
    .max_strips = 3,
    .rows = {0, 12, 12, 8},
    .gemm = {NULL, gemm1, gemm2, gemm3},
    .sum_row = sum_row,
    .max_cell = max_cell,
};
