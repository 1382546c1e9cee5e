/* heap.c - counting and failing malloc for tests; see heap.h. */
#include "heap.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HEAP_OF_SANITIZER 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HEAP_OF_SANITIZER 1
#endif

static atomic_size_t held, peak;

size_t heap_held(void)
{
    return atomic_load(&held);
}

size_t heap_peak(void)
{
    return atomic_exchange(&peak, atomic_load(&held));
}

#if defined(HEAP_OF_SANITIZER) || defined(__GLIBC__)

static void count_in(size_t n)
{
    const size_t now = atomic_fetch_add(&held, n) + n;
    size_t most = atomic_load(&peak);
    while (now > most && !atomic_compare_exchange_weak(&peak, &most, now)) {
    }
}

int heap_is_counted(void)
{
    return 1;
}

#else

int heap_is_counted(void)
{
    return 0;
}

#endif

#if defined(HEAP_OF_SANITIZER)

/* of <sanitizer/allocator_interface.h>, which not every compiler brings along */
int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void *, size_t),
                                              void (*free_hook)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *block);

static void on_malloc(const volatile void *block, size_t n)
{
    (void)block;
    count_in(n);
}

static void on_free(const volatile void *block)
{
    if (block != NULL) atomic_fetch_sub(&held, __sanitizer_get_allocated_size(block));
}

__attribute__((constructor)) static void listen(void)
{
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}

#elif defined(__GLIBC__)

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t n);
void *__libc_memalign(size_t alignment, size_t n);
void __libc_free(void *block);

static atomic_long n_allocations, fail_at = LONG_MAX;
static atomic_int is_lasting_failure;

long heap_fail_after(long n, int is_lasting)
{
    atomic_store(&is_lasting_failure, is_lasting);
    const long count = atomic_exchange(&n_allocations, 0);
    atomic_store(&fail_at, n < 0 ? LONG_MAX : n);
    return count;
}

int heap_can_fail(void)
{
    return 1;
}

static int must_fail(void)
{
    const long index = atomic_fetch_add(&n_allocations, 1), limit = atomic_load(&fail_at);
    if (index != limit && (index < limit || !atomic_load(&is_lasting_failure))) return 0;
    errno = ENOMEM;
    return 1;
}

static void *counted(void *block)
{
    if (block != NULL) count_in(malloc_usable_size(block));
    return block;
}

/* visible to the libraries, which find these before the C library's own */
#pragma GCC visibility push(default)

void *malloc(size_t n)
{
    return must_fail() ? NULL : counted(__libc_malloc(n));
}

void *calloc(size_t count, size_t size)
{
    return must_fail() ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *block, size_t n)
{
    const size_t old = block != NULL ? malloc_usable_size(block) : 0;
    if (must_fail()) return NULL;
    void *const grown = __libc_realloc(block, n);
    if (grown != NULL || n == 0) atomic_fetch_sub(&held, old);
    return counted(grown);
}

void *memalign(size_t alignment, size_t n)
{
    return must_fail() ? NULL : counted(__libc_memalign(alignment, n));
}

void *aligned_alloc(size_t alignment, size_t n)
{
    return memalign(alignment, n);
}

int posix_memalign(void **out, size_t alignment, size_t n)
{
    void *const block = memalign(alignment, n);
    if (block == NULL) return ENOMEM;
    *out = block;
    return 0;
}

void free(void *block)
{
    if (block != NULL) atomic_fetch_sub(&held, malloc_usable_size(block));
    __libc_free(block);
}

#pragma GCC visibility pop

#endif

#if !defined(__GLIBC__) || defined(HEAP_OF_SANITIZER)

int heap_can_fail(void)
{
    return 0;
}

long heap_fail_after(long n, int is_lasting)
{
    (void)n;
    (void)is_lasting;
    return 0;
}

#endif
