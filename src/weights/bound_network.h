/*
 * bound_network.h - the network that a checkpoint and options ask for: the graph as built and a source of its weights,
 * put together as hrnet_model_load does. For what reads a graph and its numbers and needs no engine: the ONNX writer,
 * the reference.
 */
#ifndef HR_WEIGHTS_BOUND_NETWORK_H
#define HR_WEIGHTS_BOUND_NETWORK_H

#include "config/config.h"
#include "graph/graph.h"
#include "weights/bind.h"
#include "weights/checkpoint.h"

typedef struct hr_bound_network {
    hr_config config;
    hr_graph graph;     /* as built */
    hr_weights weights; /* of graph; reads from the checkpoint */
    hr_binding binding;
    uint64_t seed; /* of initial weights */
} hr_bound_network;

/* checkpoint NULL: initial weights; options->config is then required, and the caller has checked that. options'
 * training, precision and batch are not looked at. The checkpoint must outlive the network, which hr_bound_network_free
 * frees. */
hrnet_status hr_bound_network_create(hr_bound_network **out, const hrnet_checkpoint *checkpoint,
                                     const hrnet_model_options *options);
void hr_bound_network_free(hr_bound_network *network);

#endif
