/*
 * winograd.h - the transforms of F(m x n, 3 x 3) along each axis, m = 2 P from P pairs of points +-p, with 0 and
 * infinity (Winograd 1980; Lavin and Gray, CVPR 2016). Included by the file of each instruction set.
 *
 * With x^2 - p_j^2 as the factors, all of input row i's polynomials are even or odd parts of a few products, which the
 * points +p and -p share:
 *
 *   input   v_0 = sum_k f_k d_2k,   v_inf = sum_k f_k d_(2k+1),              f: prod_j (x^2 - p_j^2)
 *           v_+-i = sum_k c_ik d_(2k+2) +- p_i sum_k c_ik d_(2k+1),          c_i: the same without factor i
 *   output  y_r = [r = 0] m_0 + sum_i p_i^r (m_+i + (-1)^r m_-i) + [r = m - 1] m_inf
 *   weights u_0 = g_0 / f_0,  u_+-i = g(+-p_i) / (2 p_i^2 c_i(p_i^2)),  u_inf = g_2
 *
 * Points: 0, +-1 for F(2); +-2/3, +-3/2 for F(4), whose error is 2.4 times smaller than that of the usual +-1, +-2
 * (measured: root mean square 7.5e-7 against 1.8e-6, 64 channels); +-1/2, +-1, +-2 for F(6) (3.3e-6).
 *
 * Stride 2 (P = STRIDED): an output takes two taps on even pixels and one on odd ones, y_r = g_0 d_2r + g_2 d_(2r+2) +
 * g_1 d_(2r+1). The two are an F(3, 2), through the points 0, +-1, infinity and so with the input transform of F(2);
 * the one is a product as it is. 7 numbers for 3 outputs instead of 9:
 *
 *   input   v_0..3 = those of F(2) on d_0, d_2, d_4, d_6;  v_4..6 = d_1, d_3, d_5
 *   output  y_r = [r = 0] m_0 + m_+ + (-1)^r m_- + [r = 2] m_inf + m_(4+r)
 *   weights u_0 = -g_0,  u_+- = (g_0 +- g_2) / 2,  u_inf = g_2,  u_4..6 = g_1
 *
 * Transposed (P = TRANSPOSED), 4 taps, stride 2: from the pixel before the first, outputs are y_2r = g_3 d_r + g_1
 * d_(r+1) and y_(2r+1) = g_2 d_(r+1) + g_0 d_(r+2), two F(3, 2) through the same points. 8 numbers for 6 outputs
 * instead of 12:
 *
 *   input   v_0..3 = those of F(2) on d_0..3;  v_4..7 = on d_1..4
 *   output  y_0, y_2, y_4 from m_0..3, y_1, y_3, y_5 from m_4..7:  y_r = [r = 0] m_0 + m_+ + (-1)^r m_- + [r = 2] m_inf
 *   weights u_0 = -g_3,  u_+- = (g_3 +- g_1) / 2,  u_inf = g_1;  u_4..7 the same of g_2 and g_0
 */
#ifndef HR_CPU_KERN_WINOGRAD_H
#define HR_CPU_KERN_WINOGRAD_H

#include "cpu/kern/activate.h"
#include "cpu/kern/kern.h"
#include "cpu/kern/vec.h"
#include "cpu/kern/winograd_lines.h"
#include "cpu/kern/winograd_points.h"

#define WINO_INLINE static inline __attribute__((always_inline))

/* factor * a + b, and factor * a; additions where they do, which a core does beside its multiply-adds. */
WINO_INLINE vec scaled_sum(float factor, vec a, vec b)
{
    return factor == 1 ? v_add(b, a) : factor == -1 ? v_sub(b, a) : v_fma(v_set(factor), a, b);
}
WINO_INLINE vec scaled(float factor, vec a)
{
    return factor == 1 ? a : factor == -1 ? v_sub(v_set(0), a) : factor == 2 ? v_add(a, a) : v_mul(v_set(factor), a);
}

/* sum_k f_k d_2k. The points' squares are each other's reciprocals, so f reads the same from either end, but for the
 * sign where they are odd in number. */
