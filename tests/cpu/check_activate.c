/*
 * check_activate.c - activations and the gradients behind them against the formulas in double: from -100 to 100, where
 * the largest errors are measured and bounded, at denormals, zeros, infinities and at what is not a number.
 */
#include "kern_tests.h"

#include <float.h>

#include "activation_error.h"

enum { N = 1 << 14, DY = 1, BEFORE };

/* -100..100 evenly, other values for every place, and small ones. */
static guarded arguments(guard_place place)
{
    static const float small[] = {0, -0.0F, 1e-45F, -1e-45F, 1e-40F, -1e-40F, FLT_MIN, -FLT_MIN, 1e-20F, -1e-20F};
    guarded x = guard(N, place);
    for (size_t i = 0; i < N; i++) x.data[i] = -100 + 200 * ((float)i + (float)place / N_GUARD_PLACES) / N;
    memcpy(x.data + 37, small, sizeof small);
    return x;
}

static void check_values(const hr_kern *kern, hr_activation activation, int in_place, guard_place place)
{
    guarded x = arguments(place), out = guard(N, place);
    if (in_place) memcpy(out.data, x.data, N * sizeof(float));
    kern->activate(out.data, in_place ? out.data : x.data, N, activation);
    for (size_t i = 0; i < N; i++) {
        const bounded expected = activated(activation, (double)x.data[i], 0);
        if (fabs((double)out.data[i] - expected.value) <= expected.error) continue;
        fail_msg("%s of %a on %s: %a, not %a", hr_activation_name(activation), (double)x.data[i], kern->name,
                 (double)out.data[i], expected.value);
    }
    unguard(x);
    unguard(out);
}

void activate_values(void **state)
{
    (void)state;
    for (int k = 0; k < n_tables; k++)
        for (int activation = 0; activation < HR_N_ACTIVATIONS; activation++)
            for (int flags = 0; flags < 2 * N_GUARD_PLACES; flags++)
                check_values(tables[k], (hr_activation)activation, flags % 2, (guard_place)(flags / 2));
}

/* NaN stands for anything that is not a number. */
static int is_same(float found, float expected)
{
    return isnan(expected) ? isnan(found) : found == expected;
}

enum { N_SPECIAL = 5 };
static const float specials[N_SPECIAL] = {INFINITY, -INFINITY, NAN, 0, -0.0F};

/* What is not a number stays so. The sigmoid of minus infinity is 0, and SiLU there minus infinity times 0, which is no
 * number: as PyTorch has it. */
void activate_special(void **state)
{
    (void)state;
    static const float expected[HR_N_ACTIVATIONS][N_SPECIAL] = {[HR_ACTIVATION_NONE] = {INFINITY, -INFINITY, NAN, 0, 0},
                                                                [HR_ACTIVATION_RELU] = {INFINITY, 0, NAN, 0, 0},
                                                                [HR_ACTIVATION_LEAKY_RELU] = {INFINITY, -INFINITY, NAN},
                                                                [HR_ACTIVATION_SILU] = {INFINITY, NAN, NAN, 0, 0},
                                                                [HR_ACTIVATION_SIGMOID] = {1, 0, NAN, 0.5F, 0.5F},
                                                                [HR_ACTIVATION_HARD_SIGMOID] = {1, 0, NAN, 0.5F, 0.5F}};
    float x[HR_STRIP] = {0}, out[HR_STRIP];
    memcpy(x, specials, sizeof specials);
    for (int k = 0; k < n_tables; k++) {
        for (int activation = 0; activation < HR_N_ACTIVATIONS; activation++) {
            tables[k]->activate(out, x, HR_STRIP, (hr_activation)activation);
            for (int i = 0; i < N_SPECIAL; i++) assert_true(is_same(out[i], expected[activation][i]));
        }
    }
}

