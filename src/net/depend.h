/* depend.h - which nodes of a graph wait for which. */
#ifndef HR_NET_DEPEND_H
#define HR_NET_DEPEND_H

#include "net/graph.h"

typedef struct hr_depend {
    int n_nodes;
    int *n_sources;   /* [n_nodes] tensors that a node reads */
    int *user_starts; /* [n_nodes + 1], into users */
    int *users;       /* nodes that read a node's tensor, once for every time they do */
    uint64_t *before; /* [n_nodes][words of n_nodes bits] see hr_depend_before */
} hr_depend;

hrnet_status hr_depend_make(hr_depend *out, const hr_graph *graph);
void hr_depend_free(hr_depend *depend);

/* Whether node `first` has always ended when node `second` begins, because it lies on a way that leads there. */
int hr_depend_before(const hr_depend *depend, int first, int second);

#endif
