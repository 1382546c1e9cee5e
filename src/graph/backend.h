/*
 * backend.h - the door to whatever runs a graph: the CPU today. A backend makes a network of a graph once (its weights,
 * packed as it likes them), opens runners on it, and a runner runs pictures of any size that the graph can take:
 *
 *   create(&network, graph, weights, options)    packs the weights; immutable afterwards, shared by runners
 *   open(&runner, network, pool, max_batch)      memory and threads
 *   reshape(runner, h, w)                        plans for a size; plans of recent sizes are kept, weights are not
 * touched input(runner, i) ... run(runner, n) ... output(runner, k, i)
 *
 * A runner is for one thread at a time. Same bits for any number of threads, any n, and whatever was run before.
 */
#ifndef HR_GRAPH_BACKEND_H
#define HR_GRAPH_BACKEND_H

#include "base/pool.h"
#include "graph/weights.h"

typedef struct hr_backend_options {
    hrnet_precision precision;
    int batch;             /* pictures that runners will mostly run together; 0: 1 */
    uint64_t memory_limit; /* most bytes of packed weights; 0: any */
} hr_backend_options;

/* [h][w] pixels of c numbers, ld numbers apart. */
typedef struct hr_backend_tensor {
    const float *data;
    int c, h, w, ld;
} hr_backend_tensor;

/* What a node costs where it runs. */
typedef struct hr_backend_layer {
    const char *algorithm; /* static; "" for what has none */
    size_t weight_bytes;
} hr_backend_layer;

typedef struct hr_backend {
    const char *name;

    hrnet_status (*create)(void **network, const hr_graph *graph, const hr_weights *weights,
                           const hr_backend_options *options);
    void (*destroy)(void *network); /* accepts NULL */
    size_t (*network_bytes)(const void *network);
    const hr_graph *(*graph)(const void *network); /* fused, as it runs */
    hr_backend_layer (*layer)(const void *network, int node);

    /* network and pool must outlive the runner. max_batch 1..64. memory_limit: most bytes that all kept plans may take;
     * 0: any. Reshape it before anything else. */
    hrnet_status (*open)(void **runner, const void *network, hrnet_pool *pool, int max_batch, uint64_t memory_limit);
    void (*close)(void *runner); /* accepts NULL */
    size_t (*runner_bytes)(const void *runner);
    /* On failure the size stays as it was. HRNET_ERR_LIMIT for a plan beyond memory_limit. */
    hrnet_status (*reshape)(void *runner, int h, int w);
    int (*max_batch)(const void *runner); /* pictures of one run at this size: may be fewer than were asked for */
    /* Picture i's input [h][w][4], to be written before every run: three channels and one that is not read. */
    float *(*input)(void *runner, int i);
    /* Output k of the graph for picture i, valid until the next input is written. */
    hr_backend_tensor (*output)(const void *runner, int k, int i);
    void (*run)(void *runner, int n); /* pictures 0..n-1, 1 <= n <= max_batch */
    /* The same, and how long each node took: seconds [n_nodes] of all threads, overwritten. Allocates. */
    hrnet_status (*profile)(void *runner, int n, double *seconds);
} hr_backend;

#endif
