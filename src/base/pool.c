/*
 * pool.c - threads, regions, barriers. A barrier is a count of arrivals and a generation number; the last to arrive
 * raises the generation. Waiting spins a bounded number of times, then sleeps on a condition variable, so a machine
 * with fewer cores than threads, or a preempted worker, costs a wake-up and not a time slice.
 */
#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"

enum { SPINS = 4000 };

typedef struct gate {
    atomic_uint generation;
    atomic_int sleepers;
    pthread_mutex_t mutex;
    pthread_cond_t opened;
} gate;

struct hr_pool {
    int n_threads, n_started;
    pthread_t threads[HR_MAX_THREADS];
    struct seat {
        hr_pool *pool;
        int index;
    } seats[HR_MAX_THREADS];
    gate start, meet, news;
    atomic_int arrived;
    hr_pool_fn *region;
    void *context;
    int stopping;
};

static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void gate_open(gate *g)
{
    atomic_fetch_add(&g->generation, 1);
    if (atomic_load(&g->sleepers) != 0) {
        pthread_mutex_lock(&g->mutex);
        pthread_cond_broadcast(&g->opened);
        pthread_mutex_unlock(&g->mutex);
    }
}

/* Wait until the generation is no longer `seen`. */
static void gate_wait(gate *g, unsigned seen, int spins)
{
    for (int i = 0; i < spins; i++) {
        if (atomic_load_explicit(&g->generation, memory_order_acquire) != seen) return;
        relax();
    }
    pthread_mutex_lock(&g->mutex);
    atomic_fetch_add(&g->sleepers, 1);
    while (atomic_load(&g->generation) == seen) pthread_cond_wait(&g->opened, &g->mutex);
    atomic_fetch_sub(&g->sleepers, 1);
    pthread_mutex_unlock(&g->mutex);
}

void hr_pool_barrier(hr_pool *pool)
{
    if (pool->n_threads == 1) return;
    const unsigned seen = atomic_load(&pool->meet.generation);
    if (atomic_fetch_add(&pool->arrived, 1) == pool->n_threads - 1) {
        atomic_store(&pool->arrived, 0);
        gate_open(&pool->meet);
    } else {
        gate_wait(&pool->meet, seen, SPINS);
    }
}

unsigned hr_pool_event(hr_pool *pool)
{
    return atomic_load(&pool->news.generation);
}

void hr_pool_wait(hr_pool *pool, unsigned seen)
{
    gate_wait(&pool->news, seen, SPINS);
}

void hr_pool_notify(hr_pool *pool)
{
    if (pool->n_threads > 1) gate_open(&pool->news);
}

static void *worker(void *argument)
{
    const struct seat *seat = argument;
    hr_pool *pool = seat->pool;
    for (unsigned seen = 0;; seen++) {
        gate_wait(&pool->start, seen, 0);
        if (pool->stopping) return NULL;
        pool->region(pool->context, seat->index);
        hr_pool_barrier(pool);
    }
}

void hr_pool_run(hr_pool *pool, hr_pool_fn *region, void *context)
{
    pool->region = region;
    pool->context = context;
    if (pool->n_threads > 1) gate_open(&pool->start);
    region(context, 0);
    hr_pool_barrier(pool);
}

static void gate_init(gate *g)
{
    pthread_mutex_init(&g->mutex, NULL);
    pthread_cond_init(&g->opened, NULL);
}

static void gate_destroy(gate *g)
{
    pthread_cond_destroy(&g->opened);
    pthread_mutex_destroy(&g->mutex);
}

hrnet_status hr_pool_create(hr_pool **out, int n_threads)
{
    hr_pool *pool;
    if (n_threads < 1 || n_threads > HR_MAX_THREADS)
        return hr_fail(HRNET_ERR_ARGUMENT, "threads: expected 1..%d, found %d", HR_MAX_THREADS, n_threads);
    HR_NEW(pool, 1);
    pool->n_threads = n_threads;
    gate_init(&pool->start);
    gate_init(&pool->meet);
    gate_init(&pool->news);
    for (int i = 1; i < n_threads; i++) {
        pool->seats[i] = (struct seat){pool, i};
        if (pthread_create(&pool->threads[i], NULL, worker, &pool->seats[i]) != 0) {
            hr_pool_free(pool);
            return hr_fail(HRNET_ERR_MEMORY, "cannot start thread %d of %d", i + 1, n_threads);
        }
        pool->n_started++;
    }
    *out = pool;
    return HRNET_OK;
}

int hr_pool_threads(const hr_pool *pool)
{
    return pool->n_threads;
}

void hr_pool_free(hr_pool *pool)
{
    if (pool == NULL) return;
    if (pool->n_started > 0) {
        pool->stopping = 1;
        gate_open(&pool->start);
        for (int i = 1; i <= pool->n_started; i++) pthread_join(pool->threads[i], NULL);
    }
    gate_destroy(&pool->start);
    gate_destroy(&pool->meet);
    gate_destroy(&pool->news);
    hr_free(pool);
}