/*
 * How far a slope may be off. With s the sigmoid:
 *
 *   sigmoid      s (1 - s): both factors by what s is off, a few u s
 *   SiLU         s (1 + x (1 - s)): x times what 1 - s is off, and the roundings of a sum of up to 1 + |x|
 *   leaky ReLU   0.1 g + 0.9 g, with roundings of 0.9, two products and the sum
 *   hard sigmoid g / 6: of 1/6 and the product
 *
 * Measured, AVX2 and scalar code: 3.3 u s for the sigmoid, 3.5 u s (1 + |x|) for SiLU; twice as much is allowed.
 */
static double slope_error(hr_activation activation, double x)
{
    const double s = hr_activate(HR_ACTIVATION_SIGMOID, x), lost = 0x1p-127; /* activation_error.h */
    switch (activation) {
    case HR_ACTIVATION_LEAKY_RELU: return 4 * UNIT;
    case HR_ACTIVATION_SILU: return (7 * UNIT * s + lost) * (1 + fabs(x));
    case HR_ACTIVATION_SIGMOID: return 7 * UNIT * s + lost;
    case HR_ACTIVATION_HARD_SIGMOID: return 2 * UNIT / 6;
    default: return 0;
    }
}

static void check_gradients(const hr_kern *kern, hr_activation activation, int add, guard_place place)
{
    guarded x = arguments(place), dy = guard_numbers(N, DY, place), dx = guard_numbers(N, BEFORE, place);
    kern->activation_gradient(dx.data, dy.data, x.data, N, activation, add);
    for (size_t i = 0; i < N; i++) {
        const double at = (double)x.data[i], g = (double)dy.data[i], before = add ? (double)number(BEFORE, i) : 0;
        const double slope = hr_activation_slope(activation, at), expected = before + g * slope;
        const double error = fabs(g) * (slope_error(activation, at) + UNIT * fabs(slope)) + add * UNIT * fabs(expected);
        if (fabs((double)dx.data[i] - expected) <= error) continue;
        fail_msg("gradient of %s at %a on %s: %a, not %a", hr_activation_name(activation), at, kern->name,
                 (double)dx.data[i], expected);
    }
    unguard(x);
    unguard(dy);
    unguard(dx);
}

void activation_gradient_values(void **state)
{
    (void)state;
    for (int k = 0; k < n_tables; k++)
        for (int activation = 0; activation < HR_N_ACTIVATIONS; activation++)
            for (int flags = 0; flags < 2 * N_GUARD_PLACES; flags++)
                check_gradients(tables[k], (hr_activation)activation, flags % 2, (guard_place)(flags / 2));
}

/* A gradient of 1. Pieces of straight line let it pass where the argument is not a number (as hr_kern.gate has it); the
 * slope of SiLU at the infinities is infinity times 0. */
void activation_gradient_special(void **state)
{
    (void)state;
    static const float expected[HR_N_ACTIVATIONS][N_SPECIAL] = {
        [HR_ACTIVATION_NONE] = {1, 1, 1, 1, 1},
        [HR_ACTIVATION_RELU] = {1, 0, 1, 0, 0},
        [HR_ACTIVATION_LEAKY_RELU] = {1, HR_LEAKY_SLOPE, 1, HR_LEAKY_SLOPE, HR_LEAKY_SLOPE},
        [HR_ACTIVATION_SILU] = {NAN, NAN, NAN, 0.5F, 0.5F},
        [HR_ACTIVATION_SIGMOID] = {0, 0, NAN, 0.25F, 0.25F},
        [HR_ACTIVATION_HARD_SIGMOID] = {0, 0, 1.0F / 6, 1.0F / 6, 1.0F / 6}};
    float x[HR_STRIP] = {0}, dy[HR_STRIP], dx[HR_STRIP];
    memcpy(x, specials, sizeof specials);
    for (int i = 0; i < HR_STRIP; i++) dy[i] = 1;
    for (int k = 0; k < n_tables; k++) {
        for (int activation = 0; activation < HR_N_ACTIVATIONS; activation++) {
            tables[k]->activation_gradient(dx, dy, x, HR_STRIP, (hr_activation)activation, 0);
            for (int i = 0; i < N_SPECIAL; i++) assert_true(is_same(dx[i], expected[activation][i]));
        }
    }
}
