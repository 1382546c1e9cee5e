/*
 * winograd_gradient.h - what the gradient of weights needs beside the input transform of winograd.h: the other two
 * transforms, turned. With V = B^T d B of the input and Z = A dy A^T of the output's gradient, dg = G^T (sum of V Z) G.
 *
 *   output gradient  z_0 = y_0,  z_+-i = sum_r (+-p_i)^r y_r,  z_inf = y_(m-1)
 *   weights gradient g_0 = w_0 u_0 + sum_i w_i0 (u_+i + u_-i),  g_1 = sum_i w_i1 (u_+i - u_-i),
 *                    g_2 = sum_i w_i2 (u_+i + u_-i) + u_inf
 */
#ifndef HR_CPU_KERN_WINOGRAD_GRADIENT_H
#define HR_CPU_KERN_WINOGRAD_GRADIENT_H

#include "cpu/kern/winograd.h"

WINO_INLINE void output_gradient_line(const int P, const vec *y, int y_step, vec *z, int z_step)
{
    const hr_wino_points *const w = &hr_wino_table[P - 1];
    z[0] = y[0];
    z[(2 * P + 1) * z_step] = y[(2 * P - 1) * y_step];
#pragma GCC unroll 8
    for (int i = 0; i < P; i++) {
        vec even = y[0], odd = v_mul(v_set(w->power[i][1]), y[y_step]);
#pragma GCC unroll 8
        for (int r = 2; r < 2 * P; r += 2) {
            even = v_fma(v_set(w->power[i][r]), y[r * y_step], even);
            odd = v_fma(v_set(w->power[i][r + 1]), y[(r + 1) * y_step], odd);
        }
        z[(1 + 2 * i) * z_step] = v_add(even, odd);
        z[(2 + 2 * i) * z_step] = v_sub(even, odd);
    }
}

WINO_INLINE void weights_gradient_line(const int P, const vec *u, int u_step, vec *g, int g_step)
{
    const hr_wino_points *const w = &hr_wino_table[P - 1];
    vec g0 = v_mul(v_set(w->weight0), u[0]), g1 = v_set(0), g2 = u[(2 * P + 1) * u_step];
#pragma GCC unroll 8
    for (int i = 0; i < P; i++) {
        const vec plus = u[(1 + 2 * i) * u_step], minus = u[(2 + 2 * i) * u_step], sum = v_add(plus, minus);
        g0 = v_fma(v_set(w->weight[i][0]), sum, g0);
        g1 = v_fma(v_set(w->weight[i][1]), v_sub(plus, minus), g1);
        g2 = v_fma(v_set(w->weight[i][2]), sum, g2);
    }
    g[0] = g0;
    g[g_step] = g1;
    g[2 * g_step] = g2;
}

WINO_INLINE void output_gradient_tile(const hr_wino_input *tile, const int P, const int AT_EDGE)
{
    const int T = 2 * P + 2, M = 2 * P;
    for (int c = 0; c < tile->n_channels; c += HR_VEC) {
        vec half[MAX_TILE * MAX_TILE];
#pragma GCC unroll 8
        for (int x = 0; x < M; x++) { /* columns */
            vec y[MAX_TILE];
#pragma GCC unroll 8
            for (int r = 0; r < M; r++) y[r] = input_pixel(tile, r, x, c, AT_EDGE);
            output_gradient_line(P, y, 1, half + x, M);
        }
#pragma GCC unroll 8
        for (int y = 0; y < T; y++) { /* rows */
            vec z[MAX_TILE];
            output_gradient_line(P, half + y * M, 1, z, 1);
#pragma GCC unroll 8
            for (int x = 0; x < T; x++) v_store(tile->out + (size_t)(y * T + x) * tile->step + c, z[x]);
        }
    }
}

WINO_INLINE void wino_output_gradient(const hr_wino_input *tile, const int P)
{
    if (is_whole(&tile->inside, 2 * P, 2 * P))
        output_gradient_tile(tile, P, 0);
    else
        output_gradient_tile(tile, P, 1);
}

WINO_INLINE void wino_weights_gradient(const hr_wino_weights_gradient *sums, const int P)
{
    const int T = 2 * P + 2;
    for (int c = 0; c < sums->n_columns; c += HR_VEC) {
        vec half[3 * MAX_TILE];
#pragma GCC unroll 8
        for (int x = 0; x < T; x++) {
            vec u[MAX_TILE];
#pragma GCC unroll 8
            for (int y = 0; y < T; y++) u[y] = v_load(sums->in + (size_t)(y * T + x) * sums->step + c);
            weights_gradient_line(P, u, 1, half + x, T);
        }
#pragma GCC unroll 3
        for (int y = 0; y < 3; y++) {
            vec g[3];
            weights_gradient_line(P, half + y * T, 1, g, 1);
#pragma GCC unroll 3
            for (int x = 0; x < 3; x++) {
                float *out = sums->g + (size_t)(y * 3 + x) * sums->g_step + c;
                v_store(out, sums->add ? v_add(v_load(out), g[x]) : g[x]);
            }
        }
    }
}

/* Only F(4): F(6) costs a digit (measured: root mean square 2e-6, F(4) 5e-7, direct sums 4e-7), F(2) saves little. */
static void wino_output_gradient4(const hr_wino_input *tile)
{
    wino_output_gradient(tile, 2);
}
static void wino_weights_gradient4(const hr_wino_weights_gradient *sums)
{
    wino_weights_gradient(sums, 2);
}

#endif
