/* bench_kern.c - how fast every slot of every table is, in memory that stays in the second-level cache. */
#include "kern_tests.h"

#include <stdio.h>
#include <time.h>

enum { TAPS = 9, DEPTH = 64, ROWS = 48, PRODUCTS = 4, CHANNELS = 64, WIDTH = 48, TERMS = 3, ARENA = 1 << 15 };

/* Where kernels read, their weights, and where they write. */
static guarded in, weights, out;

static double time_gemm(const hr_kern *kern, hr_format format, int strips, hr_activation activation)
{
    const int m = kern->rows[strips], width = strips * HR_STRIP;
    const float *rows[TAPS * HR_MAX_ROWS];
    float *outs[HR_MAX_ROWS];
    for (int i = 0; i < TAPS * m; i++) rows[i] = in.data + i * DEPTH;
    for (int i = 0; i < m; i++) outs[i] = out.data + i * width;
    kern->gemm[format][strips](&(hr_gemm){.m = m,
                                          .n_taps = TAPS,
                                          .depth = DEPTH,
                                          .rows = rows,
                                          .weights = weights.data,
                                          .outs = outs,
                                          .epilogue = {activation, 0}});
    return 2. * m * TAPS * DEPTH * width;
}

static double bench_gemm(const hr_kern *kern, int strips)
{
    return time_gemm(kern, HR_FORMAT_FLOAT32, strips, HR_ACTIVATION_NONE);
}

static double bench_gemm_silu(const hr_kern *kern, int strips)
{
    return time_gemm(kern, HR_FORMAT_FLOAT32, strips, HR_ACTIVATION_SILU);
}

static double bench_gemm_half(const hr_kern *kern, int strips)
{
    return time_gemm(kern, HR_FORMAT_FLOAT16, strips, HR_ACTIVATION_NONE);
}

static double time_gemm_batch(void (*gemm_batch)(const hr_gemm_batch *), int strips)
{
    const size_t width = (size_t)(strips * HR_STRIP);
    gemm_batch(&(hr_gemm_batch){.n_products = PRODUCTS,
                                .m = ROWS,
                                .depth = DEPTH,
                                .a = in.data,
                                .a_step = ROWS * DEPTH,
                                .a_ld = DEPTH,
                                .weights = weights.data,
                                .weights_step = DEPTH * width,
                                .out = out.data,
                                .out_step = ROWS * width,
                                .out_ld = width});
    return 2. * PRODUCTS * ROWS * DEPTH * (double)width;
}

static double bench_gemm_batch(const hr_kern *kern, int strips)
{
    return time_gemm_batch(kern->gemm_batch[HR_FORMAT_FLOAT32][strips], strips);
}

static double bench_gemm_batch_half(const hr_kern *kern, int strips)
{
    return time_gemm_batch(kern->gemm_batch[HR_FORMAT_FLOAT16][strips], strips);
}

static double bench_gemm_transposed(const hr_kern *kern, int strips)
{
    enum { LINES = 4, PIXELS = 48 };
    static const size_t a_at[LINES] = {0, 1, 2, 3}, b_at[LINES];
    const int m = kern->rows[strips], width = strips * HR_STRIP;
    const float *rows[HR_MAX_ROWS];
    float *outs[HR_MAX_ROWS];
    for (int i = 0; i < m; i++) {
        rows[i] = in.data + i;
        outs[i] = out.data + i * width;
    }
    kern->gemm_transposed[strips](&(hr_gemm_transposed){.m = m,
                                                        .n_lines = LINES,
                                                        .n_pixels = PIXELS,
                                                        .rows = rows,
                                                        .b = weights.data,
                                                        .a_at = a_at,
                                                        .b_at = b_at,
                                                        .a_step = CHANNELS,
                                                        .b_step = (size_t)width,
                                                        .outs = outs});
    return 2. * m * LINES * PIXELS * width;
}

/* The lines down and across a tile; its numbers, and its pixels at the input and the output, in floats. */
static const hr_wino_line *down(int slot)
{
    return &hr_wino_lines[hr_wino_tiles[slot].down];
}
static const hr_wino_line *across(int slot)
{
    return &hr_wino_lines[hr_wino_tiles[slot].across];
}
static size_t numbers(int slot)
{
    return (size_t)(down(slot)->numbers * across(slot)->numbers) * CHANNELS;
}
static size_t pixels(int slot)
{
    return (size_t)(down(slot)->pixels * across(slot)->pixels) * CHANNELS;
}
static size_t outputs(int slot)
{
    return (size_t)(down(slot)->outputs * across(slot)->outputs) * CHANNELS;
}

