/* test_half.c - half precision against its definition and against roundings that NumPy gave. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/half.h"

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* All 65536: the value that IEEE 754 defines, and the way back. */
static void test_every_half(void **state)
{
    (void)state;
    for (uint32_t half = 0; half < 65536; half++) {
        const int exponent = (int)(half >> 10 & 31), fraction = (int)(half & 1023);
        const float value = hr_half_to_float((uint16_t)half);
        const double sign = half & 0x8000 ? -1 : 1;
        assert_int_equal(bits_of(value) >> 31, half >> 15);
        if (exponent == 31 && fraction != 0) {
            assert_true(isnan(value));
            assert_true(isnan(hr_half_to_float(hr_float_to_half(value))));
            continue;
        }
        const double expected = exponent == 31  ? INFINITY
                                : exponent == 0 ? ldexp(fraction, -24)
                                                : ldexp(1024 + fraction, exponent - 25);
        assert_true((double)value == sign * expected);
        assert_int_equal(hr_float_to_half(value), half);
    }
}

/* numpy.float32(value).astype(numpy.float16).view('u2') */
static void test_rounding(void **state)
{
    (void)state;
    static const struct {
        float value;
        uint16_t half;
    } known[] = {
        {65504.0f, 0x7bff},      {65519.98828125f, 0x7bff},   {65520.0f, 0x7c00},
        {1e30f, 0x7c00},         {0x1p-24f, 0x0001},          {0x1p-25f, 0x0000},
        {0x1.0004p-25f, 0x0001}, {0x1p-14f, 0x0400},          {6.0999998e-05f, 0x03ff},
        {0.1f, 0x2e66},          {1.00146484375f, 0x3c02},    {1.00048828125f, 0x3c00},
        {-2.5e-08f, 0x8000},     {8.940696716308594e-08f, 2}, {0.001f, 0x1419},
        {-INFINITY, 0xfc00},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_int_equal(hr_float_to_half(known[i].value), known[i].half);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_half), cmocka_unit_test(test_rounding)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
