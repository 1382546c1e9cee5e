/*
 * pool.h - a team of threads that several callers may share (hrnet_pool of <hrnet.h>). A caller has the whole team run
 * one function, a region:
 *
 *   static void region(void *context, int thread) { work(thread); hr_pool_barrier(pool); more(thread); }
 *   hr_pool_run(pool, region, context);      // the caller is thread 0
 *
 * Regions of a pool run one after the other. A caller that finds the pool busy sleeps until its turn comes; turns are
 * taken in the order of arrival. So no more threads compute at once than the pool has, and no caller waits for ever: a
 * region ends by itself, as it must not run another one on its own pool.
 *
 * Between regions the workers sleep. Inside a region a thread that waits spins for up to a tenth of a millisecond
 * before it sleeps, because the steps of a network are that short.
 */
#ifndef HR_BASE_POOL_H
#define HR_BASE_POOL_H

#include "base/status.h"

typedef void hr_pool_fn(void *context, int thread);

enum { HR_MAX_THREADS = 64 };

int hr_pool_threads(const hrnet_pool *pool);

/* One more reference to the pool, which hrnet_pool_free gives back. */
hrnet_pool *hr_pool_share(hrnet_pool *pool);

/* HRNET_ERR_UNSUPPORTED in a process that was forked from the pool's: its workers are not there, and a region would
 * wait for them for ever. Ask before the first region of a call. hrnet_pool_free may be called there. */
hrnet_status hr_pool_check(const hrnet_pool *pool);

/* Run the region on every thread of the pool, the caller as thread 0 and workers as 1..threads-1, and return when all
 * have left it. Any number of threads may call at the same time; what the caller wrote before is visible in the region,
 * and what the region wrote is visible after. */
void hr_pool_run(hrnet_pool *pool, hr_pool_fn *region, void *context);

/* In a region: wait until every thread of the pool is here. What they wrote before is visible after. */
void hr_pool_barrier(hrnet_pool *pool);

/* An event counter, so that a thread of a region can sleep until there may be new work without missing any:
 *
 *   worker:    seen = hr_pool_event(pool);            producer:  put(work);
 *              if (!take_work())                                 hr_pool_notify(pool);
 *                  hr_pool_wait(pool, seen);
 *
 * hr_pool_wait returns at once if hr_pool_notify was called after hr_pool_event returned `seen`. Work that is put
 * before the notification is therefore either seen by take_work or wakes the worker. hr_pool_notify wakes all threads
 * that wait; it may also be called outside of a region, so a thread may be woken without there being work for it. */
unsigned hr_pool_event(hrnet_pool *pool);
void hr_pool_wait(hrnet_pool *pool, unsigned seen);
void hr_pool_notify(hrnet_pool *pool);

#endif