WINO_INLINE vec ends_term(const int P, const vec *d, int d_step)
{
    const vec f1 = v_set(hr_wino_table[P - 1].full[1]), first = d[0], last = d[2 * P * d_step];
    if (P == 1) return v_sub(last, first);
    if (P == 2) return v_add(v_fma(f1, d[2 * d_step], first), last);
    return v_fma(f1, v_sub(d[2 * d_step], d[4 * d_step]), v_sub(last, first));
}

/* Where these lines are called the loops over lines unroll too: with 32 registers much of a tile then stays in them
 * (F(4) on AVX-512: 1.7 times as fast).
 *
 * One line of a tile, `step` vectors between its members: of F(3, 2); of any kind. P is a constant where this is
 * inlined. LATE: times what fused weights lack (hr_wino_fused). */
WINO_INLINE void input_line_32(const vec *d, int d_step, vec *v, int v_step)
{
    v[0] = v_sub(d[2 * d_step], d[0]);
    v[v_step] = v_add(d[2 * d_step], d[d_step]);
    v[2 * v_step] = v_sub(d[2 * d_step], d[d_step]);
    v[3 * v_step] = v_sub(d[3 * d_step], d[d_step]);
}

WINO_INLINE void input_line(const int P, const vec *d, int d_step, vec *v, int v_step, const int LATE)
{
    if (P == TRANSPOSED) {
        input_line_32(d, d_step, v, v_step);
        input_line_32(d + d_step, d_step, v + 4 * v_step, v_step);
        return;
    }
    if (P == STRIDED) {
        input_line_32(d, 2 * d_step, v, v_step);
#pragma GCC unroll 3
        for (int i = 0; i < 3; i++) v[(4 + i) * v_step] = d[(1 + 2 * i) * d_step];
        return;
    }
    const hr_wino_points *const w = &hr_wino_table[P - 1];
    v[0] = scaled(LATE ? hr_wino_fused_factor(P, 0) : 1, ends_term(P, d, d_step));
    v[(2 * P + 1) * v_step] = ends_term(P, d + d_step, d_step);
#pragma GCC unroll 8
    for (int i = 0; i < P; i++) {
        const float even_factor = LATE ? hr_wino_fused_factor(P, 1 + 2 * i) : 1;
        /* 2 is left to the end, where it takes one addition */
        const float odd_factor = w->point[i] == 2 ? even_factor : even_factor * w->point[i];
        vec even = scaled(even_factor, d[2 * P * d_step]), odd = scaled(odd_factor, d[(2 * P - 1) * d_step]);
#pragma GCC unroll 8
        for (int k = 0; k < P - 1; k++) {
            even = scaled_sum(even_factor * w->without[i][k], d[(2 * k + 2) * d_step], even);
            odd = scaled_sum(odd_factor * w->without[i][k], d[(2 * k + 1) * d_step], odd);
        }
        if (w->point[i] == 2) odd = v_add(odd, odd);
        v[(1 + 2 * i) * v_step] = v_add(even, odd);
        v[(2 + 2 * i) * v_step] = v_sub(even, odd);
    }
}

WINO_INLINE void output_line_32(const vec *m, int m_step, vec *y, int y_step)
{
    const vec even = v_add(m[m_step], m[2 * m_step]);
    y[0] = v_add(m[0], even);
    y[y_step] = v_sub(m[m_step], m[2 * m_step]);
    y[2 * y_step] = v_add(even, m[3 * m_step]);
}

WINO_INLINE void output_line(const int P, const vec *m, int m_step, vec *y, int y_step)
{
    if (P == TRANSPOSED) {
        output_line_32(m, m_step, y, 2 * y_step);
        output_line_32(m + 4 * m_step, m_step, y + y_step, 2 * y_step);
        return;
    }
    if (P == STRIDED) {
        output_line_32(m, m_step, y, y_step);
#pragma GCC unroll 3
        for (int i = 0; i < 3; i++) y[i * y_step] = v_add(y[i * y_step], m[(4 + i) * m_step]);
        return;
    }
    const hr_wino_points *const w = &hr_wino_table[P - 1];
    vec sum[MAX_PAIRS], difference[MAX_PAIRS];
#pragma GCC unroll 8
    for (int i = 0; i < P; i++) {
        sum[i] = v_add(m[(1 + 2 * i) * m_step], m[(2 + 2 * i) * m_step]);
        difference[i] = v_sub(m[(1 + 2 * i) * m_step], m[(2 + 2 * i) * m_step]);
    }
#pragma GCC unroll 8
    for (int r = 0; r < 2 * P; r++) {
        const vec *terms = r % 2 == 0 ? sum : difference;
        const int first = P == 3 ? 1 : 0; /* the pair +-1, if there is one, needs no multiplication */
        vec x = r == 0 ? v_add(m[0], terms[first]) : P == 2 ? v_mul(v_set(w->power[0][r]), terms[0]) : terms[first];
#pragma GCC unroll 8
        for (int i = 0; i < P; i++)
            if (i != first) x = scaled_sum(w->power[i][r], terms[i], x);
        y[r * y_step] = r == 2 * P - 1 ? v_add(x, m[(2 * P + 1) * m_step]) : x;
    }
}

