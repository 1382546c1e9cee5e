/*
 * cpu.h - the processor: its instruction sets, its second-level cache, and the number of processors that this process
 * may use. Chooses kernels (cpu/kern), tile sizes (cpu/conv) and the default number of threads.
 */
#ifndef HR_BASE_CPU_H
#define HR_BASE_CPU_H

#include <stddef.h>

/* Instruction sets, as bits of one mask. */
enum {
    HR_CPU_AVX2 = 1,   /* AVX2, FMA and F16C */
    HR_CPU_AVX512 = 2, /* AVX-512 F, BW, DQ, VL; never without HR_CPU_AVX2 */
    HR_CPU_NEON = 4    /* AArch64 */
};

/* The instruction sets to use: those of the processor, restricted by the environment variable HRNET_CPU. "scalar"
 * allows none, "avx2" AVX2, "avx512" AVX2 and AVX-512, "neon" NEON; any other value allows all. The variable never
 * adds what the processor lacks. */
unsigned hr_cpu_features(void);

/* Bytes of the second-level data cache of one core. 1 MiB if the system does not report it. */
size_t hr_cpu_l2_bytes(void);

/* Processors that this process may run on: those of its affinity mask, at most its cgroup's quota (cgroup v2, rounded
 * up to whole processors). At least 1. */
int hr_cpu_count(void);

#endif
