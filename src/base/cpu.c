/* cpu.c - what Linux and the compiler's runtime know about the processor. */
#include "base/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned detect_features(void)
{
#if defined(__x86_64__)
    unsigned features = 0, a, b, c = 0, d;
    __builtin_cpu_init(); /* whose answers include whether the system saves these registers */
    const int has_f16c = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C) != 0; /* a name that clang 14 does not know */
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c) features |= HR_CPU_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && features)
        features |= HR_CPU_AVX512;
    return features;
#elif defined(__aarch64__)
    return HR_CPU_NEON;
#else
    return 0;
#endif
}

unsigned hr_cpu_features(void)
{
    static const struct {
        const char *name;
        unsigned features;
    } sets[] = {{"scalar", 0}, {"avx2", HR_CPU_AVX2}, {"avx512", HR_CPU_AVX2 | HR_CPU_AVX512}, {"neon", HR_CPU_NEON}};
    const unsigned features = detect_features();
    const char *wanted = getenv("HRNET_CPU");
    for (size_t i = 0; wanted != NULL && i < sizeof sets / sizeof *sets; i++)
        if (strcmp(wanted, sets[i].name) == 0) return features & sets[i].features;
    return features;
}

/* The kernel's description of the first core's caches: index2 is the second level wherever the first is split in two,
 * "512K" its size. 0 if there is none. */
static long l2_bytes_of_kernel(void)
{
    FILE *file = fopen("/sys/devices/system/cpu/cpu0/cache/index2/size", "r");
    long size = 0;
    char unit = 0;
    if (file == NULL) return 0;
    if (fscanf(file, "%ld%c", &size, &unit) != 2 || size < 0 || size > 1 << 30) size = 0;
    fclose(file);
    return unit == 'K' ? size << 10 : unit == 'M' ? size << 20 : 0;
}

size_t hr_cpu_l2_bytes(void)
{
    long bytes = 0;
#if defined(_SC_LEVEL2_CACHE_SIZE)          /* glibc's; musl has no such name */
    bytes = sysconf(_SC_LEVEL2_CACHE_SIZE); /* 0 or -1 where it does not know, as on AArch64 */
#endif
    if (bytes <= 0) bytes = l2_bytes_of_kernel();
    return bytes >= 1 << 17 ? (size_t)bytes : (size_t)1 << 20;
}

/* Processors that the cgroup's time quota amounts to, rounded up; 0 without a limit. The file holds "quota period" in
 * microseconds ("150000 100000": one and a half processors) or "max period". */
static int cgroup_quota(void)
{
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    long quota = 0, period = 0;
    if (file == NULL) return 0;
    if (fscanf(file, "%ld %ld", &quota, &period) != 2 || quota <= 0 || period <= 0) quota = 0;
    fclose(file);
    return quota > 0 ? (int)((quota + period - 1) / period) : 0;
}

/* A container may show all processors of the machine but allow the time of two: more threads would only wait. */
int hr_cpu_count(void)
{
    cpu_set_t set;
    int count = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
    const int quota = cgroup_quota();
    if (quota > 0 && quota < count) count = quota;
    return count > 0 ? count : 1;
}
