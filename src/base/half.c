/* half.c - IEEE 754 half precision in integer arithmetic, so that no compiler flag or CPU mode changes a bit. */
#include "base/half.h"

#include <string.h>

float hr_half_to_float(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    const uint32_t exponent = (half >> 10) & 0x1fu, fraction = half & 0x3ffu;
    uint32_t bits;
    if (exponent == 0) {
        /* a subnormal half is a small whole number of 2^-24, which float32 holds exactly */
        const float magnitude = (float)fraction * 0x1p-24f;
        memcpy(&bits, &magnitude, sizeof bits);
    } else if (exponent == 31) {
        bits = 0x7f800000u | fraction << 13;
    } else {
        bits = (exponent + 112) << 23 | fraction << 13;
    }
    bits |= sign;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* value / 2^shift, rounded to nearest, ties to even. */
static uint32_t shift_rounded(uint32_t value, unsigned shift)
{
    return (value + (1u << (shift - 1)) - 1 + ((value >> shift) & 1)) >> shift;
}

uint16_t hr_float_to_half(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
    uint32_t half;
    if (magnitude > 0x7f800000u) {
        half = 0x7e00u | (magnitude >> 13 & 0x3ffu); /* NaN stays NaN, quiet */
    } else if (magnitude >= 0x477ff000u) {
        half = 0x7c00u; /* 65520, half way between the largest half and 2^16, and all above */
    } else if (magnitude >= 0x38800000u) {
        half = shift_rounded(magnitude - 0x38000000u, 13); /* a carry out of the fraction raises the exponent */
    } else if (magnitude > 0x33000000u) {
        half = shift_rounded((magnitude & 0x7fffffu) | 0x800000u, 126 - (magnitude >> 23));
    } else {
        half = 0; /* 2^-25 and below: half of the smallest subnormal, a tie that goes to even */
    }
    return (uint16_t)(sign | half);
}
