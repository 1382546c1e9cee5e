/* mem.c - aligned allocation with overflow checks and failure injection; the memory that is left. */
#include "base/mem.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

/* Failure injection, for tests: allocation number n_allocations fails if fail_after >= 0 is at most that. */
static atomic_long n_allocations;
static atomic_long fail_after = -1;

long hr_mem_fail_after(long n)
{
    atomic_store(&fail_after, n);
    return atomic_exchange(&n_allocations, 0);
}

/* Bytes that are allocated, as the heap counts them (which knows the size of a block that is freed). */
static atomic_size_t held, peak;

size_t hr_mem_held(void)
{
    return atomic_load(&held);
}

size_t hr_mem_peak(void)
{
    return atomic_exchange(&peak, atomic_load(&held));
}

static void count_block(void *block)
{
    const size_t n = malloc_usable_size(block), now = atomic_fetch_add(&held, n) + n;
    size_t most = atomic_load(&peak);
    while (now > most && !atomic_compare_exchange_weak(&peak, &most, now)) {
    }
}

void *hr_alloc(size_t count, size_t size)
{
    if (size != 0 && count > (SIZE_MAX / 2) / size) return NULL; /* half, so that differences fit ptrdiff_t */
    const size_t n_bytes = count * size;
    const long index = atomic_fetch_add(&n_allocations, 1);
    const long limit = atomic_load(&fail_after);
    if (limit >= 0 && index >= limit) return NULL;
    const int large = n_bytes >= (size_t)HUGE_PAGE;
    void *block = NULL;
    if (posix_memalign(&block, large ? HUGE_PAGE : HR_ALIGN, n_bytes != 0 ? n_bytes : 1) != 0) return NULL;
    /* Ask for huge pages: weights are read once per pass, and 4 KiB pages would cost a TLB miss each. A hint only, and
     * only for whole huge pages, since a partly used last one would take 2 MiB of memory. */
    if (large) madvise(block, n_bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
    count_block(block);
    return block;
}

void *hr_calloc(size_t count, size_t size)
{
    void *block = hr_alloc(count, size);
    if (block != NULL) memset(block, 0, count * size);
    return block;
}

/* Not realloc, which does not keep an alignment of 64. */
void *hr_resize(void *block, size_t old_count, size_t count, size_t size)
{
    void *grown = hr_alloc(count, size);
    if (grown == NULL) return NULL;
    if (block != NULL) memcpy(grown, block, (old_count < count ? old_count : count) * size);
    hr_free(block);
    return grown;
}

void hr_free(void *block)
{
    if (block != NULL) atomic_fetch_sub(&held, malloc_usable_size(block));
    free(block);
}

char *hr_strndup(const char *text, size_t n)
{
    const size_t length = strnlen(text, n);
    char *copy = hr_alloc(length + 1, 1);
    if (copy == NULL) return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *hr_strdup(const char *text)
{
    return hr_strndup(text, strlen(text));
}

void hrnet_string_free(char *text)
{
    hr_free(text);
}

/* ------------------------------------------------------------------------------------------------ memory that is left
 */

/* The number that follows name on the first line of a file that begins with it; 0 without such a line or file. */
static uint64_t find_number(const char *path, const char *name)
{
    FILE *const file = fopen(path, "r");
    char line[256];
    uint64_t number = 0;
    const size_t length = strlen(name);
    if (file == NULL) return 0;
    while (number == 0 && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, length) == 0) sscanf(line + length, "%" SCNu64, &number);
    fclose(file);
    return number;
}

/* Bytes that the cgroup still allows; UINT64_MAX without a limit ("max", which reads as no number). Pages of cached
 * files count as used, but the kernel frees them on demand. */
static uint64_t cgroup_memory(void)
{
    const uint64_t limit = find_number("/sys/fs/cgroup/memory.max", "");
    const uint64_t used = find_number("/sys/fs/cgroup/memory.current", "");
    const uint64_t cache = find_number("/sys/fs/cgroup/memory.stat", "inactive_file ");
    const uint64_t in_use = used > cache ? used - cache : 0;
    if (limit == 0) return UINT64_MAX;
    return limit > in_use ? limit - in_use : 0;
}

uint64_t hr_memory_total(void)
{
    const uint64_t total = find_number("/proc/meminfo", "MemTotal:");
    const uint64_t system = total > 0 ? total * 1024 : UINT64_MAX;
    const uint64_t group = find_number("/sys/fs/cgroup/memory.max", "");
    return group > 0 && group < system ? group : system;
}

uint64_t hr_memory_available(void)
{
    const uint64_t available = find_number("/proc/meminfo", "MemAvailable:");
    const uint64_t system = available > 0 ? available * 1024 : UINT64_MAX, group = cgroup_memory();
    return system < group ? system : group;
}
