/*
 * test_tensor_layout.c - concatenations and slices without copies: where parts lie, that nobody writes over another
 * part, and that a network full of them computes what the double reference does.
 */
#include "../support/channel_graph.h"
#include "../support/net_files.h"

#include "base/cpu.h"
#include "cpu/engine/exec.h"
#include "graph/reference_forward.h"

typedef struct layout {
    hr_graph graph; /* fused */
    hr_exec_tensor *tensors;
} layout;

static layout lay_out(hr_graph built)
{
    layout l;
    MUST(hr_graph_fuse(&l.graph, &built));
    hr_graph_free(&built);
    l.tensors = test_malloc((size_t)l.graph.n_nodes * sizeof *l.tensors);
    hr_tensor_layout(&l.graph, l.tensors);
    return l;
}

static void free_layout(layout *l)
{
    hr_graph_free(&l->graph);
    test_free(l->tensors);
}

static int find(const layout *l, const char *name)
{
    const int node = hr_graph_find_node(&l->graph, name);
    if (node < 0) fail_msg("no node %s", name);
    return node;
}

/* `name` lies in the tensor of `owner` behind `offset` channels. */
static void lies_in(const layout *l, const char *name, const char *owner, int offset)
{
    const hr_exec_tensor *t = &l->tensors[find(l, name)], *of = &l->tensors[find(l, owner)];
    if (t->owner != find(l, owner) || t->offset != offset || t->ld != of->ld)
        fail_msg("%s: expected offset %d of %s, found offset %d of %s", name, offset, owner, t->offset,
                 l->graph.nodes[t->owner].name);
}

static void stands_alone(const layout *l, const char *name)
{
    lies_in(l, name, name, 0);
    const hr_exec_tensor *t = &l->tensors[find(l, name)];
    assert_int_equal(t->ld, hr_padded(t->c));
}

/* Whether node `inner` is a part of concatenation `outer`, or a part of a part. */
static int is_part(const hr_graph *graph, int inner, int outer)
{
    const hr_node *node = &graph->nodes[outer];
    for (int i = 0; i < node->n_inputs && node->op == HR_OP_CONCAT; i++)
        if (node->inputs[i] == inner || is_part(graph, inner, node->inputs[i])) return 1;
    return 0;
}

/* Tensors lie inside their owners from a whole strip on; a node writes whole strips, and none of another's channels. */
static void check_strips(const layout *l)
{
    for (int i = 0; i < l->graph.n_nodes; i++) {
        const hr_exec_tensor *a = &l->tensors[i], *owner = &l->tensors[a->owner];
        assert_int_equal(owner->owner, a->owner);
        assert_int_equal(owner->offset, 0);
        assert_true(a->ld == owner->ld && a->h == owner->h && a->w == owner->w && a->type == HR_FORMAT_FLOAT32);
        assert_true(a->offset % HR_STRIP == 0 && a->offset + a->c <= a->ld);
        if (a->owner != i) assert_true(a->offset + a->c <= owner->c);
        if (l->graph.nodes[i].op == HR_OP_INPUT || l->graph.nodes[i].op == HR_OP_SLICE) continue;
        assert_true(a->offset + hr_padded(a->c) <= a->ld);
        for (int k = 0; k < l->graph.n_nodes; k++) {
            const hr_exec_tensor *b = &l->tensors[k];
            if (k == i || b->owner != a->owner || l->graph.nodes[k].op == HR_OP_SLICE || is_part(&l->graph, k, i) ||
                is_part(&l->graph, i, k))
                continue;
            assert_true(a->offset + hr_padded(a->c) <= b->offset || b->offset + b->c <= a->offset);
        }
    }
}

static void examples(void **state)
{
    (void)state;
    layout l = lay_out(channel_graph());
    check_strips(&l);
    lies_in(&l, "left", "whole", 0); /* slices of one tensor */
    lies_in(&l, "right", "whole", 16);
    lies_in(&l, "inner", "outer", 0); /* a part, and its parts */
    lies_in(&l, "part", "outer", 0);
    lies_in(&l, "residual", "outer", 16);
    lies_in(&l, "tail", "outer", 32); /* 20 channels, but the last */
    assert_int_equal(l.tensors[find(&l, "outer")].ld, 64);
    lies_in(&l, "shared", "second", 0); /* a part of two: one of them copies */
    stands_alone(&l, "first");
    lies_in(&l, "beside", "first", 16);
    lies_in(&l, "end", "second", 16);
    lies_in(&l, "last", "second", 16); /* a slice of 9 channels up to the end */
    stands_alone(&l, "middle");        /* channels from 7 on */
    stands_alone(&l, "five");          /* 5 channels, and 7 before the next part */
    lies_in(&l, "odd", "top", 64);     /* 51 channels, the last part, whose own parts stand alone */
    lies_in(&l, "behind", "pools", 0);
    lies_in(&l, "pool", "pools", 32);
    lies_in(&l, "deep", "pools", 32);
    lies_in(&l, "up", "top", 0);
    lies_in(&l, "cut", "top", 16);
    free_layout(&l);
}

