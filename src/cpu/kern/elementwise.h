/* elementwise.h - sums, mixtures, products and maxima over whole rows; included by the file of each instruction set. */
#ifndef HR_CPU_KERN_ELEMENTWISE_H
#define HR_CPU_KERN_ELEMENTWISE_H

#include "cpu/kern/activate.h"
#include "cpu/kern/kern.h"
#include "cpu/kern/vec.h"

static void sum_row(float *out, size_t out_ld, const float *const *terms, const size_t *lds, const int *shifts,
                    int n_terms, int w, int n_channels, hr_activation activation)
{
    for (int x = 0; x < w; x++, out += out_ld) {
        for (int c = 0; c < n_channels; c += HR_VEC) {
            vec y = v_load(terms[0] + (size_t)(x >> shifts[0]) * lds[0] + c);
            for (int t = 1; t < n_terms; t++) y = v_add(y, v_load(terms[t] + (size_t)(x >> shifts[t]) * lds[t] + c));
            v_store(out + c, v_activate(y, activation));
        }
    }
}

static void mix_cells(float *out, const float *const *cells, const float *shares, int n, int ld)
{
    for (int c = 0; c < ld; c += HR_VEC) {
        vec y = v_set(0);
        for (int i = 0; i < n; i++) y = v_fma(v_set(shares[i]), v_load(cells[i] + c), y);
        v_store(out + c, y);
    }
}

static void multiply(float *out, const float *a, const float *b, int ld, int add)
{
    for (int c = 0; c < ld; c += HR_VEC) {
        const vec product = v_mul(v_load(a + c), v_load(b + c));
        v_store(out + c, add ? v_add(v_load(out + c), product) : product);
    }
}

static void max_cell(float *out, const float *const *cells, int n, int ld)
{
    for (int c = 0; c < ld; c += HR_VEC) {
        vec y = v_load(cells[0] + c);
        for (int i = 1; i < n; i++) y = v_max(y, v_load(cells[i] + c));
        v_store(out + c, y);
    }
}

static void to_half(uint16_t *out, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i += HR_VEC) v_store_half(out + i, v_load(in + i));
}

#define ELEMENTWISE_SLOTS                                                                                              \
    .sum_row = sum_row, .mix_cells = mix_cells, .multiply = multiply, .max_cell = max_cell, .to_half = to_half

#endif
