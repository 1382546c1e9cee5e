/*
 * test_exec_plan.c - the steps of a run and the places of its tensors: every tensor of every picture is made once,
 * after what it reads, and is still there whenever it is read, in whatever order threads may end the steps.
 */
#include "../support/channel_graph.h"
#include "../support/net_files.h"

#include "base/mem.h"
#include "base/rng.h"
#include "config/config.h"
#include "cpu/engine/tensor_memory.h"
#include "cpu/engine/exec_plan.h"
#include "networks/registry.h"

static const char *const networks[] = {"coco/hrnet/w32_256x192", "mpii/hrnet/w48_256x256", "coco/resnet/res50_256x192"};
enum { N_NETWORKS = sizeof networks / sizeof *networks };
static const struct {
    int batch, threads;
} ways[] = {{1, 1}, {1, 3}, {2, 1}, {2, 2}, {5, 1}, {5, 4}, {4, 7}, {8, 2}, {8, 5}};
enum { N_WAYS = sizeof ways / sizeof *ways };

static hr_graph open_graph(const char *network)
{
    hrnet_config *config = NULL;
    hr_graph built, fused;
    MUST(hrnet_config_load(&config, network, NULL, NULL, NULL));
    MUST(hr_network_build(&built, &config->model));
    MUST(hr_graph_fuse(&fused, &built));
    hr_graph_free(&built);
    hrnet_config_free(config);
    return fused;
}

/* What lies before what, against a search of all ways. */
static void check_before(const hr_exec_plan *s)
{
    char *reached = test_malloc((size_t)s->n_steps);
    for (int from = 0; from < s->n_steps; from++) {
        memset(reached, 0, (size_t)s->n_steps);
        for (int i = from; i < s->n_steps; i++)
            for (int u = s->user_starts[i]; u < s->user_starts[i + 1] && (i == from || reached[i]); u++)
                reached[s->users[u]] = 1;
        for (int k = 0; k < s->n_steps; k++)
            assert_int_equal(hr_exec_plan_before(s, from, k), s->threads == 1 ? from < k : reached[k]);
    }
    test_free(reached);
}

/* Steps cover all tensors of all pictures once. A step waits for every step that makes what it reads, is among the
 * users of all that it waits for, and comes after them. */
static void steps(void **state)
{
    (void)state;
    for (int k = 0; k < N_NETWORKS * N_WAYS; k++) {
        hr_graph graph = open_graph(networks[k / N_WAYS]);
        const int batch = ways[k % N_WAYS].batch, threads = ways[k % N_WAYS].threads;
        hr_exec_plan s;
        MUST(hr_exec_plan_make(&s, &graph, batch, threads));
        int *n_sources = test_calloc((size_t)s.n_steps, sizeof *n_sources);
        int n_made = 0, n_chained = 0;
        for (int i = 0; i < s.n_steps; i++) {
            const hr_exec_step *step = &s.steps[i];
            n_chained += step->n_nodes > 1;
            for (int node = step->node; node < step->node + step->n_nodes; node++) {
                for (int p = step->picture; p < step->picture + step->n_pictures; p++, n_made++) {
                    assert_int_equal(hr_exec_plan_step(&s, node, p), i);
                    int from[HR_MAX_INPUTS + 1];
                    const int n = hr_node_sources(&graph.nodes[node], from);
                    for (int j = 0; j < n; j++) {
                        const int other = hr_exec_plan_step(&s, from[j], p);
                        assert_true(other == i ? from[j] < node : other < i && hr_exec_plan_before(&s, other, i));
                    }
                }
            }
            for (int u = s.user_starts[i]; u < s.user_starts[i + 1]; u++) {
                n_sources[s.users[u]]++;
                assert_true(s.users[u] > i && hr_exec_plan_before(&s, i, s.users[u]));
                assert_false(hr_exec_plan_before(&s, s.users[u], i));
            }
        }
        assert_int_equal(n_made, graph.n_nodes * batch);
        assert_true(n_chained > 0);
        assert_memory_equal(n_sources, s.n_sources, (size_t)s.n_steps * sizeof *n_sources);
        check_before(&s);
        test_free(n_sources);
        hr_exec_plan_free(&s);
        hr_graph_free(&graph);
    }
}

