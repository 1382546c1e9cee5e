/*
 * test_backprop_runs.c - what must not change a bit of a step: threads, recompute, processes without pictures; and what
 * changes no more than the order of sums does: adding gradients, several processes.
 */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#include "backprop_pair.h"
#include "../support/train_files.h"

/* What two steps leave, the second of them adding its gradients: output, gradients, parameters, as one block that
 * test_free frees. */
static float *results_of(const hr_graph *graph, const hr_weights *weights, const hr_backprop_options *options, int n,
                         size_t *n_floats)
{
    network_pair p;
    open_pair(&p, graph, weights, n, options, 0);
    const hr_node *out = &graph->nodes[graph->outputs[0].node];
    const size_t n_maps = (size_t)n * (size_t)(out->h * out->w) * padded(out->c);
    const size_t n_params = hr_backprop_layout(p.net)->n_floats;
    float *all = test_malloc((n_maps + 2 * n_params) * sizeof *all);
    for (int step = 0; step < 2; step++) {
        set_input(&p, (size_t)step);
        hr_backprop_forward(p.net, n);
        memcpy(all, hr_backprop_output(p.net, 0, 0), n_maps * sizeof *all);
        set_slopes(&p, (size_t)step);
        hr_backprop_backward(p.net, n, step);
    }
    memcpy(all + n_maps, hr_backprop_gradients(p.net), n_params * sizeof *all);
    memcpy(all + n_maps + n_params, hr_backprop_params(p.net), n_params * sizeof *all);
    close_pair(&p);
    *n_floats = n_maps + 2 * n_params;
    return all;
}

static void check_same_bits(const hr_graph *graph, const hr_weights *weights)
{
    static const struct {
        int threads, recompute;
    } ways[] = {{2, 0}, {3, 0}, {7, 0}, {1, 1}, {2, 1}};
    size_t n;
    hr_backprop_options options = plain_options(4);
    float *expected = results_of(graph, weights, &options, 3, &n);
    for (size_t k = 0; k < sizeof ways / sizeof *ways; k++) {
        options.threads = ways[k].threads;
        options.recompute = ways[k].recompute;
        float *found = results_of(graph, weights, &options, 3, &n);
        assert_memory_equal(found, expected, n * sizeof *found);
        test_free(found);
    }
    test_free(expected);
}

static void same_bits(void **state)
{
    (void)state;
    for (int i = 0; i < N_TRAIN_NETS; i++) {
        golden_graph opened;
        golden_graph_open(&opened, train_nets[i]);
        check_same_bits(&opened.graph, &opened.weights);
        golden_graph_close(&opened);
    }
    hr_graph g = strange_graph();
    check_same_bits(&g, &random_weights);
    hr_graph_free(&g);
}

/* A second backward pass that adds gives twice the first, but for the rounding of sums in another order (measured:
 * 6e-7). */
static void gradients_add(void **state)
{
    (void)state;
    golden_graph opened;
    golden_graph_open(&opened, train_nets[1]);
    const hr_backprop_options options = plain_options(2);
    network_pair p;
    open_pair(&p, &opened.graph, &opened.weights, 2, &options, 0);
    const size_t n = hr_backprop_layout(p.net)->n_trainable;
    float *once = test_malloc(n * sizeof *once), largest = 0;
    for (int step = 0; step < 2; step++) {
        set_input(&p, 0);
        hr_backprop_forward(p.net, 2);
        set_slopes(&p, 0);
        hr_backprop_backward(p.net, 2, step);
        if (step == 0) memcpy(once, hr_backprop_gradients(p.net), n * sizeof *once);
    }
    for (size_t i = 0; i < n; i++) largest = fmaxf(largest, fabsf(once[i]));
    for (size_t i = 0; i < n; i++)
        assert_true(fabsf(hr_backprop_gradients(p.net)[i] - 2 * once[i]) <= 2e-6f * (fabsf(once[i]) + 1e-2f * largest));
    test_free(once);
    close_pair(&p);
    golden_graph_close(&opened);
}

/* ---- several processes, as threads ---- */

enum { MAX_RANKS = 3, MAX_VALUES = 4096 };

typedef struct meeting {
    pthread_barrier_t barrier;
    int n_ranks;
    double *values[MAX_RANKS], sums[MAX_VALUES];
} meeting;

typedef struct rank {
    meeting *meeting;
    int index, first; /* picture of the batch */
    network_pair pair;
    size_t reported;
    int in_order;
} rank;

