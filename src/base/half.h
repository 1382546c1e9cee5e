/*
 * half.h - conversion between float32 and IEEE 754 half precision (binary16: 1 sign, 5 exponent, 10 fraction bits).
 * Integer arithmetic only, so that the bits are the same on every machine and under every compiler flag. The vector
 * kernels convert with instructions; they are tested against these functions.
 */
#ifndef HR_BASE_HALF_H
#define HR_BASE_HALF_H

#include <stdint.h>

/* Exact: every half is a float32. Infinities and NaN payloads are kept. */
float hr_half_to_float(uint16_t half);

/* Rounds to nearest, ties to even. From 65520 on (the middle between the largest half, 65504, and 2^16) the result is
 * infinity; NaN becomes a quiet NaN; below 2^-14 the result is a subnormal half. */
uint16_t hr_float_to_half(float value);

#endif
