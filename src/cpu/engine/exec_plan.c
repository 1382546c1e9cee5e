/* exec_plan.c - phases, steps, and the edges between them. */
#include "cpu/engine/exec_plan.h"

#include "base/mem.h"

enum { BITS = 64, THREADS_PER_PICTURE = 2 }; /* with one each, batches of 2 and 8 took the same time (two threads) */

/* "Step `to` waits for step `from`". */
typedef struct edge {
    int from, to;
} edge;

typedef struct step_planner {
    hr_exec_plan *plan;
    const hr_graph *graph;
    edge *edges;
    size_t n_edges, capacity;
    char *done;    /* [n_nodes] a step has been made */
    char *is_used; /* [n_steps] by a step of the same phase and picture */
    int *heads;    /* [n_nodes] first nodes of the steps of a phase */
    int *seen;     /* [n_steps] the last step that an edge leads to from here, to make each edge once */
} step_planner;

static size_t words_of(const hr_exec_plan *plan)
{
    return ((size_t)plan->n_steps + BITS - 1) / BITS;
}

int hr_node_sources(const hr_node *node, int *out)
{
    int n = 0;
    for (int i = 0; i < node->n_inputs; i++) out[n++] = node->inputs[i];
    if (node->add >= 0) out[n++] = node->add;
    return n;
}

int hr_exec_plan_before(const hr_exec_plan *plan, int first, int second)
{
    if (plan->threads == 1) return first < second;
    const uint64_t *row = plan->before + (size_t)second * words_of(plan);
    return (int)(row[first / BITS] >> (first % BITS) & 1);
}

static int chain_length(const hr_graph *graph, int head)
{
    int n = 1;
    while (head + n < graph->n_nodes && graph->nodes[head + n].chained) n++;
    return n;
}

/* Whether the operator takes the whole batch in one step. The input does: the caller has filled all pictures. */
static int takes_batch(const hr_exec_plan *plan, const hr_node *node)
{
    return plan->batch == 1 || node->op == HR_OP_INPUT || node->weight_bound;
}

/* Whether the chain reads nothing that has no step yet. */
static int may_begin(const step_planner *m, int head)
{
    int from[HR_MAX_INPUTS + 1];
    for (int i = head; i < head + chain_length(m->graph, head); i++) {
        const int n = hr_node_sources(&m->graph->nodes[i], from);
        for (int j = 0; j < n; j++)
            if (from[j] < head && !m->done[from[j]]) return 0;
    }
    return 1;
}

static void add_step(hr_exec_plan *plan, hr_exec_step step)
{
    for (int i = step.node; i < step.node + step.n_nodes; i++)
        for (int p = step.picture; p < step.picture + step.n_pictures; p++)
            plan->step_of[i * plan->batch + p] = plan->n_steps;
    plan->steps[plan->n_steps++] = step;
}

/* Adds to heads every chain of this kind that reads nothing but what has a step already. Since a chain that is added
 * counts as made, those that follow it in the graph come too: one call fills a whole phase. Returns how many. */
static int collect(step_planner *m, int whole_batch)
{
    int n = 0;
    for (int head = 0, length; head < m->graph->n_nodes; head += length) {
        length = chain_length(m->graph, head);
        if (m->done[head] || takes_batch(m->plan, &m->graph->nodes[head]) != whole_batch || !may_begin(m, head))
            continue;
        for (int i = head; i < head + length; i++) m->done[i] = 1;
        m->heads[n++] = head;
    }
    return n;
}

static void make_steps(step_planner *m)
{
    hr_exec_plan *s = m->plan;
    int whole_batch = 1; /* phase 0 is the input */
    for (int phase = 0, left = s->n_nodes; left > 0; phase++, whole_batch = !whole_batch) {
        const int n_heads = collect(m, whole_batch), n_pictures = whole_batch ? s->batch : 1;
        for (int p = 0; p < s->batch; p += n_pictures) {
            for (int i = 0; i < n_heads; i++) {
                const int head = m->heads[i], length = chain_length(m->graph, head);
                add_step(s, (hr_exec_step){head, length, p, n_pictures, phase});
                if (p == 0) left -= length;
            }
        }
    }
}

static hrnet_status add_edge(step_planner *m, int from, int to)
{
    if (m->seen[from] == to) return HRNET_OK;
    m->seen[from] = to;
    if (m->n_edges == m->capacity) {
        const size_t capacity = 2 * m->capacity + 64;
        edge *edges = hr_resize(m->edges, m->capacity, capacity, sizeof *edges);
        if (edges == NULL) return hr_fail_memory(capacity * sizeof *edges);
        m->edges = edges;
        m->capacity = capacity;
    }
    m->edges[m->n_edges++] = (edge){from, to};
    m->plan->n_sources[to]++;
    return HRNET_OK;
}

static int is_same_part(const hr_exec_step *a, const hr_exec_step *b)
{
    return a->phase == b->phase && a->picture == b->picture;
}

/* Edges from the steps that make what this one reads. Sets *out_is_first to whether none of them belongs to the same
 * phase and picture: then the step is one of the first of its picture in this phase. */
