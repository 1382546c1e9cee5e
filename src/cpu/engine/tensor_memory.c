/* tensor_memory.c - which tensors share a buffer, when each buffer is in use, and the buffers' places. */
#include "cpu/engine/tensor_memory.h"

#include "base/mem.h"
#include "cpu/engine/memory_plan.h"

enum { LINE = HR_ALIGN / sizeof(float) };

/* A buffer of the whole batch, or of every n_slots-th picture. */
typedef struct shared_buffer {
    int leader;   /* the first of its tensors, which stands for all of them */
    int phase;    /* the one in which pictures take turns here; -1: each has memory of its own */
    int slot;     /* the pictures slot, slot + n_slots ... */
    int *writers; /* [n_writers] steps that make its tensors; behind them those that read */
    int n_writers, n_steps;
    int first_writer, last_step; /* the lowest and the highest of them */
} shared_buffer;

typedef struct memory_planner {
    const hr_exec_plan *plan;
    const hr_graph *graph;
    const hr_exec_tensor *tensors;
    int *leader;    /* [n_nodes] of the buffer that a tensor is in */
    int *phase;     /* [n_nodes] shared_buffer.phase of that buffer */
    int *n_sharing; /* [n_nodes] an owner and its slices: how many; 0 for slices */
    shared_buffer *buffers;
    int n_buffers;
    int *steps; /* memory of the buffers' lists */
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

/* The phase that all readers of a tensor share with its writer, if its pictures are steps of their own; else -1. */
static int phase_of(const memory_planner *p, int node)
{
    const hr_exec_step *step = step_at(p, node, 0);
    if (step->n_pictures == p->plan->batch || hr_graph_is_output(p->graph, node)) return -1;
    for (int i = node + 1; i < p->graph->n_nodes; i++)
        if (reads(&p->graph->nodes[i], node) && step_at(p, i, 0)->phase != step->phase) return -1;
    return step->phase;
}

/* An owner and its slices are one buffer: its leader is the first of them, and pictures take turns only if they may in
 * all of them. */
static void join_slices(memory_planner *p)
{
    const int n = p->graph->n_nodes;
    for (int i = 0; i < n; i++) {
        p->leader[i] = i;
        p->phase[i] = phase_of(p, i);
    }
    for (int i = 0; i < n; i++) p->n_sharing[p->tensors[i].owner]++;
    for (int owner = 0; owner < n; owner++) {
        int leader = -1, phase = p->phase[owner];
        for (int i = 0; i < n && p->n_sharing[owner] > 1; i++) {
            if (p->tensors[i].owner != owner) continue;
            if (leader < 0) leader = i;
            if (p->phase[i] != phase) phase = -1;
        }
        for (int i = leader; i < n && leader >= 0; i++) {
            if (p->tensors[i].owner != owner) continue;
            p->leader[i] = leader;
            p->phase[i] = phase;
        }
    }
}

/* Whether node may write its tensor over the one that it adds. */
static int may_replace(const memory_planner *p, int node)
{
    const hr_exec_plan *s = p->plan;
    const int old = p->graph->nodes[node].add;
    if (old <= 0 || p->graph->nodes[node].add_last || p->phase[old] != p->phase[node]) return 0;
    if (p->n_sharing[old] != 1 || p->n_sharing[node] != 1) return 0;
    if (hr_graph_is_output(p->graph, node) || hr_graph_is_output(p->graph, old)) return 0;
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

/* The buffer of a leader in one slot. Returns how many steps were listed. */
static int describe(const memory_planner *p, int leader, int slot, int *steps, shared_buffer *out)
{
    const int n_nodes = p->graph->n_nodes, is_turn = p->phase[leader] >= 0;
    int n = 0;
    *out = (shared_buffer){.leader = leader, .phase = p->phase[leader], .slot = slot, .writers = steps};
    for (int i = leader; i < n_nodes; i++)
        if (p->leader[i] == leader) n += list_steps(p, i, slot, is_turn, steps + n);
    out->n_writers = n;
    for (int i = leader; i < n_nodes; i++)
        for (int k = i + 1; k < n_nodes && p->leader[i] == leader; k++)
            if (reads(&p->graph->nodes[k], i)) n += list_steps(p, k, slot, is_turn, steps + n);
    out->first_writer = out->last_step = steps[0];
    for (int i = 1; i < n; i++) {
        if (i < out->n_writers && steps[i] < out->first_writer) out->first_writer = steps[i];
        if (steps[i] > out->last_step) out->last_step = steps[i];
    }
    return out->n_steps = n;
}

static void describe_all(memory_planner *p)
{
    int *steps = p->steps;
    join_slices(p);
    for (int i = 0; i < p->graph->n_nodes; i++)
        if (may_replace(p, i)) p->leader[i] = p->leader[p->graph->nodes[i].add];
    for (int i = 0; i < p->graph->n_nodes; i++)
        for (int slot = 0; p->leader[i] == i && slot < (p->phase[i] >= 0 ? p->plan->n_slots : 1); slot++)
            steps += describe(p, i, slot, steps, &p->buffers[p->n_buffers++]);
}

static int holds_output(const memory_planner *p, const shared_buffer *b)
{
    for (int i = 0; i < p->graph->n_outputs; i++)
        if (p->leader[p->graph->outputs[i].node] == b->leader) return 1;
    return 0;
}

/* Whether all that happens in buffer a has ended before anything is written to buffer b. If both are used in turns
 * within one phase, one picture stands for all. */
static int is_over(const memory_planner *p, const shared_buffer *a, const shared_buffer *b)
{
    const hr_exec_step *steps = p->plan->steps;
    const int is_turn = a->phase >= 0 && a->phase == b->phase;
    if (holds_output(p, a) || (is_turn && a->slot != b->slot)) return 0;
    /* steps are numbered in an order in which they may run, and one thread runs them in it */
    if (!is_turn && a->last_step >= b->first_writer) return 0;
    if (!is_turn && p->plan->threads == 1) return 1;
    for (int i = 0; i < a->n_steps; i++) {
        if (is_turn && steps[a->writers[i]].picture != a->slot) continue;
        for (int k = 0; k < b->n_writers; k++) {
            if (is_turn && steps[b->writers[k]].picture != b->slot) continue;
            if (!hr_exec_plan_before(p->plan, a->writers[i], b->writers[k])) return 0;
        }
    }
    return 1;
}

static int may_overlap(const void *context, int a, int b)
{
    const memory_planner *p = context;
    return !is_over(p, &p->buffers[a], &p->buffers[b]) && !is_over(p, &p->buffers[b], &p->buffers[a]);
}

/* Where the pictures of each tensor of a buffer lie, which begins at `begin`. */
static void place(const memory_planner *p, const shared_buffer *b, size_t begin, size_t *offsets)
{
    const hr_exec_plan *s = p->plan;
    for (int node = b->leader; node < s->n_nodes; node++) {
        size_t *row = offsets + (size_t)node * (size_t)s->batch;
        if (p->leader[node] != b->leader) continue;
        if (b->phase >= 0)
            for (int k = b->slot; k < s->batch; k += s->n_slots) row[k] = begin;
        else
            for (int k = 0; k < s->batch; k++) row[k] = begin + (size_t)k * hr_tensor_floats(&p->tensors[node]);
    }
}

static hrnet_status plan_buffers(memory_planner *p, size_t *offsets, size_t *total)
{
    const hr_exec_plan *s = p->plan;
    const size_t n_nodes = (size_t)s->n_nodes, batch = (size_t)s->batch;
    hr_buffer *lives;
    HR_NEW(p->leader, n_nodes);
    HR_NEW(p->phase, n_nodes);
    HR_NEW(p->n_sharing, n_nodes);
    HR_NEW(p->buffers, n_nodes * (size_t)s->n_slots);
    HR_NEW(p->steps, n_nodes * batch * (HR_MAX_INPUTS + 2));
    describe_all(p);
    HR_NEW(lives, (size_t)p->n_buffers);
    for (int i = 0; i < p->n_buffers; i++) {
        const shared_buffer *b = &p->buffers[i];
        const size_t floats = hr_tensor_floats(&p->tensors[b->leader]);
        lives[i].size = (floats * (b->phase >= 0 ? 1 : batch) + LINE - 1) / LINE * LINE;
    }
    const hrnet_status status = hr_memory_plan(lives, p->n_buffers, may_overlap, p, total);
    for (int i = 0; i < p->n_buffers && status == HRNET_OK; i++) place(p, &p->buffers[i], lives[i].offset, offsets);
    hr_free(lives);
    return status;
}

hrnet_status hr_tensor_memory_plan(const hr_exec_plan *plan, const hr_graph *graph, const hr_exec_tensor *tensors,
                                   size_t *offsets, size_t *total)
{
    memory_planner p = {.plan = plan, .graph = graph, .tensors = tensors};
    const hrnet_status status = plan_buffers(&p, offsets, total);
    hr_free(p.leader);
    hr_free(p.phase);
    hr_free(p.n_sharing);
    hr_free(p.buffers);
    hr_free(p.steps);
    return status;
}
