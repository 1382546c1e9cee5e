/*
 * exec.h - running an engine at one input size: a plan, one block of memory for all activations, and a pool of threads
 * to run it on. Everything is allocated when the executor is made; running allocates nothing.
 *
 *   hr_exec_create(&exec, engine, pool, height, width, max_batch);
 *   fill hr_exec_input(exec, i) for i < n;  hr_exec_run(exec, n);  read hr_exec_output(exec, k, i)
 */
#ifndef HR_CPU_ENGINE_EXEC_H
#define HR_CPU_ENGINE_EXEC_H

#include "base/pool.h"
#include "cpu/engine/engine.h"

typedef struct hr_exec hr_exec;

/* h, w: of the input; any for which every node has a shape (hr_graph_reshape). max_batch 1..64. As many pictures run
 * together, up to max_batch and 8, as keep their activations within 32 MiB, about a last-level cache:
 * hr_exec_max_batch tells. The engine and the pool, which others may use at the same
 * time, must outlive it. memory_limit: most bytes to plan, 0: any; HRNET_ERR_LIMIT, before anything of that size is
 * allocated, if one picture takes more. */
hrnet_status hr_exec_create(hr_exec **out, const hr_engine *engine, hrnet_pool *pool, int h, int w, int max_batch,
                            uint64_t memory_limit);
void hr_exec_free(hr_exec *exec);

int hr_exec_max_batch(const hr_exec *exec);
size_t hr_exec_bytes(const hr_exec *exec);
/* The engine's graph at this size. */
const hr_graph *hr_exec_graph(const hr_exec *exec);

/* Picture i's input, [h][w][hr_input_ld(c)]: its channels, and zeros or numbers that are not read behind them. Write it
 * before every run: the memory may be used again within it. */
float *hr_exec_input(hr_exec *exec, int i);
/* Picture i's output k of the graph: [h][w] pixels, hr_exec_output_ld(exec, k) numbers apart; valid until the next
 * input is written. */
const float *hr_exec_output(const hr_exec *exec, int k, int i);
int hr_exec_output_ld(const hr_exec *exec, int k);

/* Run pictures 0..n-1, 1 <= n <= max_batch. Same bits for any number of threads and any n. */
void hr_exec_run(hr_exec *exec, int n);

/* The same, and how long each node took: seconds [n_nodes], summed over threads, overwritten. Allocates. */
hrnet_status hr_exec_profile(hr_exec *exec, int n, double *seconds);

#endif
