/* elementwise.h - sums and maxima over whole rows; included by the file of each instruction set. */
#ifndef HR_CPU_KERN_ELEMENTWISE_H
#define HR_CPU_KERN_ELEMENTWISE_H

#include "cpu/kern/kern.h"
#include "cpu/kern/vec.h"

static void sum_row(float *out, const float *const *terms, const int *shifts, int n_terms, int w, int ld, int relu)
{
    for (int x = 0; x < w; x++, out += ld) {
        for (int c = 0; c < ld; c += HR_VEC) {
            vec y = v_load(terms[0] + (size_t)(x >> shifts[0]) * (size_t)ld + c);
            for (int t = 1; t < n_terms; t++)
                y = v_add(y, v_load(terms[t] + (size_t)(x >> shifts[t]) * (size_t)ld + c));
            v_store(out + c, relu ? v_max(v_set(0), y) : y);
        }
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

#endif
