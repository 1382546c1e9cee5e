/*
 * norm_add_relu.h - batch normalisation and what stands around it, forward and backward, over rows of pixels; included
 * by the file of each instruction set. A strip's coefficients stay in registers while its pixels pass: a block of
 * pixels is small enough for the first-level cache, so that the strips of a pixel may be visited one after the other.
 */
#ifndef HR_CPU_KERN_NORM_ADD_RELU_H
#define HR_CPU_KERN_NORM_ADD_RELU_H

#include "cpu/kern/activate.h"
#include "cpu/kern/kern.h"
#include "cpu/kern/vec.h"

enum { RUN = 32 }; /* pixels whose sum is made in float */

static void norm_sums(const float *x, const float *pivot, size_t n, int ld, double *sums)
{
    for (size_t first = 0; first < n; first += RUN, x += (size_t)RUN * (size_t)ld) {
        const size_t run = n - first < RUN ? n - first : RUN;
        for (int c = 0; c < ld; c += HR_VEC) {
            const vec p = v_load(pivot + c);
            const float *at = x + c;
            vec sum0 = v_set(0), sum1 = v_set(0), square0 = v_set(0), square1 = v_set(0);
            size_t i = 0;
            for (; i + 2 <= run; i += 2, at += 2 * ld) {
                const vec d0 = v_sub(v_load(at), p), d1 = v_sub(v_load(at + ld), p);
                sum0 = v_add(sum0, d0);
                sum1 = v_add(sum1, d1);
                square0 = v_fma(d0, d0, square0);
                square1 = v_fma(d1, d1, square1);
            }
            if (i < run) {
                const vec d = v_sub(v_load(at), p);
                sum0 = v_add(sum0, d);
                square0 = v_fma(d, d, square0);
            }
            v_add_to_doubles(sums + c, v_add(sum0, sum1));
            v_add_to_doubles(sums + ld + c, v_add(square0, square1));
        }
    }
}

static inline vec normalised(vec x, vec mean, vec scale, vec shift)
{
    return v_fma(v_sub(x, mean), scale, shift);
}

static void norm_row(float *out, const float *x, int shift, const hr_norm *norm, const float *add, int w, int ld,
                     hr_activation activation)
{
    for (int c = 0; c < ld; c += HR_VEC) {
        const vec mean = norm != NULL ? v_load(norm->mean + c) : v_set(0);
        const vec scale = norm != NULL ? v_load(norm->scale + c) : v_set(1);
        const vec bias = norm != NULL ? v_load(norm->shift + c) : v_set(0);
        for (int i = 0; i < w; i++) {
            const size_t at = (size_t)i * (size_t)ld + (size_t)c;
            vec y = normalised(v_load(x + (size_t)(i >> shift) * (size_t)ld + c), mean, scale, bias);
            if (add != NULL) y = v_add(y, v_load(add + at));
            v_store(out + at, v_activate(y, activation));
        }
    }
}

static void gate(float *g, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i += HR_VEC) v_store(g + i, v_gate(v_load(y + i), v_load(g + i)));
}

static void fold_row(float *out, const float *in, size_t row_step, int shift, int w, int ld, int add)
{
    const int f = 1 << shift;
    for (int i = 0; i < w; i++) {
        for (int c = 0; c < ld; c += HR_VEC) {
            float *to = out + (size_t)i * (size_t)ld + c;
            vec sum = add ? v_load(to) : v_set(0);
            for (int y = 0; y < f; y++) {
                const float *cells = in + (size_t)y * row_step + (size_t)(i << shift) * (size_t)ld + c;
                for (int x = 0; x < f; x++) sum = v_add(sum, v_load(cells + (size_t)x * (size_t)ld));
            }
            v_store(to, sum);
        }
    }
}

static void norm_gradient_sums(const float *g, const float *x, const hr_norm *norm, int is_gated, size_t n, int ld,
                               double *sums)
{
    for (size_t first = 0; first < n; first += RUN) {
        const size_t run = n - first < RUN ? n - first : RUN;
        for (int c = 0; c < ld; c += HR_VEC) {
            const vec mean = v_load(norm->mean + c), scale = v_load(norm->scale + c), shift = v_load(norm->shift + c);
            size_t at = first * (size_t)ld + (size_t)c;
            vec sum0 = v_set(0), sum1 = v_set(0), product0 = v_set(0), product1 = v_set(0);
            size_t i = 0;
            for (; i + 2 <= run; i += 2, at += 2 * (size_t)ld) {
                const vec d0 = v_sub(v_load(x + at), mean), d1 = v_sub(v_load(x + at + ld), mean);
                vec h0 = v_load(g + at), h1 = v_load(g + at + ld);
                if (is_gated) h0 = v_gate(v_fma(d0, scale, shift), h0), h1 = v_gate(v_fma(d1, scale, shift), h1);
                sum0 = v_add(sum0, h0);
                sum1 = v_add(sum1, h1);
                product0 = v_fma(h0, d0, product0);
                product1 = v_fma(h1, d1, product1);
            }
            if (i < run) {
                const vec d = v_sub(v_load(x + at), mean);
                vec h = v_load(g + at);
                if (is_gated) h = v_gate(v_fma(d, scale, shift), h);
                sum0 = v_add(sum0, h);
                product0 = v_fma(h, d, product0);
            }
            v_add_to_doubles(sums + c, v_add(sum0, sum1));
            v_add_to_doubles(sums + ld + c, v_add(product0, product1));
        }
    }
}

static void norm_gradient(float *dx, const float *g, const float *x, const hr_norm *norm, const float *offset,
                          const float *slope, int is_gated, size_t n, int ld)
{
    for (size_t first = 0; first < n; first += RUN) {
        const size_t run = n - first < RUN ? n - first : RUN;
        for (int c = 0; c < ld; c += HR_VEC) {
            const vec mean = v_load(norm->mean + c), scale = v_load(norm->scale + c), shift = v_load(norm->shift + c);
            const vec a = v_load(offset + c), b = v_load(slope + c);
            size_t at = first * (size_t)ld + (size_t)c;
            for (size_t i = 0; i < run; i++, at += (size_t)ld) {
                const vec d = v_sub(v_load(x + at), mean);
                vec h = v_load(g + at);
                if (is_gated) h = v_gate(v_fma(d, scale, shift), h);
                v_store(dx + at, v_mul(scale, v_sub(v_sub(h, a), v_mul(d, b))));
            }
        }
    }
}

#define NORM_SLOTS                                                                                                     \
    .norm_sums = norm_sums, .norm_row = norm_row, .gate = gate, .fold_row = fold_row,                                  \
    .norm_gradient_sums = norm_gradient_sums, .norm_gradient = norm_gradient

#endif