static void all_reduce(void *context, double *values, size_t n)
{
    rank *r = context;
    meeting *m = r->meeting;
    assert_true(n <= MAX_VALUES);
    m->values[r->index] = values;
    if (pthread_barrier_wait(&m->barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
        for (size_t i = 0; i < n; i++) {
            m->sums[i] = 0;
            for (int k = 0; k < m->n_ranks; k++) m->sums[i] += m->values[k][i];
        }
    }
    pthread_barrier_wait(&m->barrier);
    memcpy(values, m->sums, n * sizeof *values);
    pthread_barrier_wait(&m->barrier);
}

static void on_gradients(void *context, size_t first, size_t n)
{
    rank *r = context;
    r->in_order = r->in_order && first + n == r->reported && n > 0;
    r->reported = first;
}

static void *run_rank(void *context)
{
    rank *r = context;
    network_pair *p = &r->pair;
    const hr_node *in = &p->graph->nodes[0], *out = &p->graph->nodes[p->graph->outputs[0].node];
    const size_t first = (size_t)r->first;
    set_input(p, first * (size_t)(in->c * in->h * in->w));
    hr_backprop_forward(p->net, p->n);
    set_slopes(p, first * (size_t)(out->c * out->h * out->w));
    r->reported = hr_backprop_layout(p->net)->n_trainable;
    r->in_order = 1;
    hr_backprop_backward(p->net, p->n, 0);
    return NULL;
}

static void run_ranks(rank *ranks, meeting *m, const hr_graph *graph, const int *pictures, int n_ranks)
{
    pthread_t threads[MAX_RANKS];
    m->n_ranks = n_ranks;
    pthread_barrier_init(&m->barrier, NULL, (unsigned)n_ranks);
    for (int i = 0, first = 0; i < n_ranks; first += pictures[i++]) {
        ranks[i] = (rank){.meeting = m, .index = i, .first = first};
        hr_backprop_options options = plain_options(4);
        options.threads = 1 + i;
        options.all_reduce = all_reduce;
        options.on_gradients = on_gradients;
        options.share = n_ranks;
        options.context = &ranks[i];
        open_pair(&ranks[i].pair, graph, &random_weights, pictures[i], &options, 0);
        /* what an earlier pass left must be overwritten */
        for (size_t k = 0; k < hr_backprop_layout(ranks[i].pair.net)->n_trainable; k++)
            hr_backprop_gradients(ranks[i].pair.net)[k] = 1;
    }
    for (int i = 0; i < n_ranks; i++) pthread_create(&threads[i], NULL, run_rank, &ranks[i]);
    for (int i = 0; i < n_ranks; i++) pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&m->barrier);
}

/* A batch of four, cut among processes in any way, against one process: gradients add up, everybody has the same
 * statistics. Sums in another order move a number by some 1e-7, and every layer adds to that; a rank without pictures
 * moves nothing. */
static void processes(void **state)
{
    (void)state;
    static const int cuts[][MAX_RANKS] = {{4}, {4, 0}, {0, 4}, {2, 2}, {3, 1}, {2, 1, 1}};
    static const int n_ranks[] = {1, 2, 2, 2, 2, 3};
    static meeting m;
    hr_graph g = strange_graph();
    float *alone = NULL;
    for (size_t i = 0; i < sizeof n_ranks / sizeof *n_ranks; i++) {
        rank ranks[MAX_RANKS];
        run_ranks(ranks, &m, &g, cuts[i], n_ranks[i]);
        const hr_params *layout = hr_backprop_layout(ranks[0].pair.net);
        const size_t learn = layout->n_trainable, all = layout->n_floats;
        float *sums = test_calloc(learn, sizeof *sums), error = 0, largest = 0;
        for (int k = 0; k < n_ranks[i]; k++) {
            assert_true(ranks[k].in_order);
            assert_int_equal(ranks[k].reported, 0);
            assert_memory_equal(hr_backprop_params(ranks[k].pair.net), hr_backprop_params(ranks[0].pair.net),
                                all * sizeof(float));
            for (size_t j = 0; j < learn; j++) sums[j] += hr_backprop_gradients(ranks[k].pair.net)[j];
        }
        if (i == 0) alone = sums;
        for (size_t j = 0; j < learn; j++) {
            error = fmaxf(error, fabsf(sums[j] - alone[j]));
            largest = fmaxf(largest, fabsf(alone[j]));
        }
        print_message("%d processes, %d first: %.1e\n", n_ranks[i], cuts[i][0], (double)(error / largest));
        assert_true(error <= (i < 3 ? 0 : 1e-5f) * largest);
        if (i != 0) test_free(sums);
        for (int k = 0; k < n_ranks[i]; k++) close_pair(&ranks[k].pair);
    }
    test_free(alone);
    hr_graph_free(&g);
}

static void count_task(void *context, int task)
{
    atomic_fetch_add((atomic_int *)context + task, 1);
}

static void times_and_loops(void **state)
{
    (void)state;
    hr_graph g = strange_graph();
    hr_backprop_options options = plain_options(2);
    options.threads = 3;
    network_pair p;
    open_pair(&p, &g, &random_weights, 2, &options, 0);
    set_input(&p, 0);
    hr_backprop_forward(p.net, 2);
    const hr_backprop_times forward = hr_backprop_take_times(p.net);
    assert_true(forward.conv > 0 && forward.norm_add_relu > 0 && forward.pack > 0 && forward.other > 0);
    assert_true(forward.input_gradient == 0 && forward.weight_gradient == 0 && forward.norm_add_relu_gradient == 0);
    set_slopes(&p, 0);
    hr_backprop_backward(p.net, 2, 0);
    const hr_backprop_times backward = hr_backprop_take_times(p.net);
    assert_true(backward.conv == 0 && backward.norm_add_relu == 0 && backward.weight_gradient > 0);
    assert_true(backward.input_gradient > 0 && backward.norm_add_relu_gradient > 0 && backward.pack > 0);
    atomic_int seen[50] = {0};
    hr_backprop_parallel(p.net, 50, count_task, seen);
    for (int i = 0; i < 50; i++) assert_int_equal(seen[i], 1);
    close_pair(&p);
    hr_graph_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_bits), cmocka_unit_test(gradients_add),
                                       cmocka_unit_test(processes), cmocka_unit_test(times_and_loops)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
