/* tensor_memory.h - where the tensors of a run lie: one block of memory, whose places are used again and again. */
#ifndef HR_CPU_ENGINE_TENSOR_MEMORY_H
#define HR_CPU_ENGINE_TENSOR_MEMORY_H

#include "cpu/engine/exec_plan.h"

/*
 * floats [n_nodes]: of each node's tensor, a picture. offsets [n_nodes][batch], out: where that of a picture lies, in
 * floats; *total: the size of the block. Two tensors lie in one place only where all that make or read the one have
 * ended before the other is made, or where a convolution adds the one as it makes the other and nothing reads the one
 * later. Pictures follow each other without gaps, unless each picture's tensor is made and read in one phase by steps
 * of its own: then those take turns in hr_exec_plan.n_slots places. Places begin at cache lines. The input is whole
 * before the first step, the output after the last.
 */
hrnet_status hr_tensor_memory_plan(const hr_exec_plan *plan, const hr_graph *graph, const size_t *floats,
                                   size_t *offsets, size_t *total);

#endif
