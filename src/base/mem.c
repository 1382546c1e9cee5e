/* mem.c - aligned allocation with overflow checks and failure injection. */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

static atomic_long n_allocations;
static atomic_long fail_after = -1;

long hr_mem_fail_after(long n)
{
    atomic_store(&fail_after, n);
    return atomic_exchange(&n_allocations, 0);
}

void *hr_alloc(size_t count, size_t size)
{
    if (size != 0 && count > (SIZE_MAX / 2) / size) return NULL;
    const size_t n_bytes = count * size;
    const long index = atomic_fetch_add(&n_allocations, 1);
    const long limit = atomic_load(&fail_after);
    if (limit >= 0 && index >= limit) return NULL;
    const int large = n_bytes >= (size_t)HUGE_PAGE;
    void *block = NULL;
    if (posix_memalign(&block, large ? HUGE_PAGE : HR_ALIGN, n_bytes != 0 ? n_bytes : 1) != 0) return NULL;
    /* Fewer TLB misses where weights stream by; only a wish. Whole pages alone: the rest would cost 2 MiB. */
    if (large) madvise(block, n_bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
    return block;
}

void *hr_calloc(size_t count, size_t size)
{
    void *block = hr_alloc(count, size);
    if (block != NULL) memset(block, 0, count * size);
    return block;
}

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
