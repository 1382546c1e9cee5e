/* cpu.c - instruction sets, caches, and the share of the machine that is ours. */
#include "base/cpu.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned detected(void)
{
#if defined(__x86_64__)
    unsigned features = 0;
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) features |= HR_CPU_AVX2;
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
    const unsigned features = detected();
    const char *wanted = getenv("HRNET_CPU");
    for (size_t i = 0; wanted != NULL && i < sizeof sets / sizeof *sets; i++)
        if (strcmp(wanted, sets[i].name) == 0) return features & sets[i].features;
    return features;
}

size_t hr_cpu_l2_bytes(void)
{
    const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
    return bytes >= 1 << 17 ? (size_t)bytes : (size_t)1 << 20;
}

/* cgroup v2's cpu.max is "quota period" in microseconds, or "max period"; 0 when there is no limit. */
static int cgroup_quota(void)
{
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    long quota = 0, period = 0;
    if (file == NULL) return 0;
    if (fscanf(file, "%ld %ld", &quota, &period) != 2 || quota <= 0 || period <= 0) quota = 0;
    fclose(file);
    return quota > 0 ? (int)((quota + period - 1) / period) : 0;
}

int hr_cpu_count(void)
{
    cpu_set_t set;
    int count = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
    const int quota = cgroup_quota();
    if (quota > 0 && quota < count) count = quota;
    return count > 0 ? count : 1;
}
