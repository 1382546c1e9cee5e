/*
 * rng.h - random numbers as a function of (stream, index): no state to save, the same for any order of evaluation.
 * splitmix64's finaliser over stream + (index + 1) * golden ratio (Steele, Lea, Flood 2014).
 */
#ifndef HR_BASE_RNG_H
#define HR_BASE_RNG_H

#include <stdint.h>

/* FNV-1a over the text, to turn a name into a stream. */
uint64_t hr_hash_text(const char *text);
uint64_t hr_random_bits(uint64_t stream, uint64_t index);
/* Uniform in [0, 1), 24 bits. */
float hr_random_uniform(uint64_t stream, uint64_t index);
/* Standard normal (Box-Muller). */
float hr_random_normal(uint64_t stream, uint64_t index);

#endif