/* y = concat(conv1(x) of 48, conv2(x) of 20), the head of tensor_layout.h; and parts that may not move. */
static void small_examples(void **state)
{
    (void)state;
    hr_graph g = {0};
    int x = hr_graph_conv(&g, hr_graph_input(&g, 3, 4, 4), "x", 32, 1, 1, 1);
    int parts[] = {hr_graph_conv(&g, x, "conv1", 48, 1, 1, 1), hr_graph_conv(&g, x, "conv2", 20, 1, 1, 1)};
    const int y = hr_graph_concat(&g, parts, 2);
    hr_graph_name(&g, y, "y");
    hr_graph_output(&g, y, "y");
    MUST(hr_graph_finish(&g));
    layout l = lay_out(g);
    check_strips(&l);
    lies_in(&l, "conv1", "y", 0);
    lies_in(&l, "conv2", "y", 48);
    assert_int_equal(l.tensors[find(&l, "y")].ld, 80);
    free_layout(&l);

    g = (hr_graph){0};
    x = hr_graph_input(&g, 16, 4, 4); /* an input of whole strips still stands alone: others fill it */
    const int cut = hr_graph_slice(&g, x, 0, 16);
    hr_graph_name(&g, cut, "cut");
    parts[0] = x;
    parts[1] = cut;
    const int both = hr_graph_concat(&g, parts, 2);
    hr_graph_name(&g, both, "both");
    hr_graph_output(&g, both, "both");
    MUST(hr_graph_finish(&g));
    l = lay_out(g);
    check_strips(&l);
    stands_alone(&l, "input");
    stands_alone(&l, "cut");
    stands_alone(&l, "both");
    free_layout(&l);
}

/* ---------------------------------------------------------------------------------------------- numbers */

enum { N_PICTURES = 3, N_INPUT = 3 * CHANNEL_GRAPH_H * CHANNEL_GRAPH_W };

/* Channel c, pixel i of picture p of output k, as the engine has it, against the reference's [n][c][h][w]. */
static void check_output(const hr_exec *exec, int k, const double *expected, int first, int n)
{
    const hr_graph *graph = hr_exec_graph(exec);
    const hr_node *node = &graph->nodes[graph->outputs[k].node];
    const int n_cells = node->h * node->w, n_numbers = node->c * n_cells, ld = hr_exec_output_ld(exec, k);
    float *found = test_malloc((size_t)(n * n_numbers) * sizeof *found);
    float *floats = test_malloc((size_t)(n * n_numbers) * sizeof *floats);
    for (int i = 0; i < n * n_numbers; i++) {
        const int at = i % n_numbers;
        found[i] = hr_exec_output(exec, k, i / n_numbers)[at % n_cells * ld + at / n_cells];
        floats[i] = (float)expected[first * n_numbers + i];
    }
    if (!(relative_error(found, floats, (size_t)(n * n_numbers)) <= 1e-5))
        fail_msg("output %s: %.1e from the reference", graph->outputs[k].name,
                 relative_error(found, floats, (size_t)(n * n_numbers)));
    test_free(found);
    test_free(floats);
}

static void run(const hr_engine *engine, const float *input, double *const *expected, int threads, int max_batch)
{
    hrnet_pool *pool = NULL;
    hr_exec *exec = NULL;
    MUST(hrnet_pool_create(&pool, threads));
    MUST(hr_exec_create(&exec, engine, pool, CHANNEL_GRAPH_H, CHANNEL_GRAPH_W, max_batch, 0));
    for (int first = 0, n; first < N_PICTURES; first += n) {
        n = N_PICTURES - first < max_batch ? N_PICTURES - first : max_batch;
        for (int i = 0; i < n * N_INPUT; i++) {
            const int c = i % N_INPUT / (N_INPUT / 3), cell = i % (N_INPUT / 3);
            hr_exec_input(exec, i / N_INPUT)[cell * 4 + c] = input[first * N_INPUT + i];
        }
        hr_exec_run(exec, n);
        for (int k = 0; k < engine->graph.n_outputs; k++) check_output(exec, k, expected[k], first, n);
    }
    hr_exec_free(exec);
    hrnet_pool_free(pool);
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        int threads, max_batch;
    } ways[] = {{1, 1}, {1, 3}, {3, 1}, {3, 2}, {4, 3}};
    hr_graph graph = channel_graph();
    const hr_weights weights = formula_weights();
    hr_engine *engine = NULL;
    double *expected[HR_MAX_OUTPUTS];
    float *input = test_malloc(N_PICTURES * N_INPUT * sizeof *input);
    formula_input(input, N_PICTURES * N_INPUT);
    for (int k = 0; k < graph.n_outputs; k++) {
        const hr_node *node = &graph.nodes[graph.outputs[k].node];
        expected[k] = test_malloc((size_t)(N_PICTURES * node->c * node->h * node->w) * sizeof **expected);
    }
    MUST(hr_reference_forward(&graph, &weights, input, N_PICTURES, expected, NULL, NULL));
    MUST(hr_engine_create(&engine, &graph, &weights, hr_cpu_features(), NULL));
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        run(engine, input, expected, ways[i].threads, ways[i].max_batch);
    hr_engine_free(engine);
    for (int k = 0; k < graph.n_outputs; k++) test_free(expected[k]);
    test_free(input);
    hr_graph_free(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(examples), cmocka_unit_test(small_examples),
                                       cmocka_unit_test(numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
