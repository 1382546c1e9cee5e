/* parallel.h - a loop over independent tasks on the threads of a pool. */
#ifndef HR_BASE_PARALLEL_H
#define HR_BASE_PARALLEL_H

#include "base/pool.h"

/* Run func(context, task) for every task 0..n_tasks-1, in any order, and return when all have ended. The caller is one
 * of the threads. */
void hr_parallel(hrnet_pool *pool, int n_tasks, void (*func)(void *context, int task), void *context);

#endif
