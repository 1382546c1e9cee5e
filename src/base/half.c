/* half.c - rounding to half precision on bit patterns; the way back, with the layout of both, is in half.h. */
#include "base/half.h"

/* value / 2^shift, rounded to nearest, ties to even: adding half a unit minus one rounds ties down, and adding the
 * lowest bit that is kept makes the ties above an odd number round up. shift >= 1. */
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
        half =
            0x7e00u | (magnitude >> 13 & 0x3ffu); /* NaN: the quiet bit is set, so that a cut payload is no infinity */
    } else if (magnitude >= 0x477ff000u) {
        half = 0x7c00u; /* from 65520 on: infinity */
    } else if (magnitude >= 0x38800000u) {
        /* from 2^-14 on: a normal half. The exponent is rebased by 112; a carry out of the rounded fraction raises it.
         */
        half = shift_rounded(magnitude - 0x38000000u, 13);
    } else if (magnitude > 0x33000000u) {
        /* a subnormal half: the float's 24-bit significand with its leading one, in units of 2^-24 */
        half = shift_rounded((magnitude & 0x7fffffu) | 0x800000u, 126 - (magnitude >> 23));
    } else {
        half = 0; /* up to 2^-25, which lies in the middle between 0 and the smallest subnormal: the tie goes to 0 */
    }
    return (uint16_t)(sign | half);
}