static hr_wino_inside whole(int h, int w)
{
    return (hr_wino_inside){0, h, 0, w};
}

static double bench_wino_input(const hr_kern *kern, int slot)
{
    const int h = down(slot)->pixels, w = across(slot)->pixels;
    kern->wino_input[slot](&(hr_wino_input){.in = in.data,
                                            .row_step = w * CHANNELS,
                                            .pixel_step = CHANNELS,
                                            .inside = whole(h, w),
                                            .n_channels = CHANNELS,
                                            .out = out.data,
                                            .step = CHANNELS});
    return (double)((pixels(slot) + numbers(slot)) * sizeof(float));
}

static double bench_wino_weights(const hr_kern *kern, int slot)
{
    kern->wino_weights[slot](&(hr_wino_weights){
        .g = in.data, .g_step = CHANNELS, .depth = 1, .n_columns = CHANNELS, .out = out.data, .step = CHANNELS});
    return (double)((size_t)(across(slot)->taps + across(slot)->numbers) * CHANNELS * sizeof(float));
}

static double time_wino_fused(const hr_kern *kern, void (*fused)(const hr_wino_fused *), int slot)
{
    const int m = kern->fused_rows;
    fused(&(hr_wino_fused){.m = m,
                           .depth = DEPTH,
                           .a = in.data,
                           .a_step = (size_t)m * DEPTH,
                           .a_ld = DEPTH,
                           .lines = weights.data,
                           .out = out.data,
                           .out_step = (size_t)m * HR_STRIP,
                           .out_ld = HR_STRIP});
    return 2. * (double)across(slot)->numbers * m * DEPTH * HR_STRIP;
}

static double bench_wino_fused(const hr_kern *kern, int slot)
{
    return time_wino_fused(kern, kern->wino_fused[HR_FORMAT_FLOAT32][slot], slot);
}

static double bench_wino_fused_half(const hr_kern *kern, int slot)
{
    return time_wino_fused(kern, kern->wino_fused[HR_FORMAT_FLOAT16][slot], slot);
}

static double bench_wino_output(const hr_kern *kern, int slot)
{
    kern->wino_output[slot](&(hr_wino_output){.products = in.data,
                                              .step = CHANNELS,
                                              .n_channels = CHANNELS,
                                              .bias = weights.data,
                                              .out = out.data,
                                              .row_step = (size_t)across(slot)->outputs * CHANNELS,
                                              .pixel_step = CHANNELS,
                                              .h = down(slot)->outputs,
                                              .w = across(slot)->outputs,
                                              .epilogue = {HR_ACTIVATION_RELU, 0}});
    return (double)((numbers(slot) + outputs(slot)) * sizeof(float));
}

static double bench_wino_output_gradient(const hr_kern *kern, int slot)
{
    const int m = across(slot)->outputs;
    kern->wino_output_gradient(&(hr_wino_input){.in = in.data,
                                                .row_step = m * CHANNELS,
                                                .pixel_step = CHANNELS,
                                                .inside = whole(m, m),
                                                .n_channels = CHANNELS,
                                                .out = out.data,
                                                .step = CHANNELS});
    return (double)((numbers(slot) + outputs(slot)) * sizeof(float));
}

static double bench_wino_weights_gradient(const hr_kern *kern, int slot)
{
    kern->wino_weights_gradient(&(hr_wino_weights_gradient){
        .in = in.data, .step = CHANNELS, .n_columns = CHANNELS, .g = out.data, .g_step = CHANNELS});
    return (double)((9 * CHANNELS + numbers(slot)) * sizeof(float));
}

static double bench_sum_row(const hr_kern *kern, int variant)
{
    (void)variant;
    static const int shifts[TERMS] = {0, 1, 2};
    static const size_t lds[TERMS] = {CHANNELS, CHANNELS, CHANNELS};
    const float *terms[TERMS] = {in.data, weights.data, weights.data};
    kern->sum_row(out.data, CHANNELS, terms, lds, shifts, TERMS, WIDTH, CHANNELS, HR_ACTIVATION_RELU);
    return (double)((TERMS + 1) * WIDTH * CHANNELS * sizeof(float));
}

