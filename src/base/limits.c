/* limits.c - how much a plan may take on this machine. */
#include "base/limits.h"

#include "base/mem.h"

uint64_t hr_memory_limit(uint64_t wanted)
{
    const uint64_t least = (uint64_t)1 << 30, most = (uint64_t)4 << 30, quarter = hr_memory_total() / 4;
    if (wanted != 0) return wanted;
    return quarter < least ? least : quarter < most ? quarter : most;
}
