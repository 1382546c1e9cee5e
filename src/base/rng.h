/*
 * rng.h - random numbers as a pure function of (stream, index). There is no state to save or share: any thread can
 * compute number 7 of a stream without the numbers before it, and always gets the same one.
 *
 *   const uint64_t stream = seed ^ hr_hash_text("conv1.weight");
 *   for (i = 0; i < n; i++) w[i] = 0.001f * hr_random_normal(stream, i);
 *
 * The bits are those of SplitMix64 seeded with `stream` (Steele, Lea, Flood: Fast splittable pseudorandom number
 * generators, 2014): mix(stream + (index + 1) * 0x9E3779B97F4A7C15).
 */
#ifndef HR_BASE_RNG_H
#define HR_BASE_RNG_H

#include <stdint.h>

/* A stream's number from its name: 64-bit FNV-1a over the bytes of text. */
uint64_t hr_hash_text(const char *text);

/* 64 random bits. */
uint64_t hr_random_bits(uint64_t stream, uint64_t index);
/* Uniform in [0, 1): a multiple of 2^-24. */
float hr_random_uniform(uint64_t stream, uint64_t index);
/* Standard normal: the cosine half of the Box-Muller transform of one pair of 32-bit uniforms. At most 6.7 from 0. */
float hr_random_normal(uint64_t stream, uint64_t index);

#endif
