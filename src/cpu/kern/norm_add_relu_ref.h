/* norm_add_relu_ref.h - the contracts of norm_add_relu.h in plain C, for kern_ref.c. */
#ifndef HR_CPU_KERN_NORM_ADD_RELU_REF_H
#define HR_CPU_KERN_NORM_ADD_RELU_REF_H

#include "cpu/kern/kern.h"

static void norm_sums(const float *x, const float *pivot, size_t n, int ld, double *sums)
{
    for (size_t i = 0; i < n; i++) {
        for (int c = 0; c < ld; c++) {
            const float d = x[i * (size_t)ld + (size_t)c] - pivot[c];
            sums[c] += (double)d;
            sums[ld + c] += (double)d * (double)d;
        }
    }
}

static float normalised(const hr_norm *norm, int c, float x)
{
    return (x - norm->mean[c]) * norm->scale[c] + norm->shift[c];
}

static void norm_row(float *out, const float *x, int shift, const hr_norm *norm, const float *add, int w, int ld,
                     hr_activation activation)
{
    for (int i = 0; i < w; i++) {
        for (int c = 0; c < ld; c++) {
            float y = x[(i >> shift) * ld + c];
            if (norm != NULL) y = normalised(norm, c, y);
            if (add != NULL) y += add[i * ld + c];
            out[i * ld + c] = activate_number(y, activation);
        }
    }
}

static void gate(float *g, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (y[i] <= 0) g[i] = 0;
}

static void fold_row(float *out, const float *in, size_t row_step, int shift, int w, int ld, int add)
{
    for (int i = 0; i < w; i++) {
        for (int c = 0; c < ld; c++) {
            float sum = add ? out[i * ld + c] : 0;
            for (int y = 0; y < 1 << shift; y++)
                for (int x = 0; x < 1 << shift; x++)
                    sum += in[(size_t)y * row_step + (size_t)(((i << shift) + x) * ld + c)];
            out[i * ld + c] = sum;
        }
    }
}

static void norm_gradient_sums(const float *g, const float *x, const hr_norm *norm, int is_gated, size_t n, int ld,
                               double *sums)
{
    for (size_t i = 0; i < n; i++) {
        for (int c = 0; c < ld; c++) {
            const size_t at = i * (size_t)ld + (size_t)c;
            const float h = is_gated && normalised(norm, c, x[at]) <= 0 ? 0 : g[at];
            sums[c] += (double)h;
            sums[ld + c] += (double)h * (double)(x[at] - norm->mean[c]);
        }
    }
}

static void norm_gradient(float *dx, const float *g, const float *x, const hr_norm *norm, const float *offset,
                          const float *slope, int is_gated, size_t n, int ld)
{
    for (size_t i = 0; i < n; i++) {
        for (int c = 0; c < ld; c++) {
            const size_t at = i * (size_t)ld + (size_t)c;
            const float h = is_gated && normalised(norm, c, x[at]) <= 0 ? 0 : g[at];
            dx[at] = norm->scale[c] * (h - offset[c] - (x[at] - norm->mean[c]) * slope[c]);
        }
    }
}

#define NORM_SLOTS                                                                                                     \
    .norm_sums = norm_sums, .norm_row = norm_row, .gate = gate, .fold_row = fold_row,                                  \
    .norm_gradient_sums = norm_gradient_sums, .norm_gradient = norm_gradient

#endif
