/*
 * exec_plan.h - an execution plan: the order in which the operators of a fused graph run on a batch, and their
 * dependencies.
 *
 * The unit is a step: one operator, or a chain of 1x1 convolutions (hr_node.chained), applied to one picture or to the
 * whole batch.
 *   - Activation-bound operators (activations larger than weights) run picture by picture, so that the next operator
 *     finds its input in the cache.
 *   - Weight-bound operators (hr_node.weight_bound) run on the whole batch, so that each weight is read once.
 * Consecutive steps of one kind form a phase. Phases of the two kinds alternate, each as long as what it reads allows.
 *
 * Example, W32 with a batch of 2 (time runs down, S steps side by side are independent):
 *
 *   phase 0   the input of both pictures
 *   phase 1   picture 0: stem, layer1, stage 2, branches 1/4 and 1/8 of stage 3     picture 1: the same
 *   phase 2   branch 1/16 of stage 3's first module, both pictures as one
 *   phase 3   picture 0: the exchange between the branches, next blocks             picture 1: the same
 *   ...
 *
 * One thread takes the steps in their order. Several take whichever step has nothing left to wait for; at most n_slots
 * pictures of a phase are under way at a time, because each needs memory of its own (tensor_memory.h).
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
    int n_slots; /* pictures of a phase that run side by side; picture p waits for the end of picture p - n_slots */
    int n_nodes, n_steps;
    hr_exec_step *steps; /* [n_steps] in the order in which one thread takes them; the first is the input's */
    int *step_of;        /* [n_nodes][batch] the step that makes a node's tensor of a picture */
    int *n_sources;      /* [n_steps] how many steps a step waits for */
    int *users;          /* steps that wait for a step: those of step s are users[user_starts[s]] up to ... */
    int *user_starts;    /* ... users[user_starts[s + 1] - 1]; [n_steps + 1] */
    uint64_t *before;    /* [n_steps][words of n_steps bits] see hr_exec_plan_before; NULL for one thread */
} hr_exec_plan;

/* graph: fused; read only while the plan is made. batch, threads: 1..64. Free with hr_exec_plan_free. */
hrnet_status hr_exec_plan_make(hr_exec_plan *out, const hr_graph *graph, int batch, int threads);
void hr_exec_plan_free(hr_exec_plan *plan);
size_t hr_exec_plan_bytes(const hr_exec_plan *plan);

/* Whether step `first` has ended whenever step `second` begins, however threads take turns: a path of dependencies
 * leads from the one to the other, or there is only one thread and `first` comes earlier. */
int hr_exec_plan_before(const hr_exec_plan *plan, int first, int second);

/* The step that makes node's tensor of a picture. */
static inline int hr_exec_plan_step(const hr_exec_plan *plan, int node, int picture)
{
    return plan->step_of[node * plan->batch + picture];
}

/* The tensors that a node reads: its inputs, then what it adds. out [HR_MAX_INPUTS + 1]. Returns how many. */
int hr_node_sources(const hr_node *node, int *out);

#endif