/* A block of memory that knows, of each of its cells, which tensor was last written there. */
typedef struct memory {
    const hr_exec_plan *plan;
    const hr_graph *graph;
    const hr_exec_tensor *tensors;
    size_t *offsets;
    int *cells; /* node * batch + picture */
} memory;

/* The node that writes channel c of a node's tensor: that of a part or of a slice which lies where its reader has it is
 * written by the part, or by what the slice is of. */
static int writer_of(const memory *m, int node, int c)
{
    const hr_node *it = &m->graph->nodes[node];
    const hr_exec_tensor *t = &m->tensors[node];
    if (it->op == HR_OP_SLICE && t->owner != node) return writer_of(m, it->inputs[0], it->first + c);
    for (int i = 0, first = 0; i < it->n_inputs && it->op == HR_OP_CONCAT; i++) {
        const hr_exec_tensor *part = &m->tensors[it->inputs[i]];
        const int is_inside = c >= first && c < first + part->c;
        if (is_inside && part->owner == t->owner && part->offset == t->offset + first)
            return writer_of(m, it->inputs[i], c - first);
        first += part->c;
    }
    return node;
}

static int *cell(const memory *m, int node, int picture, int pixel, int c)
{
    const hr_exec_tensor *t = &m->tensors[node];
    return m->cells + m->offsets[node * m->plan->batch + picture] + (size_t)(pixel * t->ld + t->offset + c);
}

/* Its channels that no part has written, and the padding of the last strip. A slice in its place writes nothing. */
static void write_tensor(memory *m, int node, int picture)
{
    const hr_exec_tensor *t = &m->tensors[node];
    const int left = t->ld - t->offset, n_lanes = hr_padded(t->c) < left ? hr_padded(t->c) : left;
    if (m->graph->nodes[node].op == HR_OP_SLICE && t->owner != node) return;
    for (int c = 0; c < n_lanes; c++) {
        if (c < t->c && writer_of(m, node, c) != node) continue;
        for (int i = 0; i < t->h * t->w; i++) *cell(m, node, picture, i, c) = node * m->plan->batch + picture;
    }
}

static void read_tensor(const memory *m, int node, int picture, int reader)
{
    const hr_exec_tensor *t = &m->tensors[node];
    for (int c = 0; c < t->c; c++) {
        const int tag = writer_of(m, node, c) * m->plan->batch + picture;
        for (int i = 0; i < t->h * t->w; i++)
            if (*cell(m, node, picture, i, c) != tag)
                fail_msg("batch %d, %d threads: channel %d of tensor %d of picture %d is gone when node %d reads it",
                         m->plan->batch, m->plan->threads, c, node, picture, reader);
    }
}

/* A step may write as soon as it begins, and read until it ends; but what it adds before its activation it reads where
 * it writes. */
static void begin_step(memory *m, const hr_exec_step *step)
{
    for (int node = step->node; node < step->node + step->n_nodes; node++) {
        int from[HR_MAX_INPUTS + 1];
        const int n = hr_node_sources(&m->graph->nodes[node], from);
        for (int p = step->picture; p < step->picture + step->n_pictures; p++) {
            for (int j = 0; j < n; j++) read_tensor(m, from[j], p, node);
            write_tensor(m, node, p);
        }
    }
}

static void end_step(memory *m, const hr_exec_step *step)
{
    for (int node = step->node; node < step->node + step->n_nodes; node++) {
        const hr_node *it = &m->graph->nodes[node];
        for (int p = step->picture; p < step->picture + step->n_pictures; p++) {
            for (int j = 0; j < it->n_inputs; j++) read_tensor(m, it->inputs[j], p, node);
            if (it->add_last) read_tensor(m, it->add, p, node);
        }
    }
    for (int p = step->picture; p < step->picture + step->n_pictures; p++)
        read_tensor(m, step->node + step->n_nodes - 1, p, -1);
}

