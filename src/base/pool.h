/*
 * pool.h - a team of threads that enter one region together. Between regions the workers sleep. Inside a region they
 * wait at barriers or for news of each other, and spin for some microseconds before they sleep there too: the steps of
 * a network are that short.
 *
 *   static void region(void *context, int thread) { work(thread); hr_pool_barrier(pool); more(thread); }
 *   hr_pool_run(pool, region, context);      // the caller is thread 0
 */
#ifndef HR_BASE_POOL_H
#define HR_BASE_POOL_H

#include "base/status.h"

typedef struct hr_pool hr_pool;
typedef void hr_pool_fn(void *context, int thread);

enum { HR_MAX_THREADS = 64 };

/* n_threads 1..64, the caller included. */
hrnet_status hr_pool_create(hr_pool **out, int n_threads);
int hr_pool_threads(const hr_pool *pool);
/* Run the region on every thread and return when all have left it. One caller at a time. */
void hr_pool_run(hr_pool *pool, hr_pool_fn *region, void *context);
/* Wait until every thread of the region is here; what they wrote before is visible after. */
void hr_pool_barrier(hr_pool *pool);
/*
 * News: hr_pool_wait returns when hr_pool_notify has been called since hr_pool_event gave `seen`. Who looks for work
 * between the two misses nothing that was there before it was told of:
 *
 *   seen = hr_pool_event(pool);  if (!look()) hr_pool_wait(pool, seen);       another thread:  put();
 * hr_pool_notify(pool);
 */
unsigned hr_pool_event(hr_pool *pool);
void hr_pool_wait(hr_pool *pool, unsigned seen);
void hr_pool_notify(hr_pool *pool);
void hr_pool_free(hr_pool *pool);

#endif
