/* weights.h - a source of parameters: what a network's numbers are read from, whoever holds them. */
#ifndef HR_GRAPH_WEIGHTS_H
#define HR_GRAPH_WEIGHTS_H

#include "graph/graph.h"

/* Where parameters come from: a checkpoint, initial values, a formula. */
typedef struct hr_weights {
    /* Write the n_elements numbers of parameter `index` of the graph, described by param, to out. */
    hrnet_status (*read)(void *context, int index, const hr_param *param, float *out);
    void *context;
} hr_weights;

/* Read parameter `index` of graph. */
static inline hrnet_status hr_weights_read(const hr_weights *weights, const hr_graph *graph, int index, float *out)
{
    return weights->read(weights->context, index, &graph->params[index], out);
}

#endif