/* Begin and end steps in an order drawn at random among those that this many threads could make. */
static void run_at_random(memory *m, uint64_t seed)
{
    const hr_exec_plan *s = m->plan;
    int *waits_for = test_malloc((size_t)s->n_steps * sizeof *waits_for), running[64], n_running = 0, n_ended = 0;
    memcpy(waits_for, s->n_sources, (size_t)s->n_steps * sizeof *waits_for);
    for (uint64_t draw = 0; n_ended < s->n_steps; draw += 2) {
        int ready[2] = {-1, -1}, n_ready = 0; /* of the first two, or later ones now and then */
        const int skip = hr_random_bits(seed, draw) % 8 == 0 ? (int)(hr_random_bits(seed, draw + 1) % 20) : 0;
        for (int i = 0, seen = 0; i < s->n_steps && n_ready < 2; i++)
            if (waits_for[i] == 0 && (seen++ >= skip || n_ready == 0)) ready[n_ready++] = i;
        const int may_begin = n_ready > 0 && n_running < s->threads;
        if (may_begin && (n_running == 0 || hr_random_bits(seed, draw + 1) % 2 == 0)) {
            const int which = s->threads > 1 && n_ready > 1 ? (int)(hr_random_bits(seed, draw) >> 8 & 1) : 0;
            const int step = ready[which];
            waits_for[step] = -1;
            begin_step(m, &s->steps[step]);
            running[n_running++] = step;
            continue;
        }
        const int which = (int)((hr_random_bits(seed, draw + 1) >> 8) % (uint64_t)n_running), step = running[which];
        end_step(m, &s->steps[step]);
        running[which] = running[--n_running];
        for (int u = s->user_starts[step]; u < s->user_starts[step + 1]; u++) waits_for[s->users[u]]--;
        n_ended++;
    }
    for (int k = 0; k < m->graph->n_outputs * s->batch; k++)
        read_tensor(m, m->graph->outputs[k / s->batch].node, k % s->batch, -1);
    test_free(waits_for);
}

/* Steps of several pictures find those of each tensor side by side. */
static void follow_each_other(const memory *m)
{
    const hr_exec_plan *s = m->plan;
    for (int i = 0; i < s->n_steps; i++) {
        const hr_exec_step *step = &s->steps[i];
        for (int node = step->node; node < step->node + step->n_nodes; node++) {
            int tensors[HR_MAX_INPUTS + 2];
            const int n = hr_node_sources(&m->graph->nodes[node], tensors);
            tensors[n] = node;
            for (int j = 0; j <= n; j++) {
                const size_t *row = m->offsets + tensors[j] * s->batch;
                for (int p = step->picture; p + 1 < step->picture + step->n_pictures; p++)
                    assert_int_equal(row[p + 1], row[p] + hr_tensor_floats(&m->tensors[tensors[j]]));
            }
        }
    }
}

/* Run steps at random over the memory that is planned for these tensors; its size. */
static size_t place(const hr_graph *graph, const hr_exec_tensor *tensors, int batch, int threads, int n_runs)
{
    hr_exec_plan s;
    size_t total;
    MUST(hr_exec_plan_make(&s, graph, batch, threads));
    memory m = {.plan = &s, .graph = graph, .tensors = tensors};
    m.offsets = test_malloc((size_t)(graph->n_nodes * batch) * sizeof *m.offsets);
    MUST(hr_tensor_memory_plan(&s, graph, tensors, m.offsets, &total));
    follow_each_other(&m);
    m.cells = test_malloc(total * sizeof *m.cells);
    for (int run = 0; run < n_runs; run++) {
        for (size_t i = 0; i < total; i++) m.cells[i] = -1;
        run_at_random(&m, (uint64_t)run);
    }
    test_free(m.cells);
    test_free(m.offsets);
    hr_exec_plan_free(&s);
    return total;
}

