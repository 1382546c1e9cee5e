/*
 * activate.h - activations and their slopes on whole vectors, and the end of a kernel that has one; included by the
 * file of each instruction set.
 *
 * e^x is made of x = n ln 2 + r, |r| <= ln 2 / 2: 2^n times a polynomial of degree 7 in r (the coefficients of Cephes'
 * expf, which is within 2 ulp). Arguments are cut to -87, below which float32 has denormals alone, and to 89, of which
 * it has no power: there 2^n is infinite, so that the sigmoid of a large negative number is 0.
 */
#ifndef HR_CPU_KERN_ACTIVATE_H
#define HR_CPU_KERN_ACTIVATE_H

#include "cpu/kern/kern.h"
#include "cpu/kern/vec.h"

#define ACTIVATE_INLINE static inline __attribute__((always_inline))

static inline vec v_exp(vec x)
{
    x = v_min(v_set(89), v_max(v_set(-87), x)); /* in this order what is not a number stays so */
    const vec n = v_round(v_mul(x, v_set(1.44269504088896341f)));
    const vec r = v_fma(n, v_set(2.12194440e-4f), v_fma(n, v_set(-0.693359375f), x));
    vec p = v_set(1.9875691500e-4f);
    p = v_fma(p, r, v_set(1.3981999507e-3f));
    p = v_fma(p, r, v_set(8.3334519073e-3f));
    p = v_fma(p, r, v_set(4.1665795894e-2f));
    p = v_fma(p, r, v_set(1.6666665459e-1f));
    p = v_fma(p, r, v_set(5.0000001201e-1f));
    return v_scale(v_add(v_fma(p, v_mul(r, r), r), v_set(1)), n);
}

static inline vec v_sigmoid(vec x)
{
    return v_div(v_set(1), v_add(v_set(1), v_exp(v_sub(v_set(0), x))));
}

ACTIVATE_INLINE vec v_activate(vec x, hr_activation activation)
{
    switch (activation) {
    case HR_ACTIVATION_RELU: return v_max(v_set(0), x);
    case HR_ACTIVATION_LEAKY_RELU: return v_max(v_mul(v_set(HR_LEAKY_SLOPE), x), x);
    case HR_ACTIVATION_SILU: return v_mul(x, v_sigmoid(x));
    case HR_ACTIVATION_SIGMOID: return v_sigmoid(x);
    case HR_ACTIVATION_HARD_SIGMOID: return v_min(v_set(1), v_max(v_set(0), v_fma(x, v_set(1.0f / 6), v_set(0.5f))));
    default: return x;
    }
}

/* The slope at x times g. */
static inline vec v_activation_gradient(vec x, vec g, hr_activation activation)
{
    const vec zero = v_set(0), one = v_set(1);
    switch (activation) {
    case HR_ACTIVATION_RELU: return v_gate(x, g);
    case HR_ACTIVATION_LEAKY_RELU:
        return v_fma(v_set(HR_LEAKY_SLOPE), g, v_mul(v_set(1 - HR_LEAKY_SLOPE), v_gate(x, g)));
    case HR_ACTIVATION_SILU: {
        const vec s = v_sigmoid(x);
        return v_mul(g, v_mul(s, v_fma(x, v_sub(one, s), one)));
    }
    case HR_ACTIVATION_SIGMOID: {
        const vec s = v_sigmoid(x);
        return v_mul(g, v_mul(s, v_sub(one, s)));
    }
    case HR_ACTIVATION_HARD_SIGMOID: /* g / 6 where x + 3 > 0 and 3 - x > 0 */
        return v_gate(v_add(x, v_set(3)), v_gate(v_sub(v_set(3), x), v_mul(g, v_set(1.0f / 6))));
    default: return v_add(g, zero);
    }
}

/* Whether the loop that makes the sums can do the epilogue too: without activation or with ReLU, add before it. The
 * rest goes over what has been stored once more, in the first-level cache (finish_pixel). */
static inline int is_plain(const hr_epilogue *epilogue, const float *add)
{
    return epilogue->activation <= HR_ACTIVATION_RELU && !(epilogue->add_last && add != NULL);
}

/* out[i] = activation(x[i]), then plus add[i] where add is not NULL; n a multiple of HR_STRIP. ACTIVATION is a constant
 * where this is inlined. Two vectors at a time: an exponential is a chain of twenty operations, and one alone would
 * leave a core waiting for each of them. */
ACTIVATE_INLINE void activate_as(float *out, const float *x, const float *add, size_t n, const hr_activation ACTIVATION)
{
    for (size_t c = 0; c < n; c += HR_STRIP) {
        vec y[HR_STRIP / HR_VEC];
#pragma GCC unroll 4
        for (size_t v = 0; v < HR_STRIP / HR_VEC; v++) y[v] = v_activate(v_load(x + c + v * HR_VEC), ACTIVATION);
#pragma GCC unroll 4
        for (size_t v = 0; v < HR_STRIP / HR_VEC; v++) {
            if (add != NULL) y[v] = v_add(y[v], v_load(add + c + v * HR_VEC));
            v_store(out + c + v * HR_VEC, y[v]);
        }
    }
}

__attribute__((noinline)) static void activate_and_add(float *out, const float *x, const float *add, size_t n,
                                                       hr_activation activation)
{
    switch (activation) {
    case HR_ACTIVATION_RELU: activate_as(out, x, add, n, HR_ACTIVATION_RELU); break;
    case HR_ACTIVATION_LEAKY_RELU: activate_as(out, x, add, n, HR_ACTIVATION_LEAKY_RELU); break;
    case HR_ACTIVATION_SILU: activate_as(out, x, add, n, HR_ACTIVATION_SILU); break;
    case HR_ACTIVATION_SIGMOID: activate_as(out, x, add, n, HR_ACTIVATION_SIGMOID); break;
    case HR_ACTIVATION_HARD_SIGMOID: activate_as(out, x, add, n, HR_ACTIVATION_HARD_SIGMOID); break;
    default: activate_as(out, x, add, n, HR_ACTIVATION_NONE); break;
    }
}

/* A pixel of n channels whose sums, with what is added before the activation, are stored: the rest of its epilogue. */
static void finish_pixel(float *out, const float *add, size_t n, const hr_epilogue *epilogue)
{
    activate_and_add(out, out, epilogue->add_last ? add : NULL, n, epilogue->activation);
}

static void activate(float *out, const float *x, size_t n, hr_activation activation)
{
    activate_and_add(out, x, NULL, n, activation);
}

static void activation_gradient(float *dx, const float *dy, const float *x, size_t n, hr_activation activation, int add)
{
    for (size_t i = 0; i < n; i += HR_VEC) {
        const vec g = v_activation_gradient(v_load(x + i), v_load(dy + i), activation);
        v_store(dx + i, add ? v_add(v_load(dx + i), g) : g);
    }
}

#define ACTIVATION_SLOTS .activate = activate, .activation_gradient = activation_gradient

#endif
