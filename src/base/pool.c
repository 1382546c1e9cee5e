/*
 * pool.c - threads, turns, regions, barriers. Threads wait for each other at gates: a gate is a generation number that
 * is raised to let all pass who wait for it to change. A barrier is a gate and a count of arrivals; the last to arrive
 * opens it. Waiting spins a bounded number of times, then sleeps on a condition variable, so a machine with fewer cores
 * than threads, or a preempted worker, costs a wake-up and not a time slice.
 *
 * Callers take turns by ticket, as at a counter: each draws the next number and sleeps until it is called.
 */
#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/mem.h"

enum { SPINS = 4000 }; /* pauses before a thread of a region sleeps; 97 us on Zen 3 */

typedef struct gate {
    atomic_uint generation;
    atomic_int sleepers;
    pthread_mutex_t mutex;
    pthread_cond_t opened;
} gate;

struct hrnet_pool {
    int n_threads, n_started;
    atomic_int n_references;
    pid_t process; /* whose threads they are */
    pthread_t threads[HR_MAX_THREADS];
    struct seat {
        hrnet_pool *pool;
        int index;
    } seats[HR_MAX_THREADS];
    struct {
        pthread_mutex_t mutex;
        pthread_cond_t called;
        unsigned next, current; /* ticket of the next caller to arrive; of the one whose region runs or may run */
    } turns;
    gate start, meet, event;
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

/* Wait until the generation is no longer `seen`. No opening is missed: a sleeper counts itself before it looks at the
 * generation for the last time, and gate_open raises the generation before it looks for sleepers. */
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

void hr_pool_barrier(hrnet_pool *pool)
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

unsigned hr_pool_event(hrnet_pool *pool)
{
    return atomic_load(&pool->event.generation);
}

void hr_pool_wait(hrnet_pool *pool, unsigned seen)
{
    gate_wait(&pool->event, seen, SPINS);
}

void hr_pool_notify(hrnet_pool *pool)
{
    if (pool->n_threads > 1) gate_open(&pool->event);
}

static void *worker(void *argument)
{
    const struct seat *seat = argument;
    hrnet_pool *pool = seat->pool;
    for (unsigned seen = 0;; seen++) {
        gate_wait(&pool->start, seen, 0);
        if (pool->stopping) return NULL;
        pool->region(pool->context, seat->index);
        hr_pool_barrier(pool);
    }
}

static void take_turn(hrnet_pool *pool)
{
    pthread_mutex_lock(&pool->turns.mutex);
    const unsigned ticket = pool->turns.next++;
    while (pool->turns.current != ticket) pthread_cond_wait(&pool->turns.called, &pool->turns.mutex);
    pthread_mutex_unlock(&pool->turns.mutex);
}

static void pass_turn(hrnet_pool *pool)
{
    pthread_mutex_lock(&pool->turns.mutex);
    if (++pool->turns.current != pool->turns.next) pthread_cond_broadcast(&pool->turns.called);
    pthread_mutex_unlock(&pool->turns.mutex);
}

void hr_pool_run(hrnet_pool *pool, hr_pool_fn *region, void *context)
{
    take_turn(pool);
    pool->region = region;
    pool->context = context;
    if (pool->n_threads > 1) gate_open(&pool->start);
    region(context, 0);
    hr_pool_barrier(pool); /* behind it no worker looks at region and context any more */
    pass_turn(pool);
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

static hrnet_status start_workers(hrnet_pool *pool)
{
    for (int i = 1; i < pool->n_threads; i++) {
        pool->seats[i] = (struct seat){pool, i};
        if (pthread_create(&pool->threads[i], NULL, worker, &pool->seats[i]) != 0)
            return hr_fail(HRNET_ERR_MEMORY, "cannot start thread %d of %d", i + 1, pool->n_threads);
        pool->n_started++;
    }
    return HRNET_OK;
}

hrnet_status hrnet_pool_create(hrnet_pool **out, int threads)
{
    hrnet_pool *pool;
    if (out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_pool_create: an argument is NULL");
    if (threads < 0 || threads > HR_MAX_THREADS)
        return hr_fail(HRNET_ERR_ARGUMENT, "threads: expected 0..%d, found %d", HR_MAX_THREADS, threads);
    if (threads == 0) threads = hr_cpu_count();
    HR_NEW(pool, 1);
    pool->n_threads = threads < HR_MAX_THREADS ? threads : HR_MAX_THREADS;
    pool->process = getpid();
    atomic_store(&pool->n_references, 1);
    pthread_mutex_init(&pool->turns.mutex, NULL);
    pthread_cond_init(&pool->turns.called, NULL);
    gate_init(&pool->start);
    gate_init(&pool->meet);
    gate_init(&pool->event);
    const hrnet_status status = start_workers(pool);
    if (status != HRNET_OK) {
        hrnet_pool_free(pool);
        return status;
    }
    *out = pool;
    return HRNET_OK;
}

int hr_pool_threads(const hrnet_pool *pool)
{
    return pool->n_threads;
}

hrnet_pool *hr_pool_share(hrnet_pool *pool)
{
    atomic_fetch_add(&pool->n_references, 1);
    return pool;
}

hrnet_status hr_pool_check(const hrnet_pool *pool)
{
    if (pool->process == getpid()) return HRNET_OK;
    return hr_fail(
        HRNET_ERR_UNSUPPORTED,
        "expected the process that made the session or its pool (%ld), found a fork of it (%ld), where their "
        "threads do not run; make new ones there",
        (long)pool->process, (long)getpid());
}

static void stop_workers(hrnet_pool *pool)
{
    pool->stopping = 1;
    gate_open(&pool->start);
    for (int i = 1; i <= pool->n_started; i++) pthread_join(pool->threads[i], NULL);
}

void hrnet_pool_free(hrnet_pool *pool)
{
    if (pool == NULL || atomic_fetch_sub(&pool->n_references, 1) != 1) return;
    if (pool->process == getpid()) { /* in a fork the workers are gone, and the condition variables wait for them */
        if (pool->n_started > 0) stop_workers(pool);
        gate_destroy(&pool->start);
        gate_destroy(&pool->meet);
        gate_destroy(&pool->event);
        pthread_cond_destroy(&pool->turns.called);
        pthread_mutex_destroy(&pool->turns.mutex);
    }
    hr_free(pool);
}
