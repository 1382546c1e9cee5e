/*
 * tensor_memory.c - lifetimes by what is before what in the plan. A shared_buffer is what one tensor, or several that
 * are added to in shared_buffer one after the other, take: of the whole batch, or of every n_slots-th picture.
 */
#include "cpu/engine/tensor_memory.h"

#include "base/mem.h"
#include "cpu/engine/memory_plan.h"

enum { LINE = HR_ALIGN / sizeof(float) };

typedef struct shared_buffer {
    int root;    /* the first of its tensors */
    int phase;   /* the one in which pictures take turns here; -1: all have room */
    int slot;    /* the pictures slot, slot + n_slots ... */
    int *makers; /* [n_makers] steps that make its tensors; behind them those that read */
    int n_makers, n_steps;
} shared_buffer;

typedef struct memory_planner {
    const hr_exec_plan *plan;
    const hr_graph *graph;
    int *root;  /* [n_nodes] the first of the tensors that share a shared_buffer */
    int *phase; /* [n_nodes] shared_buffer.phase */
    shared_buffer *places;
    int n_places;
    int *steps; /* room of the places' lists */
} memory_planner;

static int reads(const hr_node *node, int tensor)
{
    int from[HR_MAX_INPUTS + 1], n = hr_node_sources(node, from);
    while (n > 0 && from[n - 1] != tensor) n--;
    return n > 0;
}

static const hr_exec_step *step_at(const memory_planner *p, int node, int picture)
{
    return &p->plan->steps[hr_exec_plan_step(p->plan, node, picture)];
}

/* The phase that all readers of a tensor share with its maker, if its pictures are steps of their own. */
static int phase_of(const memory_planner *p, int node)
{
    const hr_exec_step *step = step_at(p, node, 0);
    if (step->n_pictures == p->plan->batch || node == p->graph->output) return -1;
    for (int i = node + 1; i < p->graph->n_nodes; i++)
        if (reads(&p->graph->nodes[i], node) && step_at(p, i, 0)->phase != step->phase) return -1;
    return step->phase;
}

/* Whether node may write its tensor over the one that it adds. */
static int may_replace(const memory_planner *p, int node)
{
    const hr_exec_plan *s = p->plan;
    const int old = p->graph->nodes[node].add;
    if (old <= 0 || node == p->graph->output || old == p->graph->output || p->phase[old] != p->phase[node]) return 0;
    for (int i = old + 1; i < p->graph->n_nodes; i++) {
        if (i == node || !reads(&p->graph->nodes[i], old)) continue;
        for (int k = 0; k < s->batch; k++)
            if (!hr_exec_plan_before(s, hr_exec_plan_step(s, i, k), hr_exec_plan_step(s, node, k))) return 0;
    }
    return p->graph->nodes[node].inputs[0] != old;
}

static int list_steps(const memory_planner *p, int node, int slot, int is_turn, int *out)
{
    const hr_exec_plan *s = p->plan;
    int n = 0;
    for (int k = slot; k < s->batch; k += is_turn ? s->n_slots : 1) {
        const int step = hr_exec_plan_step(s, node, k);
        if (n == 0 || out[n - 1] != step) out[n++] = step;
    }
    return n;
}

/* The shared_buffer of a root in one slot. Returns how many steps were listed. */
static int describe(const memory_planner *p, int root, int slot, int *steps, shared_buffer *out)
{
    const int n_nodes = p->graph->n_nodes, is_turn = p->phase[root] >= 0;
    int n = 0;
    *out = (shared_buffer){.root = root, .phase = p->phase[root], .slot = slot, .makers = steps};
    for (int i = root; i < n_nodes; i++)
        if (p->root[i] == root) n += list_steps(p, i, slot, is_turn, steps + n);
    out->n_makers = n;
    for (int i = root; i < n_nodes; i++)
        for (int k = i + 1; k < n_nodes && p->root[i] == root; k++)
            if (reads(&p->graph->nodes[k], i)) n += list_steps(p, k, slot, is_turn, steps + n);
    return out->n_steps = n;
}

