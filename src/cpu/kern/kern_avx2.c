/* kern_avx2.c - AVX2 and FMA: 16 registers of 8 floats; 12 hold the 6 x 16 tile. */
#include "cpu/kern/depthwise.h"
#include "cpu/kern/elementwise.h"
#include "cpu/kern/gemm.h"
#include "cpu/kern/winograd_fused_weights.h"
#include "cpu/kern/gemm_transposed.h"
#include "cpu/kern/norm_add_relu.h"
#include "cpu/kern/winograd.h"
#include "cpu/kern/winograd_gradient.h"

GEMM_WIDTH(1, 2, 6, ROWS_6)
GEMM_TRANSPOSED_WIDTH(1, 2, ROWS_6)
FUSED_FUNCTIONS(6, ROWS_6)

const hr_kern hr_kern_avx2 = {
    .name = "avx2",
    .macs_per_ns = 60,
    .memory_price = 9,
    .max_strips = 1,
    .rows = {0, 6},
    .gemm = {{NULL, gemm1}, {NULL, gemm_half1}},
    .gemm_batch = {{NULL, gemm_batch1}, {NULL, gemm_batch_half1}},
    .gemm_transposed = {NULL, gemm_transposed1},
    WINO_SLOTS,
    FUSED_SLOTS(6, 2),
    .wino_output_gradient = wino_output_gradient4,
    .wino_weights_gradient = wino_weights_gradient4,
    ELEMENTWISE_SLOTS,
    ACTIVATION_SLOTS,
    DEPTHWISE_SLOTS,
    NORM_SLOTS,
};
