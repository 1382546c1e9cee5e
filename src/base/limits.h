/*
 * limits.h - what a file may cost. Files come from anywhere, so every reader has a bound on memory and time in
 * proportion to the bytes that it is given:
 *
 *   memory   at most HR_COST_BASE + HR_COST_FACTOR * bytes at any moment, what is handed out included
 *   time     linear in the bytes, up to a logarithm; nothing that a file can choose (names, keys, counts, depths) is
 *            searched or compared in quadratic time without a bound of its own
 *
 * The fuzzers measure both on every input (tests/fuzz/cost.h). Two kinds of content may stand for more than their
 * bytes, and have bounds of their own:
 *
 *   compression   deflate makes up to 1032 bytes of one. What a reader has to keep of it is bounded by
 *                 HR_UNPACKED_BASE + HR_UNPACKED_FACTOR * bytes, which real files stay far below: text and tables
 *                 shrink to a tenth, weights by less
 *   pictures      a few bytes may stand for many equal pixels: io/image has the limits of pixels, scans and chunks
 *   networks      a configuration of a few words may ask for any number of activations or weights: what a model or a
 *                 session plans is bounded by hr_memory_limit, and the caller may raise it
 */
#ifndef HR_BASE_LIMITS_H
#define HR_BASE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* Memory of a reader a byte of its file. The dearest honest content is a list of one-digit numbers: "1," in JSON makes
 * a node of 16 bytes in an array that doubles, and while it does, the old and the new one are there together: 2 bytes
 * of text, up to 16 * 3 = 48 of memory. MATLAB's byte makes a double (8), NumPy's byte a float (4). */
enum { HR_COST_BASE = 8 << 20, HR_COST_FACTOR = 40 };

/* What compressed content may unpack to in all, for a file of n_bytes. */
enum { HR_UNPACKED_BASE = 1 << 20, HR_UNPACKED_FACTOR = 100 };
static inline size_t hr_unpacked_most(size_t n_bytes)
{
    return n_bytes > SIZE_MAX / 2 / HR_UNPACKED_FACTOR ? SIZE_MAX / 2 : HR_UNPACKED_BASE + HR_UNPACKED_FACTOR * n_bytes;
}

/* Entries of a zip archive's directory. libzip finds names through a hash table of 32-bit sums that an attacker can
 * make equal, and so takes time in the square of the number of entries; the smallest entry has 46 bytes. */
enum { HR_ZIP_MAX_ENTRIES = 1 << 21 };

/* Bytes that a model's packed weights, or a session's plan for one size, may take. wanted: the caller's choice; 0: the
 * default, a quarter of this machine's memory (or of its cgroup's limit), within 1 and 4 GiB. W48 at 384x288, the
 * largest published network, packs 0.6 GiB and plans less. */
uint64_t hr_memory_limit(uint64_t wanted);

#endif
