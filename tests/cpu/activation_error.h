/*
 * activation_error.h - what a kernel's epilogue makes of a sum, in double, and how far the kernel may be off.
 *
 * A kernel has the sum to within some error; behind an activation that is at most the error times the steepest slope of
 * the activation, and to it come the roundings of the activation itself:
 *
 *   leaky ReLU      1 u of the result: one product
 *   hard sigmoid    2 u: of 1/6 and x / 6, half a u each at most, and of a result of up to 1
 *   sigmoid, SiLU   6 u of the result: measured 2.4 and 3.1 over -88..100 (check_activate.c), AVX2 and scalar code.
 * Where e^-x leaves float32, x < -88.3, the sigmoid becomes zero; there it is below 2^-127.
 *
 * Results that are denormal are off by half the smallest float besides.
 */
#ifndef TESTS_ACTIVATION_ERROR_H
#define TESTS_ACTIVATION_ERROR_H

#include <math.h>

#include "cpu/kern/kern.h"
#include "graph/op.h"

typedef struct bounded {
    double value, error;
} bounded;

/* The steepest slope: of SiLU 1.0998, at x = 2.4. */
static inline double steepest_slope(hr_activation activation)
{
    static const double slopes[HR_N_ACTIVATIONS] = {1, 1, 1, 1.1, 0.25, 1.0 / 6};
    return slopes[activation];
}

/* The activation of x, which the kernel has to within `error`. */
static inline bounded activated(hr_activation activation, double x, double error)
{
    const double y = hr_activate(activation, x), unit = 0x1p-24, lost = 0x1p-127;
    double own = 0;
    switch (activation) {
    case HR_ACTIVATION_LEAKY_RELU: own = unit * fabs(y) + 0x1p-149; break;
    case HR_ACTIVATION_SILU: own = 6 * unit * fabs(y) + lost * fabs(x) + 0x1p-149; break;
    case HR_ACTIVATION_SIGMOID: own = 6 * unit * y + lost; break;
    case HR_ACTIVATION_HARD_SIGMOID: own = 2 * unit; break;
    default: break;
    }
    return (bounded){y, steepest_slope(activation) * error + own};
}

/* The whole epilogue: the sum has what is added before the activation; `last`: what is added behind it. */
static inline bounded finished(const hr_epilogue *epilogue, double sum, double error, double last)
{
    bounded y = activated(epilogue->activation, sum, error);
    if (!epilogue->add_last) return y;
    y.value += last;
    y.error += 0x1p-24 * (fabs(y.value) + y.error); /* of the addition */
    return y;
}

#endif
