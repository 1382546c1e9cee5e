/*
 * backprop_pair.h - a float network beside its double oracle, fed with the same numbers of a formula, and graphs to try
 * both on.
 */
#ifndef TESTS_TRAIN_NETWORK_PAIR_H
#define TESTS_TRAIN_NETWORK_PAIR_H

#include "../support/net_files.h"
#include "cpu/backprop/backprop.h"
#include "graph/reference_backward.h"

typedef struct network_pair {
    const hr_graph *graph;
    hr_backprop *net;
    hr_reference_backward *oracle; /* NULL: none wanted */
    int n;                         /* pictures */
    double *input, *slopes;
} network_pair;

/* The formula: (name, index) -> [-1, 1). */
float formula_number(const char *name, size_t i);
/* Channels rounded up to whole strips. */
size_t padded(int channels);
/* Batch norms of all kinds, weights that keep numbers about as large as they are. */
extern const hr_weights random_weights;
/* One thread, this processor's features, one process. */
hr_backprop_options plain_options(int max_batch);

/* In place, because it points into itself; graph and weights must outlive it. n pictures: at most options->max_batch.
 */
void open_pair(network_pair *p, const hr_graph *graph, const hr_weights *weights, int n,
               const hr_backprop_options *options, int with_oracle);
void close_pair(network_pair *p);
/* Pictures and gradients of the output, from number `first` of the formula on. */
void set_input(network_pair *p, size_t first);
void set_slopes(network_pair *p, size_t first);

/* One step of both: output and running statistics within `near` of the oracle's largest, gradients, with the oracle on
 * the same side of every ReLU, within `median` and `worst` of each parameter's largest. Not with recompute. */
void compare_pair(network_pair *p, const char *what, double near, double median, double worst);

/* Nodes joined in every way that the published networks have, and those they have not. */
hr_graph strange_graph(void);

#endif