/* A row of a 3x3 or 5x5 window's taps, all of them on one row of the input. */
static double bench_depthwise(const hr_kern *kern, int n_taps)
{
    enum { MAX_TAPS = 25 };
    const float *rows[MAX_TAPS];
    for (int t = 0; t < n_taps; t++) rows[t] = in.data + t * CHANNELS;
    kern->depthwise(&(hr_depthwise){.w = WIDTH,
                                    .n_taps = n_taps,
                                    .n_channels = CHANNELS,
                                    .rows = rows,
                                    .step = CHANNELS,
                                    .weights = weights.data,
                                    .out = out.data,
                                    .out_ld = CHANNELS});
    return 2. * WIDTH * n_taps * CHANNELS;
}

static double bench_depthwise_gradient(const hr_kern *kern, int variant)
{
    (void)variant;
    kern->depthwise_gradient(&(hr_depthwise_gradient){.w = WIDTH,
                                                      .n_channels = CHANNELS,
                                                      .x_row = in.data,
                                                      .dout = weights.data,
                                                      .step = CHANNELS,
                                                      .out_ld = CHANNELS,
                                                      .sums = out.data});
    return 2. * WIDTH * CHANNELS;
}

/* Bilinear upsampling mixes four cells. */
static double bench_mix_cells(const hr_kern *kern, int variant)
{
    enum { CELLS = 4 };
    static const float shares[CELLS] = {0.5625F, 0.1875F, 0.1875F, 0.0625F};
    (void)variant;
    const float *cells[CELLS];
    for (int i = 0; i < CELLS; i++) cells[i] = in.data + i * CHANNELS;
    kern->mix_cells(out.data, cells, shares, CELLS, CHANNELS);
    return (double)((CELLS + 1) * CHANNELS * sizeof(float));
}

static double bench_multiply(const hr_kern *kern, int variant)
{
    (void)variant;
    kern->multiply(out.data, in.data, weights.data, WIDTH * CHANNELS, 0);
    return (double)(3 * WIDTH * CHANNELS * sizeof(float));
}

static double bench_activate(const hr_kern *kern, int activation)
{
    kern->activate(out.data, in.data, WIDTH * CHANNELS, (hr_activation)activation);
    return (double)(2 * WIDTH * CHANNELS * sizeof(float));
}

static double bench_activation_gradient(const hr_kern *kern, int activation)
{
    kern->activation_gradient(out.data, weights.data, in.data, WIDTH * CHANNELS, (hr_activation)activation, 0);
    return (double)(3 * WIDTH * CHANNELS * sizeof(float));
}

/* Coefficients of a norm. */
static hr_norm norm_of_bench(void)
{
    return (hr_norm){weights.data, weights.data + CHANNELS, weights.data + 2 * CHANNELS};
}

static double bench_norm_sums(const hr_kern *kern, int variant)
{
    double sums[2 * CHANNELS] = {0};
    (void)variant;
    kern->norm_sums(in.data, weights.data, WIDTH, CHANNELS, sums);
    return (double)(WIDTH * CHANNELS * sizeof(float));
}

static double bench_norm_row(const hr_kern *kern, int with_add)
{
    const hr_norm norm = norm_of_bench();
    kern->norm_row(out.data, in.data, 0, &norm, with_add ? weights.data : NULL, WIDTH, CHANNELS, HR_ACTIVATION_RELU);
    return (double)((2 + with_add) * WIDTH * CHANNELS * (int)sizeof(float));
}

static double bench_gate(const hr_kern *kern, int variant)
{
    (void)variant;
    kern->gate(out.data, in.data, WIDTH * CHANNELS);
    return (double)(3 * WIDTH * CHANNELS * sizeof(float));
}

static double bench_fold_row(const hr_kern *kern, int variant)
{
    (void)variant;
    kern->fold_row(out.data, in.data, WIDTH * CHANNELS, 1, WIDTH / 2, CHANNELS, 0);
    return (double)((2 * WIDTH + WIDTH / 2) * CHANNELS * sizeof(float));
}

static double bench_norm_gradient_sums(const hr_kern *kern, int relu)
{
    const hr_norm norm = norm_of_bench();
    double sums[2 * CHANNELS] = {0};
    kern->norm_gradient_sums(in.data, weights.data, &norm, relu, WIDTH, CHANNELS, sums);
    return (double)(2 * WIDTH * CHANNELS * sizeof(float));
}

static double bench_norm_gradient(const hr_kern *kern, int relu)
{
    const hr_norm norm = norm_of_bench();
    kern->norm_gradient(out.data, in.data, weights.data, &norm, weights.data, weights.data, relu, WIDTH, CHANNELS);
    return (double)(3 * WIDTH * CHANNELS * sizeof(float));
}

