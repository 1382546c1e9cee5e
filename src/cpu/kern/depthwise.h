/*
 * depthwise.h - rows of depthwise convolutions and the gradient of their weights; included by the file of each
 * instruction set. A vector of channels stays with its weights while the row's pixels pass; with more taps than
 * registers weights come from the first-level cache. Four pixels at a time have sums of their own, so that each
 * addition need not wait for the one before.
 */
#ifndef HR_CPU_KERN_DEPTHWISE_H
#define HR_CPU_KERN_DEPTHWISE_H

#include "cpu/kern/activate.h"

enum { DEPTHWISE_PIXELS = 4 };

/* Pixels [x, x + n), n a constant where this is inlined, of channels c .. c + HR_VEC - 1. */
static inline __attribute__((always_inline)) void depthwise_pixels(const hr_depthwise *d, int x, int c, const int n)
{
    const int plain = is_plain(&d->epilogue, d->add);
    vec sums[DEPTHWISE_PIXELS];
#pragma GCC unroll 4
    for (int i = 0; i < n; i++) sums[i] = v_set(0);
    for (int t = 0; t < d->n_taps; t++) {
        const vec weight = v_load(d->weights + (size_t)t * (size_t)d->n_channels + c);
        const float *row = d->rows[t] + (size_t)x * d->step + c;
#pragma GCC unroll 4
        for (int i = 0; i < n; i++) sums[i] = v_fma(v_load(row + (size_t)i * d->step), weight, sums[i]);
    }
    const vec bias = d->bias != NULL ? v_load(d->bias + c) : v_set(0);
#pragma GCC unroll 4
    for (int i = 0; i < n; i++) {
        vec y = v_add(sums[i], bias);
        const float *add = d->add != NULL ? d->add + (size_t)(x + i) * d->add_ld + c : NULL;
        if (add != NULL && !d->epilogue.add_last) y = v_add(y, v_load(add));
        if (plain) {
            if (d->epilogue.activation == HR_ACTIVATION_RELU) y = v_max(v_set(0), y);
        } else {
            y = v_activate(y, d->epilogue.activation);
            if (add != NULL && d->epilogue.add_last) y = v_add(y, v_load(add));
        }
        v_store(d->out + (size_t)(x + i) * d->out_ld + c, y);
    }
}

static void depthwise(const hr_depthwise *d)
{
    for (int c = 0; c < d->n_channels; c += HR_VEC) {
        int x = 0;
        for (; x + DEPTHWISE_PIXELS <= d->w; x += DEPTHWISE_PIXELS) depthwise_pixels(d, x, c, DEPTHWISE_PIXELS);
        for (; x < d->w; x++) depthwise_pixels(d, x, c, 1);
    }
}

static void depthwise_gradient(const hr_depthwise_gradient *d)
{
    for (int c = 0; c < d->n_channels; c += HR_VEC) {
        vec sum = v_load(d->sums + c);
        for (int x = 0; x < d->w; x++)
            sum = v_fma(v_load(d->x_row + (size_t)x * d->step + c), v_load(d->dout + (size_t)x * d->out_ld + c), sum);
        v_store(d->sums + c, sum);
    }
}

#define DEPTHWISE_SLOTS .depthwise = depthwise, .depthwise_gradient = depthwise_gradient

#endif
