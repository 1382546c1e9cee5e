/*
 * tensor_memory.h - where the tensors of a run lie in one block of memory, which is used again and again.
 *
 * A buffer holds one tensor; or an owner and its slices (tensor_layout.h); or tensors that are added to in place, one
 * after the other. Two buffers may share memory if every step that writes or reads the first precedes every step that
 * writes the second (hr_exec_plan_before). A tensor may be added to in place if a convolution reads it as its residual,
 * before its activation, and is its last reader.
 *
 * Example, a chain conv1 -> conv2 -> conv3 of equal size: conv3 may take conv1's memory, because conv2 has read it
 * before conv3 writes.
 *
 * Pictures of a batch follow each other without gaps, so that a step may take them as one. Where each picture has steps
 * of its own from the tensor's making to its last reading, all in one phase, only hr_exec_plan.n_slots of them are
 * under way at a time, and pictures take turns in as many places.
 */
#ifndef HR_CPU_ENGINE_TENSOR_MEMORY_H
#define HR_CPU_ENGINE_TENSOR_MEMORY_H

#include "cpu/engine/exec_plan.h"
#include "cpu/engine/tensor_layout.h"

/* tensors [n_nodes]. offsets [n_nodes][batch], out: where the pixels of a picture's tensor begin, in floats, of its
 * owner if it is a slice (hr_exec_tensor.offset comes on top); *total: the size of the block. Buffers begin at cache
 * lines. The input is whole before the first step, outputs stay until the end. */
hrnet_status hr_tensor_memory_plan(const hr_exec_plan *plan, const hr_graph *graph, const hr_exec_tensor *tensors,
                                   size_t *offsets, size_t *total);

#endif
