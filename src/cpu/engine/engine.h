/*
 * engine.h - a network ready to run: the fused graph, an algorithm and packed weights for every convolution. Immutable
 * once made; any number of executors share it, of any input size (exec.h).
 */
#ifndef HR_CPU_ENGINE_ENGINE_H
#define HR_CPU_ENGINE_ENGINE_H

#include "cpu/conv/conv.h"
#include "cpu/engine/tensor_layout.h"
#include "graph/graph.h"
#include "graph/weights.h"

typedef struct hr_engine {
    hr_graph graph; /* fused, at the size it was built for, by which algorithms were chosen */
    hr_conv *convs; /* [graph.n_nodes]; algorithm NULL where the node is no convolution */
    void *weights;  /* all biases and packed weights, in the order of the nodes */
    size_t n_bytes;
    hr_packing packing;
    const hr_kern *kern;
} hr_engine;

/* graph: as built. Parameters are read one layer at a time and not kept. features: base/cpu.h. packing
 * NULL: in float, for one picture at a time. HRNET_ERR_UNSUPPORTED names a node that cannot run. */
hrnet_status hr_engine_create(hr_engine **out, const hr_graph *graph, const hr_weights *weights, unsigned features,
                              const hr_packing *packing);
void hr_engine_free(hr_engine *engine);

/* The shape of a convolution node (conv, deconv) of either form of a graph; tensors [n_nodes], or NULL: each is a
 * tensor of its own. */
hr_conv_shape hr_conv_shape_of(const hr_graph *graph, const hr_exec_tensor *tensors, int node);

/* Bytes of packed weights and biases: of one convolution, of all. */
size_t hr_engine_conv_bytes(const hr_conv *conv);
size_t hr_engine_bytes(const hr_engine *engine);

#endif
