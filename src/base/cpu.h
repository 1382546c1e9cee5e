/* cpu.h - what this processor can do and how much of it this process may use. */
#ifndef HR_BASE_CPU_H
#define HR_BASE_CPU_H

#include <stddef.h>

enum {
    HR_CPU_AVX2 = 1,   /* AVX2, FMA and F16C */
    HR_CPU_AVX512 = 2, /* AVX-512 F, BW, DQ, VL */
    HR_CPU_NEON = 4    /* AArch64 */
};

/* Instruction sets that are present and not masked. The environment variable HRNET_CPU ("scalar", "avx2", "avx512",
 * "neon") lowers the choice to that set and what it implies; it never raises it. */
unsigned hr_cpu_features(void);

/* Bytes of the second-level data cache of one core; 1 MiB when unknown. */
size_t hr_cpu_l2_bytes(void);

/* Processors this process may run on: affinity mask and cgroup quota (rounded up), at least 1. */
int hr_cpu_count(void);

#endif