/* Weights g, h of an F(3, 2). */
WINO_INLINE void weights_line_32(vec g, vec h, float *out, size_t step)
{
    const vec half = v_set(0.5f), a = v_mul(half, g);
    v_store(out, v_sub(v_set(0), g));
    v_store(out + step, v_fma(half, h, a));
    v_store(out + 2 * step, v_fma(v_set(-0.5f), h, a));
    v_store(out + 3 * step, h);
}

/* One line: out[i * step] for the numbers i of a line, from the taps g[0], g[g_step] ... */
WINO_INLINE void weights_line(const int P, const float *g, size_t g_step, float *out, size_t step)
{
    const vec g0 = v_load(g), g1 = v_load(g + g_step), g2 = v_load(g + 2 * g_step);
    if (P == TRANSPOSED) {
        weights_line_32(v_load(g + 3 * g_step), g1, out, step);
        weights_line_32(g2, g0, out + 4 * step, step);
        return;
    }
    if (P == STRIDED) {
        weights_line_32(g0, g2, out, step);
#pragma GCC unroll 3
        for (size_t i = 4; i < 7; i++) v_store(out + i * step, g1);
        return;
    }
    const hr_wino_points *const w = &hr_wino_table[P - 1];
    v_store(out, v_mul(v_set(w->weight0), g0));
#pragma GCC unroll 3
    for (size_t i = 0; i < (size_t)P; i++) {
        const vec even = v_fma(v_set(w->weight[i][2]), g2, v_mul(v_set(w->weight[i][0]), g0));
        v_store(out + (1 + 2 * i) * step, v_fma(v_set(w->weight[i][1]), g1, even));
        v_store(out + (2 + 2 * i) * step, v_fma(v_set(-w->weight[i][1]), g1, even));
    }
    v_store(out + (size_t)(2 * P + 1) * step, g2);
}

WINO_INLINE void wino_weights(const hr_wino_weights *w, const int P)
{
    for (size_t k = 0; k < (size_t)w->depth; k++)
        for (size_t c = 0; c < (size_t)w->n_columns; c += HR_VEC)
            weights_line(P, w->g + k * w->g_next + c, w->g_step, w->out + k * w->next + c, w->step);
}

WINO_INLINE int is_whole(const hr_wino_inside *inside, int h, int w)
{
    return inside->y0 == 0 && inside->y1 == h && inside->x0 == 0 && inside->x1 == w;
}

/* Pixel (y, x) of a tile from channel c on. */
WINO_INLINE vec input_pixel(const hr_wino_input *tile, int y, int x, int c, const int AT_EDGE)
{
    const hr_wino_inside *const i = &tile->inside;
    if (AT_EDGE && (y < i->y0 || y >= i->y1 || x < i->x0 || x >= i->x1)) return v_set(0);
    return v_load(tile->in + (tile->at + y * tile->row_step + x * tile->pixel_step + c));
}

