/* test_wide.c - the plain forms of 128-bit arithmetic against identities that hold in 64 bits: a b split into halves,
 * and quotient times divisor plus remainder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HR_WIDE_PLAIN
#include "base/rng.h"
#include "base/wide.h"

static const uint64_t edges[] = {
    0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, INT64_MAX, (uint64_t)1 << 63, UINT64_MAX - 1, UINT64_MAX};
enum { EDGES = sizeof edges / sizeof *edges, RANDOM = 20000 };

/* The number behind `index`: the edges against each other first, then random ones of every length. */
static void pick(uint64_t index, uint64_t *a, uint64_t *b)
{
    if (index < EDGES * EDGES) {
        *a = edges[index / EDGES];
        *b = edges[index % EDGES];
        return;
    }
    *a = hr_random_bits(1, index) >> (hr_random_bits(2, index) % 64);
    *b = hr_random_bits(3, index) >> (hr_random_bits(4, index) % 64);
}

static void products(void **state)
{
    (void)state;
    assert_int_equal(hr_multiply_high(UINT64_MAX, UINT64_MAX), UINT64_MAX - 1);
    assert_int_equal(hr_multiply_high(0x123456789abcdef0, 0x0fedcba987654321), 0x0121fa00ad77d742); /* Python's */
    for (uint64_t i = 0; i < EDGES * EDGES + RANDOM; i++) {
        uint64_t a, b;
        pick(i, &a, &b);
        /* (a 2^32) b and a (b 2^32) are the same number; with a and b below 2^32 the high half is the product's own */
        assert_int_equal(hr_multiply_high(a, b), hr_multiply_high(b, a));
        assert_int_equal(hr_multiply_high(a << 32, b << 32), (a & UINT32_MAX) * (b & UINT32_MAX));
        if (b > 1) assert_true(hr_multiply_high(a, b) <= b - 1);
    }
}

static void quotients(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < EDGES * EDGES + RANDOM; i++) {
        uint64_t divisor, high, remainder;
        pick(i, &high, &divisor);
        if (divisor == 0) continue;
        high %= divisor;
        const uint64_t quotient = hr_divide_high(high, divisor, &remainder);
        assert_true(remainder < divisor);
        /* quotient divisor + remainder is high 2^64: its lower half is 0, its upper half is high */
        const uint64_t low = quotient * divisor;
        assert_int_equal(low + remainder, 0);
        assert_int_equal(hr_multiply_high(quotient, divisor) + (low != 0), high);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(products), cmocka_unit_test(quotients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
