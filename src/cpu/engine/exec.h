/*
 * exec.h - running an engine: threads, one arena for all activations, the order of work. Everything is allocated when
 * the executor is made; running allocates nothing.
 *
 *   hr_exec_create(&exec, engine, threads, max_batch);
 *   fill hr_exec_input(exec, i) for i < n;  hr_exec_run(exec, n);  read hr_exec_output(exec, i)
 */
#ifndef HR_CPU_ENGINE_EXEC_H
#define HR_CPU_ENGINE_EXEC_H

#include "cpu/engine/engine.h"

typedef struct hr_exec hr_exec;

/* threads 1..64, max_batch 1..64. As many pictures run together, up to max_batch and 8, as keep their activations
 * within 32 MiB, about a last-level cache: hr_exec_max_batch tells. The engine must outlive it. */
hrnet_status hr_exec_create(hr_exec **out, const hr_engine *engine, int threads, int max_batch);
void hr_exec_free(hr_exec *exec);

int hr_exec_max_batch(const hr_exec *exec);
size_t hr_exec_bytes(const hr_exec *exec);

/* Picture i's input, [h][w][4]: three channels and one that is not read. Write it before every run: the arena may use
 * the place again. */
float *hr_exec_input(hr_exec *exec, int i);
/* Picture i's heatmaps, [h][w][ld], ld = joints rounded up to HR_STRIP; valid until the next input is written. */
const float *hr_exec_output(const hr_exec *exec, int i);
int hr_exec_output_ld(const hr_exec *exec);

/* Run pictures 0..n-1, 1 <= n <= max_batch. Same bits for any number of threads and any n. */
void hr_exec_run(hr_exec *exec, int n);

/* The same, and how long each node took: seconds [n_nodes], summed over threads, overwritten. Allocates. */
hrnet_status hr_exec_profile(hr_exec *exec, int n, double *seconds);

/* Run func(context, task) for every task 0..n_tasks-1 on the executor's threads. */
void hr_exec_parallel(hr_exec *exec, int n_tasks, void (*func)(void *context, int task), void *context);

#endif
