/* kern_avx512.c - AVX-512: 32 registers of 16 floats; 24 of them hold the tile. */
#include "cpu/kern/depthwise.h"
#include "cpu/kern/elementwise.h"
#include "cpu/kern/gemm.h"
#include "cpu/kern/winograd_fused_weights.h"
#include "cpu/kern/gemm_transposed.h"
#include "cpu/kern/norm_add_relu.h"
#include "cpu/kern/winograd.h"
#include "cpu/kern/winograd_gradient.h"

GEMM_WIDTH(1, 1, 12, ROWS_12)
GEMM_WIDTH(2, 2, 12, ROWS_12)
GEMM_WIDTH(3, 3, 8, ROWS_8)
GEMM_TRANSPOSED_WIDTH(1, 1, ROWS_12)
GEMM_TRANSPOSED_WIDTH(2, 2, ROWS_12)
GEMM_TRANSPOSED_WIDTH(3, 3, ROWS_8)
FUSED_FUNCTIONS(12, ROWS_12)

const hr_kern hr_kern_avx512 = {
    .name = "avx512",
    .macs_per_ns = 60,
    .memory_price = 6,
    .max_strips = 3,
    .rows = {0, 12, 12, 8},
    .gemm = {{NULL, gemm1, gemm2, gemm3}, {NULL, gemm_half1, gemm_half2, gemm_half3}},
    .gemm_batch = {{NULL, gemm_batch1, gemm_batch2, gemm_batch3},
                   {NULL, gemm_batch_half1, gemm_batch_half2, gemm_batch_half3}},
    .gemm_transposed = {NULL, gemm_transposed1, gemm_transposed2, gemm_transposed3},
    WINO_SLOTS,
    FUSED_SLOTS(12, 0.6),
    .wino_output_gradient = wino_output_gradient4,
    .wino_weights_gradient = wino_weights_gradient4,
    ELEMENTWISE_SLOTS,
    ACTIVATION_SLOTS,
    DEPTHWISE_SLOTS,
    NORM_SLOTS,
};