static hrnet_status add_sources(step_planner *m, int to, int *out_is_first)
{
    const hr_exec_plan *s = m->plan;
    const hr_exec_step *step = &s->steps[to];
    int from[HR_MAX_INPUTS + 1];
    *out_is_first = 1;
    for (int i = step->node; i < step->node + step->n_nodes; i++) {
        const int n = hr_node_sources(&m->graph->nodes[i], from);
        for (int k = 0; k < n * step->n_pictures; k++) {
            const int other = hr_exec_plan_step(s, from[k % n], step->picture + k / n);
            if (other == to) continue;
            if (is_same_part(&s->steps[other], step)) {
                *out_is_first = 0;
                m->is_used[other] = 1;
            }
            HR_TRY(add_edge(m, other, to));
        }
    }
    return HRNET_OK;
}

/* Picture p takes the memory of picture p - n_slots of the same phase: its first steps wait for that one's last steps,
 * those that nothing of their phase and picture reads. Steps of a phase stand together in the list. */
static hrnet_status add_turns(step_planner *m, int to)
{
    const hr_exec_plan *s = m->plan;
    const hr_exec_step *step = &s->steps[to];
    for (int i = to; i >= 0 && s->steps[i].phase == step->phase; i--)
        if (s->steps[i].picture == step->picture - s->n_slots && !m->is_used[i]) HR_TRY(add_edge(m, i, to));
    return HRNET_OK;
}

static hrnet_status make_edges(step_planner *m)
{
    const hr_exec_plan *s = m->plan;
    for (int i = 0; i < s->n_steps; i++) {
        int is_first;
        HR_TRY(add_sources(m, i, &is_first));
        if (is_first && s->threads > 1 && s->steps[i].n_pictures == 1) HR_TRY(add_turns(m, i));
    }
    return HRNET_OK;
}

/* The lists of users, from the edges: counting sort by the step that an edge leaves. */
static hrnet_status index_edges(step_planner *m)
{
    hr_exec_plan *s = m->plan;
    int *filled = m->seen;
    HR_NEW(s->users, m->n_edges);
    for (size_t i = 0; i < m->n_edges; i++) s->user_starts[m->edges[i].from + 1]++;
    for (int i = 0; i < s->n_steps; i++) {
        s->user_starts[i + 1] += s->user_starts[i];
        filled[i] = 0;
    }
    for (size_t i = 0; i < m->n_edges; i++) {
        const int from = m->edges[i].from;
        s->users[s->user_starts[from] + filled[from]++] = m->edges[i].to;
    }
    return HRNET_OK;
}

/* before[s]: a step's users come after it and after all that comes before it. Steps stand in an order in which users
 * follow what they use, so one pass completes each row before it is handed on. With one thread the order itself says it
 * all. */
static hrnet_status find_before(hr_exec_plan *s)
{
    const size_t n_words = words_of(s);
    if (s->threads == 1) return HRNET_OK;
    HR_NEW(s->before, (size_t)s->n_steps * n_words);
    for (int i = 0; i < s->n_steps; i++) {
        const uint64_t *row = s->before + (size_t)i * n_words;
        for (int k = s->user_starts[i]; k < s->user_starts[i + 1]; k++) {
            uint64_t *to = s->before + (size_t)s->users[k] * n_words;
            for (size_t w = 0; w < n_words; w++) to[w] |= row[w];
            to[i / BITS] |= (uint64_t)1 << (i % BITS);
        }
    }
    return HRNET_OK;
}

static hrnet_status make(step_planner *m)
{
    hr_exec_plan *s = m->plan;
    const size_t n_nodes = (size_t)s->n_nodes, most = n_nodes * (size_t)s->batch;
    HR_NEW(m->done, n_nodes);
    HR_NEW(m->heads, n_nodes);
    HR_NEW(m->is_used, most);
    HR_NEW(m->seen, most);
    HR_NEW(s->steps, most);
    HR_NEW(s->step_of, most);
    HR_NEW(s->n_sources, most);
    HR_NEW(s->user_starts, most + 1);
    make_steps(m);
    HR_TRY(make_edges(m));
    HR_TRY(index_edges(m));
    return find_before(s);
}

hrnet_status hr_exec_plan_make(hr_exec_plan *out, const hr_graph *graph, int batch, int threads)
{
    *out = (hr_exec_plan){.batch = batch, .threads = threads, .n_nodes = graph->n_nodes};
    out->n_slots = (threads + THREADS_PER_PICTURE - 1) / THREADS_PER_PICTURE;
    if (out->n_slots > batch) out->n_slots = batch;
    step_planner m = {.plan = out, .graph = graph};
    const hrnet_status status = make(&m);
    hr_free(m.done);
    hr_free(m.heads);
    hr_free(m.is_used);
    hr_free(m.seen);
    hr_free(m.edges);
    if (status != HRNET_OK) hr_exec_plan_free(out);
    return status;
}

size_t hr_exec_plan_bytes(const hr_exec_plan *plan)
{
    const size_t most = (size_t)plan->n_nodes * (size_t)plan->batch, n_steps = (size_t)plan->n_steps;
    const size_t n_before = plan->before != NULL ? n_steps * words_of(plan) : 0;
    return most * (sizeof(hr_exec_step) + 3 * sizeof(int)) + n_before * sizeof(uint64_t) +
           (size_t)plan->user_starts[n_steps] * sizeof(int);
}

void hr_exec_plan_free(hr_exec_plan *plan)
{
    hr_free(plan->steps);
    hr_free(plan->step_of);
    hr_free(plan->n_sources);
    hr_free(plan->user_starts);
    hr_free(plan->users);
    hr_free(plan->before);
    *plan = (hr_exec_plan){0};
}
