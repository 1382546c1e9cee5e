/* wide.h - products and quotients of 128 bits: by the compiler's own type where it has one, which it does where
 * registers hold 64 bits, else in plain C. */
#ifndef HR_BASE_WIDE_H
#define HR_BASE_WIDE_H

#include <stdint.h>

/* Tests define HR_WIDE_PLAIN to see the plain form on any machine. */
#if defined(__SIZEOF_INT128__) && !defined(HR_WIDE_PLAIN)

/* The upper half of a b. */
static inline uint64_t hr_multiply_high(uint64_t a, uint64_t b)
{
    return (uint64_t)(((unsigned __int128)a * b) >> 64);
}

/* high 2^64 / divisor, rounded down, and the remainder. high < divisor, so that the quotient has 64 bits. */
static inline uint64_t hr_divide_high(uint64_t high, uint64_t divisor, uint64_t *remainder)
{
    const unsigned __int128 dividend = (unsigned __int128)high << 64;
    const uint64_t quotient = (uint64_t)(dividend / divisor);
    *remainder = (uint64_t)(dividend - (unsigned __int128)quotient * divisor);
    return quotient;
}

#else

static inline uint64_t hr_multiply_high(uint64_t a, uint64_t b)
{
    const uint64_t low = UINT32_MAX;
    const uint64_t a0 = a & low, a1 = a >> 32, b0 = b & low, b1 = b >> 32;
    const uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (middle & low);
    return a1 * b1 + (middle >> 32) + (other >> 32);
}

/* Bit by bit, as on paper. */
static inline uint64_t hr_divide_high(uint64_t high, uint64_t divisor, uint64_t *remainder)
{
    uint64_t quotient = 0;
    for (int bit = 0; bit < 64; bit++) {
        const int carry = (int)(high >> 63);
        high <<= 1;
        quotient <<= 1;
        if (carry || high >= divisor) {
            high -= divisor;
            quotient |= 1;
        }
    }
    *remainder = high;
    return quotient;
}

#endif
#endif