/* P_DOWN of the lines along columns, P_ACROSS along rows. */
WINO_INLINE void input_tile(const hr_wino_input *tile, const int P_DOWN, const int P_ACROSS, const int AT_EDGE)
{
    const int PIXELS_Y = LINE_PIXELS(P_DOWN), PIXELS_X = LINE_PIXELS(P_ACROSS);
    const int H = LINE_NUMBERS(P_DOWN), W = LINE_NUMBERS(P_ACROSS);
    for (int c = 0; c < tile->n_channels; c += HR_VEC) {
        vec half[MAX_TILE * MAX_TILE];
#pragma GCC unroll 8
        for (int x = 0; x < PIXELS_X; x++) { /* columns */
            vec d[MAX_TILE];
#pragma GCC unroll 8
            for (int y = 0; y < PIXELS_Y; y++) d[y] = input_pixel(tile, y, x, c, AT_EDGE);
            input_line(P_DOWN, d, 1, half + x, PIXELS_X, 0);
        }
#pragma GCC unroll 8
        for (int y = 0; y < H; y++) { /* rows */
            vec v[MAX_TILE];
            if (tile->fused_weights)
                input_line(P_ACROSS, half + y * PIXELS_X, 1, v, 1, 1);
            else
                input_line(P_ACROSS, half + y * PIXELS_X, 1, v, 1, 0);
#pragma GCC unroll 8
            for (int x = 0; x < W; x++) v_store(tile->out + (size_t)(y * W + x) * tile->step + c, v[x]);
        }
    }
}

WINO_INLINE void wino_input(const hr_wino_input *tile, const int P_DOWN, const int P_ACROSS)
{
    if (is_whole(&tile->inside, LINE_PIXELS(P_DOWN), LINE_PIXELS(P_ACROSS)))
        input_tile(tile, P_DOWN, P_ACROSS, 0);
    else
        input_tile(tile, P_DOWN, P_ACROSS, 1);
}

WINO_INLINE void output_tile(const hr_wino_output *tile, const int P_DOWN, const int P_ACROSS, const int AT_EDGE)
{
    const int H = LINE_NUMBERS(P_DOWN), W = LINE_NUMBERS(P_ACROSS);
    const int M = LINE_OUTPUTS(P_DOWN), N = LINE_OUTPUTS(P_ACROSS);
    const int relu = is_plain(&tile->epilogue, tile->add) && tile->epilogue.activation == HR_ACTIVATION_RELU;
    const int adds_first = tile->add != NULL && !tile->epilogue.add_last;
    for (int c = 0; c < tile->n_channels; c += HR_VEC) {
        vec half[MAX_TILE * MAX_TILE];
#pragma GCC unroll 8
        for (int x = 0; x < W; x++) { /* columns */
            vec m[MAX_TILE];
#pragma GCC unroll 8
            for (int y = 0; y < H; y++) m[y] = v_load(tile->products + (size_t)(y * W + x) * tile->step + c);
            output_line(P_DOWN, m, 1, half + x, W);
        }
        const vec bias = tile->bias != NULL ? v_load(tile->bias + c) : v_set(0);
#pragma GCC unroll 8
        for (int y = 0; y < M; y++) { /* rows */
            if (AT_EDGE && y >= tile->h) break;
            vec line[MAX_TILE];
            output_line(P_ACROSS, half + y * W, 1, line, 1);
#pragma GCC unroll 8
            for (int x = 0; x < N; x++) {
                if (AT_EDGE && x >= tile->w) break;
                vec out = v_add(line[x], bias);
                const size_t at = (size_t)y * tile->row_step + (size_t)x * tile->pixel_step + (size_t)c;
                if (adds_first)
                    out = v_add(out, v_load(tile->add + (size_t)y * tile->add_row_step +
                                            (size_t)x * tile->add_pixel_step + (size_t)c));
                if (relu) out = v_max(v_set(0), out);
                v_store(tile->out + at, out);
            }
        }
    }
}

WINO_INLINE void wino_output(const hr_wino_output *tile, const int P_DOWN, const int P_ACROSS)
{
    if (tile->h >= LINE_OUTPUTS(P_DOWN) && tile->w >= LINE_OUTPUTS(P_ACROSS))
        output_tile(tile, P_DOWN, P_ACROSS, 0);
    else
        output_tile(tile, P_DOWN, P_ACROSS, 1);
    for (int y = 0; y < LINE_OUTPUTS(P_DOWN) && y < tile->h && !is_plain(&tile->epilogue, tile->add); y++)
        for (int x = 0; x < LINE_OUTPUTS(P_ACROSS) && x < tile->w; x++)
            finish_pixel(tile->out + (size_t)y * tile->row_step + (size_t)x * tile->pixel_step,
                         tile->add != NULL
                             ? tile->add + (size_t)y * tile->add_row_step + (size_t)x * tile->add_pixel_step
                             : NULL,
                         (size_t)tile->n_channels, &tile->epilogue);
}

WINO_FUNCTIONS

#endif
