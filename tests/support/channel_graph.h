/* channel_graph.h - one small network with concatenations, slices and residual sums in every combination. */
#ifndef TESTS_CHANNEL_GRAPH_H
#define TESTS_CHANNEL_GRAPH_H

#include "graph/graph.h"

enum { CHANNEL_GRAPH_H = 12, CHANNEL_GRAPH_W = 8 };

/* As built, three channels in, four outputs, of which one is part of a concatenation and one a slice. Names of its
 * nodes are those of the variables in channel_graph.c. */
hr_graph channel_graph(void);

#endif
