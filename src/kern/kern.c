/* kern.c - which table this processor gets. */
#include "kern/kern.h"

#include "base/cpu.h"

int hr_kern_all(unsigned features, const hr_kern *tables[8])
{
    int n = 0;
#if defined(__x86_64__)
    if (features & HR_CPU_AVX512) tables[n++] = &hr_kern_avx512;
    if (features & HR_CPU_AVX2) tables[n++] = &hr_kern_avx2;
#elif defined(__aarch64__)
    if (features & HR_CPU_NEON) tables[n++] = &hr_kern_neon;
#else
    (void)features;
#endif
    tables[n++] = &hr_kern_ref;
    return n;
}

const hr_kern *hr_kern_select(unsigned features)
{
    const hr_kern *tables[8];
    hr_kern_all(features, tables);
    return tables[0];
}
