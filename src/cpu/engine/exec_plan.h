/*
 * exec_plan.h - a run of a fused graph cut into steps: the order of the steps, and which of them wait for which.
 *
 * A step is a node, or a chain of nodes (hr_node.chained) whose tasks go through all of them, on some pictures of the
 * batch. Where activations are larger than weights a step takes one picture, so that what a layer writes is still in
 * the cache when the next one reads it; elsewhere (hr_node.weight_bound) it takes all of them, so that weights are read
 * once. Phases of the two kinds alternate, each as long as what it reads lets it be.
 */
#ifndef HR_CPU_ENGINE_EXEC_PLAN_H
#define HR_CPU_ENGINE_EXEC_PLAN_H

#include "graph/graph.h"

typedef struct hr_exec_step {
    int node, n_nodes;       /* nodes node .. node + n_nodes - 1 */
    int picture, n_pictures; /* of pictures picture .. picture + n_pictures - 1 */
    int phase;
} hr_exec_step;

typedef struct hr_exec_plan {
    int batch, threads;
    int n_slots; /* pictures of a phase that are under way side by side; picture p waits for the end of p - n_slots */
    int n_nodes, n_steps;
    hr_exec_step *steps; /* [n_steps] in the order in which one thread takes them; the first is the input's */
    int *step_of;        /* [n_nodes][batch] the step that makes a node's tensor of a picture */
    int *n_sources;      /* [n_steps] steps that a step waits for */
    int *user_starts;    /* [n_steps + 1], into users */
    int *users;          /* steps that wait for a step */
    uint64_t *before;    /* [n_steps][words of n_steps bits] see hr_exec_plan_before; NULL for one thread */
} hr_exec_plan;

/* graph: fused. batch, threads: 1..64. */
hrnet_status hr_exec_plan_make(hr_exec_plan *out, const hr_graph *graph, int batch, int threads);
void hr_exec_plan_free(hr_exec_plan *plan);
size_t hr_exec_plan_bytes(const hr_exec_plan *plan);

/* Whether step `first` has always ended when step `second` begins: because it lies on a way that leads there, or comes
 * earlier and there is but one thread. */
int hr_exec_plan_before(const hr_exec_plan *plan, int first, int second);

/* The step that makes node's tensor of a picture. */
static inline int hr_exec_plan_step(const hr_exec_plan *plan, int node, int picture)
{
    return plan->step_of[node * plan->batch + picture];
}

/* Tensors that a node reads, those of its sum last; at most HR_MAX_INPUTS + 1. Returns how many. */
int hr_node_sources(const hr_node *node, int *out);

#endif