static double bench_max_cell(const hr_kern *kern, int variant)
{
    (void)variant;
    const float *cells[TAPS];
    for (int i = 0; i < TAPS; i++) cells[i] = in.data + i * CHANNELS;
    kern->max_cell(out.data, cells, TAPS, CHANNELS);
    return (double)((TAPS + 1) * CHANNELS * sizeof(float));
}

static double bench_to_half(const hr_kern *kern, int variant)
{
    (void)variant;
    kern->to_half((uint16_t *)(void *)out.data, in.data, ARENA);
    return (double)(ARENA * (sizeof(float) + sizeof(uint16_t)));
}

/* Each runs a slot once and returns how many operations or bytes that was. */
static const struct {
    const char *name, *unit;
    int variant, by_strips; /* by_strips: the variant is a number of strips, which not every table has */
    double (*run)(const hr_kern *kern, int variant);
} slots[] = {
    {"gemm, 1 strip", "GFLOP/s", 1, 1, bench_gemm},
    {"gemm, 2 strips", "GFLOP/s", 2, 1, bench_gemm},
    {"gemm, 3 strips", "GFLOP/s", 3, 1, bench_gemm},
    {"gemm and SiLU, 1 strip", "GFLOP/s", 1, 1, bench_gemm_silu},
    {"gemm and SiLU, 2 strips", "GFLOP/s", 2, 1, bench_gemm_silu},
    {"gemm and SiLU, 3 strips", "GFLOP/s", 3, 1, bench_gemm_silu},
    {"gemm_half, 1 strip", "GFLOP/s", 1, 1, bench_gemm_half},
    {"gemm_half, 2 strips", "GFLOP/s", 2, 1, bench_gemm_half},
    {"gemm_half, 3 strips", "GFLOP/s", 3, 1, bench_gemm_half},
    {"gemm_batch, 1 strip", "GFLOP/s", 1, 1, bench_gemm_batch},
    {"gemm_batch, 2 strips", "GFLOP/s", 2, 1, bench_gemm_batch},
    {"gemm_batch, 3 strips", "GFLOP/s", 3, 1, bench_gemm_batch},
    {"gemm_batch_half, 1 strip", "GFLOP/s", 1, 1, bench_gemm_batch_half},
    {"gemm_batch_half, 2 strips", "GFLOP/s", 2, 1, bench_gemm_batch_half},
    {"gemm_batch_half, 3 strips", "GFLOP/s", 3, 1, bench_gemm_batch_half},
    {"gemm_transposed, 1 strip", "GFLOP/s", 1, 1, bench_gemm_transposed},
    {"gemm_transposed, 2 strips", "GFLOP/s", 2, 1, bench_gemm_transposed},
    {"gemm_transposed, 3 strips", "GFLOP/s", 3, 1, bench_gemm_transposed},
    {"wino_input F(2)", "GB/s", HR_WINO_2, 0, bench_wino_input},
    {"wino_input F(4)", "GB/s", HR_WINO_4, 0, bench_wino_input},
    {"wino_input F(6)", "GB/s", HR_WINO_6, 0, bench_wino_input},
    {"wino_input strided", "GB/s", HR_WINO_STRIDED, 0, bench_wino_input},
    {"wino_input transposed", "GB/s", HR_WINO_TRANSPOSED, 0, bench_wino_input},
    {"wino_input F(2x6)", "GB/s", HR_WINO_2X6, 0, bench_wino_input},
    {"wino_input F(4x6)", "GB/s", HR_WINO_4X6, 0, bench_wino_input},
    {"wino_weights F(2)", "GB/s", HR_WINO_2, 0, bench_wino_weights},
    {"wino_weights F(4)", "GB/s", HR_WINO_4, 0, bench_wino_weights},
    {"wino_weights F(6)", "GB/s", HR_WINO_6, 0, bench_wino_weights},
    {"wino_weights strided", "GB/s", HR_WINO_STRIDED, 0, bench_wino_weights},
    {"wino_weights transposed", "GB/s", HR_WINO_TRANSPOSED, 0, bench_wino_weights},
    {"wino_fused F(2)", "GFLOP/s", HR_WINO_2, 0, bench_wino_fused},
    {"wino_fused F(4)", "GFLOP/s", HR_WINO_4, 0, bench_wino_fused},
    {"wino_fused F(6)", "GFLOP/s", HR_WINO_6, 0, bench_wino_fused},
    {"wino_fused_half F(2)", "GFLOP/s", HR_WINO_2, 0, bench_wino_fused_half},
    {"wino_fused_half F(4)", "GFLOP/s", HR_WINO_4, 0, bench_wino_fused_half},
    {"wino_fused_half F(6)", "GFLOP/s", HR_WINO_6, 0, bench_wino_fused_half},
    {"wino_output F(2)", "GB/s", HR_WINO_2, 0, bench_wino_output},
    {"wino_output F(4)", "GB/s", HR_WINO_4, 0, bench_wino_output},
    {"wino_output F(6)", "GB/s", HR_WINO_6, 0, bench_wino_output},
    {"wino_output strided", "GB/s", HR_WINO_STRIDED, 0, bench_wino_output},
    {"wino_output transposed", "GB/s", HR_WINO_TRANSPOSED, 0, bench_wino_output},
    {"wino_output F(2x6)", "GB/s", HR_WINO_2X6, 0, bench_wino_output},
    {"wino_output F(4x6)", "GB/s", HR_WINO_4X6, 0, bench_wino_output},
    {"wino_output_gradient", "GB/s", HR_WINO_4, 0, bench_wino_output_gradient},
    {"wino_weights_gradient", "GB/s", HR_WINO_4, 0, bench_wino_weights_gradient},
    {"depthwise 3x3", "GFLOP/s", 9, 0, bench_depthwise},
    {"depthwise 5x5", "GFLOP/s", 25, 0, bench_depthwise},
    {"depthwise_gradient", "GFLOP/s", 0, 0, bench_depthwise_gradient},
    {"mix_cells", "GB/s", 0, 0, bench_mix_cells},
    {"multiply", "GB/s", 0, 0, bench_multiply},
    {"activate, leaky ReLU", "GB/s", HR_ACTIVATION_LEAKY_RELU, 0, bench_activate},
    {"activate, SiLU", "GB/s", HR_ACTIVATION_SILU, 0, bench_activate},
    {"activate, sigmoid", "GB/s", HR_ACTIVATION_SIGMOID, 0, bench_activate},
    {"activate, hard sigmoid", "GB/s", HR_ACTIVATION_HARD_SIGMOID, 0, bench_activate},
    {"activation_gradient, SiLU", "GB/s", HR_ACTIVATION_SILU, 0, bench_activation_gradient},
    {"sum_row", "GB/s", 0, 0, bench_sum_row},
    {"norm_sums", "GB/s", 0, 0, bench_norm_sums},
    {"norm_row", "GB/s", 0, 0, bench_norm_row},
    {"norm_row, adding", "GB/s", 1, 0, bench_norm_row},
    {"gate", "GB/s", 0, 0, bench_gate},
    {"fold_row", "GB/s", 0, 0, bench_fold_row},
    {"norm_gradient_sums", "GB/s", 0, 0, bench_norm_gradient_sums},
    {"norm_gradient_sums, relu", "GB/s", 1, 0, bench_norm_gradient_sums},
    {"norm_gradient", "GB/s", 0, 0, bench_norm_gradient},
    {"norm_gradient, relu", "GB/s", 1, 0, bench_norm_gradient},
    {"max_cell", "GB/s", 0, 0, bench_max_cell},
    {"to_half", "GB/s", 0, 0, bench_to_half},
};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* 1e9 a second, the best of several goes. */
static double rate(double (*run)(const hr_kern *, int), const hr_kern *kern, int variant)
{
    enum { GOES = 30, CALLS = 20 };
    double best = 0;
    for (int i = 0; i < GOES; i++) {
        double amount = 0;
        const double start = seconds();
        for (int k = 0; k < CALLS; k++) amount += run(kern, variant);
        best = fmax(best, 1e-9 * amount / (seconds() - start));
    }
    return best;
}

void bench(void)
{
    in = guard_numbers(ARENA, 1, GUARD_BEGIN);
    weights = guard_numbers(ARENA, 2, GUARD_BEGIN);
    out = guard(ARENA, GUARD_BEGIN);
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        const double scalar = rate(slots[i].run, &hr_kern_ref, slots[i].by_strips ? 1 : slots[i].variant);
        for (int k = 0; k < n_tables; k++) {
            if (slots[i].by_strips && slots[i].variant > tables[k]->max_strips) continue;
            const double fast = rate(slots[i].run, tables[k], slots[i].variant);
            printf("%-26s %-8s %7.1f %-7s %6.1f x scalar\n", slots[i].name, tables[k]->name, fast, slots[i].unit,
                   fast / scalar);
        }
    }
    unguard(in);
    unguard(weights);
    unguard(out);
}
