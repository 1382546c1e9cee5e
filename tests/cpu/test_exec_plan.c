/*
 * test_exec_plan.c - the steps of a run and the places of its tensors: every tensor of every picture is made once,
 * after what it reads, and is still there whenever it is read, in whatever order threads may end the steps.
 */
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
    size_t *sizes, *offsets;
    int *cells; /* node * batch + picture */
} memory;

static void write_tensor(memory *m, int node, int picture)
{
    const int tag = node * m->plan->batch + picture;
    for (size_t i = 0; i < m->sizes[node]; i++) m->cells[m->offsets[tag] + i] = tag;
}

static void read_tensor(const memory *m, int node, int picture, int reader)
{
    const int tag = node * m->plan->batch + picture;
    for (size_t i = 0; i < m->sizes[node]; i++)
        if (m->cells[m->offsets[tag] + i] != tag)
            fail_msg("batch %d, %d threads: tensor %d of picture %d is gone when node %d reads it", m->plan->batch,
                     m->plan->threads, node, picture, reader);
}

/* A step may write as soon as it begins, and read until it ends; but what it adds it reads where it writes. */
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
        for (int p = step->picture; p < step->picture + step->n_pictures; p++)
            for (int j = 0; j < it->n_inputs; j++) read_tensor(m, it->inputs[j], p, node);
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
    for (int p = 0; p < s->batch; p++) read_tensor(m, m->graph->outputs[0].node, p, -1);
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
                    assert_int_equal(row[p + 1], row[p] + m->sizes[tensors[j]]);
            }
        }
    }
}

static size_t place(const hr_graph *graph, int batch, int threads, int n_runs)
{
    const size_t n = (size_t)graph->n_nodes;
    hr_exec_plan s;
    size_t total;
    MUST(hr_exec_plan_make(&s, graph, batch, threads));
    memory m = {.plan = &s, .graph = graph};
    hr_exec_tensor *tensors = test_calloc(n, sizeof *tensors);
    m.sizes = test_malloc(n * sizeof *m.sizes);
    m.offsets = test_malloc(n * (size_t)batch * sizeof *m.offsets);
    for (size_t i = 0; i < n; i++) {
        m.sizes[i] = (size_t)(graph->nodes[i].c * graph->nodes[i].h * graph->nodes[i].w) / 768;
        tensors[i] = (hr_exec_tensor){.h = 1, .w = 1, .ld = (int)m.sizes[i], .owner = (int)i};
    }
    MUST(hr_tensor_memory_plan(&s, graph, tensors, m.offsets, &total));
    test_free(tensors);
    follow_each_other(&m);
    m.cells = test_malloc(total * sizeof *m.cells);
    for (int run = 0; run < n_runs; run++) {
        for (size_t i = 0; i < total; i++) m.cells[i] = -1;
        run_at_random(&m, (uint64_t)run);
    }
    test_free(m.cells);
    test_free(m.sizes);
    test_free(m.offsets);
    hr_exec_plan_free(&s);
    return total;
}

static void places(void **state)
{
    (void)state;
    for (int k = 0; k < N_NETWORKS; k++) {
        hr_graph graph = open_graph(networks[k]);
        for (int i = 0; i < N_WAYS; i++) place(&graph, ways[i].batch, ways[i].threads, ways[i].threads == 1 ? 1 : 20);
        /* pictures take turns: eight need less than eight times the room of one (3.9, 5.8 and 5.3 times) */
        assert_true(place(&graph, 8, 1, 1) < 6 * place(&graph, 1, 1, 1));
        hr_graph_free(&graph);
    }
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
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
