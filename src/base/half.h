/*
 * half.h - conversion between float32 and IEEE 754 half precision (binary16: 1 sign, 5 exponent, 10 fraction bits).
 * Integer arithmetic and one exact subtraction, so that the bits are the same on every machine. The vector kernels
 * convert with instructions; they are tested against these functions.
 */
#ifndef HR_BASE_HALF_H
#define HR_BASE_HALF_H

#include <stdint.h>
#include <string.h>

/* Exact: every half is a float32. Infinities and NaN payloads are kept. A normal half 2^(e - 15) * 1.f is the float
 * 2^(e' - 127) * 1.f with e' = e + 112 and the 10 fraction bits of f at the top of 23. A subnormal half, 2^-14 * 0.f,
 * is 2^-14 * 1.f less 2^-14. Without branches, so that compilers make vectors of loops. */
static inline float hr_half_to_float(uint16_t half)
{
    const uint32_t magnitude = half & 0x7fffu;
    const uint32_t subnormal = 0u - (uint32_t)(magnitude < 0x400u), infinite = 0u - (uint32_t)(magnitude >= 0x7c00u);
    const uint32_t one_bits = 0x38800000u & subnormal; /* 2^-14 */
    uint32_t bits = (magnitude << 13) + (112u << 23) + (0x00800000u & subnormal);
    float value, one;
    memcpy(&value, &bits, sizeof value);
    memcpy(&one, &one_bits, sizeof one);
    value -= one;
    memcpy(&bits, &value, sizeof bits);
    bits |= (0x7f800000u & infinite) | (uint32_t)(half & 0x8000u) << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Rounds to nearest, ties to even. From 65520 on (the middle between the largest half, 65504, and 2^16) the result is
 * infinity; NaN becomes a quiet NaN; below 2^-14 the result is a subnormal half. */
uint16_t hr_float_to_half(float value);

#endif
