/* rng.c - FNV-1a, the SplitMix64 finaliser, and the two distributions made from its bits. */
#include "base/rng.h"

#include <math.h>

/* The constants are FNV's 64-bit offset basis and prime. */
uint64_t hr_hash_text(const char *text)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (; *text != '\0'; text++) hash = (hash ^ (unsigned char)*text) * 0x100000001B3u;
    return hash;
}

/* SplitMix64 adds the golden ratio (2^64 / 1.618...) to its state and mixes the sum. Its index-th state is known in
 * closed form, so that no state is kept. The multipliers are those of its "variant 13" mixer. */
uint64_t hr_random_bits(uint64_t stream, uint64_t index)
{
    uint64_t z = stream + (index + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

float hr_random_uniform(uint64_t stream, uint64_t index)
{
    return (float)(hr_random_bits(stream, index) >> 40) * 0x1p-24f; /* 24 bits: what a float holds exactly */
}

/* Box-Muller: sqrt(-2 ln u) cos(2 pi v), u in (0, 1] so that the logarithm is finite, v in [0, 1). */
float hr_random_normal(uint64_t stream, uint64_t index)
{
    const uint64_t bits = hr_random_bits(stream, index);
    const double u = ((double)(bits >> 32) + 1) * 0x1p-32, v = (double)(bits & 0xFFFFFFFFu) * 0x1p-32;
    return (float)(sqrt(-2 * log(u)) * cos(6.283185307179586 * v));
}