/* A network's tensors, of one pixel and a 768th of their numbers, so that pictures need no second. */
static hr_exec_tensor *small_tensors(const hr_graph *graph)
{
    hr_exec_tensor *tensors = test_calloc((size_t)graph->n_nodes, sizeof *tensors);
    for (int i = 0; i < graph->n_nodes; i++) {
        const hr_node *node = &graph->nodes[i];
        const int size = node->c * node->h * node->w / 768;
        tensors[i] = (hr_exec_tensor){.c = size, .h = 1, .w = 1, .ld = size, .owner = i};
    }
    return tensors;
}

static void places(void **state)
{
    (void)state;
    for (int k = 0; k < N_NETWORKS; k++) {
        hr_graph graph = open_graph(networks[k]);
        hr_exec_tensor *tensors = small_tensors(&graph);
        for (int i = 0; i < N_WAYS; i++)
            place(&graph, tensors, ways[i].batch, ways[i].threads, ways[i].threads == 1 ? 1 : 20);
        /* pictures take turns: eight need less than eight times the room of one (3.9, 5.8 and 5.3 times) */
        assert_true(place(&graph, tensors, 8, 1, 1) < 6 * place(&graph, tensors, 1, 1, 1));
        test_free(tensors);
        hr_graph_free(&graph);
    }
}

/* Tensors that lie in others: a part writes its own cells only, and who reads the whole finds those of every part. */
static void slices(void **state)
{
    (void)state;
    hr_graph built = channel_graph(), graph;
    MUST(hr_graph_fuse(&graph, &built));
    hr_exec_tensor *tensors = test_calloc((size_t)graph.n_nodes, sizeof *tensors);
    hr_tensor_layout(&graph, tensors);
    int n_slices = 0, n_added_last = 0, n_weight_bound = 0;
    for (int i = 0; i < graph.n_nodes; i++) {
        n_slices += tensors[i].owner != i;
        n_added_last += graph.nodes[i].add_last;
        n_weight_bound += graph.nodes[i].weight_bound;
    }
    assert_true(n_slices > 10 && n_added_last == 3 && n_weight_bound > 0 && n_weight_bound < graph.n_nodes);
    for (int i = 0; i < N_WAYS; i++)
        place(&graph, tensors, ways[i].batch, ways[i].threads, ways[i].threads == 1 ? 1 : 20);
    test_free(tensors);
    hr_graph_free(&graph);
    hr_graph_free(&built);
}

/* No allocation that fails leaks or is taken for a plan. */
static void no_memory(void **state)
{
    (void)state;
    hr_graph graph = open_graph(networks[0]);
    hr_exec_tensor *sizes = test_calloc((size_t)graph.n_nodes, sizeof *sizes);
    for (int i = 0; i < graph.n_nodes; i++) sizes[i].owner = i;
    size_t *offsets = test_calloc((size_t)graph.n_nodes * 2, sizeof *offsets), total;
    hr_mem_fail_after(-1);
    hr_exec_plan s;
    MUST(hr_exec_plan_make(&s, &graph, 2, 2));
    MUST(hr_tensor_memory_plan(&s, &graph, sizes, offsets, &total));
    hr_exec_plan_free(&s);
    const long n_allocations = hr_mem_fail_after(-1);
    for (long n = 0; n < n_allocations; n++) {
        hr_mem_fail_after(n);
        hrnet_status status = hr_exec_plan_make(&s, &graph, 2, 2);
        if (status == HRNET_OK) {
            status = hr_tensor_memory_plan(&s, &graph, sizes, offsets, &total);
            hr_exec_plan_free(&s);
        }
        hr_mem_fail_after(-1);
        assert_int_equal(status, HRNET_ERR_MEMORY);
    }
    test_free(sizes);
    test_free(offsets);
    hr_graph_free(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps),
        cmocka_unit_test(places),
        cmocka_unit_test(slices),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