static void describe_all(memory_planner *p)
{
    int *steps = p->steps;
    for (int i = 0; i < p->graph->n_nodes; i++) p->phase[i] = phase_of(p, i);
    for (int i = 0; i < p->graph->n_nodes; i++) p->root[i] = may_replace(p, i) ? p->root[p->graph->nodes[i].add] : i;
    for (int i = 0; i < p->graph->n_nodes; i++)
        for (int slot = 0; p->root[i] == i && slot < (p->phase[i] >= 0 ? p->plan->n_slots : 1); slot++)
            steps += describe(p, i, slot, steps, &p->places[p->n_places++]);
}

/* Whether all that happens in shared_buffer a has ended before anything is written to shared_buffer b. Of one turn of a
 * phase one picture tells for all. */
static int is_over(const memory_planner *p, const shared_buffer *a, const shared_buffer *b)
{
    const hr_exec_step *steps = p->plan->steps;
    const int is_turn = a->phase >= 0 && a->phase == b->phase;
    if (a->root == p->graph->output || (is_turn && a->slot != b->slot)) return 0;
    for (int i = 0; i < a->n_steps; i++) {
        if (is_turn && steps[a->makers[i]].picture != a->slot) continue;
        for (int k = 0; k < b->n_makers; k++) {
            if (is_turn && steps[b->makers[k]].picture != b->slot) continue;
            if (!hr_exec_plan_before(p->plan, a->makers[i], b->makers[k])) return 0;
        }
    }
    return 1;
}

static int may_overlap(const void *context, int a, int b)
{
    const memory_planner *p = context;
    return !is_over(p, &p->places[a], &p->places[b]) && !is_over(p, &p->places[b], &p->places[a]);
}

static hrnet_status plan_buffers(memory_planner *p, const size_t *floats, size_t *offsets, size_t *total)
{
    const hr_exec_plan *s = p->plan;
    const size_t n_nodes = (size_t)s->n_nodes, batch = (size_t)s->batch;
    hr_buffer *lives;
    HR_NEW(p->root, n_nodes);
    HR_NEW(p->phase, n_nodes);
    HR_NEW(p->places, n_nodes * (size_t)s->n_slots);
    HR_NEW(p->steps, n_nodes * batch * (HR_MAX_INPUTS + 2));
    describe_all(p);
    HR_NEW(lives, (size_t)p->n_places);
    for (int i = 0; i < p->n_places; i++) {
        const shared_buffer *it = &p->places[i];
        lives[i].size = (floats[it->root] * (it->phase >= 0 ? 1 : batch) + LINE - 1) / LINE * LINE;
    }
    const hrnet_status status = hr_memory_plan(lives, p->n_places, may_overlap, p, total);
    for (int i = 0; i < p->n_places && status == HRNET_OK; i++) {
        const shared_buffer *it = &p->places[i];
        for (size_t node = (size_t)it->root; node < n_nodes; node++) {
            if (p->root[node] != it->root) continue;
            size_t *row = offsets + node * batch;
            if (it->phase >= 0)
                for (int k = it->slot; k < s->batch; k += s->n_slots) row[k] = lives[i].offset;
            else
                for (size_t k = 0; k < batch; k++) row[k] = lives[i].offset + k * floats[node];
        }
    }
    hr_free(lives);
    return status;
}

hrnet_status hr_tensor_memory_plan(const hr_exec_plan *plan, const hr_graph *graph, const size_t *floats,
                                   size_t *offsets, size_t *total)
{
    memory_planner p = {.plan = plan, .graph = graph};
    const hrnet_status status = plan_buffers(&p, floats, offsets, total);
    hr_free(p.root);
    hr_free(p.phase);
    hr_free(p.places);
    hr_free(p.steps);
    return status;
}
