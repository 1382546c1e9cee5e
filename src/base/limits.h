/*
 * limits.h - what a file may cost. Files come from anywhere, so every reader has a bound on memory and time in
 * proportion to the bytes that it is given:
 *
 *   memory   at most hr_cost_most(bytes) at any moment, what is handed out included
 *   time     linear in the bytes, up to a logarithm; what a file can choose (names, keys, counts, depths) is sorted or
 *            counted, never compared each with each
 *
 * The fuzzers measure both on every input (tests/fuzz/cost.h). Where content may stand for more than its bytes, the
 * reader counts what it makes and refuses the file with HRNET_ERR_LIMIT before it takes more:
 *
 *   MATLAB files     numbers become doubles, eight times a byte, and compressed parts a thousand times that
 *   zip archives     entries claim any size, and are inflated up to 1032 times theirs; names are looked up in a hash
 *                    table whose sums a file can choose (io/zip_names.h)
 *   YAML             aliases, tags and directives are refused; nodes, levels and bytes are counted (io/yaml.h)
 *   JSON             levels are counted (io/json.h); a number of one digit becomes a node of 16 bytes
 *   pictures         a few bytes may stand for any number of equal pixels: io/image has the limits of pixels, scans and
 *                    chunks
 *   networks         a few words of configuration may ask for any number of weights and activations: what a model packs
 *                    and a session plans is bounded by hr_memory_limit, which the caller may raise
 */
#ifndef HR_BASE_LIMITS_H
#define HR_BASE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* Memory that reading a file of n_bytes may take. A byte of honest text takes up to 24: "1," in JSON is a node of 16 in
 * an array that doubles, and while it does, the old and the new one are there together. The constant part lets small
 * compressed files unpack: MPII's ground truth, the most that is read of them, holds 1.6 MB of numbers. */
enum { HR_COST_BASE = 64 << 20, HR_COST_A_BYTE = 64 };

static inline size_t hr_cost_most(size_t n_bytes)
{
    return n_bytes < (SIZE_MAX / 2 - HR_COST_BASE) / HR_COST_A_BYTE ? HR_COST_BASE + HR_COST_A_BYTE * n_bytes
                                                                    : SIZE_MAX / 2;
}

/* Bytes that a model's packed weights, or a session's plan for one size, may take. wanted: the caller's choice; 0: the
 * default, a quarter of this machine's memory (or of its cgroup's limit), within 1 and 4 GiB. W48 at 384x288, the
 * largest published network, packs 0.7 GiB and plans 0.03. */
uint64_t hr_memory_limit(uint64_t wanted);

#endif
