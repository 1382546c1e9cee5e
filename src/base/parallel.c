/* parallel.c - all threads draw tasks from one counter. */
#include "base/parallel.h"

#include <stdatomic.h>

typedef struct parallel_loop {
    int n_tasks;
    void (*func)(void *context, int task);
    void *context;
    atomic_int next;
} parallel_loop;

static void run_tasks(void *context, int thread)
{
    parallel_loop *loop = context;
    (void)thread;
    for (int task; (task = atomic_fetch_add(&loop->next, 1)) < loop->n_tasks;) loop->func(loop->context, task);
}

void hr_parallel(hrnet_pool *pool, int n_tasks, void (*func)(void *context, int task), void *context)
{
    parallel_loop loop = {.n_tasks = n_tasks, .func = func, .context = context};
    hr_pool_run(pool, run_tasks, &loop);
}
